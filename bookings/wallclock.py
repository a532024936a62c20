"""Wall-clock times of an IANA zone, as minutes since midnight, and the instants they stand for.

A wall clock is put forward (a gap: some times don't exist that day) and back (some occur twice).
"""

import datetime as dt
import re
from zoneinfo import ZoneInfo

from mentormatch.times import UTC

MINUTES_A_DAY = 24 * 60
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})", re.ASCII)

Span = tuple[dt.datetime, dt.datetime]


def parse_minutes(text: str) -> int | None:
    """`HH:MM` → minutes since midnight, `24:00` included; `None` for anything else."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= MINUTES_A_DAY else None


def format_minutes(minutes: int) -> str:
    """Minutes since midnight → `HH:MM`; 1440 is `24:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def local_day(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The date on that zone's wall calendar."""
    return instant.astimezone(zone).date()


def occurs_twice(local: dt.datetime) -> bool:
    """Whether the clock of its zone shows that time twice, so that its offset has to be said."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def instants(day: dt.date, minute: int, zone: ZoneInfo) -> list[dt.datetime]:
    """The instants at which the wall clock shows that time: none in a gap, else one or two."""
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    found = sorted(set(_instants(day, minute, zone)))
    return [instant for instant in found if instant.astimezone(zone).replace(tzinfo=None) == wall]


def spans(day: dt.date, start_minute: int, end_minute: int, zone: ZoneInfo) -> list[Span]:
    """The instants of `day` at which the wall clock is in [start, end), as spans of UTC.

    Both ends are converted, never a length added. An end in a gap moves forward to the first
    real instant. Where an end occurs twice there are two spans: what lies between the two, but
    outside the window on the wall, is in neither.
    """
    start, start_again = _instants(day, start_minute, zone)
    end, end_again = _instants(day, end_minute, zone)
    if start == start_again and end == end_again:
        found = [(start, end)]
    else:
        earlier, later = (start, start_again) if start != start_again else (end, end_again)
        turn = _transition(earlier, later, zone)
        found = [(start, min(end, turn)), (max(start_again, turn), end_again)]
    return [span for span in found if span[0] < span[1]]


def _instants(day: dt.date, minute: int, zone: ZoneInfo) -> Span:
    """The first and the second instant of a wall-clock time; twice the same where it is one."""
    wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return first, second
    # In a gap, fold=0 reads the time with the offset before it: later than what fold=1 gives.
    turn = _transition(second, first, zone)
    return turn, turn


def _transition(earlier: dt.datetime, later: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The instant in (earlier, later] at which the zone's offset changes, to the second."""
    offset = earlier.astimezone(zone).utcoffset()
    while later - earlier > dt.timedelta(seconds=1):
        middle = earlier + dt.timedelta(seconds=(later - earlier) // dt.timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            earlier = middle
        else:
            later = middle
    return later
