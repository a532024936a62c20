"""Payment methods: cards."""

import hashlib
from typing import Any

from .. import events, ids, params, store
from ..cards import BY_TOKEN, TestCard
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject


def create_card(
    ctx: Context,
    card: TestCard,
    *,
    exp_month: int,
    exp_year: int,
    name: str | None,
    email: str | None,
) -> StripeObject:
    """A card as it was typed into a form. It is for one payment: no customer keeps it."""
    body: Body = {
        "id": ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": dict.fromkeys(params.ADDRESS),
            "email": email,
            "name": name,
            "phone": None,
            "tax_id": None,
        },
        "card": _card(card, exp_month, exp_year),
        "created": ctx.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
    return store.create(ctx, body, private={"number": card.number})


def _card(card: TestCard, exp_month: int, exp_year: int) -> Body:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def given(ctx: Context, stripe_id: str) -> StripeObject:
    """The method that a parameter names, or a fresh one for a test token like `pm_card_visa`."""
    if stripe_id in BY_TOKEN:
        return create_card(
            ctx, BY_TOKEN[stripe_id], exp_month=12, exp_year=2040, name=None, email=None
        )
    return store.given(ctx, "payment_method", stripe_id, "payment_method")


def attach(ctx: Context, row: StripeObject, customer: str) -> None:
    """Keep the card with the customer, to be charged again."""
    if row.body["customer"] != customer:
        store.change(row, customer=customer)
        events.emit(ctx, "payment_method.attached", row.body)


def of_customer(ctx: Context, customer: str, stripe_id: str, param: str) -> StripeObject:
    """The card that a parameter names, which the customer must have kept."""
    row = store.given(ctx, "payment_method", stripe_id, param)
    if row.body["customer"] != customer:
        raise StripeError(
            f"The customer does not have a payment method with the ID {stripe_id}. The payment "
            "method must be attached to the customer.",
            code="resource_missing",
            param=param,
        )
    return row


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/payment_methods/{id}`."""
    return store.get(ctx, "payment_method", id, param="payment_method").body
