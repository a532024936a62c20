"""Subscriptions and their invoices: Stripe Billing renews, collects and ends them."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from mentormatch import times
from payments.billing_types import Invoice, SubscriptionState
from payments.models import Interval, Subscription
from payments.stripe_service.client import Gateway, url
from payments.stripe_types import Checkout, id_of

# How Stripe counts our intervals.
RECURRING: dict[str, dict[str, Any]] = {
    Interval.MONTHLY: {"interval": "month", "interval_count": 1},
    Interval.QUARTERLY: {"interval": "month", "interval_count": 3},
    Interval.ANNUAL: {"interval": "year", "interval_count": 1},
}


class Subscriptions(Gateway):
    def create_subscription_checkout(self, *, subscription: Subscription) -> Checkout:
        """Open the page on which that subscription is begun, until `checkout_expires_at`.

        Safe to repeat: the same attempt gives the same session.
        """
        with self._call() as client:
            session = client.v1.checkout.sessions.create(
                self._subscription_params(subscription),
                self._key(subscription, "subscribe"),
            )
        return Checkout.read(session.to_dict())

    def _subscription_params(self, row: Subscription) -> Any:
        expires_at = row.checkout_expires_at or times.now()
        # In the payer's language whoever asks, so that a repeat has the same parameters.
        with translation.override(row.mentee.language):
            names = {"plan": row.plan.title, "mentor": row.mentor.name}
            name = _("%(plan)s with %(mentor)s") % names
        labels = {"subscription": row.code}
        # The price is made for this subscription: what was subscribed to stays as it was.
        price = {
            "currency": row.currency,
            "unit_amount": row.price_minor,
            "recurring": RECURRING[row.interval],
            "product_data": {"name": name},
        }
        return {
            "mode": "subscription",
            "payment_method_types": ["card"],
            "line_items": [{"quantity": 1, "price_data": price}],
            "customer_email": row.mentee.email,
            "client_reference_id": row.code,
            "metadata": labels,
            "subscription_data": {"metadata": labels},
            "locale": row.mentee.language,
            "expires_at": int(expires_at.timestamp()),
            "success_url": url("payments:subscribed", row.code),
            "cancel_url": url("payments:subscribe", row.plan.code),
        }

    def retrieve_subscription(self, subscription_id: str) -> SubscriptionState:
        """The subscription as it stands."""
        with self._call() as client:
            found = client.v1.subscriptions.retrieve(subscription_id)
        return SubscriptionState.read(found.to_dict())

    def set_cancel_at_period_end(
        self, *, subscription: Subscription, ends: bool
    ) -> SubscriptionState:
        """Let it end with its period, or go on after all. Safe to repeat."""
        with self._call() as client:
            changed = client.v1.subscriptions.update(
                subscription.stripe_subscription_id or "",
                {"cancel_at_period_end": ends},
                self._key(subscription, "cancel" if ends else "resume"),
            )
        return SubscriptionState.read(changed.to_dict())

    def cancel_subscription(self, *, subscription: Subscription) -> SubscriptionState:
        """End it at once. Safe to repeat."""
        with self._call() as client:
            ended = client.v1.subscriptions.cancel(
                subscription.stripe_subscription_id or "", {}, self._key(subscription, "end")
            )
        return SubscriptionState.read(ended.to_dict())

    def open_billing_page(self, *, subscription: Subscription, customer_id: str) -> str:
        """The address of Stripe's page where the card is changed; good for a short while."""
        asked: Any = {
            "customer": customer_id,
            "locale": subscription.mentee.language,
            "return_url": url("payments:subscriptions"),
        }
        with self._call() as client:
            session = client.v1.billing_portal.sessions.create(
                asked, self._key(subscription, "billing")
            )
        return session.url

    def retrieve_invoice(self, invoice_id: str) -> Invoice:
        """The invoice as it stands, with what paid it."""
        with self._call() as client:
            found = client.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]})
        return Invoice.read(found.to_dict())

    def invoice_of(self, intent_id: str) -> str:
        """The id of the invoice that a payment intent pays; empty where it pays none."""
        with self._call() as client:
            found = client.v1.invoice_payments.list(
                {"payment": {"type": "payment_intent", "payment_intent": intent_id}, "limit": 1}
            )
        return id_of(found.data[0].to_dict()["invoice"]) if found.data else ""
