"""The one clock, and the few things that are done with instants everywhere."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

UTC = dt.UTC
# Nearer to the ends of Python's calendar a sum of days could leave it.
_EDGE = dt.timedelta(days=32)
EARLIEST = dt.datetime.min.replace(tzinfo=UTC) + _EDGE
LATEST = dt.datetime.max.replace(tzinfo=UTC) - _EDGE
_own_offset: ContextVar[dt.timedelta | None] = ContextVar("own_offset", default=None)


@lru_cache(maxsize=4)
def _read_offset(path: Path, modified_ns: int) -> dt.timedelta:
    return dt.timedelta(seconds=int(path.read_text() or 0))


def clock_offset() -> dt.timedelta:
    """How far the demo's clock was moved ahead; always zero outside the demo."""
    path: Path | None = settings.DEMO_CLOCK_FILE
    if path is None:
        return dt.timedelta()
    own = _own_offset.get()
    if own is not None:
        return own
    try:
        return _read_offset(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return dt.timedelta()


def set_clock_offset(offset: dt.timedelta) -> None:
    """Move the demo's clock for every process that serves this database.

    Raises `RuntimeError` outside the demo. Safe to repeat.
    """
    path: Path | None = settings.DEMO_CLOCK_FILE
    if path is None:
        raise RuntimeError("The clock can be moved in the demo only.")
    new = path.with_suffix(".clock-new")
    new.write_text(str(int(offset.total_seconds())))
    new.replace(path)


@contextmanager
def beginning_at(instant: dt.datetime) -> Iterator[None]:
    """Let this thread's clock, and no other, start at `instant`: the demo's data have a past.

    Raises `RuntimeError` outside the demo.
    """
    if settings.DEMO_CLOCK_FILE is None:
        raise RuntimeError("The clock can be moved in the demo only.")
    token = _own_offset.set(instant - real_now())
    try:
        yield
    finally:
        _own_offset.reset(token)


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    return dt.datetime.now(UTC) + clock_offset()


def real_now() -> dt.datetime:
    """The real present in UTC, whatever the demo's clock says: for signatures and tokens."""
    return dt.datetime.now(UTC)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone that can be chosen."""
    return frozenset(available_timezones() - {"localtime", "posixrules"})


def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name; UTC where the name is unknown."""
    return ZoneInfo(name if name in zone_names() else "UTC")


def parse_instant(text: str) -> dt.datetime | None:
    """RFC 3339 with an offset → aware UTC; `None` for anything else, a naive time included.

    And for the first and the last month of the calendar, so that everyone can go on reckoning.
    """
    try:
        instant = dt.datetime.fromisoformat(text)
        return instant.astimezone(UTC) if EARLIEST <= instant <= LATEST else None
    except (TypeError, ValueError, OverflowError):  # TypeError: a naive one can't be compared
        return None


def format_instant(instant: dt.datetime) -> str:
    """Aware → RFC 3339 in UTC with `Z`, seconds precise (microseconds only where there are any)."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
