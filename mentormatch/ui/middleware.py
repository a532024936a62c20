"""How refusals look as pages."""

from collections.abc import Callable
from http import HTTPStatus

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mentormatch.errors import DomainError, Text
from mentormatch.problems import RETRY_AFTER_SECONDS
from mentormatch.ui.forms import UNPROCESSABLE

# What a page's address begins with, and where it leads back to: the first row that fits.
WAYS_BACK = (
    ("bookings/<slug:code>/", "bookings:detail", _("See how it stands")),
    ("group-sessions/<slug:code>/", "bookings:group", _("See how it stands")),
    ("sessions/<slug:code>/", "sessions:room", _("See how it stands")),
    ("mentors/<slug:slug>/", "mentors:detail", _("See all free times")),
    ("subscriptions/", "payments:subscriptions", _("See how it stands")),
    ("dashboard/group-sessions/<slug:code>/", "bookings:group_edit", _("See how it stands")),
    ("dashboard/plans/<slug:code>/", "payments:plan", _("See how it stands")),
    ("dashboard/subscriptions/", "payments:plans", _("See how it stands")),
    ("dashboard/", "bookings:dashboard", _("To the dashboard")),
)


class DomainErrorMiddleware:
    """Turns a `DomainError` that a view let through into a page with its words and status.

    The pages of others (allauth's) say 200 to a form they refuse; here that is 422 everywhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Whoever logs in after pressing a button comes back by GET, which Django answers blankly.
        is_blank = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content
        if request.method != "GET" or not is_blank:
            return response
        page = render(request, "405.html", way_back(request), status=response.status_code)
        page["Allow"] = response["Allow"]
        return page

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        context = {"error": error, **way_back(request)}
        page = render(request, "errors/domain.html", context, status=error.status)
        if error.status in RETRY_AFTER_SECONDS:
            page["Retry-After"] = str(RETRY_AFTER_SECONDS[error.status])
        return page

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        form = (response.context_data or {}).get("form")
        refused = request.method == "POST" and isinstance(form, BaseForm) and form.errors
        if refused and response.status_code == HTTPStatus.OK:
            response.status_code = UNPROCESSABLE
        return response


def way_back(request: HttpRequest) -> dict[str, Text]:
    """`back_url` and `back_label`: what this page is about, or the list that names it.

    Nothing from elsewhere, and nothing where that is the present page itself.
    """
    match = request.resolver_match
    if match is None:
        return {}
    for start, place, label in WAYS_BACK:
        if match.route.startswith(start):
            named = match.kwargs if "<" in start else {}
            address = reverse(place, kwargs=named)
            return {} if address == request.path else {"back_url": address, "back_label": label}
    return {}
