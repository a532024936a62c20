import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from mentormatch import times
from reviews.models import Review
from reviews.services import write_review
from tests.factories import ReviewFactory, SessionFactory, UserFactory
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(now):
    return SessionFactory(completed=True)


def mentee_of(session):
    return session.bookings[0].mentee


def address(session, name="write"):
    return reverse(f"reviews:{name}", args=[session.code])


def test_a_review_is_written_and_deleted(login, session):
    client = login(mentee_of(session))
    page = client.get(address(session))
    assert_clean(page)
    assert page.content.count(b'type="radio"') == 5
    sent = client.post(address(session), {"rating": "4", "comment": "Danke", "is_public": "on"})
    assert sent.url == reverse("sessions:room", args=[session.code])
    review = Review.objects.get()
    assert (review.rating, review.comment, review.is_public) == (4, "Danke", True)

    again = client.get(address(session))
    assert_clean(again)
    assert b"Danke" in again.content
    assert client.post(address(session), {"rating": "1"}).status_code == 409
    client.post(address(session, "delete"))
    assert not Review.objects.exists()


def test_without_the_tick_it_is_private(login, session):
    login(mentee_of(session)).post(address(session), {"rating": "5"})
    assert not Review.objects.get().is_public


@pytest.mark.parametrize("given", [{}, {"rating": "6"}, {"rating": "x"}])
def test_an_invalid_form_keeps_what_was_typed(login, session, given):
    answer = login(mentee_of(session)).post(address(session), {"comment": "Kept <b>", **given})
    assert answer.status_code == 422
    assert_clean(answer)
    assert b"Kept &lt;b&gt;" in answer.content
    assert not Review.objects.exists()


def test_who_may_not_write_one(login, client, session, now):
    running = SessionFactory(in_progress=True)
    for where, who, status in [
        (session, session.mentor.user, 403),
        (session, UserFactory(), 404),
        (running, mentee_of(running), 409),
    ]:
        for method in ("get", "post"):
            answer = getattr(login(who), method)(address(where))
            assert answer.status_code == status
    for name in ("write", "delete"):
        assert client.post(address(session, name)).url.startswith(reverse("account_login"))
    assert login(session.mentor.user).post(address(session, "delete")).status_code == 404


def test_its_writer_is_told_why_staff_hid_it(login, session):
    ReviewFactory(session=session, hidden_at=times.now(), hidden_reason="Names a third person")
    page = login(mentee_of(session)).get(address(session)).content
    assert b"Names a third person" in page
    assert address(session, "delete").encode() not in page


def test_staff_hide_and_restore_in_the_admin_with_a_reason(login, session):
    review = write_review(session=session, reviewer=mentee_of(session), rating=5)
    client, changelist = login(UserFactory(staff=True)), reverse("admin:reviews_review_changelist")

    def act(action, reason=""):
        data = {"action": action, "_selected_action": [review.pk], "reason": reason}
        answer = client.post(changelist, data, follow=True)
        session.mentor.refresh_from_db()
        return answer.content

    assert b"Give a reason." in act("hide")
    assert session.mentor.review_count == 1
    act("hide", "Names a third person")
    assert session.mentor.review_count == 0
    assert Review.objects.get().hidden_reason == "Names a third person"
    act("restore")
    assert session.mentor.review_count == 1
    detail = client.get(reverse("admin:reviews_review_change", args=[review.pk]))
    assert detail.status_code == 200
    assert b'name="_save"' not in detail.content


def test_staff_who_may_only_look_cant_hide(login, session):
    review = write_review(session=session, reviewer=mentee_of(session), rating=5)
    onlooker = UserFactory(is_staff=True)
    onlooker.user_permissions.add(
        Permission.objects.get(codename="view_review", content_type__app_label="reviews")
    )
    data = {"action": "hide", "_selected_action": [review.pk], "reason": "Because"}
    login(onlooker).post(reverse("admin:reviews_review_changelist"), data)
    assert Review.objects.get().hidden_at is None
