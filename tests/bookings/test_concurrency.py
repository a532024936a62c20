"""Two things at once, on threads with connections of their own: one of them wins, in words."""

import datetime as dt
from threading import Barrier, Thread

import pytest
from django.db import OperationalError, connection

from bookings import services
from bookings.models import Booking, CalendarEntry
from bookings.services import locking
from mentormatch.errors import DomainError
from tests.factories import (
    BookingFactory,
    MentorFactory,
    UserFactory,
    in_two_days,
    open_every_day,
)

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


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
        thread.join(60)
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


def test_a_mentee_gets_one_of_two_overlapping_sessions():
    mentee, start = UserFactory(), in_two_days()
    mentors = [mentor() for _ in range(6)]
    codes = at_once(
        *[booking_of(m, mentee, start + n % 2 * HOUR / 2) for n, m in enumerate(mentors)]
    )
    assert sorted(codes) == ["", *["mentee_busy"] * 5]
    assert Booking.objects.count() == CalendarEntry.objects.count() == 1


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


def test_one_of_several_moves_into_the_same_slot():
    theirs, start = mentor(), in_two_days()
    bookings = [BookingFactory(mentor=theirs, starts_at=start + n * HOUR) for n in range(1, 5)]

    def moving(booking):
        return lambda: services.reschedule_booking(
            booking=booking, by=booking.mentee, starts_at=start + 10 * HOUR
        )

    codes = at_once(*[moving(booking) for booking in bookings])
    assert sorted(codes) == ["", *["slot_unavailable"] * 3]
    assert Booking.objects.filter(starts_at=start + 10 * HOUR).count() == 1


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


def test_another_trouble_than_a_lock_is_not_hidden():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL tells them apart by itself")
    with pytest.raises(OperationalError), locking.exclusive(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
