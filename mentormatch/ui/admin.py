"""The log of what staff did, which nobody edits."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _

from mentormatch.ui.staff import LookOnlyAdmin


@admin.register(LogEntry)
class LogEntryAdmin(LookOnlyAdmin[LogEntry]):
    list_display = ("action_time", "user", "content_type", "object_repr", "said")
    list_filter = (
        "action_flag",
        "action_time",
        ("content_type", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__email")
    date_hierarchy = "action_time"

    @admin.display(description=_("what was done"))
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message()
