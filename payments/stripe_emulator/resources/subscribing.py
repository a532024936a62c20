"""Subscriptions that a program begins, with a card that the customer keeps."""

from typing import Any

from .. import params, store
from ..context import Body, Context
from ..errors import missing_parameter
from . import checkout_subscriptions, dunning, payment_methods, prices, subscriptions

FIRST_PAYMENT_WITHIN = 23 * 60 * 60
PRICE_DATA: params.Spec = {
    "currency": params.Required(params.currency),
    "product": params.Required(params.text()),
    "recurring": params.Required(params.hash_of(prices.RECURRING)),
    "unit_amount": params.Required(params.integer(least=0, most=prices.MOST)),
}
ITEM: params.Spec = {
    "price": params.text(),
    "price_data": params.hash_of(PRICE_DATA),
    "quantity": params.integer(least=1, most=999_999),
}
CREATE: params.Spec = {
    **params.EXPAND,
    **checkout_subscriptions.DATA,
    "customer": params.Required(params.text()),
    "default_payment_method": params.text(),
    "items": params.Required(params.list_of(params.hash_of(ITEM), most=20)),
    "off_session": params.boolean,
    "payment_behavior": params.one_of("allow_incomplete", "default_incomplete"),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/subscriptions`: the saved card is charged at once, unless there is a trial."""
    customer = store.given(ctx, "customer", values["customer"], "customer")
    lines = [_line(ctx, item, index) for index, item in enumerate(values["items"])]
    if not lines:
        raise missing_parameter("items")
    checkout_subscriptions.check("subscription", {}, lines)
    if asked := values.get("default_payment_method"):
        payment_methods.of_customer(ctx, customer.stripe_id, asked, "default_payment_method")
    row = subscriptions.begin(
        ctx, customer.stripe_id, lines, values, pays_within=FIRST_PAYMENT_WITHIN
    )
    waits = values.get("payment_behavior") == "default_incomplete"
    if row.status == "incomplete" and not waits:
        dunning.needed_card(ctx, row)
        dunning.collect(ctx, store.get(ctx, "invoice", row.body["latest_invoice"]))
        row.refresh_from_db()
    return row.body


def _line(ctx: Context, item: dict[str, Any], index: int) -> Body:
    price = prices.of_line(ctx, item, f"items[{index}]")
    currency = price.body["currency"]
    return {"price": price.body, "quantity": item.get("quantity", 1), "currency": currency}
