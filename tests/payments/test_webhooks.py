"""Events: what is refused, what is stored once, and what follows from each."""

import datetime as dt
import json
import threading
import time

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from djstripe.models import Charge

from bookings.models import Booking
from mentormatch import times
from mentormatch.background.models import QueuedTask
from mentormatch.background.testing import run_tasks as run_queue
from mentormatch.notifications.models import Mail
from payments import mirror, services
from payments.models import PaymentAccount, Transaction, WebhookEvent
from payments.stripe_emulator import context, outbox, signing, testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import accounts
from payments.stripe_service import StripeService
from tests.factories import BookingFactory, TransactionFactory, WebhookEventFactory
from tests.payments.conftest import onboarded

URL = "/api/v1/payments/webhook"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.created",
    "livemode": False,
    "data": {"object": {"id": "pi_1"}},
}


def post(body: bytes, signature: str | None = None, **extra):
    """The body, signed with the platform's secret unless another header is given."""
    if signature is None:
        signature = signing.header(body, settings.STRIPE_WEBHOOK_SECRET)
    return Client().post(
        URL,
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature} if signature else {},
        **extra,
    )


def event(**changes) -> bytes:
    return json.dumps(EVENT | changes).encode()


def signed(body: bytes, *, at: int = 0, secret: str = "") -> str:
    return signing.header(body, secret or settings.STRIPE_WEBHOOK_SECRET, at=int(time.time()) + at)


@pytest.mark.django_db
@pytest.mark.parametrize("connect", [False, True])
def test_a_signed_event_is_stored_once_and_answered(connect, run_tasks):
    secret = settings.STRIPE_CONNECT_WEBHOOK_SECRET if connect else settings.STRIPE_WEBHOOK_SECRET
    for _ in range(2):
        answer = post(event(), signing.header(event(), secret))
        assert (answer.status_code, answer.json()) == (200, {"received": True})
    row = WebhookEvent.objects.get()
    assert (row.event_id, row.type, row.livemode) == ("evt_1", "payment_intent.created", False)
    assert row.payload == EVENT


@pytest.mark.django_db
def test_an_event_costs_its_row_and_its_task():
    with CaptureQueriesContext(connection) as queries:
        assert post(event()).status_code == 200
    written = [query["sql"].split()[2] for query in queries if query["sql"].startswith("INSERT")]
    assert written == ['"payments_webhookevent"', '"django_tasks_database_dbtaskresult"']
    assert not [query for query in queries if query["sql"].startswith("SELECT")]


def nested(levels: int) -> object:
    body: object = 1
    for _ in range(levels):
        body = {"a": body}
    return body


BAD = {
    "unsigned": (event(), ""),
    "no scheme": (event(), "t=1"),
    "no timestamp": (event(), "v1=00"),
    "not ASCII": (event(), "t=1,v1=é"),
    "not a number": (event(), f"t={'9' * 5000},v1=00"),
    "wrong secret": (event(), lambda: signed(event(), secret="whsec_wrong")),
    "another body": (event(id="evt_2"), lambda: signed(event())),
    "old": (event(), lambda: signed(event(), at=-301)),
    "future": (event(), lambda: signed(event(), at=301)),
    "not UTF-8": (b"\xff\xfe", None),
    "not JSON": (b"{", None),
    "a number": (b"5", None),
    "null": (b"null", None),
    "a list": (b"[]", None),
    "deep": (b"[" * 100_000, None),
    **{f"{levels} deep": (event(data={"object": nested(levels)}), None) for levels in (800, 900)},
    "NUL": (event(data={"object": {"name": "a\0"}}), None),
    "half a character": (event(data={"object": {"name": "\ud800"}}), None),
    "NaN": (event(data={"object": {"amount": float("nan")}}), None),
    "beyond all numbers": (event().replace(b'"pi_1"', b"1e400"), None),
    "a name twice": (event().replace(b'"id": "evt_1"', b'"id": "evt_1", "id": "evt_2"'), None),
    "no id": (event(id=None), None),
    "odd id": (event(id="evt_'; --"), None),
    "id of a wrong kind": (event(id=["evt_1"]), None),
    "no type": (event(type=None), None),
    "odd account": (event(account={"a": 1}), None),
    "no object": (event(data={}), None),
    "of the other mode": (event(livemode=True), None),
    "no mode": (event(livemode=None), None),
    "a number as mode": (event(livemode=0), None),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("body", "signature"), BAD.values(), ids=BAD)
def test_anything_else_is_refused_in_words(now, body, signature):
    answer = post(body, signature() if callable(signature) else signature)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid_signature", "invalid_body", "wrong_mode"}
    assert answer.json()["detail"].endswith(".")
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_an_event_of_an_account_that_is_not_ours_is_refused(mentor):
    account = mentor.payment_account
    theirs = event(account="acct_somebodyelses0")
    connect = settings.STRIPE_CONNECT_WEBHOOK_SECRET
    answer = post(theirs, signed(theirs, secret=connect))
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_account")
    assert not WebhookEvent.objects.exists()
    ours = event(account=account.stripe_account_id)
    assert post(ours, signed(ours, secret=connect)).status_code == 200
    services.disconnect_account(account=account)
    late = event(id="evt_2", account=account.stripe_account_id)
    assert post(late, signed(late, secret=connect)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("at", [-299, 299])
def test_five_minutes_either_way_are_allowed(now, at):
    assert post(event(), signed(event(), at=at)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("size", [256 * 1024, 2 * 1024 * 1024])
def test_an_oversized_body_is_refused(size):
    answer = post(event(padding="x" * size))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_a_get_is_refused():
    assert Client().get(URL).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "checkout.session.completed"])
def test_money_that_no_charge_knows_is_left_to_staff(opened, work, kind):
    testing.pay(opened.stripe_checkout_session_id)
    opened.delete()
    work()
    row = WebhookEvent.objects.get(type=kind)
    assert row.handled_at is not None
    assert "no charge knows" in row.needs_attention


@pytest.mark.django_db
def test_a_session_of_a_forgotten_attempt_frees_nothing(booking, opened, work):
    """Its row has another checkout by now: the expiry of the first one is no news."""
    first = opened.stripe_checkout_session_id
    Transaction.objects.update(stripe_checkout_session_id="cs_test_other")
    StripeService().expire_checkout_session(first)
    work()
    booking.refresh_from_db()
    opened.refresh_from_db()
    assert booking.is_to_pay
    assert opened.status == Transaction.Status.PENDING


@pytest.mark.django_db
def test_an_outage_leaves_the_event_to_be_tried_again(opened, run_tasks, freeze):
    testing.pay(opened.stripe_checkout_session_id)
    testing.deliver_events()
    with testing.outage("connection"):
        run_tasks(may_fail=True)
    opened.refresh_from_db()
    assert opened.status == Transaction.Status.PENDING
    assert WebhookEvent.objects.filter(handled_at=None).exclude(last_error="").exists()
    for row in WebhookEvent.objects.filter(handled_at=None):
        services.handle(event=row)
    opened.refresh_from_db()
    assert opened.booking.status == Booking.Status.CONFIRMED


@pytest.mark.django_db
def test_an_event_that_got_stuck_is_taken_up_again(now):
    stuck = WebhookEventFactory(type="payment_intent.created")
    WebhookEvent.objects.update(updated_at=now - services.webhooks.STUCK_AFTER * 2)
    done = WebhookEventFactory(type="payment_intent.created", handled_at=now, mirrored_at=now)
    WebhookEvent.objects.filter(pk=done.pk).update(
        updated_at=now - services.webhooks.STUCK_AFTER * 2
    )
    assert services.retry_stuck() == 1
    assert services.retry_stuck() == 0
    stuck.refresh_from_db()
    assert stuck.updated_at == now


@pytest.mark.django_db
def test_account_follows_stripe_by_webhook(mentor, work):
    work()
    account = PaymentAccount.objects.get(mentor=mentor)
    row = StripeObject.objects.get(stripe_id=account.stripe_account_id)
    accounts.changed(
        context.for_account(row.stripe_id),
        row,
        capabilities={"card_payments": "active", "transfers": "inactive"},
        requirements=accounts.requirements(("external_account",)),
    )
    work()
    account.refresh_from_db()
    mentor.refresh_from_db()
    assert (account.transfers_active, account.charges_enabled) == (False, True)
    assert account.requirements_due == ["external_account"]
    assert not mentor.is_payable


@pytest.mark.django_db
def test_a_mentor_who_cuts_us_off_can_start_anew(mentor, run_tasks):
    account = PaymentAccount.objects.get(mentor=mentor)
    old = account.stripe_account_id
    body = event(
        type="account.application.deauthorized",
        account=old,
        data={"object": {"id": "ca_1", "object": "application"}},
    )
    post(body, signing.header(body, settings.STRIPE_CONNECT_WEBHOOK_SECRET))
    run_tasks()
    account.refresh_from_db()
    mentor.refresh_from_db()
    assert (account.stripe_account_id, account.transfers_active) == (None, False)
    assert not mentor.is_payable
    assert onboarded(mentor).stripe_account_id != old
    assert mentor.is_payable


@pytest.mark.django_db(transaction=True)
def test_the_same_event_ten_times_at_once(mentor):
    """One confirmation, one row of the ledger, one mail of each kind."""
    run_queue()
    QueuedTask.objects.all().delete()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    posts = [
        outbox.signed(delivery.event, connect=delivery.connect) for delivery in testing.waiting()
    ]
    answers: list[int] = []
    barrier = threading.Barrier(10)

    def deliver() -> None:
        barrier.wait()
        for body, headers in posts:
            answers.append(post(body, headers["Stripe-Signature"]).status_code)
        run_queue(may_fail=True)
        connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tasks = QueuedTask.objects.filter(task_path__endswith=".handle_event")
    assert tasks.count() == len(posts)
    for _ in range(3):
        services.webhooks.retry_stuck(now=times.now() + services.webhooks.STUCK_AFTER * 2)
        run_queue(may_fail=True)

    assert set(answers) == {200}
    assert WebhookEvent.objects.count() == len(posts)
    assert not WebhookEvent.objects.filter(handled_at=None).exists()
    booking.refresh_from_db()
    row.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert Transaction.objects.get().status == Transaction.Status.SUCCEEDED
    kinds = [*Mail.objects.filter(recipient=booking.mentee).values_list("kind", flat=True)]
    assert len(kinds) == len(set(kinds)), kinds


@pytest.fixture
def stumbling_mirror(monkeypatch):
    """dj-stripe has a bug: whatever event it is given, it raises."""

    def stumble(payload):
        raise KeyError("balance_transaction")

    monkeypatch.setattr(mirror, "sync_event", stumble)
    return monkeypatch


@pytest.mark.django_db
def test_a_booking_is_confirmed_whatever_the_mirror_stumbles_over(
    freeze, opened, run_tasks, stumbling_mirror
):
    clock = freeze(times.now())
    testing.pay(opened.stripe_checkout_session_id)
    testing.deliver_events()
    run_tasks(may_fail=True)
    opened.refresh_from_db()
    assert opened.booking.status == Booking.Status.CONFIRMED
    events = WebhookEvent.objects.filter(type__in=["payment_intent.succeeded", "charge.succeeded"])
    assert {row.handled_at is not None and row.mirrored_at is None for row in events} == {True}

    stumbling_mirror.undo()
    QueuedTask.objects.all().delete()
    clock.shift(services.webhooks.STUCK_AFTER + dt.timedelta(minutes=1))
    assert services.retry_stuck() >= 2
    run_tasks()
    assert not WebhookEvent.objects.filter(WebhookEvent.UNFINISHED).exists()
    assert Charge.objects.get().id == opened.stripe_charge_id


@pytest.mark.django_db
def test_staff_are_told_of_what_the_mirror_never_took_up(freeze, stumbling_mirror):
    event = WebhookEventFactory(type="payment_intent.created", handled_at=times.now())
    freeze(event.created_at + dt.timedelta(days=3, minutes=1))
    services.retry_stuck()
    event.refresh_from_db()
    assert "dj-stripe never took" in event.needs_attention


@pytest.mark.django_db
def test_the_first_sentence_for_staff_stays(opened, work):
    """Two workers took one event up at once, and the second one found all in order."""
    testing.pay(opened.stripe_checkout_session_id)
    opened.delete()
    testing.deliver_events()
    slow = WebhookEvent.objects.get(type="payment_intent.succeeded")
    services.handle(event=WebhookEvent.objects.get(pk=slow.pk))
    TransactionFactory(open=True, code=slow.payload["data"]["object"]["metadata"]["transaction"])
    services.handle(event=slow)
    slow.refresh_from_db()
    assert "no charge knows" in slow.needs_attention
