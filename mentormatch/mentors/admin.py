"""Staff look at mentors and decide, through the services; topics are theirs to edit."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mentormatch.errors import DomainError
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
        self._each(request, queryset, lambda mentor: services.approve(mentor=mentor))

    @admin.action(description=_("Send back, with a reason"), permissions=["act"])
    def send_back(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        reason = request.POST.get("reason", "")
        self._each(
            request, queryset, lambda mentor: services.send_back(mentor=mentor, reason=reason)
        )

    @admin.action(description=_("Suspend, with a reason"), permissions=["act"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        reason = request.POST.get("reason", "")
        self._each(request, queryset, lambda mentor: services.suspend(mentor=mentor, reason=reason))

    @admin.action(description=_("List them again"), permissions=["act"])
    def relist(self, request: HttpRequest, queryset: QuerySet[MentorProfile]) -> None:
        self._each(request, queryset, lambda mentor: services.relist(mentor=mentor))

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[MentorProfile],
        verb: Callable[[MentorProfile], MentorProfile],
    ) -> None:
        for mentor in queryset.select_related("user"):
            try:
                verb(mentor)
            except DomainError as error:
                self.message_user(request, f"{mentor}: {error}", messages.ERROR)
            else:
                self._log(request, mentor)

    def _log(self, request: HttpRequest, mentor: MentorProfile) -> None:
        said = ": ".join(filter(None, [mentor.get_status_display(), mentor.status_reason]))
        self.log_change(request, mentor, said)
        self.message_user(request, f"{mentor}: {mentor.get_status_display()}", messages.SUCCESS)


# Named by Django itself, in English, where a topic that mentors have is about to be deleted.
MentorProfile.topics.through._meta.verbose_name = _("topic of a mentor")
MentorProfile.topics.through._meta.verbose_name_plural = _("topics of mentors")


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    list_display = ("name", "slug")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
