"""One room for everyone who has a seat in a group session."""

import datetime as dt

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from bookings.models import Booking
from bookings.services import cancel_booking
from bookings.services.groups import close_group_session
from bookings.services.seats import book_seat
from mentormatch.errors import TryAgain
from reviews.services import write_review
from sessions_app import services
from sessions_app.models import Session
from tests.bookings.race_guards import broken
from tests.bookings.test_concurrency import at_once
from tests.factories import BookingFactory, GroupSessionFactory, UserFactory, in_two_days

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def group():
    return GroupSessionFactory(price_minor=0, title="Read a query plan")


def take(group, **kwargs):
    return book_seat(group=group, mentee=UserFactory(**kwargs))


def the_session():
    return Session.objects.with_people().get()


def test_all_seats_share_one_session(group):
    first, second = take(group), take(group)
    session = the_session()
    assert (session.starts_at, session.ends_at) == (group.starts_at, group.ends_at)
    assert {booking.pk for booking in session.bookings} == {first.pk, second.pk}


def test_it_stays_open_until_the_last_seat_is_given_back(group):
    first, second = take(group), take(group)
    cancel_booking(booking=first, by=first.mentee)
    assert the_session().status == Session.Status.SCHEDULED
    assert [booking.pk for booking in the_session().bookings] == [second.pk]
    cancel_booking(booking=second, by=second.mentee)
    assert the_session().status == Session.Status.CANCELLED
    again = book_seat(group=group, mentee=first.mentee)
    assert the_session().status == Session.Status.SCHEDULED
    assert the_session().booking_of(first.mentee) == again


def test_who_gave_their_seat_back_sees_the_room_no_more(group, login):
    first, second = take(group), take(group)
    cancel_booking(booking=first, by=first.mentee)
    room = reverse("sessions:room", args=[the_session().code])
    assert login(first.mentee).get(room).status_code == 404
    assertContains(login(second.mentee).get(room), "Read a query plan")


def test_a_room_called_off_is_still_explained_to_all(group, login):
    bookings = [take(group), take(group)]
    close_group_session(group=group, by=group.mentor.user)
    for booking in bookings:
        cancel_booking(booking=booking, by=group.mentor.user)
    room = reverse("sessions:room", args=[the_session().code])
    for user in (group.mentor.user, *(booking.mentee for booking in bookings)):
        assertContains(login(user).get(room), "This session was called off")


def test_the_room_names_who_comes_and_no_address(group, login):
    first = take(group, full_name="Ada Lovelace", email="ada@example.com")
    second = take(group, full_name="Zoë Adams", email="zoe@example.com")
    Booking.objects.filter(pk=second.pk).update(notes="My index is ignored")
    room = reverse("sessions:room", args=[the_session().code])
    seen = login(first.mentee).get(room)
    assertContains(seen, "Zoë Adams")
    assertNotContains(seen, "zoe@example.com")
    assertNotContains(seen, "My index is ignored")
    led = login(group.mentor.user).get(room)
    assertContains(led, "My index is ignored")
    assertContains(led, reverse("bookings:group_edit", args=[group.code]))


def test_a_program_sees_the_bookings_of_all_only_as_the_mentor(group, api):
    first, second = take(group), take(group)
    path = f"/api/v1/sessions/{the_session().code}"
    assert api(group.mentor.user).get(path).json()["booking_ids"] == [first.code, second.code]
    assert api(first.mentee).get(path).json()["booking_ids"] == [first.code]
    cancel_booking(booking=first, by=first.mentee)
    assert api(group.mentor.user).get(path).json()["booking_ids"] == [second.code]
    assert api(first.mentee).get(path).status_code == 404


def test_the_mentor_ends_it_once_for_all(group):
    kept, came, gone = take(group), take(group), take(group)
    cancel_booking(booking=gone, by=gone.mentee)
    session = the_session()
    for user in (group.mentor.user, came.mentee):
        services.start_session(session=session, user=user, now=group.starts_at)
    for _ in range(2):
        services.end_session(session=session, user=group.mentor.user, now=group.ends_at)
    states = dict(Booking.objects.values_list("pk", "status"))
    assert states == {kept.pk: "completed", came.pk: "completed", gone.pk: "cancelled"}
    group.refresh_from_db()
    group.mentor.refresh_from_db()
    assert (group.status, group.mentor.total_sessions) == ("completed", 1)
    session = the_session()
    for booking, stars in ((kept, 4), (came, 5)):
        write_review(session=session, reviewer=booking.mentee, rating=stars)
    assert broken() == {}


def test_the_room_tells_each_of_their_own_review_and_the_mentor_of_all(group, login):
    praising, silent = take(group), take(group)
    session = the_session()
    services.start_session(session=session, user=group.mentor.user, now=group.starts_at)
    services.end_session(session=session, user=group.mentor.user, now=group.ends_at)
    session = the_session()
    write_review(session=session, reviewer=praising.mentee, rating=4, comment="Slow is fast")
    room, write = (
        reverse(name, args=[session.code]) for name in ("sessions:room", "reviews:write")
    )
    seen = login(praising.mentee).get(room)
    assertContains(seen, "Slow is fast")
    assertContains(seen, f'<a href="{write}">Your review</a>', html=True)
    seen = login(silent.mentee).get(room)
    assertNotContains(seen, "Slow is fast")
    assertContains(seen, "Write a review")
    write_review(session=session, reviewer=silent.mentee, rating=5, is_public=False, comment="Yes!")
    seen = login(group.mentor.user).get(room)
    assertContains(seen, "Slow is fast")
    assertContains(seen, "Yes!")


def test_one_that_nobody_ended_is_completed_by_the_clock(group):
    take(group)
    session = the_session()
    services.complete_overdue(now=session.ends_at + 49 * HOUR)
    group.refresh_from_db()
    assert (the_session().status, group.status) == ("completed", "completed")


def test_a_seat_that_came_between_the_look_and_the_lock_is_not_left_behind(group, monkeypatch):
    take(group)
    session = the_session()
    services.start_session(session=session, user=group.mentor.user, now=group.starts_at)
    lock, late = services.lock_bookings, []

    def another_first(bookings):
        late.append(take(group))
        lock(bookings)

    monkeypatch.setattr(services, "lock_bookings", another_first)
    with pytest.raises(TryAgain):
        services.end_session(session=session, user=group.mentor.user, now=group.starts_at)
    monkeypatch.undo()
    services.end_session(session=session, user=group.mentor.user, now=group.starts_at + HOUR)
    assert {booking.status for booking in Booking.objects.all()} == {"completed"}


@pytest.mark.django_db(transaction=True)
def test_ending_it_and_bookings_of_the_same_people_wait_for_each_other():
    """Five seats end while each of the five books and cancels elsewhere with the same mentor."""
    # The mentees' numbers are below the mentor's and above: both orders of locks would be asked.
    mentees = [UserFactory() for _ in range(3)]
    group = GroupSessionFactory(price_minor=0, seats=6)
    mentees += [UserFactory() for _ in range(2)]
    for mentee in mentees:
        book_seat(group=group, mentee=mentee)
    session = the_session()
    services.start_session(session=session, user=group.mentor.user, now=group.starts_at)
    others = [
        BookingFactory(mentor=group.mentor, mentee=mentee, starts_at=in_two_days() + n * 5 * HOUR)
        for n, mentee in enumerate(mentees, start=1)
    ]

    def calling_off(booking):
        return lambda: cancel_booking(booking=booking, by=booking.mentee)

    def end():
        services.end_session(session=session, user=group.mentor.user, now=group.ends_at)

    assert at_once(end, *map(calling_off, others)) == [""] * 6
    assert set(group.bookings.values_list("status", flat=True)) == {"completed"}
