"""Taking tasks, and giving back those whose worker is gone. All times are real, not the demo's."""

import datetime as dt
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from mentormatch import times
from mentormatch.background.models import QueuedTask, WorkerHeartbeat
from mentormatch.errors import Conflict

HEARTBEAT_EVERY = dt.timedelta(seconds=5)
DEAD_AFTER = dt.timedelta(seconds=30)
KEEP_DONE = dt.timedelta(days=7)
KEEP_FAILED = dt.timedelta(days=30)
PRUNE_AT_ONCE = 1000


class WorkerLost(Exception):
    """The worker that ran the task was killed, or lost the database, before the task ended."""


def take(worker_id: str) -> QueuedTask | None:
    """Claim the next task that is due for this worker. No two workers get the same one."""
    ready = QueuedTask.objects.ready().filter(backend_name=DEFAULT_TASK_BACKEND_ALIAS)
    if not ready.exists():  # looking alone takes no lock
        return None
    with transaction.atomic():
        row = ready.get_locked()
        if row is not None:
            row.claim(worker_id)
    return cast("QueuedTask | None", row)


def beat(worker_id: str) -> None:
    """Say that this worker is alive."""
    WorkerHeartbeat.objects.update_or_create(
        worker_id=worker_id, defaults={"seen_at": times.real_now()}
    )


def retire(worker_id: str) -> None:
    """Say that this worker is gone: what it left running is given back by another."""
    WorkerHeartbeat.objects.filter(worker_id=worker_id).delete()


def living(now: dt.datetime) -> set[str]:
    """The workers that said so within `DEAD_AFTER`."""
    alive = WorkerHeartbeat.objects.filter(seen_at__gt=now - DEAD_AFTER)
    return set(alive.values_list("worker_id", flat=True))


def give_back(*, now: dt.datetime | None = None, but_not_of: set[str] | None = None) -> int:
    """Put the tasks that nobody runs any more back into the queue; gives their number.

    `but_not_of` names the workers that are alive, if the caller knows better than the heartbeats.
    Being killed counts as an attempt: a task that kills its worker doesn't do so for ever.
    """
    alive = living(now or times.real_now()) if but_not_of is None else but_not_of
    running = QueuedTask.objects.filter(status=TaskResultStatus.RUNNING)
    return sum(
        _give_back(row.pk, alive) for row in running if not _owner(row) or _owner(row) not in alive
    )


def try_again(*, task: DBTaskResult[..., Any]) -> None:
    """Queue a failed task anew, with all its attempts. Raises `Conflict` for any other."""
    changed = DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.FAILED).update(
        status=TaskResultStatus.READY,
        run_after=get_date_max(),
        started_at=None,
        finished_at=None,
        worker_ids=[],
        exception_class_path="",
        traceback="",
    )
    if not changed:
        raise Conflict(_("Only a failed task can be tried again."))


def _owner(row: DBTaskResult[..., Any]) -> str:
    return row.worker_ids[-1] if row.worker_ids else ""


@transaction.atomic
def _give_back(pk: UUID, alive: set[str]) -> bool:
    rows = QueuedTask.objects.select_for_update().filter(pk=pk, status=TaskResultStatus.RUNNING)
    row = rows.first()
    if row is None or _owner(row) in alive:
        return False
    row.set_failed(WorkerLost(_owner(row)))
    return True


def prune(*, now: dt.datetime | None = None) -> int:
    """Delete what was done a week ago or failed a month ago, and workers long gone."""
    now = now or times.real_now()
    WorkerHeartbeat.objects.filter(seen_at__lte=now - KEEP_DONE).delete()
    old = Q(status=TaskResultStatus.SUCCESSFUL, finished_at__lte=now - KEEP_DONE)
    old |= Q(status=TaskResultStatus.FAILED, finished_at__lte=now - KEEP_FAILED)
    deleted = 0
    while pks := list(
        DBTaskResult.objects.filter(old).order_by().values_list("pk", flat=True)[:PRUNE_AT_ONCE]
    ):
        deleted += DBTaskResult.objects.filter(pk__in=pks).delete()[0]
    return deleted


def standstill(*, now: dt.datetime | None = None) -> dt.timedelta:
    """For how long a task has been due and none was begun; zero where nothing waits."""
    now = now or times.real_now()
    waited = oldest_wait(now=now)
    if not waited:
        return waited
    begun = DBTaskResult.objects.aggregate(last=Max("started_at"))["last"]
    return min(waited, now - begun) if begun else waited


def oldest_wait(*, now: dt.datetime | None = None) -> dt.timedelta:
    """For how long the task that waits longest has been due; zero when none is."""
    now = now or times.real_now()
    oldest = DBTaskResult.objects.ready().aggregate(
        # A task without a time of its own has one in the year 9999.
        at_once=Min("enqueued_at", filter=Q(run_after=get_date_max())),
        later=Min("run_after", filter=Q(run_after__lte=now)),
    )
    since: dt.datetime = min([instant for instant in oldest.values() if instant] or [now])
    return now - since
