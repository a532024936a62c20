"""Calling a whole group session off: every seat is given back, each by itself."""

import datetime as dt
import logging
import time
from collections.abc import Callable

from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services import cancel_booking
from bookings.services.groups import close_group_session
from mentormatch.accounts.models import User
from mentormatch.errors import DomainError, StripeError
from payments.services import checkout

logger = logging.getLogger(__name__)
Status = Booking.Status


def call_off_group(
    *, group: GroupSession, by: User, reason: str = "", now: dt.datetime | None = None
) -> GroupSession:
    """No seat is sold any more, and each that was is refunded in full. Safe to repeat.

    One that can't be given back now stops none of the others: the sweeper tries it again, and
    sees to those that are being paid, about which Stripe has to be asked. The refusals are those
    of `close_group_session`.
    """
    group = close_group_session(group=group, by=by, reason=reason, now=now)
    for seat in group.bookings.filter(status=Status.CONFIRMED).with_people():
        # Nothing of it is to pay, so Stripe needn't be asked while somebody waits.
        _give_back(seat, group, cancel_booking, by=by, now=now)
    return group


def finish_called_off(*, now: dt.datetime | None = None) -> None:
    """Give back what is left of groups that were called off.

    The rest stays for the next round where Stripe can't be asked, or is slow: the worker has
    other things to do.
    """
    until = time.monotonic() + checkout.LONGEST_ROUND_SECONDS
    seats = Booking.objects.filter(
        status__in=Booking.HOLDS_TIME, group_session__status=GroupSession.Status.CANCELLED
    )
    for seat in seats.with_people().order_by("status", "pk"):
        group = seat.group_session
        if group is None:
            continue
        by = seat.mentor.user if group.cancelled_by == Booking.Side.MENTOR else None
        could = _give_back(seat, group, checkout.call_off, by=by, now=now)
        if not could or time.monotonic() >= until:
            return


def _give_back(
    seat: Booking,
    group: GroupSession,
    verb: Callable[..., Booking],
    *,
    by: User | None,
    now: dt.datetime | None,
) -> bool:
    """Whether the next one is worth a try: not where Stripe can't be reached at all."""
    try:
        verb(booking=seat, by=by, reason=group.cancellation_reason, now=now)
    except DomainError as error:
        logger.warning("seat %s: not given back yet: %s", seat.code, error.code)
        return not (isinstance(error, StripeError) and error.retryable)
    return True
