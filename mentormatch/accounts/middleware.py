"""Whose eyes a page is made for: their zone and their language."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from mentormatch import times


class ViewerMiddleware:
    """Activates the zone and the language of the person logged in.

    For everyone else the zone is that of the `time_zone` cookie, and the language the one that
    `LocaleMiddleware` found (a cookie of their choice, or what the browser asks for).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            with timezone.override(times.zone(request.COOKIES.get("time_zone", "UTC"))):
                return self.get_response(request)
        with (
            timezone.override(times.zone(request.user.time_zone)),
            translation.override(request.user.language),
        ):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response
