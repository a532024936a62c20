import threading
import time

import pytest
from django.db import transaction
from django.urls import reverse

from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from reviews import services
from reviews.models import Review
from tests.concurrency import at_once
from tests.factories import AbsenceFactory, ReviewFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(now):
    return SessionFactory(completed=True)


@pytest.fixture
def staff():
    return UserFactory(staff=True)


def write(session, **kwargs):
    reviewer = session.bookings[0].mentee
    return services.write_review(session=session, reviewer=reviewer, **{"rating": 4} | kwargs)


def figures(mentor):
    mentor.refresh_from_db()
    return mentor.rating_sum, mentor.review_count


def test_a_review_counts(session):
    review = write(session, comment="  Thank you \n")
    assert (review.comment, review.mentor) == ("Thank you", session.mentor)
    assert figures(session.mentor) == (4, 1)


def test_a_private_review_is_in_no_figure(session, staff):
    review = write(session, is_public=False)
    services.hide_review(review=review, by=staff, reason="Rude")
    services.restore_review(review=review, by=staff)
    services.delete_review(review=review, by=review.reviewer)
    assert figures(session.mentor) == (0, 0)


def test_one_review_a_session(session):
    write(session)
    with pytest.raises(Conflict) as refusal:
        write(session, rating=1)
    assert refusal.value.code == "already_reviewed"
    assert figures(session.mentor) == (4, 1)


def test_who_may_not_write_one(session, now):
    running = SessionFactory(in_progress=True)
    for where, who, refusal in [
        (session, session.mentor.user, Forbidden),
        (session, UserFactory(), NotFound),
        (running, running.bookings[0].mentee, Conflict),
    ]:
        with pytest.raises(refusal):
            services.write_review(session=where, reviewer=who, rating=5)
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("side", "outcome", "may"),
    [("mentee", "upheld", False), ("mentee", "dismissed", True), ("mentor", "upheld", True)],
)
def test_who_was_not_there_has_nothing_to_review(session, client, side, outcome, may):
    booking = session.bookings[0]
    AbsenceFactory(booking=booking, absent_side=side, outcome=outcome, decided_at=times.now())
    client.force_login(booking.mentee)
    for page in ("bookings:detail", "sessions:room"):
        code = booking.code if page.startswith("bookings") else session.code
        shown = client.get(reverse(page, args=[code])).content.decode()
        assert (reverse("reviews:write", args=[session.code]) in shown) == may
    if may:
        assert write(session).rating
    else:
        with pytest.raises(Conflict):
            write(session)


@pytest.mark.parametrize("given", [{"rating": 0}, {"rating": 6}, {"comment": "x" * 2001}])
def test_what_is_not_a_review(session, given):
    with pytest.raises(InvalidInput):
        write(session, **given)


def test_deleting_it_takes_it_out_and_it_can_be_written_anew(session):
    review = write(session)
    services.delete_review(review=review, by=review.reviewer)
    assert figures(session.mentor) == (0, 0)
    with pytest.raises(NotFound):
        services.delete_review(review=review, by=review.reviewer)
    write(session, rating=2)
    assert figures(session.mentor) == (2, 1)


def test_only_its_writer_deletes_it(session, staff):
    review = write(session)
    for other in (session.mentor.user, staff, UserFactory()):
        with pytest.raises(Forbidden):
            services.delete_review(review=review, by=other)


def test_staff_hide_and_restore_it_and_the_figures_follow_once(session, staff, now):
    review = write(session)
    for _ in range(2):
        hidden = services.hide_review(review=review, by=staff, reason="Insults somebody")
        assert figures(session.mentor) == (0, 0)
    assert (hidden.hidden_at, hidden.hidden_by) == (now, staff)
    for _ in range(2):
        restored = services.restore_review(review=review, by=staff)
        assert figures(session.mentor) == (4, 1)
    assert (restored.hidden_at, restored.hidden_by, restored.hidden_reason) == (None, None, "")


def test_hiding_needs_staff_and_a_reason(session, staff):
    review = write(session)
    with pytest.raises(InvalidInput):
        services.hide_review(review=review, by=staff, reason=" ")
    with pytest.raises(Forbidden):
        services.hide_review(review=review, by=session.mentor.user, reason="I don't like it")
    with pytest.raises(Forbidden):
        services.restore_review(review=review, by=review.reviewer)


def test_a_hidden_one_cant_be_replaced_by_its_writer(session, staff):
    review = write(session)
    services.hide_review(review=review, by=staff, reason="Insults somebody")
    with pytest.raises(Conflict):
        services.delete_review(review=review, by=review.reviewer)
    assert figures(session.mentor) == (0, 0)


def test_who_sees_which(session, staff):
    mine = write(session, is_public=False)
    public = ReviewFactory(mentor=session.mentor)
    hidden = ReviewFactory(mentor=session.mentor, hidden_at=times.now())
    for user, seen in [
        (UserFactory(), {public}),
        (mine.reviewer, {public, mine}),
        (hidden.reviewer, {public, hidden}),
        (session.mentor.user, {public, mine}),
        (staff, {public, mine, hidden}),
    ]:
        assert set(Review.objects.visible_to(user)) == seen


def test_the_distribution_has_all_five(session):
    ReviewFactory.create_batch(2, mentor=session.mentor, rating=5)
    ReviewFactory(mentor=session.mentor, rating=2)
    assert Review.objects.distribution() == {1: 0, 2: 1, 3: 0, 4: 0, 5: 2}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_review():
    session = SessionFactory(completed=True)
    errors = at_once(*[lambda: write(session)] * 4)
    assert [error.code for error in errors] == ["already_reviewed"] * 3
    assert figures(session.mentor) == (4, 1)


@pytest.mark.django_db(transaction=True)
def test_deleting_what_is_being_hidden_counts_once():
    session, staff = SessionFactory(completed=True), UserFactory(staff=True)
    review, is_hidden = write(session), threading.Event()

    def hide():
        with transaction.atomic():
            services.hide_review(review=review, by=staff, reason="Rude")
            is_hidden.set()
            time.sleep(0.3)

    def delete():
        is_hidden.wait()
        services.delete_review(review=review, by=review.reviewer)

    (refusal,) = at_once(hide, delete)
    assert isinstance(refusal, Conflict)
    assert figures(session.mentor) == (0, 0)
