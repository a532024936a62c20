"""Subscriptions that a program begins with a saved card, pauses and resumes."""

from typing import Any

import pytest
import stripe

from payments.stripe_emulator import sweep, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.test_renewals import DAY
from tests.payments.stripe_emulator.world import World, fill_in


@pytest.fixture
def customer(world: World) -> str:
    return world.stripe.v1.customers.create({"email": "mia@example.com"}).id


@pytest.fixture
def price(world: World) -> str:
    return world.price()


def subscribe(
    world: World, customer: str, price: str, card: str | None = None, **params: Any
) -> stripe.Subscription:
    """Begin one, with a card that is kept first."""
    if card:
        kept = world.stripe.v1.payment_methods.attach(card, {"customer": customer})
        params["default_payment_method"] = kept.id
    return world.stripe.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price, "quantity": 2}], **params}
    )


def test_a_saved_card_is_charged_at_once(world: World, customer: str, price: str) -> None:
    begun = subscribe(world, customer, price, "pm_card_visa", metadata={"plan": "p1"})
    assert (begun.status, begun.metadata.to_dict()) == ("active", {"plan": "p1"})
    (charge,) = world.stripe.v1.charges.list().data
    assert (charge.amount, charge.customer) == (12_000, customer)
    testing.end_period(begun.id)
    assert len(world.stripe.v1.charges.list().data) == 2
    assert testing.books_add_up()


def test_what_costs_nothing_begins_at_once(world: World, customer: str) -> None:
    begun = subscribe(world, customer, world.price(0))
    invoice = world.stripe.v1.invoices.retrieve(str(begun.latest_invoice))
    assert (begun.status, invoice.status, invoice.attempt_count) == ("active", "paid", 0)
    testing.end_period(begun.id)
    assert world.stripe.v1.subscriptions.retrieve(begun.id).status == "active"
    assert testing.books_add_up()


def test_currencies_are_not_mixed(world: World, customer: str, price: str) -> None:
    other = world.price(currency="usd")
    with pytest.raises(stripe.InvalidRequestError, match="same currency"):
        world.stripe.v1.subscriptions.create(
            {"customer": customer, "items": [{"price": price}, {"price": other}]}
        )


def test_without_a_card_it_is_refused(world: World, customer: str, price: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        subscribe(world, customer, price)
    assert world.stripe.v1.subscriptions.list({"status": "all"}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="items"):
        world.stripe.v1.subscriptions.create({"customer": customer, "items": [{"quantity": 1}]})


def test_a_refused_card_leaves_it_incomplete_for_a_day(
    world: World, customer: str, price: str, freeze: Freeze
) -> None:
    clock = freeze()
    begun = subscribe(world, customer, price, "pm_card_chargeCustomerFail")
    assert begun.status == "incomplete"
    invoice = world.stripe.v1.invoices.retrieve(str(begun.latest_invoice))
    assert (invoice.status, invoice.next_payment_attempt) == ("open", None)
    clock.shift(DAY)
    assert sweep.renew_subscriptions() == 1
    ended = world.stripe.v1.subscriptions.retrieve(begun.id)
    assert ended.status == "incomplete_expired"
    assert world.stripe.v1.invoices.retrieve(invoice.id).status == "void"


def test_its_first_invoice_may_be_paid_on_its_page(world: World, customer: str, price: str) -> None:
    begun = subscribe(world, customer, price, payment_behavior="default_incomplete")
    assert begun.status == "incomplete"
    assert world.stripe.v1.charges.list().data == []
    invoice = world.stripe.v1.invoices.retrieve(
        str(begun.latest_invoice), {"expand": ["confirmation_secret"]}
    )
    assert invoice.confirmation_secret.client_secret.startswith("pi_")
    fill_in(str(invoice.hosted_invoice_url))
    assert world.stripe.v1.subscriptions.retrieve(begun.id).status == "active"


def test_a_trial_without_a_card_is_paused_and_resumed(world: World, customer: str) -> None:
    paused = world.paused(customer)
    assert paused.status == "paused"
    assert "customer.subscription.paused" in testing.event_types()
    with pytest.raises(ValueError, match="paused"):
        testing.end_period(paused.id)
    resumed = world.stripe.v1.subscriptions.resume(paused.id)
    (item,) = resumed["items"].data
    assert (resumed.status, item.current_period_start) == ("active", resumed.billing_cycle_anchor)
    assert testing.event_types()[-1] == "customer.subscription.resumed"
    invoice = world.stripe.v1.invoices.retrieve(str(resumed.latest_invoice))
    assert (invoice.status, invoice.amount_paid) == ("paid", 6000)
    with pytest.raises(stripe.InvalidRequestError, match="Only paused"):
        world.stripe.v1.subscriptions.resume(paused.id)
    testing.end_period(paused.id)
    assert testing.books_add_up()


def test_what_is_resumed_with_a_refused_card_stays_paused(world: World, customer: str) -> None:
    paused = world.paused(customer)
    bad = world.stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer}
    )
    world.stripe.v1.subscriptions.update(paused.id, {"default_payment_method": bad.id})
    still = world.stripe.v1.subscriptions.resume(paused.id)
    assert still.status == "paused"
    invoice = world.stripe.v1.invoices.retrieve(str(still.latest_invoice))
    fill_in(str(invoice.hosted_invoice_url))
    assert world.stripe.v1.subscriptions.retrieve(paused.id).status == "active"
    assert testing.event_types()[-1] == "customer.subscription.resumed"


@pytest.mark.parametrize(
    ("wished", "status"), [("cancel", "canceled"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_was_wished(
    world: World, customer: str, price: str, wished: str, status: str
) -> None:
    begun = subscribe(
        world,
        customer,
        price,
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": wished}},
    )
    testing.end_period(begun.id)
    assert world.stripe.v1.subscriptions.retrieve(begun.id).status == status


def test_a_card_that_was_let_go_is_charged_no_more(world: World, customer: str, price: str) -> None:
    begun = subscribe(world, customer, price, "pm_card_visa")
    world.stripe.v1.payment_methods.detach(str(begun.default_payment_method))
    testing.end_period(begun.id)
    assert world.stripe.v1.subscriptions.retrieve(begun.id).status == "past_due"
