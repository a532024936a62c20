"""The way of a booking's money, read from the ledger for pages."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db.models import QuerySet, Sum

from bookings import policy
from bookings.models import Booking
from mentormatch.mentors.models import MentorProfile
from payments.models import Dispute, Transaction

Status, Type = Transaction.Status, Transaction.Type
RECEIVED = (*Transaction.PAID, Status.REFUNDED)


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
        """The payout that stands, else the one that failed last."""
        rows = [row for row in self.children if row.type == Type.PAYOUT]
        standing = [row for row in rows if row.status != Status.FAILED]
        return next(iter(standing or rows[-1:]), None)

    @cached_property
    def disputes(self) -> list[Dispute]:
        return list(self.charge.disputes.all())

    @property
    def is_frozen(self) -> bool:
        """Whether a bank has yet to decide whose the money is."""
        return any(row.status == Dispute.Status.OPEN for row in self.disputes)

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
    def payable_from(self) -> dt.datetime | None:
        """When the payout leaves; `None` until the mentor has earned it."""
        if self.charge.booking is None:
            return self.charge.succeeded_at
        earned_at = policy.earned_at(self.charge.sold)
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
    rows = Transaction.objects.charges().filter(tip__booking=booking, status__in=RECEIVED)
    rows = rows.select_related("tip").prefetch_related("children", "disputes")
    return trails(rows.order_by("pk"))


def charges_of(mentor: MentorProfile) -> QuerySet[Transaction]:
    """What was paid for this mentor's sessions, latest first, with all that a list names."""
    rows = Transaction.objects.charges().filter(mentor=mentor, status__in=RECEIVED)
    rows = rows.select_related("booking", "tip__booking", "mentee")
    return rows.prefetch_related("children", "disputes")


def trails(charges: Iterable[Transaction]) -> list[Trail]:
    """Of charges as `charges_of` gives them: no further query."""
    return [
        Trail(charge, tuple(sorted(charge.children.all(), key=lambda row: row.pk)))
        for charge in charges
    ]


@dataclass
class Totals:
    """A mentor's money in one currency, in minor units."""

    currency: str
    earned_minor: int = 0
    paid_out_minor: int = 0
    on_the_way_minor: int = 0
    fees_minor: int = 0

    @property
    def waiting_minor(self) -> int:
        """Earned, and not passed on yet."""
        return self.earned_minor - self.paid_out_minor - self.on_the_way_minor


def totals_of(mentor: MentorProfile) -> list[Totals]:
    """All that a mentor earned, by currency, in one query."""
    rows = Transaction.objects.filter(mentor=mentor).standing().order_by("currency")
    sums = rows.values("currency", "type", "status").annotate(
        net=Sum("net_minor"), fees=Sum("platform_fee_minor")
    )
    found: dict[str, Totals] = {}
    for line in sums:
        totals = found.setdefault(line["currency"], Totals(line["currency"]))
        _add(totals, line["type"], line["status"], line["net"], line["fees"])
    return [totals for totals in found.values() if totals.earned_minor or totals.paid_out_minor]


def _add(totals: Totals, kind: str, status: str, net: int, fees: int) -> None:
    if kind == Type.REFUND:
        totals.earned_minor -= net
        totals.fees_minor -= fees
    elif kind == Type.PAYOUT and status == Status.SUCCEEDED:
        totals.paid_out_minor += net
    elif kind == Type.PAYOUT:
        totals.on_the_way_minor += net
    elif status in RECEIVED:
        totals.earned_minor += net
        totals.fees_minor += fees
