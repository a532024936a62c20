"""The staff's pages: Django's admin, which begins with what needs someone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from mentormatch.accounts.models import User


class StaffSite(AdminSite):
    site_header = site_title = _("MentorMatch staff")
    index_title = _("What needs you")

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any:
        """Django's, but what no database can hold, and no calendar, is a bad question: 400."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            given = (*request.GET.lists(), *request.POST.lists())
            if any("\0" in value for _name, values in given for value in values):
                raise BadRequest("NUL in a field")
            try:
                return shown(request, *args, **kwargs)
            except OverflowError as error:  # a filter by the year 99999, say
                raise BadRequest("beyond every calendar") from error

        return checked

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
