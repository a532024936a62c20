import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connections

from mentormatch.background import periodic, periodics
from mentormatch.background.models import PeriodicRun
from mentormatch.background.registry import PERIODICS
from mentormatch.background.testing import run_periodic
from tests.conftest import NOW, Freeze

MINUTE = dt.timedelta(minutes=1)
calls: list[str] = []
Register = Callable[[Callable[[], None]], Callable[[], None]]


def count() -> None:
    calls.append("count")


def break_down() -> None:
    raise ValueError("broken")


may_end = threading.Event()


def take_long() -> None:
    may_end.wait(60)
    calls.append("take_long")


def lose_the_database() -> None:
    raise OperationalError("gone")


@pytest.fixture
def every_minute() -> Iterator[Register]:
    """`every_minute(function)` makes it periodic; the product's own stand back meanwhile."""
    kept = dict(PERIODICS)
    PERIODICS.clear()
    calls.clear()
    yield periodic(every=MINUTE)
    PERIODICS.clear()
    PERIODICS.update(kept)


@pytest.mark.django_db
def test_a_function_runs_once_a_period(every_minute: Register, freeze: Freeze) -> None:
    clock = freeze(NOW)
    every_minute(count)
    periodics.schedule()
    assert periodics.run_due() == 1
    assert periodics.run_due() == 0
    clock.shift(MINUTE)
    assert periodics.run_due() == 1
    assert calls == ["count"] * 2
    row = PeriodicRun.objects.get()
    assert (row.next_due_at, row.last_finished_at) == (NOW + 2 * MINUTE, NOW + MINUTE)
    assert not row.last_error


@pytest.mark.django_db
def test_what_was_missed_is_not_made_up_for(every_minute: Register, freeze: Freeze) -> None:
    clock = freeze(NOW)
    every_minute(count)
    periodics.schedule()
    clock.shift(10 * MINUTE)
    periodics.run_due()
    periodics.run_due()
    assert calls == ["count"]


@pytest.mark.django_db
def test_one_that_fails_does_not_stop_the_others(every_minute: Register) -> None:
    every_minute(break_down)
    every_minute(count)
    periodics.schedule()
    assert periodics.run_due() == 2
    assert calls == ["count"]
    assert "broken" in PeriodicRun.objects.get(name__endswith="break_down").last_error


@pytest.mark.django_db
def test_the_loss_of_the_database_is_the_workers_business(every_minute: Register) -> None:
    every_minute(lose_the_database)
    periodics.schedule()
    with pytest.raises(OperationalError):
        periodics.run_due()


@pytest.mark.django_db
def test_a_shorter_period_holds_at_once(every_minute: Register, freeze: Freeze) -> None:
    freeze(NOW)
    every_minute(count)
    periodics.schedule()
    PeriodicRun.objects.update(next_due_at=NOW + 60 * MINUTE)
    periodics.schedule()
    assert PeriodicRun.objects.get().next_due_at == NOW + MINUTE


@pytest.mark.django_db
def test_a_function_that_is_gone_is_passed_over(every_minute: Register) -> None:
    PeriodicRun.objects.create(name="gone", next_due_at=NOW)
    assert periodics.run_due() == 0


@pytest.mark.django_db(transaction=True)
def test_eight_workers_run_it_once(every_minute: Register) -> None:
    every_minute(count)
    periodics.schedule()
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        try:
            periodics.run_due()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["count"]


def test_run_periodic_runs_all_or_one(every_minute: Register) -> None:
    every_minute(count)
    run_periodic()
    run_periodic("count")
    run_periodic("something_else")
    assert calls == ["count"] * 2


def test_a_period_is_at_least_a_second() -> None:
    with pytest.raises(ValueError, match="at least one second"):
        periodic(every=dt.timedelta(milliseconds=500))


@pytest.mark.django_db(transaction=True)
def test_nothing_waits_for_a_long_one(every_minute: Register) -> None:
    may_end.clear()
    periodic(every=MINUTE, is_long=True)(take_long)
    every_minute(count)
    periodics.schedule()
    assert periodics.run_due() == 2
    assert calls == ["count"]
    _end_the_long_one("take_long")
    assert calls == ["count", "take_long"]
    assert PeriodicRun.objects.exclude(last_finished_at=None).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_long_one_that_loses_the_database_says_so(
    every_minute: Register, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    periodic(every=MINUTE, is_long=True)(lose_the_database)
    periodics.schedule()
    periodics.run_due()
    _end_the_long_one("lose_the_database")
    assert "lost the database: gone" in caplog.text


def _end_the_long_one(name: str) -> None:
    may_end.set()
    for thread in threading.enumerate():
        if thread.name.endswith(name):
            thread.join()
