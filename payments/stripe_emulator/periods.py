"""When a subscription's periods begin and end. Instants are Unix seconds, calendars are UTC."""

import calendar
import datetime as dt
from itertools import count as counted

DAY = 86_400  # seconds
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def after(anchor: int, interval: str, count: int, periods: int) -> int:
    """The end of the so-manieth period from the anchor.

    From a 31st it is the last day of a shorter month, and the 31st again after it.
    """
    start = dt.datetime.fromtimestamp(anchor, dt.UTC)
    if interval in DAYS:
        return int((start + dt.timedelta(days=DAYS[interval] * count * periods)).timestamp())
    year, month = divmod(start.month - 1 + MONTHS[interval] * count * periods, 12)
    year, month = start.year + year, month + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def next_end(anchor: int, start: int, interval: str, count: int) -> int:
    """The end of the period that begins at `start`."""
    ends = (after(anchor, interval, count, periods) for periods in counted(1))
    return next(end for end in ends if end > start)
