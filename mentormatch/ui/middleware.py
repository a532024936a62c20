"""How refusals look as pages."""

from collections.abc import Callable
from http import HTTPStatus

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse

from mentormatch.errors import DomainError
from mentormatch.ui.forms import UNPROCESSABLE


class DomainErrorMiddleware:
    """Turns a `DomainError` that a view let through into a page with its words and status.

    The pages of others (allauth's) say 200 to a form they refuse; here that is 422 everywhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return render(request, "errors/domain.html", {"error": error}, status=error.status)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        form = (response.context_data or {}).get("form")
        refused = request.method == "POST" and isinstance(form, BaseForm) and form.errors
        if refused and response.status_code == HTTPStatus.OK:
            response.status_code = UNPROCESSABLE
        return response
