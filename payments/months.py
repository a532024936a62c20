"""The months of a paid period: pure, in UTC, as Stripe counts them."""

import calendar
import datetime as dt

from payments.models import Interval

MONTHS = {Interval.MONTHLY: 1, Interval.QUARTERLY: 3, Interval.ANNUAL: 12}


def later(start: dt.datetime, months: int) -> dt.datetime:
    """The same day of a later month; its last one where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return start.replace(
        year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1])
    )


def months_of(
    start: dt.datetime, end: dt.datetime, interval: str
) -> list[tuple[dt.datetime, dt.datetime]]:
    """The months that an interval's period has, half-open; the last one ends with the period.

    A period that was cut short (or made longer) at Stripe has fewer months, never an empty one.
    """
    count = MONTHS[Interval(interval)]
    starts = [begin for n in range(count) if (begin := later(start, n)) < end]
    return list(zip(starts, [*starts[1:], end], strict=True))
