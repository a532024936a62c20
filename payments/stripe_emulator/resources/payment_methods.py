"""Payment methods: cards."""

import hashlib
from typing import Any

from .. import events, ids, params, store
from ..cards import BY_TOKEN, TestCard, by_number
from ..context import Body, Context
from ..errors import CardError, StripeError
from ..models import StripeObject
from . import lists

ATTACH: params.Spec = {**params.EXPAND, "customer": params.Required(params.text())}
LIST: params.Spec = {**params.CURSOR, "type": params.one_of("card")}


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


def keep(ctx: Context, row: StripeObject, customer: str) -> None:
    """Keep the card with the customer, to be charged again."""
    if row.body["customer"] != customer:
        store.change(row, customer=customer)
        events.emit(ctx, "payment_method.attached", row.body)


def attach(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_methods/{id}/attach`: its bank is asked, and one that was used is lost."""
    row = given(ctx, id) if id in BY_TOKEN else store.get(ctx, "payment_method", id)
    customer = store.given(ctx, "customer", values["customer"], "customer").stripe_id
    if row.body["customer"] not in (None, customer):
        raise StripeError(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
        )
    if is_used_up(ctx, row):
        raise StripeError(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again.",
            param="payment_method",
        )
    if refusal := by_number(row.private["number"]).decline:
        raise CardError(refusal.message, code=refusal.code, decline_code=refusal.decline_code)
    keep(ctx, row, customer)
    return row.body


def is_used_up(ctx: Context, row: StripeObject) -> bool:
    """Whether it was tried for nobody in particular, or let go: such a card is good for once."""
    if row.body["customer"] is not None:
        return False
    tried = store.objects(ctx, "charge").filter(body__payment_method=row.stripe_id)
    return row.status == "detached" or tried.exists()


def detach(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_methods/{id}/detach`: for good."""
    row = store.get(ctx, "payment_method", id)
    if row.body["customer"] is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            param="payment_method",
        )
    previous = store.change(row, customer=None)
    row.status = "detached"
    row.save()
    events.emit(ctx, "payment_method.detached", row.body, previous)
    return row.body


def list_of_customer(ctx: Context, values: dict[str, Any], *, customer: str) -> Body:
    """`GET /v1/customers/{customer}/payment_methods`: the cards that were kept."""
    store.get(ctx, "customer", customer, param="customer")
    rows = store.objects(ctx, "payment_method").filter(body__customer=customer)
    return lists.page(rows, values, f"/v1/customers/{customer}/payment_methods")


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
