"""Group sessions: one entry in the calendar, seats that are bookings of their own."""

import datetime as dt

import pytest

from bookings import calendar, services
from bookings.models import Booking, CalendarEntry
from bookings.services.groups import (
    change_group_session,
    close_group_session,
    complete_empty_groups,
    offer_group_session,
)
from bookings.services.seats import book_seat, check_seat
from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, InvalidInput
from tests.bookings.race_guards import broken
from tests.factories import (
    BookingFactory,
    GroupSessionFactory,
    MentorFactory,
    UserFactory,
    in_two_days,
    open_every_day,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def refused(code, error=Conflict):
    return pytest.raises(error, check=lambda e: e.code == code)


def offer(mentor=None, **kwargs):
    wanted = {
        "title": "Read a query plan",
        "description": "Bring a slow one.",
        "starts_at": in_two_days(),
        "duration_minutes": 90,
        "seats": 4,
        "price_minor": 1025,
    }
    return offer_group_session(mentor=mentor or MentorFactory(), **wanted | kwargs)


def seats_taken(group):
    group.refresh_from_db()
    return group.seats_taken


def test_one_entry_takes_the_mentors_time_buffers_included():
    mentor = MentorFactory(buffer_after_minutes=15)
    group = offer(mentor, title="  Read a\n query plan ")
    entry = CalendarEntry.objects.get()
    assert (entry.group_session, entry.kind, entry.is_live) == (group, "group", True)
    assert (entry.starts_at, entry.ends_at) == (group.starts_at, group.ends_at + HOUR / 4)
    assert (group.title, group.seats_left, group.currency) == ("Read a query plan", 4, "eur")
    assert group.ends_at == in_two_days() + HOUR * 1.5


def test_nobody_books_the_mentor_alone_at_that_time():
    mentor = MentorFactory()
    open_every_day(mentor, always=True)
    wanted = {"duration_minutes": 60, "session_type": "one_on_one"}
    day = {"start": in_two_days(), "end": in_two_days() + 3 * HOUR, "now": times.now()}
    before = len(calendar.offered(mentor, **day, **wanted))
    offer(mentor)
    assert before - len(calendar.offered(mentor, **day, **wanted)) == 3
    with refused("slot_unavailable"):
        services.book_slot(mentor=mentor, mentee=UserFactory(), starts_at=in_two_days(), **wanted)


def test_it_counts_for_the_cap_of_a_day():
    mentor = MentorFactory(daily_cap=1)
    open_every_day(mentor, always=True)
    start = times.now().replace(hour=10, minute=0, second=0, microsecond=0) + dt.timedelta(days=3)
    offer(mentor, starts_at=start)
    wanted = {"duration_minutes": 60, "session_type": "one_on_one", "now": times.now()}
    assert calendar.offered(mentor, start=start, end=start + 6 * HOUR, **wanted) == []


def test_it_is_refused_where_the_mentor_has_something_already():
    mentor = MentorFactory()
    BookingFactory(mentor=mentor, starts_at=in_two_days() + HOUR)
    BookingFactory(mentee=mentor.user, starts_at=in_two_days() + 5 * HOUR)
    for start in (in_two_days(), in_two_days() + 4.5 * HOUR):
        with refused("slot_unavailable"):
            offer(mentor, starts_at=start)
    offer(mentor, starts_at=in_two_days() + 2 * HOUR)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"description": ""}, "description"),
        ({"seats": 0}, "seats"),
        ({"seats": 101}, "seats"),
        ({"price_minor": 49}, "price_minor"),
        ({"duration_minutes": 10}, "duration_minutes"),
        ({"duration_minutes": 181}, "duration_minutes"),
        ({"starts_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "starts_at"),
        ({"starts_at": dt.datetime(2990, 1, 1, tzinfo=dt.UTC)}, "starts_at"),
    ],
)
def test_what_makes_no_sense_is_named(wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        offer(**wrong)
    assert refusal.value.field == field


def test_only_a_listed_mentor_offers_and_for_money_one_who_can_be_paid():
    with refused("mentor_unavailable"):
        offer(MentorFactory(draft=True))
    with refused("not_payable"):
        offer(MentorFactory(is_payable=False))
    offer(MentorFactory(is_payable=False), price_minor=0)


def test_a_seat_is_held_until_it_is_paid():
    group = GroupSessionFactory(price_minor=1025, mentor__requires_approval=True)
    booking = book_seat(group=group, mentee=UserFactory(), notes=" Mine is slow ")
    assert booking.is_to_pay
    assert (booking.price_minor, booking.platform_fee_minor, booking.currency) == (1025, 103, "eur")
    assert (booking.session_type, booking.group_session) == (Booking.Type.GROUP, group)
    assert (booking.starts_at, booking.ends_at) == (group.starts_at, group.ends_at)
    assert booking.free_cancellation_until == group.starts_at - 24 * HOUR
    assert booking.notes == "Mine is slow"
    assert (seats_taken(group), broken()) == (1, {})


def test_a_free_seat_is_confirmed_at_once():
    booking = book_seat(group=GroupSessionFactory(price_minor=0), mentee=UserFactory())
    assert (booking.status, booking.hold_expires_at) == (Booking.Status.CONFIRMED, None)


def test_the_last_seat_is_sold_once_and_given_back_it_is_sold_again():
    group = GroupSessionFactory(seats=1)
    first = book_seat(group=group, mentee=UserFactory())
    for verb in (check_seat, book_seat):
        with refused("sold_out"):
            verb(group=group_now(group), mentee=UserFactory())
    services.cancel_booking(booking=first, by=first.mentee)
    book_seat(group=group, mentee=UserFactory())
    assert (seats_taken(group), broken()) == (1, {})


def group_now(group):
    group.refresh_from_db()
    return group


def test_a_hold_that_runs_out_gives_its_seat_back():
    group = GroupSessionFactory(seats=1)
    booking = book_seat(group=group, mentee=UserFactory())
    assert services.expire_hold(booking=booking, now=times.now() + HOUR)
    assert seats_taken(group) == 0
    services.confirm_booking(booking=booking)
    assert seats_taken(group) == 1


def test_one_who_pays_after_the_last_seat_went_to_another_is_refused():
    group = GroupSessionFactory(seats=1)
    late = book_seat(group=group, mentee=UserFactory())
    services.expire_hold(booking=late, now=times.now() + HOUR)
    book_seat(group=group, mentee=UserFactory())
    with refused("sold_out"):
        services.confirm_booking(booking=late)
    assert (seats_taken(group), broken()) == (1, {})


def test_who_cannot_take_a_seat_is_told_why():
    group = GroupSessionFactory()
    with refused("own_profile", InvalidInput):
        book_seat(group=group, mentee=group.mentor.user)
    once = UserFactory()
    book_seat(group=group, mentee=once)
    with refused("mentee_busy"):
        book_seat(group=group, mentee=once)
    other = BookingFactory(starts_at=group.starts_at - HOUR / 2).mentee
    with refused("mentee_busy"):
        book_seat(group=group, mentee=other)
    leads = GroupSessionFactory(starts_at=group.starts_at + HOUR / 2).mentor.user
    with refused("mentee_busy"):
        book_seat(group=group, mentee=leads)
    with refused("slot_unavailable"):
        book_seat(group=group, mentee=UserFactory(), now=group.starts_at)


def test_who_leads_a_group_is_offered_no_session_of_others_then():
    leads, mentor = GroupSessionFactory(), MentorFactory()
    open_every_day(mentor, always=True)
    wanted = {"duration_minutes": 60, "session_type": "one_on_one"}
    seen = calendar.offered(
        mentor,
        start=leads.starts_at,
        end=leads.ends_at,
        now=times.now(),
        viewer=leads.mentor.user,
        **wanted,
    )
    assert seen == []
    with refused("mentee_busy"):
        services.book_slot(
            mentor=mentor, mentee=leads.mentor.user, starts_at=leads.starts_at, **wanted
        )


def test_a_seat_cannot_be_moved():
    booking = book_seat(group=GroupSessionFactory(price_minor=0), mentee=UserFactory())
    for by in (booking.mentee, booking.mentor.user):
        with refused("not_movable"):
            services.reschedule_booking(
                booking=booking, by=by, starts_at=booking.starts_at + 48 * HOUR
            )


def change(group, **kwargs):
    said = ("title", "description", "seats", "price_minor")
    wanted = {name: getattr(group, name) for name in said} | {"by": group.mentor.user} | kwargs
    return change_group_session(group=group, **wanted)


def test_words_change_and_seats_down_to_those_taken():
    group = GroupSessionFactory(seats=3)
    for _ in range(2):
        book_seat(group=group, mentee=UserFactory())
    change(group, title="Read two plans", seats=2)
    group.refresh_from_db()
    assert (group.title, group.seats, group.seats_left) == ("Read two plans", 2, 0)
    with refused("seats_taken"):
        change(group, seats=1)
    change(group, seats=5)
    assert (seats_taken(group), group.seats_left) == (2, 3)


def test_the_price_changes_until_a_seat_is_taken():
    group = GroupSessionFactory()
    change(group, price_minor=2000)
    group.refresh_from_db()
    booking = book_seat(group=group, mentee=UserFactory())
    assert booking.price_minor == 2000
    with refused("seats_taken"):
        change(group, price_minor=1000)
    services.cancel_booking(booking=booking, by=booking.mentee)
    change(group, price_minor=1000)


def test_the_least_price_is_that_of_its_own_currency():
    group = GroupSessionFactory(currency="gbp", price_minor=0)
    change(group, price_minor=30)
    with pytest.raises(InvalidInput):
        change(group, price_minor=29)


def test_only_its_mentor_changes_it_and_only_while_it_is_on():
    group = GroupSessionFactory()
    for by in (UserFactory(), UserFactory(staff=True)):
        with refused("forbidden", Forbidden):
            change(group, by=by)
    close_group_session(group=group, by=group.mentor.user)
    with refused("invalid_state"):
        change(group)


def test_called_off_it_gives_its_time_back_and_sells_no_more():
    group = GroupSessionFactory(price_minor=0)
    closed = close_group_session(group=group, by=group.mentor.user, reason=" I am ill ")
    assert (closed.status, closed.cancelled_by) == ("cancelled", Booking.Side.MENTOR)
    assert closed.cancellation_reason == "I am ill"
    assert not CalendarEntry.objects.get(group_session=group).is_live
    with refused("slot_unavailable"):
        book_seat(group=group, mentee=UserFactory())
    again = close_group_session(group=group, by=UserFactory(staff=True))
    assert again.cancelled_by == Booking.Side.MENTOR
    with refused("forbidden", Forbidden):
        close_group_session(group=group, by=UserFactory())


def test_a_seat_paid_after_the_whole_was_called_off_is_not_confirmed():
    group = GroupSessionFactory()
    booking = book_seat(group=group, mentee=UserFactory())
    close_group_session(group=group, by=group.mentor.user)
    with refused("slot_unavailable"):
        services.confirm_booking(booking=booking)
    services.expire_hold(booking=booking, now=booking.hold_expires_at)
    with refused("slot_unavailable"):
        services.confirm_booking(booking=booking)


def test_one_that_nobody_came_to_is_completed_when_it_is_over():
    empty, seated = GroupSessionFactory(), GroupSessionFactory(price_minor=0)
    book_seat(group=seated, mentee=UserFactory())
    assert complete_empty_groups(now=empty.ends_at - HOUR / 2) == 0
    assert complete_empty_groups(now=empty.ends_at) == 1
    assert complete_empty_groups(now=empty.ends_at) == 0
    for group, status in ((empty, "completed"), (seated, "scheduled")):
        group.refresh_from_db()
        assert group.status == status
