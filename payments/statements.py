"""A month of a mentor's account, and a charge with what went back of it, for paper."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile
from payments.earnings import Chosen
from payments.lines import Line, Lines
from payments.models import Transaction, TransactionQuerySet

Status, Type = Transaction.Status, Transaction.Type


@dataclass
class MonthTotals:
    """What moved in one currency in a month, in minor units."""

    currency: str
    paid_minor: int = 0
    fees_minor: int = 0
    refunded_minor: int = 0
    fees_back_minor: int = 0
    passed_on_minor: int = 0
    taken_back_minor: int = 0

    @property
    def kept_fees_minor(self) -> int:
        return self.fees_minor - self.fees_back_minor

    @property
    def earned_minor(self) -> int:
        """The mentor's, after refunds and fee."""
        return self.paid_minor - self.refunded_minor - self.kept_fees_minor

    def add(self, row: Line) -> None:
        if row.type == Type.PAYOUT:
            self.passed_on_minor += row.net_minor
        elif row.type == Type.REFUND:
            self.refunded_minor += row.amount_minor
            self.fees_back_minor += row.platform_fee_minor
            self.taken_back_minor += row.reversed_minor
        else:
            self.paid_minor += row.amount_minor
            self.fees_minor += row.platform_fee_minor


@dataclass(frozen=True)
class Statement:
    """All that moved in a month; once that is over nothing of it changes any more."""

    month: dt.date
    rows: Sequence[Line]
    totals: list[MonthTotals] = field(default_factory=list)


def statement_of(mentor: MentorProfile, month: dt.date, zone: dt.tzinfo) -> Statement:
    """What came in, went back and was passed on in that month of the zone's calendar, in order."""
    moved = list(Lines(mentor, Chosen(month=month), zone))
    rows = [row for row in reversed(moved) if row.succeeded_at and row.status != Status.FAILED]
    found: dict[str, MonthTotals] = {}
    for row in rows:
        found.setdefault(row.currency, MonthTotals(row.currency)).add(row)
    return Statement(month, rows, [found[currency] for currency in sorted(found)])


def paid_by(user: User) -> TransactionQuerySet:
    """What this person paid and got back, latest first, with all that a list names."""
    rows = Transaction.objects.booked().by_time().filter(mentee=user)
    rows = rows.exclude(type=Type.PAYOUT)
    return rows.select_related("booking", "tip__booking", "subscription__plan", "mentor__user")


def receivable(user: User) -> TransactionQuerySet:
    """The charges of which this person may have a receipt, or be told that it isn't theirs."""
    paid = Transaction.objects.for_user(user).charges().filter(status__in=Transaction.RECEIVED)
    return paid.select_related("booking", "tip__booking", "subscription__plan", "mentor__user")


def refunds_of(charge: Transaction) -> list[Transaction]:
    """What went back of a charge, or is on its way back, in order."""
    return list(charge.children.refunds().filter(~Q(status=Status.FAILED)).order_by("pk"))
