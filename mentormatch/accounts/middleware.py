"""Whose eyes a page is made for: their zone and their language."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mentormatch import times


class ViewerMiddleware:
    """Activates the zone of the person logged in, or that of the `time_zone` cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get("time_zone", "UTC")
        name = request.user.time_zone if request.user.is_authenticated else chosen
        with timezone.override(times.zone(name)):
            return self.get_response(request)
