"""Billing portal sessions: a page on which a customer looks after their subscriptions."""

from typing import Any

from .. import events, ids, pages, params, store
from ..cards import Decline, by_number
from ..context import Body, Context
from ..models import StripeObject
from . import payment_methods, portal_configurations, subscriptions

LIVES = 60 * 60
CREATE: params.Spec = {
    **params.EXPAND,
    "customer": params.Required(params.text()),
    "locale": params.one_of("auto", "de", "en"),
    "return_url": params.Required(params.url),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/billing_portal/sessions`."""
    customer = store.given(ctx, "customer", values["customer"], "customer").stripe_id
    stripe_id = ids.new("bps")
    body: Body = {
        "id": stripe_id,
        "object": "billing_portal.session",
        "configuration": portal_configurations.default_id(),
        "created": ctx.now,
        "customer": customer,
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": values.get("locale"),
        "on_behalf_of": None,
        "return_url": values["return_url"],
        "url": pages.portal_url(stripe_id),
    }
    store.create(ctx, body, ref=customer, due_at=ctx.now + LIVES)
    return body


def is_over(ctx: Context, row: StripeObject) -> bool:
    """Whether its page has expired, or its customer is no more."""
    is_late = row.due_at is not None and row.due_at <= ctx.now
    return is_late or store.find(ctx, "customer", row.ref) is None


def standing(ctx: Context, row: StripeObject) -> list[StripeObject]:
    """The customer's subscriptions that haven't ended, the newest first."""
    rows = store.objects(ctx, "subscription").filter(ref=row.ref)
    return list(rows.exclude(status__in=subscriptions.ENDED).order_by("-seq"))


def change_end(ctx: Context, row: StripeObject, stripe_id: str, *, ends: bool) -> None:
    """Let one of them end with its period, or go on after all."""
    if any(each.stripe_id == stripe_id for each in standing(ctx, row)):
        subscriptions.update(ctx, {"cancel_at_period_end": ends}, id=stripe_id)


def use_card(ctx: Context, row: StripeObject, method: StripeObject) -> Decline | None:
    """Keep the card, and charge it from now on for all that the customer has."""
    if refusal := by_number(method.private["number"]).decline:
        return refusal
    payment_methods.keep(ctx, method, row.ref)
    customer = store.get(ctx, "customer", row.ref)
    kept = customer.body["invoice_settings"] | {"default_payment_method": method.stripe_id}
    events.changed(ctx, "customer.updated", customer, invoice_settings=kept)
    for subscription in standing(ctx, row):
        events.changed(
            ctx,
            "customer.subscription.updated",
            subscription,
            default_payment_method=method.stripe_id,
        )
    return None
