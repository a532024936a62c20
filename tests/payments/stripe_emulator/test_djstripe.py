"""dj-stripe's own sync, unchanged, on the events that the outbox delivers."""

import json

import pytest
import stripe
from django.conf import settings
from djstripe import models

from payments.stripe_emulator import config, outbox, testing
from payments.stripe_emulator.http_client import EmulatorHTTPClient
from tests.payments.stripe_emulator.world import World


@pytest.fixture(autouse=True)
def _emulated(http_client: EmulatorHTTPClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """dj-stripe's own calls go to the emulator too, and are held to the description."""
    monkeypatch.setattr(stripe, "default_http_client", http_client)
    monkeypatch.setattr(stripe, "max_network_retries", 0)


def process(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
    """Take a webhook as the product does: verify it, then let dj-stripe work."""
    body = json.loads(payload)
    secret = settings.STRIPE_EMULATOR[
        "connect_webhook_secret" if "account" in body else "webhook_secret"
    ]
    stripe.Webhook.construct_event(payload, headers["Stripe-Signature"], secret)
    models.Event.process(body)
    return outbox.Outcome(200, "OK")


def deliver() -> int:
    """Everything that waits."""
    return outbox.deliver_due(100, send=process)


def test_onboarding_is_synced(world: World) -> None:
    account = world.account()
    assert deliver() == 1
    row = models.Account.objects.get(id=account.id)
    assert row.stripe_data["payouts_enabled"]
    assert row.stripe_data["capabilities"]["transfers"] == "active"
    assert models.Account.objects.filter(id=config.platform_id()).exists()


def test_payment_refund_and_transfer_are_synced(world: World) -> None:
    account = world.account()
    customer = world.stripe.v1.customers.create({"email": "mia@example.com"})
    session = world.session(customer=customer.id, payment_intent_data={"transfer_group": "b1"})
    testing.pay(session.id)
    charge = world.charge_of(session.id)
    world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    transfer = world.transferred(charge, 4000, account.id)
    world.stripe.v1.transfers.reversals.create(transfer.id, {"amount": 500})
    sent = len(testing.waiting())
    assert deliver() == sent == models.Event.objects.count()

    assert models.Session.objects.get(id=session.id).stripe_data["payment_status"] == "paid"
    intent = models.PaymentIntent.objects.get(id=charge.payment_intent)
    assert intent.stripe_data["status"] == "succeeded"
    row = models.Charge.objects.get(id=charge.id)
    assert row.stripe_data["amount_refunded"] == 1000
    assert row.balance_transaction.stripe_data["fee"] == 115
    assert row.customer.id == customer.id
    moved = models.Transfer.objects.get(id=transfer.id)
    assert moved.stripe_data["amount_reversed"] == 500


def test_events_may_come_twice_and_backwards(world: World) -> None:
    session = world.session()
    testing.pay(session.id)
    with testing.knobs(repeat=1, reorder=True):
        assert deliver() == 4
    assert models.Event.objects.count() == 4
    assert models.Session.objects.get(id=session.id).stripe_data["status"] == "complete"


def test_declined_and_expired_are_synced(world: World) -> None:
    session = world.session()
    testing.pay(session.id, "4000000000000002")
    intent = world.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent
    world.stripe.v1.checkout.sessions.expire(session.id)
    assert deliver() == 5
    assert models.Session.objects.get(id=session.id).stripe_data["status"] == "expired"
    assert models.PaymentIntent.objects.get(id=intent).stripe_data["status"] == "canceled"


def test_deauthorised_account_is_an_event_like_any_other(world: World) -> None:
    account = world.account()
    deliver()
    testing.deauthorize_account(account.id)
    assert deliver() == 1
    assert models.Event.objects.filter(type="account.application.deauthorized").exists()


def test_event_is_tried_again_when_stripe_was_not_to_be_reached(world: World) -> None:
    world.paid()
    with testing.outage(), pytest.raises(stripe.APIConnectionError):
        deliver()
    assert testing.waiting()
    assert not models.Event.objects.exists()


def test_subscription_its_invoice_and_what_is_sold_are_synced(world: World) -> None:
    product = world.stripe.v1.products.create({"name": "Plan"})
    price = world.stripe.v1.prices.create(
        {
            "currency": "eur",
            "product": product.id,
            "unit_amount": 6000,
            "recurring": {"interval": "month"},
        }
    )
    subscription = world.subscription(line_items=[{"price": price.id, "quantity": 1}])
    sent = len(testing.waiting())
    assert deliver() == sent == models.Event.objects.count()

    assert models.Product.objects.get(id=product.id).stripe_data["name"] == "Plan"
    assert models.Price.objects.get(id=price.id).stripe_data["unit_amount"] == 6000
    row = models.Subscription.objects.get(id=subscription.id)
    assert (row.status, row.customer.id) == ("active", subscription.customer)
    (item,) = row.items.all()
    assert item.price.id == price.id
    invoice = models.Invoice.objects.get(id=subscription.latest_invoice)
    assert invoice.stripe_data["status"] == "paid"
    assert [line.stripe_data["amount"] for line in models.LineItem.objects.all()] == [6000]
    session = models.Session.objects.get()
    assert session.stripe_data["subscription"] == subscription.id


def test_end_of_a_subscription_is_synced(world: World) -> None:
    subscription = world.subscription()
    world.stripe.v1.subscriptions.cancel(subscription.id)
    with testing.knobs(reorder=True):
        deliver()
    assert models.Subscription.objects.get(id=subscription.id).status == "canceled"
