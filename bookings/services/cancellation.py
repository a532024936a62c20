"""Giving a booking up, and letting go of what was never paid."""

import datetime as dt

from django.utils.translation import gettext as _

from bookings import policy
from bookings.group_models import REASON_LENGTH
from bookings.models import Booking
from bookings.services.locking import exclusive, lock_booking
from bookings.services.moves import move
from bookings.services.sides import side_of
from bookings.signals import booking_cancelled
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict

Code = Booking.CancellationCode


def cancel_booking(
    *,
    booking: Booking,
    by: User | None,
    reason: str = "",
    now: dt.datetime | None = None,
    code: str = Code.CANCELLED,
) -> Booking:
    """Give a booking up; `by=None` is the system. What comes back is in `refund_minor`.

    A mentor who gives up what they were asked for has declined it, whatever they call it.
    An unpaid hold goes through `payments.services.call_off`, which asks Stripe first. The same
    again by the same side changes nothing. `Conflict` as `too_late` for a mentee once the session
    has begun, as `invalid_state` when it is over; `NotFound` for strangers.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        side = side_of(booking, by)
        if booking.status == Booking.Status.CANCELLED and booking.cancelled_by == side:
            return booking
        terms = policy.cancellation_terms(booking, side, now)
        if not terms.is_allowed:
            raise _refusal(booking)
        if booking.is_to_answer and side == Booking.Side.MENTOR:
            code = Code.DECLINED
        call_off(booking, side=side, code=code, reason=reason, refund=terms.refund_minor, now=now)
    return booking


def expire_hold(*, booking: Booking, now: dt.datetime | None = None) -> bool:
    """Let go of a booking that wasn't paid in time; whether there was one to let go of.

    Stripe must have been asked before (`payments.services.expire_unpaid`). Safe to repeat.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        if not booking.is_to_pay or booking.hold_expires_at is None:
            return False
        if booking.hold_expires_at > now:
            return False
        call_off(booking, side=Booking.Side.SYSTEM, code=Code.EXPIRED, now=now)
    return True


def call_off(
    booking: Booking,
    *,
    side: str,
    code: str,
    now: dt.datetime,
    reason: str = "",
    refund: int = 0,
) -> None:
    """Write the end of a booking and tell it; the caller has locked and checked it."""
    was_confirmed = booking.status == Booking.Status.CONFIRMED
    move(
        booking,
        to=Booking.Status.CANCELLED,
        now=now,
        cancelled_at=now,
        cancelled_by=side,
        cancellation_code=code,
        cancellation_reason=reason.strip()[:REASON_LENGTH],
        refund_minor=refund,
        hold_expires_at=None,
        answer_by_at=None,
    )
    booking_cancelled.send(
        Booking, booking=booking, refund_minor=refund, was_confirmed=was_confirmed
    )


def _refusal(booking: Booking) -> Conflict:
    if booking.status == Booking.Status.CONFIRMED:
        return Conflict(
            _("The session has begun: it can't be cancelled any more."), code="too_late"
        )
    if booking.is_accepted:
        return Conflict(
            _("The mentor has just said yes and the payment is being taken. Try again in a minute.")
        )
    if booking.status == Booking.Status.CANCELLED:
        return Conflict(_("This booking is already cancelled."))
    return Conflict(_("This session is over: it can't be cancelled any more."))
