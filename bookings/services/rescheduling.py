"""Another time for a booking that stays what it is: same code, same price, no second charge."""

import datetime as dt

from django.utils.translation import gettext as _

from bookings import calendar, policy
from bookings.models import Booking, CalendarEntry
from bookings.services.locking import exclusive, lock_booking
from bookings.services.moves import move, occupied
from bookings.services.refusals import (
    check_people_are_free,
    guards_in_words,
    wanted_slot,
    with_nearest,
)
from bookings.services.sides import side_of
from bookings.signals import booking_rescheduled
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden


def reschedule_booking(
    *, booking: Booking, by: User, starts_at: dt.datetime, now: dt.datetime | None = None
) -> Booking:
    """Move a confirmed booking to another free time of the same mentor.

    Its kind and length stay, whether the mentor still sells them or not.
    The mentee may until 24 hours before the start, the mentor until the start; then the mentee
    may cancel for a full refund until the new start. `Conflict` as `too_late`, `invalid_state`,
    `not_movable` for a seat in a group, or as `book_slot` has it; `Forbidden` for staff. To the
    time it has already: nothing changes.
    """
    now = now or times.now()
    mentor, mentee = booking.mentor, booking.mentee
    wanted = wanted_slot(mentee, starts_at, booking.duration_minutes, booking.session_type, now)
    with with_nearest(mentor, ignoring=booking, **wanted), guards_in_words(), exclusive():
        booking = lock_booking(booking)
        side = side_of(booking, by)
        _check_may(booking, side, now)
        if starts_at == booking.starts_at:
            return booking
        calendar.check_sane(
            booking.mentor,
            starts_at=starts_at,
            duration_minutes=booking.duration_minutes,
            session_type=booking.session_type,
            now=now,
            ignoring=booking,
        )
        ends_at = starts_at + dt.timedelta(minutes=booking.duration_minutes)
        check_people_are_free(
            mentor=booking.mentor,
            mentee=booking.mentee,
            starts_at=starts_at,
            ends_at=ends_at,
            ignoring=booking,
        )
        calendar.check_offered(booking.mentor, **wanted, ignoring=booking)
        previous_start = booking.starts_at
        _write(booking, side, starts_at, ends_at, now)
        booking_rescheduled.send(Booking, booking=booking, previous_start=previous_start, by=side)
    return booking


def check_may_reschedule(*, booking: Booking, by: User, now: dt.datetime | None = None) -> None:
    """The refusals of `reschedule_booking` that no time changes, as things stand."""
    _check_may(booking, side_of(booking, by), now or times.now())


def _check_may(booking: Booking, side: str, now: dt.datetime) -> None:
    if side == Booking.Side.STAFF:
        raise Forbidden(_("Only the mentee or the mentor can choose another time."))
    if booking.is_seat:
        raise Conflict(
            _(
                "A seat in a group session can't be moved: the others come at that time. Cancel it "
                "and choose another group session."
            ),
            code="not_movable",
        )
    if booking.status != Booking.Status.CONFIRMED:
        raise Conflict(_("Only a confirmed booking can be moved to another time."))
    if not policy.may_reschedule(booking, side, now):
        raise Conflict(
            _("It is too late to choose another time: that ends 24 hours before the start.")
            if side == Booking.Side.MENTEE
            else _("The session has begun: it can't be moved any more."),
            code="too_late",
        )


def _write(
    booking: Booking, side: str, starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime
) -> None:
    sequence = booking.sequence + 1
    CalendarEntry.objects.filter(booking=booking).update(
        **occupied(booking.mentor, starts_at, ends_at), updated_at=now
    )
    move(
        booking,
        to=Booking.Status.CONFIRMED,
        now=now,
        starts_at=starts_at,
        ends_at=ends_at,
        free_cancellation_until=policy.free_cancellation_until(starts_at, side),
        sequence=sequence,
    )
