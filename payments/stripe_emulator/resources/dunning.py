"""Asking for an invoice's money: the saved card first, again after days, then no more."""

from .. import config, events, pages, store
from ..cards import Decline, by_number
from ..context import Body, Context
from ..models import StripeObject
from . import invoices, payment_intents, subscriptions

DAY = 86_400
# Days between one refusal and the next try; after the last there is no other.
RETRY_AFTER_DAYS = (3, 5, 7)


def collect(ctx: Context, invoice: StripeObject) -> None:
    """Charge the card that the subscription keeps, with nobody there to be asked."""
    subscription = store.get(ctx, "subscription", invoice.ref)
    method = _saved_card(ctx, subscription)
    if method is None:
        _refused(ctx, invoice, subscription)
        return
    intent = invoices.intent_of(ctx, invoice)
    decline = by_number(method.private["number"]).decline_later
    if decline:
        payment_intents.decline(ctx, intent, method, decline)
    else:
        decline = payment_intents.attempt(ctx, intent, method, authenticate_at=None)
    if decline:
        _refused(ctx, invoice, subscription)
    else:
        settle(ctx, invoice)


def _saved_card(ctx: Context, subscription: StripeObject) -> StripeObject | None:
    customer = store.get(ctx, "customer", subscription.ref).body
    for_all = customer.get("invoice_settings", {}).get("default_payment_method")
    kept = subscription.body["default_payment_method"] or for_all
    return store.find(ctx, "payment_method", kept)


def pay(ctx: Context, invoice: StripeObject, method: StripeObject) -> Decline | None:
    """One attempt by the customer; `None` means paid, or waiting for authentication."""
    intent = invoices.intent_of(ctx, invoice)
    url = pages.authentication_url(intent.stripe_id)
    decline = payment_intents.attempt(ctx, intent, method, authenticate_at=url)
    if decline:
        invoices.mark_failed(ctx, invoice, retry_at=invoice.due_at)
    elif intent.status == "succeeded":
        settle(ctx, invoice)
    return decline


def authenticate(ctx: Context, invoice: StripeObject, *, passed: bool) -> None:
    """The answer of the authentication page."""
    decline = payment_intents.authenticate(ctx, invoices.intent_of(ctx, invoice), passed=passed)
    if decline:
        invoices.mark_failed(ctx, invoice, retry_at=invoice.due_at)
    else:
        settle(ctx, invoice)


def settle(ctx: Context, invoice: StripeObject) -> None:
    """The intent went through: the invoice is paid, and its subscription good again."""
    invoices.mark_paid(ctx, invoice)
    subscription = store.get(ctx, "subscription", invoice.ref)
    unpaid = store.objects(ctx, "invoice").filter(ref=invoice.ref, status="open")
    if subscription.status in ("past_due", "unpaid") and not unpaid.exists():
        events.changed(ctx, "customer.subscription.updated", subscription, status="active")


def _refused(ctx: Context, invoice: StripeObject, subscription: StripeObject) -> None:
    tried = invoice.body["attempt_count"]
    goes_on = tried < len(RETRY_AFTER_DAYS)
    retry_at = ctx.now + RETRY_AFTER_DAYS[tried] * DAY if goes_on else None
    invoices.mark_failed(ctx, invoice, retry_at=retry_at)
    if goes_on:
        _now(ctx, subscription, "past_due")
    elif config.after_retries() == "unpaid":
        _now(ctx, subscription, "unpaid")
    else:
        reason: Body = {"reason": "payment_failed"}
        subscriptions.end(ctx, subscription, canceled_at=ctx.now, cancellation_details=reason)


def _now(ctx: Context, subscription: StripeObject, status: str) -> None:
    if subscription.status != status:
        events.changed(ctx, "customer.subscription.updated", subscription, status=status)
