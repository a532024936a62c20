"""What a booking costs, until when it may be moved, and what comes back: pure.

The terms are a snapshot on the booking. Twenty-four hours are elapsed time, in UTC.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from bookings.group_models import GroupSession
from bookings.models import Booking
from mentormatch import money
from mentormatch.mentors.models import MentorProfile

FREE_CANCELLATION = dt.timedelta(hours=24)
# Stripe's Checkout Sessions live for half an hour at least; five minutes to get there.
# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
HOLD = dt.timedelta(minutes=35)
MOST_HOLDS = 3
ANSWER_WITHIN = dt.timedelta(hours=48)
ANSWER_BEFORE_START = dt.timedelta(hours=4)
ANSWER_AT_LEAST = dt.timedelta(minutes=30)
# What is accepted in the last minute has still to be taken before the authorisation ends.
CAPTURE_BEFORE_END = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Price:
    """In minor units of `currency`; the fee is the platform's part of the amount."""

    amount_minor: int
    platform_fee_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether a side may give a booking up, and what the mentee gets back then.

    `is_free`: it costs the mentee nothing, in money or in a credit.
    """

    is_allowed: bool
    refund_minor: int
    is_free: bool = True


def price_of(mentor: MentorProfile, session_type: str, duration_minutes: int) -> Price:
    """A trial's rate is its whole price; everything else is by the hour, half up."""
    if session_type == Booking.Type.TRIAL:
        amount = mentor.trial_rate_minor or 0
    else:
        amount = money.price_for(mentor.hourly_rate_minor, duration_minutes)
    return _with_fee(amount, mentor.currency)


def price_of_seat(group: GroupSession) -> Price:
    return _with_fee(group.price_minor, group.currency)


def _with_fee(amount: int, currency: str) -> Price:
    return Price(amount, money.fee_for(amount, settings.PLATFORM_FEE_PERCENT), currency)


def free_cancellation_until(starts_at: dt.datetime, moved_by: str = "") -> dt.datetime:
    """The last instant at which the mentee still gets everything back.

    24 hours before the start; the start itself once the mentor moved it.
    """
    return starts_at if moved_by == Booking.Side.MENTOR else starts_at - FREE_CANCELLATION


def cancellation_terms(booking: Booking, side: str, now: dt.datetime) -> Terms:
    """What comes back if that side gives the booking up now.

    Nothing was paid for a pending one; while the price of an accepted one is being taken, it can't
    be given up. The mentor's and staff's cancellations give everything back at any time; the
    mentee's until `free_cancellation_until`, and none are taken once the session has begun.
    """
    if booking.status == Booking.Status.PENDING:
        return Terms(not booking.is_accepted, 0)
    if booking.status != Booking.Status.CONFIRMED:
        return Terms(False, 0)
    if side != Booking.Side.MENTEE:
        return Terms(True, booking.price_minor)
    in_time = now <= booking.free_cancellation_until
    return Terms(now < booking.starts_at, booking.price_minor if in_time else 0, in_time)


def costs_nothing(booking: Booking) -> bool:
    """Whether a booking that took no place costs the mentee nothing, in money or in a credit.

    Given up as `Terms.is_free` says, or one that the mentor missed, who has earned nothing by it.
    """
    if booking.status == Booking.Status.NO_SHOW:
        return booking.completed_at is None
    if booking.cancelled_at is None:
        return False
    by_mentee = booking.cancelled_by == Booking.Side.MENTEE and booking.confirmed_at is not None
    return not by_mentee or booking.cancelled_at <= booking.free_cancellation_until


def may_reschedule(booking: Booking, side: str, now: dt.datetime) -> bool:
    """The mentee until 24 hours before the start, the mentor until the start; nobody a seat."""
    if booking.status != Booking.Status.CONFIRMED or booking.is_seat:
        return False
    if side == Booking.Side.MENTOR:
        return now < booking.starts_at
    return side == Booking.Side.MENTEE and now <= booking.starts_at - FREE_CANCELLATION


class Ending(Protocol):
    """What of a booking decides when it is earned: a booking's, or a row's that was read of it."""

    @property
    def status(self) -> str: ...
    @property
    def cancelled_by(self) -> str: ...
    @property
    def refund_minor(self) -> int | None: ...
    @property
    def ends_at(self) -> dt.datetime: ...
    @property
    def confirmed_at(self) -> dt.datetime | None: ...
    @property
    def completed_at(self) -> dt.datetime | None: ...


def earned_at(booking: Ending) -> dt.datetime | None:
    """When the mentor has earned the price; `None` as long as, or because, they haven't.

    A session that the mentee called off too late was earned at its planned end: nothing goes
    back, and its time was kept free. So was one that the mentee missed; one that the mentor missed
    never is.
    """
    if booking.completed_at or booking.status != Booking.Status.CANCELLED:
        return booking.completed_at
    was_late = booking.confirmed_at and not booking.refund_minor
    by_mentee = booking.cancelled_by == Booking.Side.MENTEE
    return booking.ends_at if was_late and by_mentee else None


def answer_by(
    starts_at: dt.datetime, now: dt.datetime, authorized_until: dt.datetime | None = None
) -> dt.datetime:
    """Until when a mentor may answer a request.

    48 hours from now or 4 before the start, whichever is first; 30 minutes at least, though
    never longer than until the start, or than the price can still be taken.
    """
    wanted = min(now + ANSWER_WITHIN, starts_at - ANSWER_BEFORE_START)
    longest = min(max(wanted, now + ANSWER_AT_LEAST), starts_at)
    if authorized_until is None:
        return longest
    return min(longest, authorized_until - CAPTURE_BEFORE_END)
