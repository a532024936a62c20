"""Reversals: a transfer's money, or a part of it, comes back to the platform."""

from typing import Any

from .. import events, ids, ledger, money, params, store
from ..context import Body, Context
from ..errors import StripeError, no_such
from ..models import StripeObject
from . import lists, transfer_payments
from .transfers import reversal_list

CREATE: params.Spec = {
    **params.EXPAND,
    "amount": params.integer(least=1),
    "description": params.text(),
    "metadata": params.metadata,
    "refund_application_fee": params.boolean,
}


def create(ctx: Context, values: dict[str, Any], *, transfer: str) -> Body:
    """`POST /v1/transfers/{id}/reversals`: all that is left, or a part."""
    row = store.get(ctx, "transfer", transfer, param="transfer")
    left = row.body["amount"] - row.body["amount_reversed"]
    if left == 0:
        raise StripeError(
            f"Transfer {row.stripe_id} has already been fully reversed.",
            code="transfer_already_reversed",
        )
    amount = values.get("amount", left)
    if amount > left:
        asked, rest = (money.shown(number, row.body["currency"]) for number in (amount, left))
        raise StripeError(
            f"Reversal amount ({asked}) is greater than the unreversed amount on the transfer "
            f"({rest})",
            param="amount",
        )
    received = _check_balance(ctx, row, amount)
    body = _build(ctx, row, amount, values)
    back, refund = transfer_payments.unbook(ctx, row.body, body, received)
    body |= {"balance_transaction": back, "destination_payment_refund": refund}
    store.create(ctx, body, ref=row.stripe_id)
    _count_on_transfer(ctx, row, amount)
    return body


def _check_balance(ctx: Context, row: StripeObject, amount: int) -> int:
    """What it costs the connected account; raises where its balance doesn't hold that much."""
    received, currency = transfer_payments.received_share(ctx, row.body, amount)
    held = ledger.held(row.body["destination"], ctx.now)
    if sum(kind.get(currency, 0) for kind in held.values()) < received:
        raise StripeError(
            "The connected account doesn't have a sufficient balance to reverse this transfer.",
            code="balance_insufficient",
        )
    return received


def _build(ctx: Context, row: StripeObject, amount: int, values: dict[str, Any]) -> Body:
    return {
        "id": ids.new("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": ctx.now,
        "currency": row.body["currency"],
        "destination_payment_refund": None,
        "metadata": params.kept_metadata(values),
        "source_refund": None,
        "transfer": row.stripe_id,
    }


def _count_on_transfer(ctx: Context, row: StripeObject, amount: int) -> None:
    reversed_amount = row.body["amount_reversed"] + amount
    made = store.objects(ctx, "transfer_reversal").filter(ref=row.stripe_id).order_by("-seq")
    events.changed(
        ctx,
        "transfer.reversed",
        row,
        amount_reversed=reversed_amount,
        reversed=reversed_amount == row.body["amount"],
        reversals=reversal_list(row.stripe_id, [entry.body for entry in made]),
    )


def retrieve(ctx: Context, values: dict[str, Any], *, transfer: str, id: str) -> Body:
    """`GET /v1/transfers/{transfer}/reversals/{id}`."""
    store.get(ctx, "transfer", transfer, param="transfer")
    row = store.get(ctx, "transfer_reversal", id)
    if row.ref != transfer:
        raise no_such("transfer reversal", id, param="id")
    return row.body


def list_all(ctx: Context, values: dict[str, Any], *, transfer: str) -> Body:
    """`GET /v1/transfers/{id}/reversals`."""
    store.get(ctx, "transfer", transfer, param="transfer")
    rows = store.objects(ctx, "transfer_reversal").filter(ref=transfer)
    return lists.page(rows, values, f"/v1/transfers/{transfer}/reversals")
