"""The tests' way to Stripe itself, in its test mode, under the same watch as the emulator.

`TEST_STRIPE_API_BASE` leads elsewhere: to an emulator that is served over HTTP.
"""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from payments import stripe_service
from tests.stripe_watch import WATCH


class WatchedHTTPClient(stripe.RequestsClient):
    """Real requests; each, and each answer, is held against Stripe's description."""

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Any:
        parts = urlsplit(url)
        encoded = parts.query if post_data is None else str(post_data)
        asked = {"method": method, "path": parts.path, "encoded": encoded}
        base = os.environ.get("TEST_STRIPE_API_BASE", "")
        address = url.replace(stripe.DEFAULT_API_BASE, base) if base else url
        try:
            answer = super().request(method, address, headers, post_data)
        except stripe.APIConnectionError:
            WATCH.exchanged(**asked, status=None, text="")
            raise
        text, status, _ = answer
        WATCH.exchanged(**asked, status=status, text=text)
        return answer


def install() -> None:
    """Send every call of this process there, dj-stripe's included."""
    stripe_service.install(WatchedHTTPClient(timeout=(5, 80)))
