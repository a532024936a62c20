"""Bookings that a mentor wants to be asked about: accepted, declined, or left unanswered."""

import datetime as dt

from django.utils.translation import gettext as _

from bookings import policy
from bookings.models import Booking
from bookings.services.booking import NOT_CANCELLED, check_revivable, confirm_free
from bookings.services.cancellation import call_off
from bookings.services.locking import exclusive, lock_booking
from bookings.services.moves import move
from bookings.services.refusals import guards_in_words, slot_unavailable
from bookings.services.sides import require_mentor
from bookings.signals import booking_accepted, booking_requested
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict

Code = Booking.CancellationCode


def ask_mentor(
    *, booking: Booking, authorized_until: dt.datetime | None = None, now: dt.datetime | None = None
) -> Booking:
    """The price was authorised: now it is the mentor's to answer. Safe to repeat.

    One that expired meanwhile lives again if its time is still free. `Conflict` (what was
    authorised has to be released) if it isn't, if it is too late to answer, or it was given up.
    """
    now = now or times.now()
    with guards_in_words(), exclusive():
        booking = lock_booking(booking)
        if booking.is_to_answer or booking.is_accepted:
            return booking
        if booking.status == Booking.Status.CANCELLED:
            check_revivable(booking, now)
        elif not booking.is_to_pay:
            raise Conflict
        until = policy.answer_by(booking.starts_at, now, authorized_until)
        if until <= now:
            raise slot_unavailable()
        _ask(booking, until, now)
    return booking


def _ask(booking: Booking, until: dt.datetime, now: dt.datetime) -> None:
    move(
        booking,
        to=Booking.Status.PENDING,
        now=now,
        hold_expires_at=None,
        answer_by_at=until,
        accepted_at=None,
        **NOT_CANCELLED,
    )
    booking_requested.send(Booking, booking=booking)


def accept_booking(*, booking: Booking, by: User, now: dt.datetime | None = None) -> Booking:
    """The mentor says yes to a request. Safe to repeat.

    A free one is confirmed. One with a price is accepted, and confirmed once that was taken
    (`payments.services.accept`), which nobody can stop any more.
    `Conflict` as `payment_required` while it is to be paid, as `too_late` once the time to
    answer has run out, as `invalid_state` when it is cancelled; `Forbidden` for the mentee.
    """
    now = now or times.now()
    with exclusive():
        booking = lock_booking(booking)
        require_mentor(booking, by)
        if booking.status == Booking.Status.CONFIRMED or booking.is_accepted:
            return booking
        _check_answerable(booking, now)
        if booking.price_minor:
            move(booking, to=booking.status, now=now, accepted_at=now, answer_by_at=None)
            booking_accepted.send(Booking, booking=booking)
        else:
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


def end_request(*, booking: Booking, reason: str = "", now: dt.datetime | None = None) -> Booking:
    """The bank no longer holds the price: it lapses, even if the mentor said yes meanwhile.

    Or another `reason` why nothing comes of that yes. Safe to repeat; a booking that is no request
    (any more) stays as it is.
    """
    now = now or times.now()
    reason = reason or _("The price could no longer be taken from the card.")
    with exclusive():
        booking = lock_booking(booking)
        if booking.is_to_answer:
            call_off(booking, side=Booking.Side.SYSTEM, code=Code.LAPSED, now=now)
        elif booking.is_accepted:
            call_off(booking, side=Booking.Side.SYSTEM, code=Code.CANCELLED, reason=reason, now=now)
    return booking


def end_too_late(*, booking: Booking, now: dt.datetime | None = None) -> Booking:
    """The mentor said yes, and the price is there only now that the session is over."""
    return end_request(booking=booking, reason=_("The payment came too late."), now=now)


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
