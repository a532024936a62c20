"""The SDK's transport: requests are answered in this process instead of over a network."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe
from requests.structures import CaseInsensitiveDict

from . import outage, signals


class EmulatorHTTPClient(stripe.HTTPClient):
    """Give it to `stripe.default_http_client` or to `StripeClient(http_client=…)`."""

    name = "emulator"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Status, text and headers, as from Stripe; raises `stripe.APIConnectionError`."""
        parts = urlsplit(url)
        encoded = parts.query if post_data is None else str(post_data)
        asked = {"method": method, "path": parts.path, "encoded": encoded}
        try:
            response = outage.send(**asked, headers=headers or {})
        except outage.Unreachable as error:
            signals.exchanged.send(type(self), **asked, status=None, text="")
            lost = stripe.APIConnectionError(str(error), should_retry=True)  # type: ignore[no-untyped-call]  # the SDK's own gap
            raise lost from error
        signals.exchanged.send(type(self), **asked, status=response.status, text=response.text)
        # The SDK looks headers up in lower case and in Stripe's spelling.
        return response.text, response.status, CaseInsensitiveDict(response.headers)

    def close(self) -> None:
        """Nothing is held open."""
