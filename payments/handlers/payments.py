"""Checkouts and payment intents."""

from collections.abc import Mapping
from typing import Any

from payments.handlers import subscriptions
from payments.handlers.base import Handler, charge_of
from payments.models import Transaction, WebhookEvent
from payments.services import recording
from payments.stripe_service import StripeService


def _checkout(event: WebhookEvent, session: Mapping[str, Any]) -> str:
    if session.get("mode") == "subscription":
        return subscriptions.checkout(session)
    row = Transaction.objects.filter(stripe_checkout_session_id=session["id"]).first()
    row = row or charge_of(session.get("metadata"))
    checkout = StripeService().retrieve_checkout_session(session["id"])
    if row is None:
        return "A checkout that no charge knows was paid." if checkout.is_paid else ""
    if row.stripe_checkout_session_id != checkout.id and not checkout.is_paid:
        return ""  # its opening is on the way, or was never answered, or is forgotten
    recording.record_checkout(transaction=row, checkout=checkout)
    return ""


def _intent(event: WebhookEvent, intent: Mapping[str, Any]) -> str:
    row = charge_of(intent.get("metadata"))
    payment = StripeService().retrieve_payment(intent["id"])
    if row is None:
        if not payment.is_paid or StripeService().invoice_of(payment.intent_id):
            return ""  # an invoice's payment is told by the invoice
        return "A payment that no charge knows came in."
    recording.record_intent(transaction=row, payment=payment)
    return ""


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _checkout,
    "checkout.session.async_payment_succeeded": _checkout,
    "checkout.session.expired": _checkout,
    "checkout.session.async_payment_failed": _checkout,
    "payment_intent.amount_capturable_updated": _intent,
    "payment_intent.canceled": _intent,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
}
