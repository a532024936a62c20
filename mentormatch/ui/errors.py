"""The pages of errors that nobody caught."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

from mentormatch.db import is_outage
from mentormatch.problems import RETRY_AFTER_SECONDS


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; 503 where a page is refused because the database took its session away."""
    return _try_again() if is_outage(exception) else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 while the database is away, wherever that was noticed."""
    return _try_again() if is_outage(sys.exception()) else defaults.server_error(request)


def _try_again() -> HttpResponse:
    """Written without a request: what a page usually shows is in the database."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    page = HttpResponse(render_to_string("503.html"), status=status)
    page["Retry-After"] = str(RETRY_AFTER_SECONDS[status])
    return page
