"""The staff's pages: Django's admin, which begins with what needs someone."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from mentormatch.accounts.models import User


class StaffSite(AdminSite):
    site_header = site_title = _("MentorMatch staff")
    index_title = _("What needs you")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from mentormatch.ui import overview  # noqa: PLC0415  # models come later

        user = request.user
        shown: dict[str, Any] = {}
        if isinstance(user, User):
            shown = {
                "waiting": overview.waiting_for(user),
                "charts": overview.charts_for(user),
                "charts_title": overview.since_words(),
            }
        return super().index(request, shown | (extra_context or {}))
