"""The way of a booking's money, read from the ledger for pages."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from bookings import policy
from bookings.absence_models import Absence
from bookings.models import Booking
from payments.models import Dispute, Transaction

Status, Type = Transaction.Status, Transaction.Type
RECEIVED = Transaction.RECEIVED


@dataclass(frozen=True)
class Trail:
    """A charge, what went back of it, and what was passed on to the mentor."""

    charge: Transaction
    children: tuple[Transaction, ...]

    @cached_property
    def refunds(self) -> list[Transaction]:
        return [row for row in self.children if row.type == Type.REFUND]

    @cached_property
    def payout(self) -> Transaction | None:
        """The payout that stands, else the one that came back last, else that failed last."""
        rows = [row for row in self.children if row.type == Type.PAYOUT]
        sent = [row for row in rows if row.status != Status.FAILED]
        standing = [row for row in sent if row.status != Status.REFUNDED]
        return next(reversed(standing or sent or rows), None)

    @cached_property
    def disputes(self) -> list[Dispute]:
        return list(self.charge.disputes.all())

    @property
    def is_frozen(self) -> bool:
        """Whether a bank took the money, and has yet to decide whose it is."""
        return any(row.status == Dispute.Status.OPEN for row in self.disputes)

    @property
    def is_asked_about(self) -> bool:
        """Whether a bank asks about it: what isn't passed on waits."""
        return any(row.status == Dispute.Status.INQUIRY for row in self.disputes)

    @property
    def is_held(self) -> bool:
        """Whether staff have yet to decide who came to the session."""
        absence: Absence | None = getattr(self.charge.booking, "absence", None)
        return absence is not None and absence.is_open

    @property
    def is_received(self) -> bool:
        return self.charge.status in RECEIVED

    @property
    def refunded_minor(self) -> int:
        return sum(row.amount_minor for row in self._given_back)

    @property
    def fee_minor(self) -> int:
        """What the platform keeps, after what went back of it."""
        kept = self.charge.platform_fee_minor
        return kept - sum(row.platform_fee_minor for row in self._given_back)

    @property
    def net_minor(self) -> int:
        """What is the mentor's, after what went back of it."""
        return self.charge.net_minor - sum(row.net_minor for row in self._given_back)

    @property
    def _given_back(self) -> list[Transaction]:
        return [row for row in self.refunds if row.status != Status.FAILED]

    @property
    def is_given_back(self) -> bool:
        """Whether nothing is left of it for the mentor."""
        return not self.net_minor

    @property
    def payout_status(self) -> str | None:
        return self.payout.status if self.payout else None

    @property
    def leaves_at(self) -> dt.datetime | None:
        """When the payout leaves; `None` until the mentor has earned it."""
        return payable_from(self.charge.booking, self.charge.succeeded_at)


def payable_from(booking: policy.Ending | None, paid_at: dt.datetime | None) -> dt.datetime | None:
    """When a charge's payout leaves; `None` as long as a session has yet to earn it.

    What isn't a booking's is the mentor's as soon as it is paid.
    """
    if booking is None:
        return paid_at
    earned_at = policy.earned_at(booking)
    return earned_at and earned_at + dt.timedelta(hours=settings.PAYOUT_DELAY_HOURS)


def trail_of(booking: Booking) -> Trail | None:
    """The money of a booking; `None` where no checkout was ever opened."""
    rows = list(booking.transactions.order_by("pk"))
    charges = [row for row in rows if row.type == Type.BOOKING]
    standing = [row for row in charges if row.status != Status.FAILED]
    if not charges:
        return None
    charge = (standing or charges)[-1]
    return Trail(charge, tuple(row for row in rows if row.parent_id == charge.pk))


def tips_of(booking: Booking) -> list[Trail]:
    """The tips that came for a booking's session, the first one first."""
    rows = Transaction.objects.charges().filter(
        tip__booking=booking, status__in=Transaction.RECEIVED
    )
    rows = rows.select_related("tip")
    return trails(rows.prefetch_related("children", "disputes").order_by("pk"))


def trails(charges: Iterable[Transaction]) -> list[Trail]:
    """Of charges that were fetched with their children and disputes: no further query."""
    return [
        Trail(charge, tuple(sorted(charge.children.all(), key=lambda row: row.pk)))
        for charge in charges
    ]
