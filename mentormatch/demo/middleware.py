"""One name for the demo: a browser that came by another is sent to the one of `SITE_URL`."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class OneHostMiddleware:
    """`localhost` and `127.0.0.1` are two sites to a browser, and the payment page stands on one.

    Only a browser's own navigation is redirected, between the names of this machine; programs are
    answered wherever they ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.DEMO:
            raise MiddlewareNotUsed
        self.get_response = get_response
        site = urlsplit(settings.SITE_URL)
        self.host = site.netloc
        self.other_names = {f"{name}:{site.port}" for name in LOOPBACK} - {self.host}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if navigates and request.method == "GET" and request.get_host() in self.other_names:
            return HttpResponseRedirect(f"{settings.SITE_URL}{request.get_full_path()}")
        return self.get_response(request)
