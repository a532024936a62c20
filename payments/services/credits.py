"""Session credits: granted for a paid period, used by a booking, given back, lapsed.

A credit is good for a session that starts within its month, so that one that comes back in time
can be used again; and only while the money is there that brought it.
"""

import datetime as dt
from collections.abc import Iterable
from typing import TypedDict, Unpack

from django.db.models import F
from django.utils.translation import gettext as _

from bookings import policy
from bookings import services as bookings
from bookings.models import Booking
from bookings.services.locking import exclusive, lock_pair
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from mentormatch.mentors.models import MentorProfile
from payments.billing_types import Invoice
from payments.models import Credit, CreditPeriod, Subscription
from payments.months import months_of


def grant(*, subscription: Subscription, invoice: Invoice) -> None:
    """The credits of every month that an invoice pays for. Safe to repeat."""
    period = (invoice.period_start, invoice.period_end)
    for starts_at, ends_at in months_of(*period, subscription.interval):
        CreditPeriod.objects.get_or_create(
            subscription=subscription,
            starts_at=starts_at,
            defaults={
                "ends_at": ends_at,
                "granted": subscription.credits_a_month,
                "stripe_invoice_id": invoice.id,
            },
        )


def sessions_left(
    subscriptions: Iterable[Subscription], *, now: dt.datetime | None = None
) -> dict[int, int]:
    """By a subscription's number: the sessions left in the present month of each usable one."""
    usable = [row.pk for row in subscriptions if row.is_usable]
    months = CreditPeriod.objects.covering(now or times.now()).backed()
    months = months.filter(subscription__in=usable)
    return {month.subscription_id: month.left for month in months}


class Asked(TypedDict):
    """A session that someone wants to book."""

    mentor: MentorProfile
    mentee: User
    starts_at: dt.datetime
    duration_minutes: int
    session_type: str


def find_credit(**asked: Unpack[Asked]) -> CreditPeriod | None:
    """The month whose credit pays for such a session; of several, the one that ends first."""
    if asked["session_type"] != Booking.Type.ONE_ON_ONE:
        return None
    months = CreditPeriod.objects.covering(asked["starts_at"]).with_some_left().backed()
    return (
        months.filter(
            subscription__mentor=asked["mentor"],
            subscription__mentee=asked["mentee"],
            subscription__status__in=Subscription.USABLE,
            subscription__is_paused=False,
            subscription__session_minutes__gte=asked["duration_minutes"],
        )
        .select_related("subscription__plan")
        .order_by("ends_at", "pk")
        .first()
    )


def book_session(
    *,
    notes: str = "",
    has_consented: bool = False,
    use_credit: bool | None = None,
    now: dt.datetime | None = None,
    **asked: Unpack[Asked],
) -> Booking:
    """`bookings.book_slot`, with a credit in place of money where one covers the session.

    `use_credit`: `False` pays although there is one, `True` refuses where there is none
    (`Conflict` as `no_credit`). Of many at once for the last credit one gets it.
    """

    def book(*, is_prepaid: bool) -> Booking:
        return bookings.book_slot(
            notes=notes, has_consented=has_consented, is_prepaid=is_prepaid, now=now, **asked
        )

    # Looked at before anyone is locked: most have no credit.
    if use_credit is False or (find_credit(**asked) is None and not use_credit):
        return book(is_prepaid=False)
    with exclusive():
        lock_pair(mentor=asked["mentor"], mentee=asked["mentee"])
        month = find_credit(**asked)
        if month is None and use_credit:
            raise no_credit()
        booking = book(is_prepaid=month is not None)
        if month is not None:
            _use(month, booking)
    return booking


def no_credit() -> Conflict:
    return Conflict(
        _("No session credit is left for this time. You can pay instead."), code="no_credit"
    )


def _use(month: CreditPeriod, booking: Booking) -> None:
    rows = CreditPeriod.objects.filter(pk=month.pk, used__lt=F("granted"))
    if not rows.update(used=F("used") + 1, updated_at=times.now()):
        raise no_credit()
    Credit.objects.create(period=month, booking=booking)


def give_back(*, booking: Booking, now: dt.datetime | None = None) -> bool:
    """A booking that was given up, or missed by the mentor, frees its credit. Safe to repeat.

    Within the caller's transaction, where the policy says so. Gives whether there was one.
    """
    now = now or times.now()
    if not policy.costs_nothing(booking):
        return False
    rows = Credit.objects.filter(booking=booking, given_back_at=None)
    if not rows.update(given_back_at=now, updated_at=now):
        return False
    CreditPeriod.objects.filter(credits__booking=booking).update(used=F("used") - 1, updated_at=now)
    return True
