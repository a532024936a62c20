"""One attempt to take an intent's money: what the bank says to that card."""

from .. import events, store
from ..cards import AWAY, UNAUTHENTICATED, Decline, TestCard, by_number
from ..context import Body, Context
from ..models import StripeObject
from . import charges, intent_bodies, payment_methods


def attempt(
    ctx: Context, row: StripeObject, method: StripeObject, *, authenticate_at: str | None
) -> Decline | None:
    """Try to take the money; `None` means paid, authorised, or waiting for authentication.

    `authenticate_at` is where the cardholder proves who they are; `None` if they just did.
    """
    card = by_number(method.private["number"])
    if card.decline:
        decline(ctx, row, method, card.decline)
        return card.decline
    if card.authenticates and authenticate_at:
        _require_action(ctx, row, method, authenticate_at)
    else:
        _succeed(ctx, row, method, card)
    return None


def _require_action(ctx: Context, row: StripeObject, method: StripeObject, url: str) -> None:
    row.private = {**row.private, "payment_method": method.stripe_id}
    redirect = {"return_url": row.private.get("return_url"), "url": url}
    store.change(
        row,
        status="requires_action",
        payment_method=method.stripe_id,
        last_payment_error=None,
        next_action={"redirect_to_url": redirect, "type": "redirect_to_url"},
    )
    events.emit(ctx, "payment_intent.requires_action", row.body)


def _succeed(ctx: Context, row: StripeObject, method: StripeObject, card: TestCard) -> None:
    manual = row.body["capture_method"] == "manual"
    body = charges.build(ctx, row.body, method.body, captured=not manual, decline=None)
    charge = charges.keep(ctx, body)
    charge.private = {"number": card.number}
    changes: Body = {
        "latest_charge": charge.stripe_id,
        "payment_method": method.stripe_id,
        "last_payment_error": None,
        "next_action": None,
    }
    if manual:
        charge.save()
        row.due_at = ctx.now + charges.CAPTURE_WITHIN
        store.change(
            row, **changes, status="requires_capture", amount_capturable=row.body["amount"]
        )
    else:
        charges.settle(ctx, charge, card, body["amount"])
        store.change(row, **changes, status="succeeded", amount_received=row.body["amount"])
    if row.body["setup_future_usage"] and row.body["customer"]:
        payment_methods.keep(ctx, method, row.body["customer"])
    events.emit(ctx, "charge.succeeded", charge.body)
    kind = "amount_capturable_updated" if manual else "succeeded"
    events.emit(ctx, f"payment_intent.{kind}", row.body)


def decline(ctx: Context, row: StripeObject, method: StripeObject, why: Decline) -> None:
    """The bank says no: the attempt stays on the books, and another card may be tried."""
    body = charges.build(ctx, row.body, method.body, captured=True, decline=why)
    charge = charges.keep(ctx, body)
    store.change(
        row,
        status="requires_payment_method",
        latest_charge=charge.stripe_id,
        payment_method=None,
        next_action=None,
        last_payment_error=intent_bodies.payment_error(why, method, charge),
    )
    events.emit(ctx, "charge.failed", charge.body)
    events.emit(ctx, "payment_intent.payment_failed", row.body)


def authenticate(ctx: Context, row: StripeObject, *, passed: bool) -> Decline | None:
    """The cardholder answered their bank; `None` means the payment went through."""
    method = store.get(ctx, "payment_method", row.body["payment_method"])
    if passed:
        return attempt(ctx, row, method, authenticate_at=None)
    store.change(
        row,
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=intent_bodies.payment_error(UNAUTHENTICATED, method),
    )
    events.emit(ctx, "payment_intent.payment_failed", row.body)
    return UNAUTHENTICATED


def refusal_of_a_kept_card(method: StripeObject) -> Decline | None:
    """Its bank may want to see a cardholder who isn't there."""
    card = by_number(method.private["number"])
    return AWAY if card.authenticates_always else card.decline_later
