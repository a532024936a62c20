"""What a payment is for, and what follows: a booking is confirmed, a tip is passed on at once.

The ways of a charge (`checkout.py`, `recording.py`) are the same whatever is sold; where they
differ, they ask here.
"""

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Protocol

from django.utils.translation import gettext as _

from bookings import services as bookings
from mentormatch.errors import Conflict
from payments.models import Transaction
from payments.services import refunds, transfers

logger = logging.getLogger(__name__)
Status, Type = Transaction.Status, Transaction.Type
# Stripe lets no checkout end sooner than in 30 minutes; the rest is for the way there.
SHORTEST_CHECKOUT = dt.timedelta(minutes=31)


class Sale(Protocol):
    """How one kind of charge goes. All but `closes_at` run in the caller's transaction."""

    def lock(self, row: Transaction) -> None:
        """Take the locks that come before the row's own, and see what is sold as it is now."""

    def is_wanted(self, row: Transaction) -> bool:
        """Whether it is still to be paid."""

    def closes_at(self, row: Transaction, now: dt.datetime) -> dt.datetime:
        """When its checkout is to end: never sooner than Stripe allows, and not between seconds."""

    def keep(self, row: Transaction, until: dt.datetime) -> None:
        """Its checkout is open until then."""

    def paid(self, row: Transaction, now: dt.datetime) -> None:
        """The money came, for the first time."""

    def expired(self, row: Transaction, now: dt.datetime | None) -> None:
        """Its checkout ended, and the charge has failed."""


class BookingSale:
    """A time that is held until it is paid."""

    def lock(self, row: Transaction) -> None:
        # Before the row: it may be confirmed, and its lock comes first.
        row.booking = bookings.lock_booking(row.sold)

    def is_wanted(self, row: Transaction) -> bool:
        return row.sold.is_to_pay

    def closes_at(self, row: Transaction, now: dt.datetime) -> dt.datetime:
        """With the hold, which then moves along to the whole second."""
        return _whole_second(max(row.sold.hold_expires_at or now, now + SHORTEST_CHECKOUT))

    def keep(self, row: Transaction, until: dt.datetime) -> None:
        held_until = row.sold.hold_expires_at
        if held_until and held_until < until:
            bookings.extend_hold(booking=row.sold, until=until)

    def paid(self, row: Transaction, now: dt.datetime) -> None:
        """Confirm what was paid for; what can't be had any more is paid back in full."""
        try:
            if row.sold.needs_answer and not row.sold.accepted_at:
                # Captured by hand at Stripe: the mentor has still to be asked.
                bookings.ask_mentor(booking=row.sold, now=now)
            else:
                bookings.confirm_booking(booking=row.sold, now=now)
        except Conflict as refusal:
            logger.info("booking %s was paid too late: %s", row.sold.code, refusal.code)
            if row.sold.is_accepted:
                bookings.end_too_late(booking=row.sold, now=now)  # what was paid goes back with it
                return
            refunds.request_refund(
                charge=row, amount_minor=row.amount_minor, reason=_("paid too late"), now=now
            )

    def expired(self, row: Transaction, now: dt.datetime | None) -> None:
        if row.sold.is_to_pay:
            bookings.expire_hold(booking=row.sold, now=now)


class TipSale:
    """Thanks for what is over: nothing is held, and nothing is confirmed."""

    open_for = dt.timedelta(hours=1)

    def lock(self, row: Transaction) -> None:
        pass

    def is_wanted(self, row: Transaction) -> bool:
        return row.status in (Status.PENDING, Status.FAILED)

    def closes_at(self, row: Transaction, now: dt.datetime) -> dt.datetime:
        return _whole_second(now + self.open_for)

    def keep(self, row: Transaction, until: dt.datetime) -> None:
        pass

    def paid(self, row: Transaction, now: dt.datetime) -> None:
        transfers.pass_on(charge=row, now=now)

    def expired(self, row: Transaction, now: dt.datetime | None) -> None:
        pass


SALES: Mapping[str, Sale] = {Type.BOOKING: BookingSale(), Type.TIP: TipSale()}


def sale_of(row: Transaction) -> Sale:
    return SALES[row.type]


def _whole_second(at: dt.datetime) -> dt.datetime:
    # Stripe counts in whole seconds: never before what was promised.
    return (at + dt.timedelta(microseconds=999_999)).replace(microsecond=0)
