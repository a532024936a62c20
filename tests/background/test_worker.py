import datetime as dt
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django_tasks import TaskResultStatus

from mentormatch import times
from mentormatch.background import periodic, queue, worker
from mentormatch.background.models import PeriodicRun, QueuedTask, WorkerHeartbeat
from mentormatch.background.registry import PERIODICS
from tests.background.jobs import linger, write
from tests.background.processes import Command, manage, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def status() -> str:
    return QueuedTask.objects.get().status


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Command]:
    """A worker's process, at work."""
    with manage("work", output=tmp_path / "log") as command:
        wait_for(WorkerHeartbeat.objects.exists)
        yield command


def test_it_takes_tasks_and_runs_what_is_due(running: Command, tmp_path: Path) -> None:
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    wait_for((tmp_path / "out").exists, 10)
    wait_for(PeriodicRun.objects.filter(last_finished_at__isnull=False).exists)
    assert running.end() == 0
    assert status() == TaskResultStatus.SUCCESSFUL
    assert not WorkerHeartbeat.objects.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_a_running_task(running: Command, tmp_path: Path, number: int) -> None:
    file = tmp_path / "out"
    linger.enqueue(path=str(file), seconds=1.5)
    wait_for(file.exists)
    assert running.end(number) == 0
    assert file.read_text().endswith("done\n")
    assert status() == TaskResultStatus.SUCCESSFUL


def test_a_killed_workers_task_is_done_by_the_next(
    running: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out"
    linger.enqueue(path=str(file), seconds=60)
    wait_for(file.exists)
    os.kill(running.one("work"), signal.SIGKILL)
    running.process.wait()
    assert status() == TaskResultStatus.RUNNING
    assert queue.give_back(now=times.real_now()) == 0
    assert queue.give_back(now=times.real_now() + queue.DEAD_AFTER) == 1

    QueuedTask.objects.update(args_kwargs={"args": [], "kwargs": {"path": str(file), "seconds": 0}})
    with manage("work", output=tmp_path / "log2"):
        wait_for(lambda: status() == TaskResultStatus.SUCCESSFUL)
    started, again, done = file.read_text().splitlines()
    assert started != again
    assert done == "done"
    assert len(QueuedTask.objects.get().worker_ids) == 2


@pytest.mark.skipif(not settings.IS_POSTGRES, reason="SQLite has no connection to lose")
def test_it_outlives_its_connections(running: Command, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    wait_for((tmp_path / "out").exists)
    assert running.end() == 0


def test_an_outage_is_waited_out_and_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The queue's own look fails, as it does while the database is away."""
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(worker, "OUTAGE_SECONDS", 0)
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    kept, turns = dict(PERIODICS), []
    PERIODICS.clear()
    me = worker.Worker()

    def away() -> None:
        turns.append("turn")
        PeriodicRun.objects.update(next_due_at=times.real_now())
        me.running = len(turns) < 4
        if len(turns) < 3:
            raise OperationalError("the database is away")

    periodic(every=dt.timedelta(seconds=1))(away)
    try:
        me.run()
    finally:
        PERIODICS.clear()
        PERIODICS.update(kept)
    assert [record.message for record in caplog.records] == [
        "The database doesn't answer; the worker waits for it: the database is away",
        "The database answers again.",
    ]
    assert (tmp_path / "out").read_text() == "hello\n"


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
def test_a_pulse_outlives_an_outage(
    monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    beats: list[str] = []

    def beat(worker_id: str) -> None:
        beats.append(worker_id)
        if len(beats) == 1:
            raise trouble("the database is away")

    monkeypatch.setattr(queue, "beat", beat)
    monkeypatch.setattr(queue, "HEARTBEAT_EVERY", dt.timedelta(milliseconds=10))
    pulse = worker.Pulse("me")
    pulse.start()
    wait_for(lambda: len(beats) > 1 or not pulse.is_alive())
    assert pulse.is_alive()
    pulse.ended.set()
    pulse.join()


def test_a_worker_gives_back_what_its_outage_interrupted(tmp_path: Path) -> None:
    """It claimed the task and then could not write how it went."""
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    me = worker.Worker()
    queue.beat(me.worker_id)
    assert queue.take(me.worker_id)
    me._introduce()
    assert status() == TaskResultStatus.READY
    assert WorkerHeartbeat.objects.get().worker_id == me.worker_id
