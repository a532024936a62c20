import datetime as dt

import pytest
import stripe
from django.test import Client

from payments.stripe_emulator import sweep, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World

SITE = "http://localhost:8000/account/"
BASE = {"amount": 2000, "currency": "eur", "payment_method_types": ["card"]}


def test_confirmed_at_once(world: World) -> None:
    intent = world.stripe.v1.payment_intents.create(
        BASE | {"confirm": True, "payment_method": "pm_card_visa", "metadata": {"tip": "1"}}
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    charge = world.stripe.v1.charges.retrieve(intent.latest_charge)
    assert charge.metadata["tip"] == "1"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.payment_intents.cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_declined_card_is_an_error_and_an_attempt(world: World) -> None:
    with pytest.raises(stripe.CardError) as refused:
        world.stripe.v1.payment_intents.create(
            BASE | {"confirm": True, "payment_method": "pm_card_visa_chargeDeclined"}
        )
    assert (refused.value.code, refused.value.http_status) == ("card_declined", 402)
    (intent,) = world.stripe.v1.payment_intents.list().data
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.decline_code == "generic_decline"
    (charge,) = world.stripe.v1.charges.list({"payment_intent": intent.id}).data
    assert (charge.status, charge.outcome.type) == ("failed", "issuer_declined")
    confirmed = world.stripe.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa"}
    )
    assert confirmed.status == "succeeded"


def test_authorised_money_is_taken_in_part_or_given_back(world: World) -> None:
    def authorised() -> stripe.PaymentIntent:
        return world.stripe.v1.payment_intents.create(
            BASE | {"confirm": True, "payment_method": "pm_card_visa", "capture_method": "manual"}
        )

    taken, given_back = authorised(), authorised()
    assert (taken.status, taken.amount_capturable) == ("requires_capture", 2000)
    assert world.stripe.v1.balance.retrieve().pending[0].amount == 0
    taken = world.stripe.v1.payment_intents.capture(taken.id, {"amount_to_capture": 1500})
    assert (taken.status, taken.amount_received) == ("succeeded", 1500)
    charge = world.stripe.v1.charges.retrieve(taken.latest_charge)
    assert (charge.amount_captured, charge.amount_refunded) == (1500, 500)
    given_back = world.stripe.v1.payment_intents.cancel(
        given_back.id, {"cancellation_reason": "requested_by_customer"}
    )
    assert given_back.status == "canceled"
    assert world.stripe.v1.charges.retrieve(given_back.latest_charge).refunded
    assert world.stripe.v1.balance.retrieve().pending[0].amount == 1500 - 48
    world.stripe.v1.refunds.create({"charge": charge.id})
    assert testing.differences() == []


def test_authorisation_that_nobody_captures_lapses(world: World, freeze: Freeze) -> None:
    clock = freeze()
    intent = world.stripe.v1.payment_intents.create(
        BASE | {"confirm": True, "payment_method": "pm_card_visa", "capture_method": "manual"}
    )
    clock.shift(dt.timedelta(days=6))
    assert sweep.cancel_authorizations() == 0
    clock.shift(dt.timedelta(days=1))
    assert sweep.cancel_authorizations() == 1
    intent = world.stripe.v1.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")


def test_authentication_outside_of_a_session(world: World) -> None:
    intent = world.stripe.v1.payment_intents.create(
        BASE
        | {
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "http://localhost:8000/back/",
        }
    )
    assert intent.status == "requires_action"
    page = intent.next_action.redirect_to_url.url
    answer = Client().post(page, {"action": "authenticate"})
    assert answer["Location"] == "http://localhost:8000/back/"
    assert world.stripe.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_labels_can_be_changed(world: World) -> None:
    intent = world.stripe.v1.payment_intents.create(BASE)
    changed = world.stripe.v1.payment_intents.update(
        intent.id, {"description": "Tip", "metadata": {"a": "1"}}
    )
    assert (changed.description, changed.metadata["a"]) == ("Tip", "1")
    charge = world.paid()
    assert world.stripe.v1.charges.update(charge.id, {"metadata": {"b": "2"}}).metadata["b"] == "2"


def test_labels_go_one_by_one_or_all_at_once(world: World) -> None:
    charge = world.paid().id

    def labels(**params: object) -> dict[str, str]:
        return world.stripe.v1.charges.update(charge, params).metadata.to_dict()

    labels(metadata={"a": "1", "b": "2", "c": "3"})
    assert labels(metadata={"a": ""}) == {"b": "2", "c": "3"}
    assert labels(description="Tip") == {"b": "2", "c": "3"}
    assert labels(metadata="") == {}


def test_what_changes_nothing_is_no_event(world: World) -> None:
    v1, charge = world.stripe.v1, world.paid().id
    customer = v1.customers.create({"name": "Mia"}).id
    v1.charges.update(charge, {"metadata": {"a": "1"}})
    told = testing.event_types()
    v1.charges.update(charge, {"metadata": {"a": "1"}})
    v1.customers.update(customer, {"name": "Mia"})
    assert testing.event_types() == told
    v1.customers.update(customer, {"name": "Ada"})
    assert testing.event_types() == [*told, "customer.updated"]


def test_there_are_fifty_labels_at_most(world: World) -> None:
    charges, charge = world.stripe.v1.charges, world.paid().id
    charges.update(charge, {"metadata": {f"k{i}": "v" for i in range(50)}})
    with pytest.raises(stripe.InvalidRequestError, match="at most 50"):
        charges.update(charge, {"metadata": {"one_more": "v"}})
    changed = charges.update(charge, {"metadata": {"k0": "", "new": "v"}})
    assert len(changed.metadata.to_dict()) == 50


def test_customers_live_and_die(world: World) -> None:
    customers = world.stripe.v1.customers
    customer = customers.create({"email": "mia@example.com", "address": {"country": "DE"}})
    changed = customers.update(customer.id, {"name": "Mia", "address": {"city": "Berlin"}})
    assert (changed.name, changed.address.country, changed.address.city) == ("Mia", "DE", "Berlin")
    assert [each.id for each in customers.list({"email": "mia@example.com"}).data] == [customer.id]
    assert customers.delete(customer.id).deleted
    assert customers.retrieve(customer.id).deleted
    assert customers.list().data == []
    types = ["customer.created", "customer.updated", "customer.deleted"]
    assert testing.event_types() == types


def test_nothing_is_begun_with_a_customer_who_is_no_more(world: World) -> None:
    v1 = world.stripe.v1
    gone = v1.customers.create({"email": "mia@example.com"}).id
    card = v1.payment_methods.attach("pm_card_visa", {"customer": gone}).id
    portal = v1.billing_portal.sessions.create({"customer": gone, "return_url": SITE}).url
    v1.customers.delete(gone)
    for attempt in (
        lambda: v1.customers.delete(gone),
        lambda: v1.customers.update(gone, {"name": "Mia"}),
        lambda: v1.customers.payment_methods.list(gone),
        lambda: v1.payment_methods.attach("pm_card_visa", {"customer": gone}),
        lambda: v1.payment_intents.create(BASE | {"customer": gone, "payment_method": card}),
        lambda: v1.billing_portal.sessions.create({"customer": gone, "return_url": SITE}),
        lambda: world.session(customer=gone),
        lambda: world.recurring(customer=gone),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="No such customer") as refused:
            attempt()
        assert refused.value.code == "resource_missing"
    assert Client().get(portal)["Location"] == SITE


def test_a_page_outlives_its_customer(world: World) -> None:
    v1 = world.stripe.v1
    gone = v1.customers.create({"email": "mia@example.com"}).id
    once, plan = world.session(customer=gone), world.recurring(customer=gone)
    v1.customers.delete(gone)
    assert testing.pay(once.id) is None
    assert testing.pay(plan.id) is None
    (charge,) = v1.charges.list({"customer": gone}).data  # and so does their past
    assert charge.amount == 6000
    assert v1.checkout.sessions.retrieve(plan.id).customer != gone


def kept_card(world: World, token: str = "pm_card_visa") -> tuple[str, str]:
    """A customer and the card that they keep."""
    customer = world.stripe.v1.customers.create({"email": "mia@example.com"}).id
    return customer, world.stripe.v1.payment_methods.attach(token, {"customer": customer}).id


def away(customer: str, method: str) -> dict[str, object]:
    """What charges a kept card while its owner is away."""
    keeper = {"customer": customer, "payment_method": method}
    return BASE | keeper | {"confirm": True, "off_session": True}


def test_a_kept_card_is_charged_while_its_owner_is_away(world: World) -> None:
    customer, method = kept_card(world)
    intent = world.stripe.v1.payment_intents.create(away(customer, method))
    assert (intent.status, intent.customer, intent.payment_method) == (
        "succeeded",
        customer,
        method,
    )
    held = world.stripe.v1.payment_intents.create(
        away(customer, method) | {"capture_method": "manual"}
    )
    assert held.status == "requires_capture"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_chargeCustomerFail", "card_declined"),
    ],
)
def test_a_bank_may_want_to_see_the_owner(world: World, token: str, code: str) -> None:
    customer, method = kept_card(world, token)
    with pytest.raises(stripe.CardError) as refusal:
        world.stripe.v1.payment_intents.create(away(customer, method))
    assert refusal.value.code == code
    [intent] = world.stripe.v1.payment_intents.list({"customer": customer}).data
    assert intent.status == "requires_payment_method"


def test_a_card_that_was_set_up_asks_for_nobody(world: World) -> None:
    customer, method = kept_card(world, "pm_card_authenticationRequiredOnSetup")
    assert world.stripe.v1.payment_intents.create(away(customer, method)).status == "succeeded"


def test_a_kept_card_is_charged_for_its_customer_alone(world: World) -> None:
    customer, method = kept_card(world)
    other, _ = kept_card(world)
    create = world.stripe.v1.payment_intents.create
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        create(away(other, method))
    unconfirmed = create(BASE | {"customer": other})
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        world.stripe.v1.payment_intents.confirm(unconfirmed.id, {"payment_method": method})
    with pytest.raises(stripe.InvalidRequestError, match="attached to a Customer"):
        create(away(customer, "pm_card_visa"))
    with pytest.raises(stripe.InvalidRequestError, match="`confirm` is true"):
        create(away(customer, method) | {"confirm": False})


def test_a_card_that_nobody_keeps_is_charged_once(world: World) -> None:
    create = world.stripe.v1.payment_intents.create
    used = str(world.paid().payment_method)
    customer, let_go = kept_card(world)
    world.stripe.v1.payment_methods.detach(let_go)
    for method in (used, let_go):
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            create(BASE | {"confirm": True, "payment_method": method})
    intent = create(BASE | {"customer": customer})
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        world.stripe.v1.payment_intents.confirm(intent.id, {"payment_method": used})
    assert world.stripe.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
