"""Cards that a customer keeps."""

import pytest
import stripe

from payments.stripe_emulator import testing
from tests.payments.stripe_emulator.world import World


@pytest.fixture
def customer(world: World) -> str:
    return world.stripe.v1.customers.create({"email": "mia@example.com"}).id


def test_a_card_is_kept_and_let_go(world: World, customer: str) -> None:
    v1 = world.stripe.v1
    card = v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert (card.customer, card.card.last4) == (customer, "4242")
    # Once more changes nothing.
    assert v1.payment_methods.attach(card.id, {"customer": customer}) == card
    listed = v1.customers.payment_methods.list(customer, {"type": "card"}).data
    assert [each.id for each in listed] == [card.id]
    assert v1.payment_methods.detach(card.id).customer is None
    assert v1.customers.payment_methods.list(customer).data == []
    assert testing.event_types() == [
        "customer.created",
        "payment_method.attached",
        "payment_method.detached",
    ]
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        v1.payment_methods.detach(card.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach(card.id, {"customer": customer})


def test_one_that_paid_for_nobody_cannot_be_kept(world: World, customer: str) -> None:
    used = str(world.paid().payment_method)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        world.stripe.v1.payment_methods.attach(used, {"customer": customer})


def test_anothers_card_stays_theirs(world: World, customer: str) -> None:
    theirs = str(world.subscription().default_payment_method)
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        world.stripe.v1.payment_methods.attach(theirs, {"customer": customer})


def test_its_bank_is_asked_when_it_is_kept(world: World, customer: str) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        world.stripe.v1.payment_methods.attach(
            "pm_card_visa_chargeDeclined", {"customer": customer}
        )
    assert refusal.value.code == "card_declined"
    assert world.stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer}
    ).customer
