"""What a mentor earned, read from the ledger for pages: sums and months."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from django.db.models import Case, Count, Max, Min, Sum, Value, When

from mentormatch.mentors.models import MentorProfile
from payments.models import Transaction, TransactionQuerySet
from payments.models.ledger import MOVED_AT

Status, Type = Transaction.Status, Transaction.Type
MONTHS = 12
YEARS = range(2000, 3000)
# No transaction of ours is open for longer: what is older than that can't be overtaken.
SETTLES = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one kind: how many, and their sums. `age`: months ago, `MONTHS` for all before."""

    currency: str
    type: str
    status: str
    age: int
    count: int
    fee_minor: int
    net_minor: int
    reversed_minor: int
    first_at: dt.datetime


@dataclass
class Totals:
    """A mentor's money in one currency, in minor units."""

    currency: str
    earned_minor: int = 0
    fees_minor: int = 0
    available_minor: int = 0
    paid_out_minor: int = 0
    by_age: dict[int, int] = field(default_factory=dict)

    @property
    def pending_minor(self) -> int:
        """Earned, and not passed on yet."""
        return self.earned_minor - self.paid_out_minor - self.available_minor

    def add(self, group: Group) -> None:
        if group.type == Type.PAYOUT:
            self._pay_out(group)
        elif group.type != Type.REFUND:
            self._earn(group, 1)
        elif group.status != Status.FAILED:
            self._earn(group, -1)

    def _pay_out(self, group: Group) -> None:
        if group.status in Transaction.RECEIVED:
            self.paid_out_minor += group.net_minor - group.reversed_minor
        elif group.status in Transaction.OPEN:
            self.available_minor += group.net_minor

    def _earn(self, group: Group, sign: int) -> None:
        self.earned_minor += sign * group.net_minor
        self.fees_minor += sign * group.fee_minor
        earned = self.by_age.get(group.age, 0) + sign * group.net_minor
        self.by_age[group.age] = earned


@dataclass(frozen=True)
class Books:
    """All of a mentor's rows in sums; `months`: the first days of the last ones, latest first."""

    groups: tuple[Group, ...]
    months: tuple[dt.date, ...]

    @property
    def first_at(self) -> dt.datetime | None:
        """When the first of it moved."""
        return min((group.first_at for group in self.groups), default=None)

    def totals(self) -> list[Totals]:
        """By currency."""
        found: dict[str, Totals] = {}
        for group in self.groups:
            found.setdefault(group.currency, Totals(group.currency)).add(group)
        return [found[currency] for currency in sorted(found)]

    def count(self, chosen: "Chosen") -> int | None:
        """How many rows a list of those has; `None` where the sums can't tell."""
        ages = range(MONTHS + 1)
        if chosen.month is not None:
            if chosen.month not in self.months:
                return None
            ages = range(self.months.index(chosen.month), self.months.index(chosen.month) + 1)
        return sum(group.count for group in self.groups if group.age in ages and chosen.has(group))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows a list is narrowed to; empty: all. `month` is its first day."""

    type: str = ""
    status: str = ""
    month: dt.date | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From an address's query; what means nothing chooses nothing."""
        kind, status = query.get("type", ""), query.get("status", "")
        return cls(
            type=kind if kind in Type.values else "",
            status=status if status in Status.values else "",
            month=read_month(query.get("month", "")),
        )

    def __bool__(self) -> bool:
        return bool(self.type or self.status or self.month)

    def has(self, group: Group) -> bool:
        return self.type in ("", group.type) and self.status in ("", group.status)

    def of(self, rows: TransactionQuerySet, zone: dt.tzinfo) -> TransactionQuerySet:
        """Those of `rows`; the month is the calendar's in that zone."""
        if self.type:
            rows = rows.filter(type=self.type)
        if self.status:
            rows = rows.filter(status=self.status)
        if self.month:
            rows = rows.moved_within(*bounds(self.month, zone))
        return rows


def read_month(text: str) -> dt.date | None:
    """2026-11 → its first day; `None` for anything else, and for what is no year of ours."""
    try:
        day = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return None
    return day if day.year in YEARS else None


def following(month: dt.date) -> dt.date:
    """The first day of the month after it."""
    return (month + dt.timedelta(days=31)).replace(day=1)


def before(month: dt.date) -> dt.date:
    """The first day of the month before it."""
    return (month - dt.timedelta(days=1)).replace(day=1)


def bounds(month: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """The instants from which and before which it is that month there."""
    return _starts(month, zone), _starts(following(month), zone)


def _starts(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, zone).astimezone(dt.UTC)


def months_back(now: dt.datetime, zone: dt.tzinfo, count: int = MONTHS) -> tuple[dt.date, ...]:
    """The first days of the last months there, the present one first."""
    found = [now.astimezone(zone).date().replace(day=1)]
    while len(found) < count:
        found.append(before(found[-1]))
    return tuple(found)


def books_of(mentor: MentorProfile, *, now: dt.datetime, zone: dt.tzinfo) -> Books:
    """The sums of all rows of a mentor. They are kept in this process while nothing moves.

    Every write of the ledger is stamped. A stamp of just now isn't trusted: a transaction that
    began before it may be about to commit.
    """
    months = months_back(now, zone)
    found = Transaction.objects.filter(mentor=mentor).aggregate(last=Max("updated_at"))["last"]
    if found is None:
        return Books((), months)
    settled = now - found > SETTLES
    read = _kept_groups if settled else _groups
    return Books(read(mentor.pk, months, zone, found), months)


def _groups(
    mentor_id: int, months: Sequence[dt.date], zone: dt.tzinfo, stamp: dt.datetime
) -> tuple[Group, ...]:
    since = [When(moved_at__gte=_starts(day, zone), then=Value(n)) for n, day in enumerate(months)]
    rows = Transaction.objects.booked().filter(mentor=mentor_id).annotate(moved_at=MOVED_AT)
    grouped = rows.order_by().values(
        "currency", "type", "status", age=Case(*since, default=Value(MONTHS))
    )
    sums = grouped.annotate(
        count=Count("*"),
        fee_minor=Sum("platform_fee_minor"),
        net_minor=Sum("net_minor"),
        reversed_minor=Sum("reversed_minor"),
        first_at=Min("moved_at"),
    )
    return tuple(Group(**line) for line in sums)


_kept_groups = lru_cache(maxsize=512)(_groups)
