import datetime as dt

import pytest
from django.urls import reverse

from bookings.models import Booking
from sessions_app.models import Presence, Session
from tests.factories import BookingFactory, ReviewFactory, SessionFactory, UserFactory
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def session(now):
    """A session that is to begin this minute: ten o'clock in Berlin."""
    return SessionFactory(
        booking=BookingFactory(starts_at=now, notes="Let us meet at https://example.org/call <b>")
    )


def mentee_of(session):
    return session.bookings[0].mentee


def at(session, name="room"):
    return reverse(f"sessions:{name}", args=[session.code])


def shown(client, session):
    page = client.get(at(session))
    assert page.status_code == 200
    assert_clean(page)
    return page.content.decode()


def test_before_it_opens_the_page_says_when_in_the_viewers_zone(login, session, freeze):
    freeze(session.starts_at - 11 * MINUTE)
    mentee_of(session).time_zone = "Asia/Kolkata"
    mentee_of(session).save()
    mentor, mentee = login(session.mentor.user), login(mentee_of(session))
    assert "09:50" in shown(mentor, session)
    page = shown(mentee, session)
    assert "13:20" in page
    assert "IST" in page
    assert "10:00 for" in page  # the mentor's own time, beside it
    assert at(session, "start") not in page


def test_join_leave_and_come_back(login, session):
    client = login(mentee_of(session))
    assert "Start the session" in shown(client, session)
    assert client.post(at(session, "start")).url == at(session)
    assert "You are in the room" in shown(client, session)
    client.post(at(session, "leave"))
    assert "left at 10:00" in shown(client, session)
    assert "Join the session" in shown(client, session)
    client.post(at(session, "start"))
    assert "here since 10:00" in shown(client, session)
    assert Presence.objects.count() == 2


def test_the_mentor_ends_it_and_the_mentee_is_asked_for_a_review(login, session):
    mentor, mentee = login(session.mentor.user), login(mentee_of(session))
    mentee.post(at(session, "start"))
    assert at(session, "end") not in shown(mentee, session)
    assert at(session, "end") in shown(mentor, session)
    assert mentor.post(at(session, "end")).url == at(session)
    assert Booking.objects.get().status == Booking.Status.COMPLETED
    assert reverse("reviews:write", args=[session.code]) in shown(mentee, session)
    assert reverse("reviews:write", args=[session.code]) not in shown(mentor, session)


def test_the_mentee_cant_end_it(login, session):
    client = login(mentee_of(session))
    client.post(at(session, "start"))
    assert client.post(at(session, "end")).status_code == 403
    assert Session.objects.get().status == Session.Status.IN_PROGRESS


@pytest.mark.parametrize("minutes", [-11, 75])
def test_a_closed_room_refuses_in_words(login, session, freeze, minutes):
    freeze(session.starts_at + minutes * MINUTE)
    answer = login(mentee_of(session)).post(at(session, "start"))
    assert answer.status_code == 409
    assert b"15 minutes after" in answer.content or b"10 minutes before" in answer.content


def test_afterwards_the_page_says_that_the_room_is_closed(login, session, freeze):
    freeze(session.starts_at + 75 * MINUTE)
    assert "It closed 15 minutes after the planned end" in shown(login(mentee_of(session)), session)


def test_a_room_can_be_asked_for_without_its_page(login, session):
    room = reverse("sessions:room", args=[session.code])
    assert login(mentee_of(session)).head(room).status_code == 200


def test_a_session_called_off_says_so(login, session):
    Session.objects.update(status=Session.Status.CANCELLED)
    assert "This session was called off" in shown(login(mentee_of(session)), session)


def test_both_see_the_review(login, now):
    review = ReviewFactory(comment="Patient & clear", is_public=False)
    for user in (review.reviewer, review.mentor.user):
        assert "Patient &amp; clear" in shown(login(user), review.session)


def test_the_notes_are_text_with_their_links(login, session):
    page = shown(login(session.mentor.user), session)
    assert '<a href="https://example.org/call" rel="nofollow">' in page
    assert "<b>" not in page


def test_the_list_of_people_follows_and_reloads_the_page_once_it_changes(login, session, freeze):
    mentor, mentee = login(session.mentor.user), login(mentee_of(session))
    address = at(session, "people")
    assert "HX-Refresh" not in mentor.get(f"{address}?seen=scheduled-open")
    mentee.post(at(session, "start"))
    followed = mentor.get(f"{address}?seen=scheduled-open")
    assert followed["HX-Refresh"] == "true"
    assert b"here since 10:00" in followed.content
    freeze(session.ends_at + 15 * MINUTE)
    assert mentor.get(f"{address}?seen=in_progress-open")["HX-Refresh"] == "true"


@pytest.mark.parametrize("name", ["room", "people", "start", "leave", "end"])
def test_who_gets_in(login, client, session, name):
    method = "get" if name in {"room", "people"} else "post"
    assert getattr(login(UserFactory()), method)(at(session, name)).status_code == 404
    sent_away = getattr(client, method)(at(session, name))
    assert sent_away.status_code == 302
    assert sent_away.url.startswith(reverse("account_login"))
    assert not Presence.objects.exists()


@pytest.mark.parametrize("name", ["start", "leave", "end"])
def test_what_changes_something_is_a_post(login, session, name):
    assert login(mentee_of(session)).get(at(session, name)).status_code == 405


def test_staff_look_at_the_evidence_and_edit_nothing(login, session):
    login(mentee_of(session)).post(at(session, "start"))
    staff = login(UserFactory(staff=True))
    listed = staff.get(reverse("admin:sessions_app_session_changelist"), {"q": session.code})
    assert session.code in listed.content.decode()
    detail = staff.get(reverse("admin:sessions_app_session_change", args=[session.pk]))
    assert "Presences" in detail.content.decode()
    assert b'name="_save"' not in detail.content
