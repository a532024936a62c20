"""Stripe fails: by a switch of this process, for tests, or by the dashboard's, for every one."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from . import api, ids, switches
from .errors import UnseenRequest
from .idempotency import Answer

Mode = Literal["connection", "timeout", "answer_lost", "500", "429", "slow"]
MESSAGES = {
    "connection": "Unexpected error communicating with Stripe: connection refused.",
    "timeout": "Request to Stripe timed out.",
    "answer_lost": "The connection to Stripe was cut before it answered.",
}
_open: list[tuple[Mode, float, str]] = []


class Unreachable(Exception):
    """No answer came back."""


@contextmanager
def outage(mode: Mode = "connection", *, seconds: float = 0.2, only: str = "") -> Iterator[None]:
    """Let every request fail as `mode` says while this is open, or `only` those of a method.

    `connection` and `timeout` never reach Stripe; `answer_lost` is carried out and its answer is
    lost; `500` does nothing and is remembered under the idempotency key; `429` is not; `slow` is
    carried out after so many seconds.
    """
    switch = (mode, seconds, only)
    _open.append(switch)
    try:
        yield
    finally:
        _open.remove(switch)


def send(method: str, path: str, encoded: str, headers: Mapping[str, str]) -> api.Response:
    """Answer the request; raises `Unreachable` where a real network would fail."""
    mode, seconds, only = _open[-1] if _open else _switched()
    if only not in ("", method.upper()):
        return api.handle(method, path, encoded, headers)
    if mode == "500":
        return api.remember_failure(method, path, encoded, headers)
    if mode == "429":
        return _too_many(headers)
    if mode == "slow":
        time.sleep(seconds)
    if mode in ("", "slow"):
        return api.handle(method, path, encoded, headers)
    if mode == "answer_lost":
        api.handle(method, path, encoded, headers)
    raise Unreachable(MESSAGES[mode])


def _switched() -> tuple[str, float, str]:
    """What the dashboard has set."""
    turned = switches.current()
    return turned.mode, turned.seconds, ""


def _too_many(headers: Mapping[str, str]) -> api.Response:
    error = UnseenRequest(
        "Too many requests hit the API too quickly.", code="rate_limit", status=429
    )
    return api.respond(ids.new("req"), Answer(error.status, error.body()), headers)
