"""The clock of one thread, put elsewhere for a while."""

import datetime as dt
from threading import Thread

import pytest
from pytest_django import Settings

from mentormatch import times

LONG_AGO = dt.datetime(2020, 2, 29, 12, tzinfo=dt.UTC)


def test_only_this_thread_is_in_the_past(now: dt.datetime) -> None:
    seen: list[dt.datetime] = []
    times.set_clock_offset(dt.timedelta(days=2))
    with times.beginning_at(LONG_AGO):
        other = Thread(target=lambda: seen.append(times.now()))
        other.start()
        other.join()
        assert times.now() == LONG_AGO
        assert times.real_now() == now
    assert seen == [now + dt.timedelta(days=2)]
    assert times.now() == now + dt.timedelta(days=2)


def test_outside_the_demo_there_is_no_past(settings: Settings) -> None:
    settings.DEMO_CLOCK_FILE, kept = None, settings.DEMO_CLOCK_FILE
    with pytest.raises(RuntimeError, match="demo only"), times.beginning_at(LONG_AGO):
        pass
    settings.DEMO_CLOCK_FILE = kept
