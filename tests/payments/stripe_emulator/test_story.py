"""The whole way of the money, through Stripe's own SDK and the hosted pages."""

import stripe
from django.conf import settings
from django.test import Client

from payments.stripe_emulator import outbox, testing
from tests.payments.stripe_emulator.world import World, fill_in

EVENTS = [
    "account.updated",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "refund.created",
    "charge.refunded",
    "refund.updated",
    "transfer.created",
]


def test_onboard_pay_refund_and_pass_on(world: World) -> None:
    account = world.account(onboarded=False)
    assert not account.details_submitted
    link = world.stripe.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "http://localhost:8000/again/",
            "return_url": "http://localhost:8000/done/",
        }
    )
    answer = Client().post(link.url.removeprefix("http://localhost:8000"), {"action": "complete"})
    assert (answer.status_code, answer["Location"]) == (302, "http://localhost:8000/done/")
    account = world.stripe.v1.accounts.retrieve(account.id)
    assert account.capabilities
    assert account.capabilities.transfers == "active"

    session = world.session(payment_intent_data={"transfer_group": "booking_1"})
    assert session.url
    answer = fill_in(session.url)
    assert answer["Location"] == f"http://localhost:8000/paid/?session={session.id}"
    charge = world.charge_of(session.id)
    assert (charge.amount, charge.transfer_group) == (6000, "booking_1")

    refund = world.stripe.v1.refunds.create({"charge": charge.id, "amount": 1000})
    transfer = world.transferred(charge, 4000, account.id)
    assert (refund.status, transfer.destination) == ("succeeded", account.id)
    assert testing.event_types() == EVENTS
    assert testing.books_add_up()


def test_every_webhook_is_signed_with_its_endpoints_secret(world: World) -> None:
    world.account()
    world.paid()
    sent: list[tuple[bytes, str]] = []

    def send(url: str, payload: bytes, headers: dict[str, str]) -> outbox.Outcome:
        assert url == settings.STRIPE_EMULATOR["webhook_url"]
        sent.append((payload, headers["Stripe-Signature"]))
        return outbox.Outcome(200, "OK")

    assert outbox.deliver_due(send=send) == 5
    secrets = ["connect_webhook_secret"] + ["webhook_secret"] * 4
    for (payload, signature), name in zip(sent, secrets, strict=True):
        secret = settings.STRIPE_EMULATOR[name]
        event = stripe.Webhook.construct_event(payload, signature, secret)
        assert event.api_version == "2026-05-27.dahlia"
