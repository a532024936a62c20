"""Stripe's events coming fast while someone reads a page: are all kept, and does the page wait?"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from payments.models import WebhookEvent
from scripts.bench.cases import webhooks, week_pages
from scripts.bench.load import Ask, Clients, p95_ms
from scripts.bench.world import World

NAME = "webhooks a second"
A_SECOND, SECONDS = 50, 10
ALONE = 100  # requests of each kind before the flood


@dataclass(frozen=True)
class Flood:
    """What became of the events, and how long each kind of request took: alone, and meanwhile."""

    sent: int
    stored: int
    seconds: float
    webhook_alone_ms: float
    webhook_ms: float
    page_alone_ms: float
    page_ms: float


def measure(world: World, port: int) -> Flood:
    """Send so many a second, from eight connections; one more reads pages one after the other.

    The events are made before. None are worked on: there is no background worker here.
    """
    stripe, reader = Clients(port), Clients(port, number=1)
    events, pages = webhooks(), week_pages(world)
    webhook_alone = Clients(port, number=1).send(islice(events, ALONE))
    page_alone = reader.send(islice(pages, ALONE))
    waiting = list(islice(events, A_SECOND * SECONDS))
    before, began = WebhookEvent.objects.count(), time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        sending = beside.submit(stripe.send, _paced(waiting))
        page = reader.send(_while(sending, pages))
        webhook = sending.result()
    return Flood(
        sent=len(waiting),
        stored=WebhookEvent.objects.count() - before,
        seconds=time.monotonic() - began,
        webhook_alone_ms=p95_ms(webhook_alone),
        webhook_ms=p95_ms(webhook),
        page_alone_ms=p95_ms(page_alone),
        page_ms=p95_ms(page),
    )


def _paced(asks: Iterable[Ask]) -> Iterator[Ask]:
    """Each at its time; what comes late is given out at once, so that no second has fewer."""
    began = time.monotonic()
    for number, ask in enumerate(asks):
        time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
        yield ask


def _while(sending: Future[list[float]], asks: Iterator[Ask]) -> Iterator[Ask]:
    """As many as fit before the events are through."""
    while not sending.done():
        yield next(asks)
