"""The other side of a transfer: the payment that the connected account receives."""

from typing import Any

from .. import ids, ledger, money, params, store
from ..context import Body, Context
from ..models import StripeObject
from . import charges


def book(
    ctx: Context, transfer: Body, destination: StripeObject, available_on: int
) -> tuple[str, str]:
    """Move the money; gives the ids of the platform's balance transaction and of the payment."""
    theirs = ctx.on(destination.stripe_id)
    amount, currency = transfer["amount"], transfer["currency"]
    target = destination.body["default_currency"]
    received = money.exchange(amount, currency, target)
    payment = charges.keep(theirs, _payment(theirs, transfer))
    sent = ledger.balance_transaction(
        ctx,
        "transfer",
        amount=-amount,
        currency=currency,
        source=transfer["id"],
        available_on=available_on,
    )
    got = ledger.balance_transaction(
        theirs,
        "payment",
        category="charge",
        amount=received,
        currency=target,
        presented=currency,
        source=payment.stripe_id,
        available_on=available_on,
    )
    lines: list[ledger.Line] = [
        (ledger.balance_of(ctx.account), currency, -amount),
        *ledger.exchanged(amount, currency, received, target),
        (ledger.balance_of(theirs.account), target, received),
    ]
    ledger.move(ctx, "transfer", transfer["id"], lines, available_on)
    store.change(payment, balance_transaction=got.stripe_id)
    return sent.stripe_id, payment.stripe_id


def _payment(ctx: Context, transfer: Body) -> Body:
    intent = {
        "amount": transfer["amount"],
        "currency": transfer["currency"],
        "customer": None,
        "description": None,
        "id": None,
        "metadata": {},
        "receipt_email": None,
        "transfer_group": None,
    }
    method: Body = {"id": None, "billing_details": _nobody(), "card": _no_card()}
    body = charges.build(ctx, intent, method, captured=True, decline=None)
    return body | {
        "id": ids.new("py"),
        "calculated_statement_descriptor": None,
        "outcome": None,
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
        "source_transfer": transfer["id"],
    }


def _nobody() -> Body:
    empty = dict.fromkeys(("email", "name", "phone", "tax_id"))
    return {**empty, "address": dict.fromkeys(params.ADDRESS)}


def _no_card() -> Body:
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return dict.fromkeys((*names, "last4", "regulated_status", "wallet"))


def unbook(ctx: Context, transfer: Body, reversal: Body, received: int) -> tuple[str, str]:
    """Move a part back; `received` is that part on the connected account's balance.

    Gives the ids of the platform's balance transaction and of the payment's refund.
    """
    theirs = ctx.on(transfer["destination"])
    payment = store.get(theirs, "charge", transfer["destination_payment"])
    got = store.get(theirs, "balance_transaction", payment.body["balance_transaction"]).body
    available_on = max(ctx.now, int(got["available_on"]))
    amount, currency, target = reversal["amount"], transfer["currency"], got["currency"]
    refund = _refund(theirs, payment, amount, transfer_reversal=reversal["id"])
    back = ledger.balance_transaction(
        ctx,
        "transfer_refund",
        amount=amount,
        currency=currency,
        source=reversal["id"],
        available_on=available_on,
    )
    gone = ledger.balance_transaction(
        theirs,
        "payment_refund",
        category="refund",
        amount=-received,
        currency=target,
        presented=currency,
        source=refund["id"],
        available_on=available_on,
    )
    lines: list[ledger.Line] = [
        (ledger.balance_of(theirs.account), target, -received),
        *ledger.exchanged(received, target, amount, currency),
        (ledger.balance_of(ctx.account), currency, amount),
    ]
    ledger.move(ctx, "transfer_refund", reversal["id"], lines, available_on)
    refund["balance_transaction"] = gone.stripe_id
    store.create(theirs, refund, ref=payment.stripe_id)
    refunded = payment.body["amount_refunded"] + amount
    store.change(payment, amount_refunded=refunded, refunded=refunded == payment.body["amount"])
    return back.stripe_id, str(refund["id"])


def _refund(ctx: Context, payment: StripeObject, amount: int, **links: Any) -> Body:
    body: Body = {
        "id": ids.new("pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": payment.stripe_id,
        "created": ctx.now,
        "currency": payment.body["currency"],
        "metadata": {},
        "payment_intent": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": links["transfer_reversal"],
        "status": "succeeded",
        "transfer_reversal": None,
    }
    return body


def received_share(ctx: Context, transfer: Body, amount: int) -> tuple[int, str]:
    """What taking `amount` of the transfer back costs the connected account, and in which money.

    Parts of one transfer add up to exactly what it brought.
    """
    theirs = ctx.on(transfer["destination"])
    payment = store.get(theirs, "charge", transfer["destination_payment"])
    got = store.get(theirs, "balance_transaction", payment.body["balance_transaction"]).body
    before, whole = transfer["amount_reversed"], transfer["amount"]
    upto = money.share(before + amount, whole, got["amount"])
    return upto - money.share(before, whole, got["amount"]), got["currency"]
