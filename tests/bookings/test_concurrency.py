"""Two things at once, on threads with connections of their own: one of them wins, in words."""

import datetime as dt
from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection

from bookings import services
from bookings.models import Booking, CalendarEntry
from bookings.services import availability, locking
from mentormatch.errors import DomainError, TryAgain
from tests.bookings.race_guards import (
    IN_BOTH_ROLES,
    IN_TWO_SESSIONS,
    SOLD_TWICE,
    WAIT,
    broken,
    unlock,
    without,
)
from tests.factories import (
    AvailabilityFactory,
    BookingFactory,
    MentorFactory,
    UserFactory,
    in_two_days,
    open_every_day,
)

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)
EIGHT = 8
# Without the lock, PostgreSQL may find two who wait for each other's row, and ends one of them.
DEADLOCK = {"nothing": [], "lock": [TryAgain.code], "guard": []}


def at_once(*verbs):
    """Run them in threads from one starting shot; gives the codes of what they raised, "" for none.

    Any other error than one of ours is raised here.
    """
    start, results = Barrier(len(verbs)), {}

    def run(n, verb):
        start.wait()
        try:
            verb()
            results[n] = ""
        except DomainError as error:
            results[n] = error.code
        except BaseException as error:  # noqa: BLE001  # shown by the test below
            results[n] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not [result for result in results.values() if not isinstance(result, str)], results
    return [results[n] for n in range(len(verbs))]


def mentor():
    made = MentorFactory()
    open_every_day(made, always=True)
    return made


def booking_of(mentor, mentee, starts_at):
    return lambda: services.book_slot(
        mentor=mentor,
        mentee=mentee,
        starts_at=starts_at,
        duration_minutes=60,
        session_type="one_on_one",
    )


def overlapping_sessions(mentee):
    """Of one mentee with eight mentors."""
    start = in_two_days()
    return [booking_of(mentor(), mentee, start + n % 2 * HOUR / 2) for n in range(EIGHT)]


@pytest.mark.parametrize("off", ["nothing", "lock", "guard"])
def test_a_mentee_gets_one_of_eight_overlapping_sessions(monkeypatch, off):
    bookings = overlapping_sessions(UserFactory())
    with without(off, monkeypatch.setattr, model=Booking, writers=EIGHT):
        codes = at_once(*bookings)
        assert codes.count("") == 1
        assert set(codes) <= {"", "mentee_busy", *DEADLOCK[off]}
        assert (Booking.objects.count(), broken()) == (1, {})


def test_without_guard_and_lock_a_mentee_gets_all_of_them(monkeypatch):
    bookings = overlapping_sessions(UserFactory())
    with without("guard and lock", monkeypatch.setattr, model=Booking, writers=EIGHT):
        assert at_once(*bookings) == [""] * EIGHT
        assert broken() == {IN_TWO_SESSIONS: EIGHT * (EIGHT - 1) / 2}


def test_a_mentor_who_is_a_mentee_is_in_one_session():
    """Four want a session with someone who wants one with each of four others."""
    both, start = mentor(), in_two_days()
    asked = [booking_of(both, UserFactory(), start + n % 2 * HOUR / 2) for n in range(4)]
    asks = [booking_of(mentor(), both.user, start + n % 2 * HOUR / 2) for n in range(4)]
    codes = at_once(*asked, *asks)
    assert codes.count("") == 1
    assert set(codes) == {"", "slot_unavailable", "mentee_busy"}
    assert (Booking.objects.count(), broken()) == (1, {})


def test_without_the_lock_a_mentor_who_is_a_mentee_is_in_two(monkeypatch):
    """No guard of the database sees it: it is the lock alone that does."""
    both, start = mentor(), in_two_days()
    verbs = booking_of(both, UserFactory(), start), booking_of(mentor(), both.user, start)
    with without("lock", monkeypatch.setattr, model=Booking, writers=2):
        assert at_once(*verbs) == ["", ""]
    assert broken() == {IN_BOTH_ROLES: 1}


def test_two_mentors_who_book_each_other_wait_for_each_other_in_one_order():
    one, other, start = mentor(), mentor(), in_two_days()
    for n in range(4):
        codes = at_once(
            booking_of(one, other.user, start + n * 24 * HOUR),
            booking_of(other, one.user, start + n * 24 * HOUR),
        )
        assert "" in codes
        assert set(codes) - {""} <= {"slot_unavailable", "mentee_busy"}
        assert len(set(codes)) == 2
        Booking.objects.all().delete()


def test_paid_and_given_up_at_once_ends_cancelled():
    held = BookingFactory(to_pay=True)
    codes = at_once(
        lambda: services.confirm_booking(booking=held),
        lambda: services.cancel_booking(booking=held, by=held.mentee),
    )
    held.refresh_from_db()
    assert held.status == Booking.Status.CANCELLED
    assert not held.calendar_entry.is_live
    # Confirmed first: everything comes back. Given up first: the payment is refused.
    assert (codes, held.refund_minor) in [(["", ""], 6000), (["invalid_state", ""], 0)]


def test_paid_and_expired_at_once_ends_confirmed():
    held = BookingFactory(to_pay=True)
    late = held.hold_expires_at
    at_once(
        lambda: services.confirm_booking(booking=held, now=late),
        lambda: services.expire_hold(booking=held, now=late),
    )
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
    assert held.calendar_entry.is_live


def moves_into_one_slot():
    """Eight bookings of one mentor, and what moves each of them to the same time."""
    theirs, start = mentor(), in_two_days()
    bookings = [BookingFactory(mentor=theirs, starts_at=start + n * HOUR) for n in range(EIGHT)]
    target = start + 20 * HOUR
    return bookings, target, [moving(booking, target) for booking in bookings]


def moving(booking, starts_at):
    return lambda: services.reschedule_booking(
        booking=booking, by=booking.mentee, starts_at=starts_at
    )


def written(bookings):
    """All that the tables hold of them: the bookings, and their calendar entries."""
    rows = Booking.objects.filter(pk__in=[booking.pk for booking in bookings])
    entries = CalendarEntry.objects.filter(booking__in=rows)
    return sorted(rows.values_list()), sorted(entries.values_list())


@pytest.mark.parametrize("off", ["nothing", "lock", "guard"])
def test_one_of_several_moves_into_the_same_slot(monkeypatch, off):
    bookings, target, moves = moves_into_one_slot()
    before = {booking.pk: written([booking]) for booking in bookings}
    with without(off, monkeypatch.setattr, model=CalendarEntry, writers=EIGHT):
        codes = at_once(*moves)
        assert codes.count("") == 1
        assert set(codes) == {"", "slot_unavailable"} | (set(codes) & set(DEADLOCK[off]))
        moved = bookings[codes.index("")]
        moved.refresh_from_db()
        assert moved.starts_at == moved.calendar_entry.starts_at == target
        for booking in bookings:
            assert booking == moved or written([booking]) == before[booking.pk]
        assert broken() == {}


def test_without_guard_and_lock_all_move_into_the_same_slot(monkeypatch):
    _bookings, target, moves = moves_into_one_slot()
    with without("guard and lock", monkeypatch.setattr, model=CalendarEntry, writers=EIGHT):
        assert at_once(*moves) == [""] * EIGHT
        assert Booking.objects.filter(starts_at=target).count() == EIGHT
        assert SOLD_TWICE in broken()


def test_cancelled_and_moved_at_once_is_cancelled():
    booking = BookingFactory(mentor=mentor())
    codes = at_once(
        lambda: services.cancel_booking(booking=booking, by=booking.mentee),
        lambda: services.reschedule_booking(
            booking=booking, by=booking.mentor.user, starts_at=booking.starts_at + 4 * HOUR
        ),
    )
    booking.refresh_from_db()
    assert codes in (["", ""], ["", "invalid_state"])
    assert booking.status == Booking.Status.CANCELLED


def close_the_day(mentor):
    availability.remove_window(mentor=mentor, window_id=mentor.availability.get().pk)


def take_the_day_off(mentor):
    day = mentor.availability.get().date
    availability.add_time_off(mentor=mentor, first_day=day, last_day=day)


def bookings_of_one_day():
    """A mentor who is open on one day alone, and seven who want an hour of it each."""
    start = in_two_days().replace(hour=8)
    theirs = AvailabilityFactory(date=start.date(), start_minute=6 * 60, end_minute=20 * 60).mentor
    hours = [start + n * HOUR for n in range(EIGHT - 1)]
    return theirs, [booking_of(theirs, UserFactory(), hour) for hour in hours]


def booked():
    return set(Booking.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("edit", [close_the_day, take_the_day_off])
def test_once_hours_are_closed_nobody_books_in_them(edit):
    """Either order is fine; what is booked by then is there to be seen."""
    theirs, bookings = bookings_of_one_day()
    seen = set()

    def close_and_look():
        edit(theirs)
        seen.update(booked())

    codes = at_once(*bookings, close_and_look)
    assert set(codes) <= {"", "slot_unavailable"}
    assert booked() == seen
    assert codes.count("") - 1 == len(seen)
    assert broken() == {}


@pytest.mark.parametrize("edit", [close_the_day, take_the_day_off])
def test_without_the_lock_closed_hours_are_booked(monkeypatch, edit):
    theirs, bookings = bookings_of_one_day()
    looked, closed, seen = Barrier(EIGHT, timeout=WAIT), Barrier(EIGHT, timeout=WAIT), set()

    def close_and_look():
        looked.wait()
        edit(theirs)
        seen.update(booked())
        closed.wait()

    unlock(monkeypatch.setattr, wait=lambda: (looked.wait(), closed.wait()))
    assert at_once(*bookings, close_and_look) == [""] * EIGHT
    assert (len(seen), len(booked())) == (0, EIGHT - 1)


def test_another_trouble_than_a_lock_is_not_hidden():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL tells them apart by itself")
    with pytest.raises(OperationalError), locking.exclusive(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
