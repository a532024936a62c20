"""What runs in the background, for staff to look at; a task that failed can be tried again."""

from typing import Any

import django_tasks_db.admin  # noqa: F401  # registers a page of its own, replaced below
from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from mentormatch.background import queue
from mentormatch.background.models import PeriodicRun, WorkerHeartbeat
from mentormatch.errors import DomainError
from mentormatch.ui.staff import LookOnlyAdmin

admin.site.unregister(DBTaskResult)
apps.get_app_config("django_tasks_database").verbose_name = _("Tasks")


@admin.register(DBTaskResult)
class TaskAdmin(DBTaskResultAdmin, LookOnlyAdmin[DBTaskResult]):  # type: ignore[type-arg]  # two parameters of its own
    list_display = (  # type: ignore[assignment]  # a tuple of another length
        "task_path",
        "status",
        "enqueued_at",
        "started_at",
        "finished_at",
    )
    list_filter = ("status", "enqueued_at")  # type: ignore[assignment]  # the same
    search_fields = ("task_path", "exception_class_path")
    actions = ("try_again",)

    @admin.display(description=_("traceback"))
    def formatted_traceback(self, obj: DBTaskResult[Any, Any]) -> str:
        return super().formatted_traceback(obj)

    @admin.display(description=_("run after"))
    def display_run_after(self, obj: DBTaskResult[Any, Any]) -> Any:
        return super().display_run_after(obj)

    @admin.action(description=_("Try failed ones again"), permissions=["act"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        for task in chosen:
            try:
                queue.try_again(task=task)
            except DomainError as error:
                self.message_user(request, f"{task.task_path}: {error}", messages.ERROR)
            else:
                self.log_change(request, task, _("Queued again"))
                self.message_user(request, _("Queued again: %s") % task.task_path)


class FailedLastTime(admin.SimpleListFilter):
    title = _("failed last time")
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(last_error="") if self.value() == "yes" else queryset


@admin.register(PeriodicRun)
class PeriodicRunAdmin(LookOnlyAdmin[PeriodicRun]):
    list_display = ("name", "next_due_at", "last_started_at", "last_finished_at", "last_error")
    list_filter = (FailedLastTime,)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(WorkerHeartbeat)
class WorkerAdmin(LookOnlyAdmin[WorkerHeartbeat]):
    list_display = ("worker_id", "seen_at", "created_at")
    ordering = ("-seen_at",)
