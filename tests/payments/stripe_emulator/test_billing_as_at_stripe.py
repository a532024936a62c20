"""Billing as Stripe does it: `make test-stripe` runs these on its test mode, others here."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import settings

from tests import at_stripe

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> stripe.StripeClient:
    """The SDK on the transport of this run: Stripe's network, or the emulator."""
    if not settings.STRIPE_EMULATED:
        at_stripe.install()
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, http_client=stripe.default_http_client, max_network_retries=0
    )


@pytest.fixture
def customer(client: stripe.StripeClient) -> Iterator[str]:
    """A customer who goes, with all subscriptions, when the test ends."""
    made = client.v1.customers.create({"email": "mia@example.com", "name": "Mia"}).id
    yield made
    client.v1.customers.delete(made)


@pytest.fixture
def price(client: stripe.StripeClient) -> Iterator[str]:
    """60.00 EUR a month, on sale until the test ends."""
    product = client.v1.products.create({"name": "Four hours a month"})
    made = client.v1.prices.create(
        {
            "currency": "eur",
            "product": product.id,
            "recurring": {"interval": "month"},
            "unit_amount": 6000,
        }
    )
    yield made.id
    client.v1.prices.update(made.id, {"active": False})
    client.v1.products.update(product.id, {"active": False})


def subscribed(
    client: stripe.StripeClient,
    customer: str,
    price: str,
    card: str = "pm_card_visa",
    **params: Any,
) -> stripe.Subscription:
    """Begin one with a card that is kept."""
    kept = client.v1.payment_methods.attach(card, {"customer": customer})
    return client.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": price}],
            "default_payment_method": kept.id,
            **params,
        }
    )


def test_a_subscription_is_paid_by_its_first_invoice(
    client: stripe.StripeClient, customer: str, price: str
) -> None:
    begun = subscribed(client, customer, price, metadata={"subscription": "s1"})
    (item,) = begun["items"].data
    assert (begun.status, item.price.id) == ("active", price)
    assert item.current_period_start == begun.billing_cycle_anchor
    invoice = client.v1.invoices.retrieve(
        str(begun.latest_invoice), {"expand": ["payments.data.payment.payment_intent"]}
    )
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_create")
    assert (invoice.amount_paid, invoice.amount_remaining) == (6000, 0)
    assert invoice.parent.subscription_details.subscription == begun.id
    assert invoice.parent.subscription_details.metadata["subscription"] == "s1"
    (line,) = invoice.lines.data
    assert (line.period.start, line.period.end) == (
        item.current_period_start,
        item.current_period_end,
    )
    (payment,) = invoice.payments.data
    intent = payment.payment.payment_intent
    assert (payment.status, intent.status, intent.amount_received) == ("paid", "succeeded", 6000)
    found = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent.id}}
    )
    assert [each.invoice for each in found.data] == [invoice.id]


def test_it_may_end_with_its_period_and_go_on_after_all(
    client: stripe.StripeClient, customer: str, price: str
) -> None:
    begun = subscribed(client, customer, price)
    (item,) = begun["items"].data
    ending = client.v1.subscriptions.update(begun.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at) == ("active", item.current_period_end)
    assert ending.cancellation_details.reason == "cancellation_requested"
    stays = client.v1.subscriptions.update(begun.id, {"cancel_at_period_end": False})
    assert (stays.cancel_at, stays.canceled_at) == (None, None)


def test_it_ends_at_once_and_for_good(
    client: stripe.StripeClient, customer: str, price: str
) -> None:
    begun = subscribed(client, customer, price)
    ended = client.v1.subscriptions.cancel(begun.id)
    assert ended.status == "canceled"
    assert ended.ended_at
    assert client.v1.subscriptions.retrieve(begun.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(begun.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as gone:
        client.v1.subscriptions.cancel(begun.id)
    assert gone.value.code == "resource_missing"


def test_a_card_that_is_kept_and_then_refused_leaves_it_incomplete(
    client: stripe.StripeClient, customer: str, price: str
) -> None:
    begun = subscribed(client, customer, price, "pm_card_chargeCustomerFail")
    assert begun.status == "incomplete"
    invoice = client.v1.invoices.retrieve(str(begun.latest_invoice))
    assert (invoice.status, invoice.amount_paid) == ("open", 0)
    good = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert client.v1.invoices.pay(invoice.id, {"payment_method": good.id}).status == "paid"
    assert client.v1.subscriptions.retrieve(begun.id).status == "active"


def test_a_trial_asks_for_nothing_yet(
    client: stripe.StripeClient, customer: str, price: str
) -> None:
    begun = subscribed(client, customer, price, trial_period_days=14)
    (item,) = begun["items"].data
    assert (begun.status, begun.trial_end) == ("trialing", item.current_period_end)
    invoice = client.v1.invoices.retrieve(str(begun.latest_invoice))
    assert (invoice.status, invoice.total) == ("paid", 0)


def test_a_checkout_of_a_subscription_waits_on_its_page(
    client: stripe.StripeClient, price: str
) -> None:
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price, "quantity": 1}],
            "success_url": "https://example.com/",
        }
    )
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.subscription, session.payment_intent) == (None, None)
    assert session.amount_total == 6000
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
