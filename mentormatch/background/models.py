"""The queue's rows with retry, the periods that are due, and the workers that are alive."""

import datetime as dt
import logging
from traceback import format_exception
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import retry

from mentormatch import times
from mentormatch.background.registry import DurableTask
from mentormatch.db import TimestampedModel

logger = logging.getLogger(__name__)
BACK_OFF = tuple(
    dt.timedelta(seconds=seconds) for seconds in (2, 10, 30, 120, 600, 1800, 7200, 21600)
)


def back_off(attempt: int) -> dt.timedelta:
    """How long to wait after the first, second, … attempt that failed."""
    return BACK_OFF[min(attempt, len(BACK_OFF)) - 1]


class QueuedTask(DBTaskResult[..., Any]):
    """A task in the queue. One that raises goes back into it until its attempts are used up."""

    class Meta:
        proxy = True
        verbose_name = _("task")
        verbose_name_plural = _("tasks")

    @property
    def attempts_allowed(self) -> int:
        """What `durable` says; one for other tasks, and for those whose function is gone."""
        try:
            task: object = self.task
        except ImportError:
            return 1
        return task.attempts if isinstance(task, DurableTask) else 1

    def set_failed(self, exc: BaseException) -> None:
        """Keep the exception; ready again after a back-off, or failed for good."""
        attempt, allowed = len(self.worker_ids), self.attempts_allowed
        if attempt >= allowed:
            super().set_failed(exc)
        else:
            logger.warning("%s: attempt %d of %d: %r", self.task_path, attempt, allowed, exc)
            self._put_back(exc, times.real_now() + back_off(attempt))

    @retry()
    def _put_back(self, exc: BaseException, run_after: dt.datetime) -> None:
        self.status = TaskResultStatus.READY
        self.run_after = run_after
        self.exception_class_path = f"{type(exc).__module__}.{type(exc).__qualname__}"
        self.traceback = "".join(format_exception(exc))
        self.save(update_fields=["status", "run_after", "exception_class_path", "traceback"])


class PeriodicRun(TimestampedModel):
    """When a periodic function is due; whoever moves `next_due_at` on is the one to run it."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    next_due_at = models.DateTimeField(_("next due"), db_index=True)
    last_started_at = models.DateTimeField(_("last started"), null=True)
    last_finished_at = models.DateTimeField(_("last finished"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("periodic run")
        verbose_name_plural = _("periodic runs")

    def __str__(self) -> str:
        return self.name


class WorkerHeartbeat(TimestampedModel):
    """A worker process that is alive, or was when it wrote `seen_at`."""

    worker_id = models.CharField(_("worker"), max_length=64, unique=True)
    seen_at = models.DateTimeField(_("seen"), db_index=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.worker_id
