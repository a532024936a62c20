import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import stripe
from django.db import connections, transaction
from django.test import override_settings

from payments.stripe_emulator import outbox, testing
from payments.stripe_emulator.models import Delivery, DeliveryStatus
from payments.stripe_emulator.router import ALIAS
from tests.payments.stripe_emulator.world import World

PAYMENT = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


class Site:
    """A webhook endpoint that writes down what it was sent and answers as told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.types: list[str] = []

    def __call__(self, url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        self.types.append(json.loads(payload)["type"])
        return outbox.Outcome(self.statuses.pop(0) if self.statuses else 200, "")


def test_delivered_once_in_their_order(world: World) -> None:
    world.paid()
    site = Site()
    assert outbox.deliver_due(send=site) == 4
    assert outbox.deliver_due(send=site) == 0
    assert site.types == PAYMENT


def test_refused_webhook_is_tried_again_later_and_later(world: World) -> None:
    world.stripe.v1.customers.create({})
    moment, site = time.time(), Site(500, 302)
    assert outbox.deliver_due(send=site, now=moment) == 0
    assert outbox.deliver_due(send=site, now=moment + outbox.BACK_OFF[0] - 1) == 0
    assert len(site.types) == 1
    moment += outbox.BACK_OFF[0]
    assert outbox.deliver_due(send=site, now=moment) == 0
    assert Delivery.objects.get().last_answer == "302"
    assert outbox.deliver_due(send=site, now=moment + outbox.BACK_OFF[1]) == 1
    assert Delivery.objects.get().attempts == 3


def test_site_that_does_not_answer_is_not_waited_for_event_by_event(world: World) -> None:
    world.paid()
    asked: list[str] = []

    def hang(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        asked.append(url)
        return outbox.Outcome(None, "TimeoutError: timed out")

    assert outbox.deliver_due(send=hang) == 0
    assert len(asked) == 1
    assert outbox.deliver_due(send=Site()) == 3, "the others are due as before"


def test_given_up_after_three_days(world: World) -> None:
    world.stripe.v1.customers.create({})
    started = moment = time.time()
    site = Site(*[500] * 100)
    while Delivery.objects.get().status == DeliveryStatus.WAITING:
        outbox.deliver_due(send=site, now=moment)
        moment = Delivery.objects.get().due_at
    assert Delivery.objects.get().status == DeliveryStatus.GIVEN_UP
    assert 2.5 < (moment - started) / 86_400 < 3.5


def test_event_of_a_request_that_failed_is_never_sent(world: World) -> None:
    with transaction.atomic(using=ALIAS):
        world.stripe.v1.customers.create({})
        transaction.set_rollback(True, using=ALIAS)
    assert testing.waiting() == []


def test_worker_that_died_holds_a_webhook_for_a_minute_only(world: World) -> None:
    world.stripe.v1.customers.create({})

    def die(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        raise KeyboardInterrupt

    moment = time.time()
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_due(send=die, now=moment)
    assert outbox.deliver_due(send=Site(), now=moment + 30) == 0
    assert outbox.deliver_due(send=Site(), now=moment + outbox.CLAIM) == 1


def test_worker_of_a_slow_site_holds_each_webhook_for_its_own_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.paid()
    clock = SimpleNamespace(now=time.time())
    monkeypatch.setattr(outbox, "time", SimpleNamespace(time=lambda: clock.now))
    held_for: list[float] = []

    def slow(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        claim = Delivery.objects.exclude(claimed_until=0).get().claimed_until
        held_for.append(claim - clock.now)
        clock.now += 50
        return outbox.Outcome(200, "")

    assert outbox.deliver_due(send=slow) == len(PAYMENT)
    assert held_for == [outbox.CLAIM] * len(PAYMENT)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_webhook_once(world: World) -> None:
    world.paid()
    site = Site()

    def work(_: int) -> int:
        try:
            return outbox.deliver_due(send=site)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 4
    assert sorted(site.types) == sorted(PAYMENT)


def test_knobs_repeat_reorder_drop_and_delay(world: World) -> None:
    world.paid()
    site = Site()
    with testing.knobs(delay=5):
        assert outbox.deliver_due(send=site, now=time.time() + 4) == 0
    with testing.knobs(repeat=1, reorder=True, drop={"charge.succeeded"}):
        assert outbox.deliver_due(send=site, now=time.time() + 5) == 3
    kept = [kind for kind in reversed(PAYMENT) if kind != "charge.succeeded"]
    assert site.types == [kind for kind in kept for _ in range(2)]
    assert testing.waiting() == []


def test_through_the_test_client_with_what_failed_before(world: World) -> None:
    world.stripe.v1.customers.create({})

    class Sender:
        statuses = [500, 200]

        def post(self, path: str, payload: bytes, **kwargs: Any) -> Any:
            signature = kwargs["headers"]["Stripe-Signature"]
            secret = testing.config.webhook_secret(connect=False)
            stripe.Webhook.construct_event(payload, signature, secret)
            assert path == "/api/v1/payments/webhook"
            return outbox_answer(self.statuses.pop(0))

    sender = Sender()
    assert testing.deliver_events(sender) == [("customer.created", 500)]
    assert testing.deliver_events(sender) == [("customer.created", 200)]
    assert testing.deliver_events(sender) == []


def outbox_answer(status: int) -> Any:
    class Answer:
        status_code = status
        reason_phrase = ""

    return Answer()


class Endpoint(BaseHTTPRequestHandler):
    """A real server: takes `/ok`, redirects `/moved`, breaks at `/broken`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body, self.headers["Stripe-Signature"]))
        status = {"/ok": 200, "/moved": 302}.get(self.path, 500)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/ok")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.taken = []
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "answer"), [("ok", "200 OK"), ("moved", "302 Found"), ("broken", "500 Internal")]
)
def test_real_post(world: World, server: HTTPServer, settings: Any, path: str, answer: str) -> None:
    url = f"http://127.0.0.1:{server.server_port}/{path}"
    world.stripe.v1.customers.create({})
    with override_settings(STRIPE_EMULATOR=settings.STRIPE_EMULATOR | {"webhook_url": url}):
        assert outbox.deliver_due() == (path == "ok")
    ((_, body, signature),) = server.taken
    secret = settings.STRIPE_EMULATOR["webhook_secret"]
    assert stripe.Webhook.construct_event(body, signature, secret).type == "customer.created"
    assert Delivery.objects.get().last_answer.startswith(answer)


def test_nobody_answers(world: World, settings: Any) -> None:
    world.stripe.v1.customers.create({})
    nowhere = settings.STRIPE_EMULATOR | {"webhook_url": "http://127.0.0.1:9/"}
    with override_settings(STRIPE_EMULATOR=nowhere):
        assert outbox.deliver_due() == 0
    assert "refused" in Delivery.objects.get().last_answer
