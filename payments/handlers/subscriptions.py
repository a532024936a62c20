"""Subscriptions and their invoices."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import WebhookEvent
from payments.services import invoices, subscribing, subscriptions
from payments.stripe_service import StripeService

NOBODYS = "A subscription that nobody knows is alive at Stripe."


def checkout(session: Mapping[str, Any]) -> str:
    """A checkout of mode `subscription`: completed, or over."""
    row = subscriptions.find(stripe_id="", metadata=session.get("metadata"))
    now = StripeService().retrieve_checkout_session(session["id"])
    if row is None:
        return "A checkout that no subscription knows was completed." if now.is_complete else ""
    return subscribing.record_subscription_checkout(subscription=row, checkout=now)


def _subscription(event: WebhookEvent, body: Mapping[str, Any]) -> str:
    row = subscriptions.find(stripe_id=body["id"], metadata=body.get("metadata"))
    if row is not None:
        return subscriptions.follow(subscription=row, stripe_id=body["id"])
    state = StripeService().retrieve_subscription(body["id"])
    return "" if subscriptions.is_over(state) else NOBODYS


def _invoice(event: WebhookEvent, body: Mapping[str, Any]) -> str:
    invoice = StripeService().retrieve_invoice(body["id"])
    row = subscriptions.find(stripe_id=invoice.subscription_id, metadata=invoice.metadata)
    if row is None:
        return "An invoice that no subscription knows was paid." if invoice.is_paid else ""
    words = [subscriptions.follow(subscription=row, stripe_id=invoice.subscription_id)]
    if invoice.is_paid:
        words.append(invoices.record_invoice(subscription=row, invoice=invoice))
    else:
        invoices.record_failure(subscription=row, invoice=invoice)
    return " ".join(filter(None, words))


HANDLERS: dict[str, Handler] = {
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
    "customer.subscription.paused": _subscription,
    "customer.subscription.resumed": _subscription,
    "invoice.paid": _invoice,
    "invoice.payment_failed": _invoice,
}
