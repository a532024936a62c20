import datetime as dt
from pathlib import Path

import pytest
from django.db import transaction
from django_tasks import TaskResultStatus
from pytest_django import DjangoAssertNumQueries

from mentormatch.background import durable, queue
from mentormatch.background.models import BACK_OFF, QueuedTask, WorkerHeartbeat, back_off
from mentormatch.background.testing import run_tasks
from tests.background.jobs import fail, write
from tests.conftest import NOW, Freeze

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


def the_task() -> QueuedTask:
    return QueuedTask.objects.get()


def test_a_task_runs_once(tmp_path: Path) -> None:
    file = tmp_path / "out"
    write.enqueue(path=str(file), text="hello")
    assert len(run_tasks()) == 1
    assert run_tasks() == []
    assert file.read_text() == "hello\n"
    assert the_task().status == TaskResultStatus.SUCCESSFUL


def test_a_task_is_there_only_if_the_transaction_commits(tmp_path: Path) -> None:
    with transaction.atomic():
        write.enqueue(path=str(tmp_path / "out"), text="hello")
        transaction.set_rollback(True)
    assert not QueuedTask.objects.exists()


def test_a_task_that_raises_is_tried_again_on_the_same_row(tmp_path: Path, freeze: Freeze) -> None:
    clock = freeze(NOW)
    fail.enqueue(path=str(tmp_path / "out"))
    run_tasks(may_fail=True)
    row = the_task()
    assert (row.status, row.run_after) == (TaskResultStatus.READY, NOW + back_off(1))
    assert row.exception_class_path == "builtins.ValueError"
    assert "It isn't there yet." in row.traceback
    assert run_tasks() == [], "not before its time"

    (tmp_path / "out").touch()
    clock.shift(back_off(1))
    assert len(run_tasks()) == 1
    row = the_task()
    assert (row.status, len(row.worker_ids)) == (TaskResultStatus.SUCCESSFUL, 2)
    assert not row.exception_class_path


def test_after_the_last_attempt_a_task_stays_failed(tmp_path: Path, freeze: Freeze) -> None:
    clock = freeze(NOW)
    fail.enqueue(path=str(tmp_path / "out"))
    for attempt in (1, 2, 3):
        assert len(run_tasks(may_fail=True)) == 1
        clock.shift(back_off(attempt))
    row = the_task()
    assert (row.status, len(row.worker_ids)) == (TaskResultStatus.FAILED, 3)
    assert run_tasks() == []


def test_a_task_whose_function_is_gone_fails(tmp_path: Path) -> None:
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    QueuedTask.objects.update(task_path="tests.background.jobs.no_longer_here")
    run_tasks(may_fail=True)
    assert the_task().status == TaskResultStatus.FAILED


def test_run_tasks_shows_what_a_task_raised(tmp_path: Path) -> None:
    fail.enqueue(path=str(tmp_path / "out"))
    with pytest.raises(AssertionError, match="It isn't there yet"):
        run_tasks()


def test_the_waits_grow() -> None:
    waits = [back_off(attempt) for attempt in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (BACK_OFF[0], BACK_OFF[-1])


def test_looking_at_an_empty_queue_is_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        assert queue.take("me") is None


def test_what_a_dead_worker_ran_is_given_back(tmp_path: Path, freeze: Freeze) -> None:
    clock = freeze(NOW)
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    queue.beat("dead")
    assert queue.take("dead")
    assert queue.give_back() == 0, "it may still be at work"
    clock.shift(queue.DEAD_AFTER)
    queue.beat("another")
    assert queue.give_back() == 1
    assert queue.give_back() == 0
    row = the_task()
    assert row.exception_class_path.endswith("WorkerLost")
    clock.shift(back_off(1))
    run_tasks()
    assert (tmp_path / "out").read_text() == "hello\n"


def test_a_task_that_kills_its_workers_ends(tmp_path: Path, freeze: Freeze) -> None:
    clock = freeze(NOW)
    write.enqueue(path=str(tmp_path / "out"), text="hello")
    for attempt in (1, 2, 3):
        assert queue.take(f"dead{attempt}")
        assert queue.give_back() == 1
        clock.shift(back_off(attempt))
    assert the_task().status == TaskResultStatus.FAILED
    assert queue.take("next") is None


def test_old_rows_are_pruned(
    tmp_path: Path, freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PRUNE_AT_ONCE", 2)
    clock = freeze(NOW)
    queue.beat("long ago")
    for _ in range(3):
        write.enqueue(path=str(tmp_path / "out"), text="hello")
    run_tasks()
    unknown = durable(attempts=1)(fail.func)
    unknown.enqueue(path=str(tmp_path / "missing"))
    QueuedTask.objects.filter(task_path=fail.module_path).update(
        status=TaskResultStatus.FAILED, finished_at=NOW
    )
    write.enqueue(path=str(tmp_path / "out"), text="waits")
    assert queue.prune() == 0
    clock.shift(queue.KEEP_DONE)
    assert queue.prune() == 3
    assert not WorkerHeartbeat.objects.exists()
    clock.shift(queue.KEEP_FAILED)
    assert queue.prune() == 1
    assert the_task().status == TaskResultStatus.READY


def test_the_oldest_wait_counts_from_when_a_task_was_due(tmp_path: Path, freeze: Freeze) -> None:
    clock = freeze(NOW)
    assert queue.oldest_wait() == dt.timedelta()
    write.using(run_after=NOW + 10 * SECOND).enqueue(path=str(tmp_path / "out"), text="later")
    assert queue.oldest_wait() == dt.timedelta()
    clock.shift(30 * SECOND)
    assert queue.oldest_wait() == 20 * SECOND
    write.enqueue(path=str(tmp_path / "out"), text="now")
    clock.shift(5 * SECOND)
    assert queue.oldest_wait() == 25 * SECOND
