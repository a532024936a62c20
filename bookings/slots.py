"""When a mentor can be booked: rules and busy spans in, sorted slots out. Pure.

- A window is wall-clock time in the mentor's zone (`wallclock.py`). Windows add up: one for a
  date is open besides the weekly ones of its weekday; days off take all of them away.
- Windows that touch are one, over midnight too: a session may begin in one and end in the next.
- Starts are counted in steps from the beginning of each day's opening, in elapsed time. Midnight
  begins a new count, so the grid never depends on what was asked for.
- Everything is one sweep over sorted spans: the cost follows the days and busy spans looked at
  and the slots found.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bookings.wallclock import Span, local_day, spans

DAY = dt.timedelta(days=1)
INSTANT = dt.timedelta(microseconds=1)
EVER = dt.datetime.max.replace(tzinfo=dt.UTC)
NEVER = (EVER, EVER)

Piece = tuple[dt.datetime, dt.datetime, dt.date]  # a span, and the local day on which it lies


@dataclass(frozen=True, slots=True)
class Window:
    """Open every week on `weekday` (0 = Monday), or on one `date`; 1440 is 24:00."""

    start_minute: int
    end_minute: int
    weekday: int | None = None
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Local days on which nothing is offered; both ends count."""

    first_day: dt.date
    last_day: dt.date


class Slot(NamedTuple):
    """[starts_at, ends_at) in UTC."""

    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """A mentor's opening hours and how they want to be booked."""

    zone: ZoneInfo
    windows: Sequence[Window]
    days_off: Sequence[DaysOff] = ()
    step_minutes: int = 30
    notice: dt.timedelta = dt.timedelta()
    horizon: dt.timedelta = dt.timedelta(days=60)
    buffer_before: dt.timedelta = dt.timedelta()
    buffer_after: dt.timedelta = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in the way: spans in any order, and days that have all the sessions they may.

    A slot and its buffers keep clear of `mentor` (which holds others' buffers already); only the
    slot itself keeps clear of `people`, where somebody who would take part is elsewhere.
    """

    mentor: Collection[Span] = ()
    people: Collection[Span] = ()
    full_days: Collection[dt.date] = field(default_factory=frozenset)


def free_slots(
    rules: Rules,
    *,
    start: dt.datetime,
    end: dt.datetime,
    duration_minutes: int,
    now: dt.datetime,
    taken: Taken | None = None,
) -> Iterator[Slot]:
    """The slots of that length that begin in [start, end), soonest first, found as they are read.

    The notice and the horizon (both ends of it count) are measured from `now`.
    """
    taken = taken or Taken()
    length = dt.timedelta(minutes=duration_minutes)
    start = max(start, now + rules.notice)
    end = min(end, now + rules.horizon + INSTANT)
    if start >= end:
        return
    pieces = _open_pieces(rules, start, end + length)
    for starts_at in _clear_starts(rules, taken, pieces, (start, end), length):
        yield Slot(starts_at, starts_at + length)


def _open_pieces(rules: Rules, start: dt.datetime, end: dt.datetime) -> list[Piece]:
    """Each day's openings, merged, none over midnight, sorted."""
    weekly: dict[int | None, list[Window]] = {}
    dated: dict[dt.date | None, list[Window]] = {}
    for window in rules.windows:
        if window.date is None:
            weekly.setdefault(window.weekday, []).append(window)
        else:
            dated.setdefault(window.date, []).append(window)
    off = _days_off(rules.days_off, start.date() - 2 * DAY, end.date() + 2 * DAY)
    pieces: list[Piece] = []
    # A day more on either side: where the date itself is turned back, days interleave.
    day, last = local_day(start, rules.zone) - DAY, local_day(end, rules.zone) + DAY
    while day <= last:
        if day not in off:
            windows = chain(weekly.get(day.weekday(), ()), dated.get(day, ()))
            opened = _merged(
                span
                for window in windows
                for span in spans(day, window.start_minute, window.end_minute, rules.zone)
            )
            pieces += ((opens_at, closes_at, day) for opens_at, closes_at in opened)
        day += DAY
    return sorted(pieces)


def _days_off(ranges: Sequence[DaysOff], first: dt.date, last: dt.date) -> set[dt.date]:
    """The single days off between `first` and `last`, however long the ranges are."""
    days: set[dt.date] = set()
    for days_off in ranges:
        day = max(days_off.first_day, first)
        while day <= min(days_off.last_day, last):
            days.add(day)
            day += DAY
    return days


def _merged(found: Iterable[Span]) -> list[Span]:
    """The same time as sorted spans that neither overlap nor touch."""
    merged: list[Span] = []
    for starts_at, ends_at in sorted(found):
        if merged and starts_at <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends_at))
        else:
            merged.append((starts_at, ends_at))
    return merged


def _clear_starts(
    rules: Rules,
    taken: Taken,
    pieces: Sequence[Piece],
    asked: Span,
    length: dt.timedelta,
) -> Iterator[dt.datetime]:
    """The grid's starts in `asked` from which `length` is open and clear."""
    step = dt.timedelta(minutes=rules.step_minutes)
    blocked = _blocked_starts(rules, taken, asked, length)
    obstacle = next(blocked, NEVER)
    for (opens_at, closes_at, day), run_ends_at in zip(pieces, _run_ends(pieces), strict=True):
        if day in taken.full_days:
            continue
        # The last instant that may be a start: the session ends with its opening.
        last = min(min(closes_at, asked[1]) - INSTANT, run_ends_at - length)
        starts_at = _on_grid(opens_at, max(opens_at, asked[0]), step)
        while starts_at <= last:
            while obstacle[1] <= starts_at:
                obstacle = next(blocked, NEVER)
            if obstacle[0] < starts_at:
                starts_at = _on_grid(opens_at, obstacle[1], step)
                continue
            until = min(last, obstacle[0])
            while starts_at <= until:
                yield starts_at
                starts_at += step


def _blocked_starts(
    rules: Rules, taken: Taken, asked: Span, length: dt.timedelta
) -> Iterator[Span]:
    """Where a session can't begin: sorted spans, both ends of which are clear themselves."""
    before, after = length + rules.buffer_after, rules.buffer_before
    spans_of_starts = chain(
        _widened(taken.mentor, before, after, asked),
        _widened(taken.people, length, dt.timedelta(), asked),
    )
    blocked: Span | None = None
    for starts_at, ends_at in sorted(spans_of_starts):
        if blocked is not None and starts_at < blocked[1]:
            blocked = (blocked[0], max(blocked[1], ends_at))
            continue
        if blocked is not None:
            yield blocked
        blocked = (starts_at, ends_at)
    if blocked is not None:
        yield blocked


def _widened(
    busy: Iterable[Span], before: dt.timedelta, after: dt.timedelta, asked: Span
) -> Iterator[Span]:
    """The spans that so widened reach into `asked`: the others cost a comparison and no more."""
    start, end = asked[0] - after, asked[1] + before
    return (
        (since - before, until + after) for since, until in busy if since < end and until > start
    )


def _run_ends(pieces: Sequence[Piece]) -> list[dt.datetime]:
    """For each piece, when the opening it belongs to ends: pieces that touch are one opening."""
    ends = [ends_at for _, ends_at, _ in pieces]
    for index in range(len(pieces) - 2, -1, -1):
        if pieces[index + 1][0] <= ends[index]:
            ends[index] = max(ends[index], ends[index + 1])
    return ends


def _on_grid(origin: dt.datetime, earliest: dt.datetime, step: dt.timedelta) -> dt.datetime:
    """The first instant a whole number of steps after `origin` that isn't before `earliest`."""
    return origin + -((origin - earliest) // step) * step
