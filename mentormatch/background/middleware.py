"""Probes are answered whoever asks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PROBES = frozenset({"/healthz", "/readyz"})


class ProbeMiddleware:
    """Takes a probe's cookies away before anyone asks the database whose session they name.

    A browser sends them, and while the database is away it is the answer itself that counts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in PROBES:
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)
