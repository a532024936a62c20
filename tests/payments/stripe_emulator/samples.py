"""One of everything, and for each address of the emulator a request that it answers."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import stripe

from payments.stripe_emulator import testing
from payments.stripe_emulator.routes import Route
from tests.payments.stripe_emulator.world import World

LINE: dict[str, Any] = {
    "price_data": {"currency": "eur", "product_data": {"name": "An hour"}, "unit_amount": 6000},
    "quantity": 1,
}
ENDPOINT: Any = {"url": "https://mentors.example/hook", "enabled_events": ["charge.refunded"]}
MONTHLY = {
    "price_data": LINE["price_data"] | {"recurring": {"interval": "month"}},
    "quantity": 1,
}
Params = dict[str, Any]


class Samples:
    """Objects of the platform, one of each kind that an address can name, made when asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.v1 = world.stripe.v1
        self.raw = world.stripe.raw_request

    @cached_property
    def account(self) -> stripe.Account:
        return self.world.account()

    @cached_property
    def customer(self) -> stripe.Customer:
        return self.v1.customers.create({"email": "mia@example.com"})

    @cached_property
    def charge(self) -> stripe.Charge:
        return self.world.paid()

    @cached_property
    def refund(self) -> stripe.Refund:
        return self.v1.refunds.create({"charge": self.charge.id, "amount": 100})

    @cached_property
    def transfer(self) -> stripe.Transfer:
        return self.world.transferred(self.charge, 1000, self.account.id)

    @cached_property
    def reversal(self) -> stripe.Reversal:
        return self.v1.transfers.reversals.create(self.transfer.id, {"amount": 100})

    @cached_property
    def dispute(self) -> stripe.Dispute:
        return self.v1.disputes.retrieve(testing.open_dispute(self.world.paid().id))

    @cached_property
    def funds(self) -> stripe.Charge:
        """A charge whose money is there at once."""
        return self.world.paid(card="4000000000000077")

    @cached_property
    def payout(self) -> stripe.Payout:
        assert self.funds
        return self.v1.payouts.create({"amount": 100, "currency": "eur"})

    @cached_property
    def session(self) -> stripe.checkout.Session:
        return self.world.session(customer=self.customer.id)

    @cached_property
    def price(self) -> stripe.Price:
        return self.v1.checkout.sessions.line_items.list(self.session.id).data[0].price

    @cached_property
    def monthly(self) -> str:
        return self.world.price()

    @cached_property
    def subscription(self) -> stripe.Subscription:
        return self.world.subscription(customer=self.customer.id)

    @property
    def item(self) -> stripe.SubscriptionItem:
        return self.subscription["items"].data[0]

    @property
    def invoice(self) -> str:
        return str(self.subscription.latest_invoice)

    @cached_property
    def card(self) -> stripe.PaymentMethod:
        """One that the customer keeps."""
        return self.v1.payment_methods.attach("pm_card_visa", {"customer": self.customer.id})

    @cached_property
    def paused(self) -> stripe.Subscription:
        return self.world.paused(self.customer.id)

    @cached_property
    def past_due(self) -> tuple[stripe.Subscription, stripe.Invoice, str]:
        return self.world.past_due()

    @cached_property
    def invoice_payment(self) -> stripe.InvoicePayment:
        return self.v1.invoice_payments.list({"invoice": self.invoice}).data[0]

    @cached_property
    def endpoint(self) -> stripe.WebhookEndpoint:
        return self.v1.webhook_endpoints.create(ENDPOINT)

    @cached_property
    def event(self) -> stripe.Event:
        assert self.customer
        return self.v1.events.list().data[0]

    @cached_property
    def intent(self) -> stripe.PaymentIntent:
        return self._intent()

    @cached_property
    def authorised(self) -> stripe.PaymentIntent:
        return self._intent(capture_method="manual", confirm=True, payment_method="pm_card_visa")

    def _intent(self, **params: object) -> stripe.PaymentIntent:
        given: Any = {"amount": 500, "currency": "eur", "customer": self.customer.id, **params}
        return self.v1.payment_intents.create(given)

    def id_after(self, collection: str, route: Route) -> str:
        """The object that stands at that place of the address."""
        named: dict[str, Callable[[], object]] = {
            "accounts": lambda: self.account.id,
            "balance_transactions": lambda: self.charge.balance_transaction,
            "charges": lambda: self.charge.id,
            "sessions": lambda: self.session.id,
            "customers": lambda: self.customer.id,
            "disputes": lambda: self.dispute.id,
            "events": lambda: self.event.id,
            "invoices": lambda: self.invoice,
            "invoice_payments": lambda: self.invoice_payment.id,
            "payment_intents": lambda: self.intent.id,
            "payment_methods": lambda: self.charge.payment_method,
            "payouts": lambda: self.payout.id,
            "prices": lambda: self.price.id,
            "products": lambda: self.price.product,
            "refunds": lambda: self.refund.id,
            "subscriptions": lambda: self.subscription.id,
            "subscription_items": lambda: self.item.id,
            "transfers": lambda: self.transfer.id,
            "reversals": lambda: self.reversal.id,
            "webhook_endpoints": lambda: self.endpoint.id,
        }
        if route.path.endswith("/capture"):
            return self.authorised.id
        if route.path.endswith("/pay"):
            return self.past_due[1].id
        if route.path.endswith("/resume"):
            return self.paused.id
        if collection == "payment_methods" and "tach" in route.path:
            return self.card.id
        return str(named[collection]())

    def path(self, route: Route) -> str:
        """The address with the ids of these objects in it."""
        return re.sub(
            r"(\w+)/{\w+}",
            lambda found: f"{found[1]}/{self.id_after(found[1], route)}",
            route.path,
        )

    def params(self, route: Route) -> Params:
        """What has to be sent there, at the least."""
        url = "http://localhost:8000/"
        link = {"refresh_url": url, "return_url": url, "type": "account_onboarding"}
        session = {"line_items": [LINE], "mode": "payment", "success_url": url}
        transfer = {"amount": 10, "currency": "eur"}
        needed: dict[str, Callable[[], Params]] = {
            "POST /v1/accounts": lambda: {"type": "express"},
            "POST /v1/account_links": lambda: {"account": self.account.id, **link},
            "POST /v1/billing_portal/sessions": lambda: {
                "customer": self.customer.id,
                "return_url": url,
            },
            "POST /v1/checkout/sessions": lambda: session,
            "POST /v1/payment_intents": lambda: {"amount": 500, "currency": "eur"},
            "POST /v1/payment_intents/{id}/confirm": lambda: {"payment_method": "pm_card_visa"},
            "POST /v1/payouts": lambda: self.funds and {"amount": 100, "currency": "eur"},
            "POST /v1/invoices/{id}/pay": lambda: {"payment_method": self.past_due[2]},
            "POST /v1/payment_methods/{id}/attach": lambda: {"customer": self.customer.id},
            "POST /v1/prices": lambda: {
                "currency": "eur",
                "product": self.price.product,
                "unit_amount": 500,
            },
            "POST /v1/products": lambda: {"name": "A month"},
            "GET /v1/subscription_items": lambda: {"subscription": self.subscription.id},
            "POST /v1/subscriptions": lambda: {
                "customer": self.customer.id,
                "items": [{"price": self.monthly}],
                "default_payment_method": self.card.id,
            },
            "POST /v1/refunds": lambda: {"charge": self.charge.id},
            "POST /v1/webhook_endpoints": lambda: dict(ENDPOINT),
            "POST /v1/transfers": lambda: {
                "destination": self.account.id,
                "source_transaction": self.charge.id,
                **transfer,
            },
        }
        return needed[str(route)]() if str(route) in needed else {}

    def ready(self, route: Route) -> None:
        """Make what a request to that address needs, before it is sent."""
        self.path(route), self.params(route)

    def ask(self, route: Route, params: Params | None = None, **options: str) -> Any:
        """The answer's JSON, raising what the SDK raises."""
        given = self.params(route) | (params or {})
        return self.raw(route.method.lower(), self.path(route), **given, **options).data
