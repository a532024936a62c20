"""What most scenarios start with: an onboarded mentor, an open session, a payment."""

from typing import Any

import stripe
from django.test import Client

from payments.stripe_emulator import testing

CARD = {
    "card_number": "4242 4242 4242 4242",
    "exp_month": "12",
    "exp_year": "2034",
    "cvc": "123",
    "name": "Mia Mentee",
    "action": "pay",
}
WORKS_ONCE = "4000000000000341"
SUCCESS = "http://localhost:8000/paid/?session={CHECKOUT_SESSION_ID}"
CANCEL = "http://localhost:8000/back/"


class World:
    """Shorthands around one SDK client; `stripe` is the client itself."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.stripe = client

    def account(self, *, onboarded: bool = True, **params: Any) -> stripe.Account:
        """An Express account, able to receive transfers unless said otherwise."""
        account = self.stripe.v1.accounts.create(
            {
                "type": "express",
                "country": "DE",
                "email": "mentor@example.com",
                "capabilities": {
                    "card_payments": {"requested": True},
                    "transfers": {"requested": True},
                },
                **params,
            }
        )
        if onboarded:
            testing.complete_onboarding(account.id)
        return self.stripe.v1.accounts.retrieve(account.id)

    def session(
        self, amount: int = 6000, currency: str = "eur", **params: Any
    ) -> stripe.checkout.Session:
        """An open Checkout Session for one thing at that price."""
        line = {
            "price_data": {
                "currency": currency,
                "product_data": {"name": "60 minutes with Ada"},
                "unit_amount": amount,
            },
            "quantity": 1,
        }
        return self.stripe.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [line],
                "success_url": SUCCESS,
                "cancel_url": CANCEL,
                **params,
            }
        )

    def paid(
        self, amount: int = 6000, currency: str = "eur", *, card: str = "4242424242424242"
    ) -> stripe.Charge:
        """The charge of a session that was paid."""
        session = self.session(amount, currency)
        assert testing.pay(session.id, card) is None
        return self.charge_of(session.id)

    def recurring(
        self, amount: int = 6000, currency: str = "eur", **params: Any
    ) -> stripe.checkout.Session:
        """An open Checkout Session for a plan at that price a month."""
        every = {"interval": params.pop("interval", "month")}
        every |= {"interval_count": params.pop("interval_count", 1)}
        price = {
            "currency": currency,
            "product_data": {"name": "Four hours a month with Ada"},
            "recurring": every,
            "unit_amount": amount,
        }
        line = {"price_data": price, "quantity": 1}
        return self.session(mode="subscription", **{"line_items": [line]} | params)

    def subscription(
        self, amount: int = 6000, *, card: str = "4242424242424242", **params: Any
    ) -> stripe.Subscription:
        """The subscription of such a session that was paid."""
        session = self.recurring(amount, **params)
        assert testing.pay(session.id, card) is None
        session = self.stripe.v1.checkout.sessions.retrieve(session.id)
        return self.stripe.v1.subscriptions.retrieve(str(session.subscription))

    def past_due(self) -> tuple[stripe.Subscription, stripe.Invoice, str]:
        """A subscription whose card was refused when it renewed, and a card that works."""
        customer = self.stripe.v1.customers.create({"email": "mia@example.com"}).id
        good = str(self.subscription(customer=customer).default_payment_method)
        begun = self.subscription(customer=customer, card=WORKS_ONCE)
        testing.end_period(begun.id)
        subscription = self.stripe.v1.subscriptions.retrieve(begun.id)
        invoice = self.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))
        return subscription, invoice, good

    def price(self, amount: int = 6000, currency: str = "eur") -> str:
        """A price a month that is on sale."""
        return self.stripe.v1.prices.create(
            {
                "currency": currency,
                "product_data": {"name": "Plan"},
                "recurring": {"interval": "month"},
                "unit_amount": amount,
            }
        ).id

    def paused(self, customer: str) -> stripe.Subscription:
        """One whose trial ended without a card; there is a card now."""
        begun = self.stripe.v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": self.price()}],
                "trial_period_days": 7,
                "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
            }
        )
        testing.end_period(begun.id)
        card = self.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
        return self.stripe.v1.subscriptions.update(begun.id, {"default_payment_method": card.id})

    def charge_of(self, session_id: str) -> stripe.Charge:
        """The latest charge of a session."""
        session = self.stripe.v1.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent.latest_charge"]}
        )
        intent = session.payment_intent
        assert isinstance(intent, stripe.PaymentIntent)
        assert isinstance(intent.latest_charge, stripe.Charge)
        return intent.latest_charge

    def transferred(self, charge: stripe.Charge, amount: int, to: str) -> stripe.Transfer:
        """A part of a charge passed on."""
        return self.stripe.v1.transfers.create(
            {
                "amount": amount,
                "currency": charge.currency,
                "destination": to,
                "source_transaction": charge.id,
            }
        )


def fill_in(page: str, client: Client | None = None, **changes: str) -> Any:
    """Send the card form of a hosted page, as a browser would."""
    path = page.removeprefix("http://localhost:8000")
    return (client or Client()).post(path, {**CARD, **changes})
