"""Staff look at mentors and decide, through the services; topics are theirs to edit."""

from collections.abc import Callable

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mentormatch.mentors import services
from mentormatch.mentors.models import MentorProfile, Topic
from mentormatch.ui.staff import LookOnlyAdmin


class ReasonForm(ActionForm):
    reason = forms.CharField(
        label=_("Reason (to send back or suspend)"), required=False, max_length=300
    )


@admin.register(MentorProfile)
class MentorAdmin(LookOnlyAdmin[MentorProfile]):
    list_display = ("name", "headline", "status", "is_payable", "total_sessions", "created_at")
    list_filter = ("status", "is_payable", "currency", "country")
    list_select_related = ("user",)
    search_fields = ("user__full_name", "user__email", "headline", "slug")
    actions = ("approve", "send_back", "suspend", "relist")
    action_form = ReasonForm

    @admin.action(description=_("Approve: list them"), permissions=["act"])
    def approve(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        self._decide(request, queryset, services.approve)

    @admin.action(description=_("Send back, with a reason"), permissions=["act"])
    def send_back(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        self._decide(request, queryset, services.send_back, reason=request.POST.get("reason", ""))

    @admin.action(description=_("Suspend, with a reason"), permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        self._decide(request, queryset, services.suspend, reason=request.POST.get("reason", ""))

    @admin.action(description=_("List them again"), permissions=["act"])
    def relist(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        self._decide(request, queryset, services.relist)

    def _decide(
        self,
        request: HttpRequest,
        queryset: QuerySet[MentorProfile],
        verb: Callable[..., MentorProfile],
        **given: str,
    ) -> None:
        def decided(mentor: MentorProfile) -> str:
            moved = verb(mentor=mentor, **given)
            return ": ".join(filter(None, [moved.get_status_display(), moved.status_reason]))

        self.each(request, queryset.select_related("user"), decided)


# Named by Django itself, in English, where a topic that mentors have is about to be deleted.
MentorProfile.topics.through._meta.verbose_name = _("topic of a mentor")
MentorProfile.topics.through._meta.verbose_name_plural = _("topics of mentors")


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
