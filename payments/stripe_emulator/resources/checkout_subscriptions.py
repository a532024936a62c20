"""Checkout Sessions in mode `subscription`: the first payment, and the card that is kept."""

from typing import Any

from .. import pages, params, store
from ..cards import Decline, by_number
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from . import attempts, customers, invoices, payment_methods, subscriptions

TRIAL_END: params.Spec = {
    "missing_payment_method": params.Required(params.one_of("cancel", "create_invoice", "pause"))
}
DATA: params.Spec = {
    "description": params.text(longest=500),
    "metadata": params.metadata,
    "trial_period_days": params.integer(least=1, most=730),
    "trial_settings": params.hash_of({"end_behavior": params.Required(params.hash_of(TRIAL_END))}),
}


def check(mode: str, values: dict[str, Any], lines: list[Body]) -> None:
    """What belongs to one mode and not to the other, and lines that can't be paid together."""
    foreign = "payment_intent_data" if mode == "subscription" else "subscription_data"
    if foreign in values:
        raise StripeError(f"You can not pass `{foreign}` in `{mode}` mode.", param=foreign)
    if len({line["currency"] for line in lines}) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    every = [line["price"]["recurring"] for line in lines]
    if mode == "payment" and any(every):
        raise StripeError(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            param="line_items",
        )
    if mode == "subscription" and not all(every):
        raise StripeError(
            "You must provide recurring prices, and the emulator no others, in `subscription` "
            "mode.",
            param="line_items",
        )
    if mode == "subscription" and any(each != every[0] for each in every):
        raise StripeError(
            "All recurring line items must be billed in the same interval.", param="line_items"
        )


def is_trial(row: StripeObject) -> bool:
    """Whether nothing is to be paid yet."""
    return "trial_period_days" in row.private["subscription_data"]


def pay(ctx: Context, row: StripeObject, method: StripeObject) -> Decline | None:
    """One attempt on the page; `None` means it went through or waits for authentication."""
    if is_trial(row):
        return _begin_trial(ctx, row, method)
    subscription = _subscription(ctx, row, method)
    invoice = store.get(ctx, "invoice", subscription.body["latest_invoice"])
    intent = invoices.intent_of(ctx, invoice)
    _remember(row, intent=intent.stripe_id)
    url = pages.authentication_url(intent.stripe_id)
    decline = attempts.attempt(ctx, intent, method, authenticate_at=url)
    return settle(ctx, row, decline)


def _begin_trial(ctx: Context, row: StripeObject, method: StripeObject) -> Decline | None:
    """The card is kept, and not charged before the trial's end."""
    decline = by_number(method.private["number"]).decline
    if decline:
        return decline
    subscription = _subscription(ctx, row, method)
    _keep_card(ctx, subscription, method)
    store.change(subscription, default_payment_method=method.stripe_id)
    return None


def settle(ctx: Context, row: StripeObject, decline: Decline | None) -> Decline | None:
    """After an attempt: a payment that went through makes the subscription active."""
    subscription = store.get(ctx, "subscription", row.private["subscription"])
    invoice = store.get(ctx, "invoice", subscription.body["latest_invoice"])
    intent = store.get(ctx, "payment_intent", row.private["intent"])
    if intent.status == "succeeded":
        method = store.get(ctx, "payment_method", intent.body["payment_method"])
        _keep_card(ctx, subscription, method)
        invoices.mark_paid(ctx, invoice)
        subscriptions.now_active(ctx, subscription, default_payment_method=method.stripe_id)
    elif decline:
        invoices.mark_failed(ctx, invoice, retry_at=None)
    return decline


def _keep_card(ctx: Context, subscription: StripeObject, method: StripeObject) -> None:
    payment_methods.keep(ctx, method, subscription.body["customer"])


def _subscription(ctx: Context, row: StripeObject, method: StripeObject) -> StripeObject:
    """It is made, with its customer, when someone first tries to pay."""
    found = store.find(ctx, "subscription", row.private.get("subscription"))
    if found and found.status == "incomplete":
        return found
    known = store.find(ctx, "customer", row.body["customer"])
    customer = known.stripe_id if known else _new_customer(ctx, row, method)
    lines, data = row.private["line_items"], row.private["subscription_data"]
    subscription = subscriptions.begin(ctx, customer, lines, data, session=row.stripe_id)
    _remember(row, subscription=subscription.stripe_id)
    return subscription


def _new_customer(ctx: Context, row: StripeObject, method: StripeObject) -> str:
    name = method.body["billing_details"]["name"]
    given = {"email": row.body["customer_email"], "name": name}
    return str(customers.create(ctx, {k: v for k, v in given.items() if v})["id"])


def _remember(row: StripeObject, **values: str) -> None:
    row.private = {**row.private, **values}
    row.save()


def outcome(ctx: Context, row: StripeObject) -> Body | None:
    """What the session says once the subscription has begun; `None` before that."""
    subscription = store.find(ctx, "subscription", row.private.get("subscription"))
    if subscription is None or subscription.status not in ("active", "trialing"):
        return None
    return {
        "customer": subscription.body["customer"],
        "invoice": subscription.body["latest_invoice"],
        "payment_status": "no_payment_required" if is_trial(row) else "paid",
        "subscription": subscription.stripe_id,
    }


def abandon(ctx: Context, row: StripeObject) -> None:
    """The page closed: what an attempt left behind ends with it."""
    subscription = store.find(ctx, "subscription", row.private.get("subscription"))
    if subscription and subscription.status == "incomplete":
        subscriptions.expire(ctx, subscription)
