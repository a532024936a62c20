"""Bookings that a mentor wants to be asked about: accepted, declined, or left unanswered."""

import datetime as dt

from django.utils.translation import gettext as _

from bookings.models import Booking
from bookings.services.booking import confirm_free
from bookings.services.cancellation import call_off
from bookings.services.locking import exclusive, lock_booking
from bookings.services.sides import require_mentor
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict

Code = Booking.CancellationCode


def accept_booking(*, booking: Booking, by: User, now: dt.datetime | None = None) -> Booking:
    """The mentor says yes to a request. Safe to repeat.

    `Conflict` as `payment_required` while it is to be paid, as `too_late` once the time to
    answer has run out, as `invalid_state` when it is cancelled; `Forbidden` for the mentee.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        require_mentor(booking, by)
        if booking.status == Booking.Status.CONFIRMED:
            return booking
        _check_answerable(booking, now)
        confirm_free(booking, now)
    return booking


def decline_booking(
    *, booking: Booking, by: User, reason: str = "", now: dt.datetime | None = None
) -> Booking:
    """The mentor says no to a request; the refusals are those of `accept_booking`."""
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        require_mentor(booking, by)
        if booking.cancellation_code == Code.DECLINED:
            return booking
        _check_answerable(booking, now)
        call_off(booking, side=Booking.Side.MENTOR, code=Code.DECLINED, reason=reason, now=now)
    return booking


def check_may_answer(*, booking: Booking, by: User, now: dt.datetime | None = None) -> None:
    """The refusals of `accept_booking` and `decline_booking`, as things stand."""
    require_mentor(booking, by)
    _check_answerable(booking, now or times.now())


def lapse_requests(*, now: dt.datetime | None = None) -> int:
    """Let go of every request that wasn't answered in time; gives how many. Safe to repeat."""
    now = now or times.now()
    due = Booking.objects.filter(status=Booking.Status.PENDING, answer_by_at__lte=now)
    return sum(_lapse(booking, now) for booking in due.with_people())


def _lapse(booking: Booking, now: dt.datetime) -> bool:
    with exclusive():
        booking = lock_booking(booking)
        if booking.answer_by_at is None or not booking.is_to_answer:
            return False
        call_off(booking, side=Booking.Side.SYSTEM, code=Code.LAPSED, now=now)
    return True


def _check_answerable(booking: Booking, now: dt.datetime) -> None:
    if booking.is_to_pay:
        raise Conflict(
            _("This booking isn't paid yet. It is confirmed when the payment arrives."),
            code="payment_required",
        )
    if not booking.is_to_answer or booking.answer_by_at is None:
        raise Conflict
    if booking.answer_by_at <= now:
        raise Conflict(_("The time to answer this request has run out."), code="too_late")
