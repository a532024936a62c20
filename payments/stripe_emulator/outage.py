"""A switch that makes Stripe fail, for tests: in this process only, for all of its threads."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import stripe

from . import api, ids
from .errors import UnseenRequest
from .idempotency import Answer

Mode = Literal["connection", "timeout", "answer_lost", "500", "429"]
Send = Callable[[str, str, str, Mapping[str, str]], api.Response]
MESSAGES = {
    "connection": "Unexpected error communicating with Stripe: connection refused.",
    "timeout": "Request to Stripe timed out.",
    "answer_lost": "The connection to Stripe was cut before it answered.",
}
_modes: list[Mode] = []


@contextmanager
def outage(mode: Mode) -> Iterator[None]:
    """Let every request fail as `mode` says while this is open.

    `connection` and `timeout` never reach Stripe; `answer_lost` is carried out and its answer is
    lost; `500` does nothing and is remembered under the idempotency key; `429` is not.
    """
    _modes.append(mode)
    try:
        yield
    finally:
        _modes.remove(mode)


def send(method: str, path: str, encoded: str, headers: Mapping[str, str]) -> api.Response:
    """Answer the request, or fail it as a real network would."""
    mode = _modes[-1] if _modes else None
    if mode is None:
        return api.handle(method, path, encoded, headers)
    if mode == "500":
        return api.remember_failure(method, path, encoded, headers)
    if mode == "429":
        return _too_many(headers)
    if mode == "answer_lost":
        api.handle(method, path, encoded, headers)
    raise stripe.APIConnectionError(MESSAGES[mode], should_retry=True)


def _too_many(headers: Mapping[str, str]) -> api.Response:
    error = UnseenRequest("Too many requests hit the API too quickly.", code="rate_limit")
    return api.respond(ids.new("req"), Answer(429, error.body()), headers)
