"""Reviews for staff: read them, hide one with a reason, put it back."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mentormatch.auth import LoggedInRequest
from mentormatch.errors import DomainError
from mentormatch.ui.staff import LookOnlyAdmin
from reviews import services
from reviews.models import Review


class ReasonForm(ActionForm):
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


@admin.register(Review)
class ReviewAdmin(LookOnlyAdmin[Review]):
    list_display = ("code", "mentor", "reviewer", "rating", "is_public", "hidden_at", "created_at")
    list_filter = ("rating", "is_public", ("hidden_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("mentor__user", "reviewer")
    search_fields = ("code", "mentor__user__email", "reviewer__email", "comment")
    action_form = ReasonForm
    actions = ("hide", "restore")

    @admin.action(description=_("Hide (give a reason)"), permissions=["act"])
    def hide(self, request: LoggedInRequest, chosen: QuerySet[Review]) -> None:
        reason = request.POST.get("reason", "")
        self._each(
            request,
            chosen,
            lambda r: services.hide_review(review=r, by=request.user, reason=reason),
            str(_("Hidden: %s")) % (reason or "-"),
        )

    @admin.action(description=_("Show again"), permissions=["act"])
    def restore(self, request: LoggedInRequest, chosen: QuerySet[Review]) -> None:
        self._each(
            request,
            chosen,
            lambda r: services.restore_review(review=r, by=request.user),
            str(_("Shown again")),
        )

    def _each(
        self,
        request: LoggedInRequest,
        chosen: QuerySet[Review],
        change: Callable[[Review], Review],
        note: str,
    ) -> None:
        for review in chosen:
            try:
                change(review)
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
                return
            self.log_change(request, review, note)
        self.message_user(request, note, messages.SUCCESS)
