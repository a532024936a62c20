"""Asking for an invoice's money: the saved card first, again after days, then no more."""

from typing import Any

from .. import config, events, pages, params, store
from ..cards import Decline
from ..context import Body, Context
from ..errors import CardError, StripeError
from ..models import StripeObject
from ..periods import DAY
from . import attempts, invoices, payment_methods, subscriptions

# Days between one refusal and the next try; after the last there is no other.
RETRY_AFTER_DAYS = (3, 5, 7)
UNBEGUN = ("incomplete", "paused")
UPDATED = "customer.subscription.updated"
WAITING = (*UNBEGUN, "past_due", "unpaid")
PAY: params.Spec = {
    **params.EXPAND,
    "off_session": params.boolean,
    "payment_method": params.text(),
}


def collect(ctx: Context, invoice: StripeObject) -> None:
    """Charge the card that the subscription keeps, with nobody there to be asked."""
    subscription = store.get(ctx, "subscription", invoice.ref)
    method = saved_card(ctx, subscription)
    if method is None or _charge(ctx, invoice, method):
        _refused(ctx, invoice, subscription)
    else:
        settle(ctx, invoice, by_itself=True)


def _charge(ctx: Context, invoice: StripeObject, method: StripeObject) -> Decline | None:
    intent = invoices.intent_of(ctx, invoice)
    decline = attempts.refusal_of_a_kept_card(method)
    if decline:
        attempts.decline(ctx, intent, method, decline)
        return decline
    return attempts.attempt(ctx, intent, method, authenticate_at=None)


def saved_card(ctx: Context, subscription: StripeObject) -> StripeObject | None:
    """The subscription's own card, else its customer's; none that the customer let go."""
    customer = store.get(ctx, "customer", subscription.ref).body
    for_all = customer["invoice_settings"]["default_payment_method"]
    kept = subscription.body["default_payment_method"] or for_all
    cards = store.objects(ctx, "payment_method").filter(body__customer=subscription.ref)
    return cards.filter(stripe_id=kept).first()


def pay_now(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/invoices/{id}/pay`: try the saved card, or another of the customer's, at once."""
    row = store.get(ctx, "invoice", id, param="invoice")
    if row.status != "open":
        raise StripeError(f"Invoice is already {row.status}")
    refusal = _charge(ctx, row, _card_for(ctx, row, values))
    if refusal:
        invoices.mark_failed(ctx, row, retry_at=row.due_at)
        raise CardError(
            refusal.message,
            code=refusal.code,
            decline_code=refusal.decline_code,
            payment_intent=invoices.intent_of(ctx, row).body,
        )
    settle(ctx, row)
    return row.body


def _card_for(ctx: Context, invoice: StripeObject, values: dict[str, Any]) -> StripeObject:
    subscription = store.get(ctx, "subscription", invoice.ref)
    if "payment_method" in values:
        customer = subscription.ref
        return payment_methods.of_customer(
            ctx, customer, values["payment_method"], "payment_method"
        )
    return needed_card(ctx, subscription)


def needed_card(ctx: Context, subscription: StripeObject) -> StripeObject:
    """The same, where there must be one."""
    kept = saved_card(ctx, subscription)
    if kept is None:
        raise StripeError(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )
    return kept


def pay(ctx: Context, invoice: StripeObject, method: StripeObject) -> Decline | None:
    """One attempt by the customer; `None` means paid, or waiting for authentication."""
    intent = invoices.intent_of(ctx, invoice)
    url = pages.authentication_url(intent.stripe_id)
    decline = attempts.attempt(ctx, intent, method, authenticate_at=url)
    if decline:
        invoices.mark_failed(ctx, invoice, retry_at=invoice.due_at)
    elif intent.status == "succeeded":
        settle(ctx, invoice)
    return decline


def authenticate(ctx: Context, invoice: StripeObject, *, passed: bool) -> None:
    """The answer of the authentication page."""
    decline = attempts.authenticate(ctx, invoices.intent_of(ctx, invoice), passed=passed)
    if decline:
        invoices.mark_failed(ctx, invoice, retry_at=invoice.due_at)
    else:
        settle(ctx, invoice)


def settle(ctx: Context, invoice: StripeObject, *, by_itself: bool = False) -> None:
    """The intent went through: the invoice is paid, and its subscription good again."""
    invoices.mark_paid(ctx, invoice, by_itself=by_itself)
    subscription = store.get(ctx, "subscription", invoice.ref)
    changes: Body = {}
    if subscription.body["payment_settings"]["save_default_payment_method"] == "on_subscription":
        paid_with = invoices.intent_of(ctx, invoice).body["payment_method"]
        method = store.get(ctx, "payment_method", paid_with)
        payment_methods.keep(ctx, method, subscription.ref)
        changes["default_payment_method"] = method.stripe_id
    unpaid = store.objects(ctx, "invoice").filter(ref=invoice.ref, status="open")
    if subscription.status in WAITING and not unpaid.exists():
        subscriptions.now_active(ctx, subscription, **changes)
    else:
        events.changed(ctx, UPDATED, subscription, **changes)


def _refused(ctx: Context, invoice: StripeObject, subscription: StripeObject) -> None:
    if subscription.status in UNBEGUN:
        invoices.mark_failed(ctx, invoice, retry_at=None, by_itself=True)
        return
    tried = invoice.body["attempt_count"]
    goes_on = tried < len(RETRY_AFTER_DAYS)
    retry_at = ctx.now + RETRY_AFTER_DAYS[tried] * DAY if goes_on else None
    invoices.mark_failed(ctx, invoice, retry_at=retry_at, by_itself=True)
    if goes_on:
        events.changed(ctx, UPDATED, subscription, status="past_due")
    elif config.after_retries() == "unpaid":
        events.changed(ctx, UPDATED, subscription, status="unpaid")
    else:
        reason: Body = {"reason": "payment_failed"}
        subscriptions.end(ctx, subscription, canceled_at=ctx.now, cancellation_details=reason)
