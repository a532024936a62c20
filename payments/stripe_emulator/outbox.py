"""Webhooks on their way: signed, posted after commit, tried again for three days."""

import http.client
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import config, signing, switches
from .models import Delivery, DeliveryStatus, StripeObject

logger = logging.getLogger(__name__)
TIMEOUT = 10
CLAIM = 60
MINUTE, HOUR = 60, 3600
BACK_OFF = (2, 5, 15, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, *[12 * HOUR] * 5)


@dataclass(frozen=True)
class Outcome:
    """What one try came to; no status where nobody answered."""

    status: int | None
    note: str

    @property
    def accepted(self) -> bool:
        """Any 2xx will do."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Knobs:
    """How badly events travel: sent `repeat` more times, `delay` seconds late, newest first.

    Types in `drop` never arrive, as when an endpoint was down for longer than Stripe tries. With
    `lose_answer` the first delivery arrives, and Stripe never hears that it did.
    """

    repeat: int = 0
    delay: float = 0
    reorder: bool = False
    drop: frozenset[str] = frozenset()
    lose_answer: bool = False


Send = Callable[[str, bytes, dict[str, str]], Outcome]
_knobs: list[Knobs] = []


@contextmanager
def knobs(
    *,
    repeat: int = 0,
    delay: float = 0,
    reorder: bool = False,
    drop: frozenset[str] | set[str] = frozenset(),
    lose_answer: bool = False,
) -> Iterator[None]:
    """Turn the knobs for this process while this is open."""
    turned = Knobs(repeat, delay, reorder, frozenset(drop), lose_answer)
    _knobs.append(turned)
    try:
        yield
    finally:
        _knobs.remove(turned)


def _switched() -> Knobs:
    """What the dashboard has set."""
    row = switches.current()
    return Knobs(row.repeat, row.delay, row.reorder, frozenset(row.drop), row.lose_answer)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Stripe takes a redirect for a failure."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def post(url: str, payload: bytes, headers: dict[str, str]) -> Outcome:
    """A real POST, past any proxy: the webhook is this site's own address."""
    request = urllib.request.Request(  # noqa: S310 - the address is the project's own setting
        url, data=payload, headers=headers, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT) as response:
            return Outcome(response.status, response.reason or "")
    except urllib.error.HTTPError as error:
        with error:
            return Outcome(error.code, error.reason or "")
    except (OSError, http.client.HTTPException) as error:
        return Outcome(None, f"{type(error).__name__}: {error}")


def deliver_due(limit: int = 20, *, send: Send = post, now: float | None = None) -> int:
    """Try the webhooks that are due, oldest first, and give the number that was accepted.

    Where nobody answers, the round ends: the others would wait for as long, each of them.
    Safe to run in several workers at once. `now` is in real Unix seconds.
    """
    moment = time.time() if now is None else now
    turned = _knobs[-1] if _knobs else _switched()
    due = Delivery.objects.filter(
        status=DeliveryStatus.WAITING,
        due_at__lte=moment - turned.delay,
        claimed_until__lte=moment,
    )
    order = "-pk" if turned.reorder else "pk"
    accepted = 0
    for delivery in due.select_related("event").order_by(order)[:limit]:
        at = time.time() if now is None else now  # those before it may have taken a minute
        if not _claim(delivery, at):
            continue
        outcome = _try(delivery, send, at, turned)
        accepted += outcome.accepted
        if outcome.status is None:
            break
    return accepted


def _claim(delivery: Delivery, moment: float) -> bool:
    """Only one worker wins; a worker that dies loses its claim after a minute."""
    mine = Delivery.objects.filter(
        pk=delivery.pk,
        status=DeliveryStatus.WAITING,
        attempts=delivery.attempts,
        claimed_until=delivery.claimed_until,
    )
    return mine.update(claimed_until=moment + CLAIM, attempts=delivery.attempts + 1) == 1


def signed(event: StripeObject, *, connect: bool) -> tuple[bytes, dict[str, str]]:
    """The body and headers of an event's webhook."""
    payload = json.dumps(event.body, indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signing.header(payload, config.webhook_secret(connect=connect)),
    }
    return payload, headers


def _try(delivery: Delivery, send: Send, moment: float, turned: Knobs) -> Outcome:
    if delivery.event.body["type"] in turned.drop:
        _note(delivery, status=DeliveryStatus.GIVEN_UP, last_answer="dropped")
        return Outcome(0, "dropped")
    outcome = Outcome(None, "")
    for _ in range(1 + turned.repeat):
        payload, headers = signed(delivery.event, connect=delivery.connect)
        outcome = send(config.webhook_url(), payload, headers)
    if turned.lose_answer and not delivery.attempts:
        outcome = Outcome(0, "the answer was lost")
    answer = f"{outcome.status or ''} {outcome.note}".strip()[:200]
    tries = delivery.attempts + 1
    if outcome.accepted:
        _note(delivery, status=DeliveryStatus.DELIVERED, last_answer=answer)
    elif tries > len(BACK_OFF):
        _note(delivery, status=DeliveryStatus.GIVEN_UP, last_answer=answer)
    else:
        logger.info("webhook %s: %s", delivery.event.stripe_id, answer)
        _note(delivery, due_at=moment + BACK_OFF[tries - 1], last_answer=answer)
    return outcome


def _note(delivery: Delivery, **values: object) -> None:
    """Write what came of it, and let go of the claim."""
    Delivery.objects.filter(pk=delivery.pk).update(claimed_until=0, **values)
