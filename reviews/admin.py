"""Reviews for staff: read them, hide one with a reason, put it back."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mentormatch.auth import LoggedInRequest
from mentormatch.ui.staff import LookOnlyAdmin, ReasonForm
from reviews import services
from reviews.models import Review


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

        def hidden(review: Review) -> str:
            services.hide_review(review=review, by=request.user, reason=reason)
            return str(_("Hidden: %s")) % (reason or "-")

        self.each(request, chosen, hidden)

    @admin.action(description=_("Show again"), permissions=["act"])
    def restore(self, request: LoggedInRequest, chosen: QuerySet[Review]) -> None:
        def shown(review: Review) -> object:
            services.restore_review(review=review, by=request.user)
            return _("Shown again")

        self.each(request, chosen, shown)
