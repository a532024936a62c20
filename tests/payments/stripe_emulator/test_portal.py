"""The billing portal, as a browser without JavaScript meets it."""

import datetime as dt

import pytest
import stripe
from django.test import Client

from payments.stripe_emulator import testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import CANCEL, World, fill_in

SITE = "http://localhost:8000"


def opened(world: World, customer: object, **params: str) -> stripe.billing_portal.Session:
    """A way into the portal for that customer."""
    return world.stripe.v1.billing_portal.sessions.create(
        {"customer": str(customer), "return_url": CANCEL, **params}
    )


def press(session: stripe.billing_portal.Session, action: str, subscription: str) -> int:
    path = session.url.removeprefix(SITE)
    answer = Client().post(path, {"action": action, "subscription": subscription})
    return answer.status_code


def test_a_subscription_is_let_end_and_goes_on(world: World) -> None:
    subscription = world.subscription()
    session = opened(world, subscription.customer)
    page = Client().get(session.url.removeprefix(SITE)).text
    assert "Four hours a month with Ada" in page
    assert "•••• 4242" in page
    assert "renews on" in page
    assert press(session, "end", subscription.id) == 302
    assert world.stripe.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end
    assert "ends on" in Client().get(session.url.removeprefix(SITE)).text
    assert press(session, "stay", subscription.id) == 302
    assert not world.stripe.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_another_card_is_charged_from_then_on(world: World) -> None:
    v1 = world.stripe.v1
    subscription, invoice, _ = world.past_due()
    session = opened(world, subscription.customer)
    page = Client().get(session.url.removeprefix(SITE)).text
    assert "A payment failed." in page
    assert str(invoice.hosted_invoice_url) in page
    refused = fill_in(session.url, action="card", card_number="4000000000000002")
    assert refused.status_code == 402
    assert "Your card was declined." in refused.text
    assert fill_in(session.url, action="card", cvc="").status_code == 422
    before = v1.subscriptions.retrieve(subscription.id).default_payment_method
    assert before == subscription.default_payment_method
    assert fill_in(session.url, action="card", card_number="5555555555554444").status_code == 302
    testing.retry(invoice.id)
    after = v1.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert (after.status, after.default_payment_method.card.last4) == ("active", "4444")
    customer = v1.customers.retrieve(str(subscription.customer))
    assert customer.invoice_settings.default_payment_method == after.default_payment_method.id
    assert testing.books_add_up()


def test_nobody_reaches_anothers_subscription(world: World) -> None:
    mine, theirs = world.subscription(), world.subscription()
    press(opened(world, mine.customer), "end", theirs.id)
    assert not world.stripe.v1.subscriptions.retrieve(theirs.id).cancel_at_period_end


def test_it_speaks_the_language_that_was_asked_for(world: World) -> None:
    session = opened(world, world.subscription().customer, locale="de")
    page = Client().get(session.url.removeprefix(SITE)).text
    assert "Deine Abos" in page
    assert "verlängert sich am" in page


def test_its_page_is_good_for_an_hour(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = world.subscription()
    session = opened(world, subscription.customer)
    clock.shift(dt.timedelta(hours=1))
    answer = Client().get(session.url.removeprefix(SITE))
    assert (answer.status_code, answer["Location"]) == (302, CANCEL)
    assert press(session, "end", subscription.id) == 302
    assert not world.stripe.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_a_customer_of_nothing_sees_so(world: World) -> None:
    customer = world.stripe.v1.customers.create({"name": "Mia"}).id
    page = Client().get(opened(world, customer).url.removeprefix(SITE)).text
    assert "None goes on at present." in page
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        opened(world, "cus_none")


def test_the_portals_settings_are_those_that_were_saved_last(world: World) -> None:
    settings_of = world.stripe.v1.billing_portal.configurations
    (given,) = settings_of.list({"is_default": True}).data
    assert given.features.payment_method_update.enabled
    testing.save_portal(is_default=True, card=False)
    (saved,) = settings_of.list({"is_default": True, "active": True}).data
    assert (saved.id, saved.features.payment_method_update.enabled) == (given.id, False)
    assert settings_of.list({"active": False}).data == []
