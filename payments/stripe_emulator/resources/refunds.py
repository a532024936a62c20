"""Refunds: money back to the cardholder, at the rate at which it came."""

from typing import Any

from .. import events, ids, ledger, money, params, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from . import charges, inquiries, lists

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
CREATE: params.Spec = {
    **params.EXPAND,
    "amount": params.integer(least=1),
    "charge": params.text(),
    "metadata": params.metadata,
    "payment_intent": params.text(),
    "reason": params.one_of(*REASONS),
    "refund_application_fee": params.boolean,
    "reverse_transfer": params.boolean,
}
UPDATE: params.Spec = {**params.EXPAND, "metadata": params.metadata}
LIST: params.Spec = {**params.PAGING, "charge": params.text(), "payment_intent": params.text()}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/refunds`: all that is left of a charge, or a part of it."""
    charge = _charge(ctx, values)
    body = charge.body
    left = body["amount"] - body["amount_refunded"]
    if body["disputed"] and inquiries.forbids_refunds(ctx, charge):
        raise StripeError(
            f"Charge {charge.stripe_id} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if body["refunded"] or left == 0:
        raise StripeError(
            f"Charge {charge.stripe_id} has already been refunded.",
            code="charge_already_refunded",
        )
    amount = values.get("amount", left)
    if amount > left:
        asked, rest = (money.shown(number, body["currency"]) for number in (amount, left))
        raise StripeError(
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})",
            param="amount",
        )
    for name in ("reverse_transfer", "refund_application_fee"):
        if values.get(name):
            raise StripeError(
                f"Charge {charge.stripe_id} does not have an associated transfer or application "
                f"fee, so `{name}` cannot be set.",
                param=name,
            )
    return _give_back(ctx, charge, amount, values)


def _charge(ctx: Context, values: dict[str, Any]) -> StripeObject:
    if ("charge" in values) == ("payment_intent" in values):
        raise StripeError(
            "One of the following params should be provided for this request: "
            "payment_intent or charge."
        )
    if "charge" in values:
        charge = store.given(ctx, "charge", values["charge"], "charge")
    else:
        intent = store.given(ctx, "payment_intent", values["payment_intent"], "payment_intent")
        found = store.find(ctx, "charge", intent.body["latest_charge"])
        if found is None or intent.status != "succeeded":
            raise StripeError(
                f"This PaymentIntent ({intent.stripe_id}) does not have a successful charge "
                "to refund.",
                param="payment_intent",
            )
        charge = found
    if charge.body["source_transfer"]:
        raise StripeError(
            "The emulator refunds card payments only: reverse the transfer that brought "
            f"{charge.stripe_id}.",
            param="charge",
        )
    if not (charge.body["paid"] and charge.body["captured"]):
        raise StripeError(
            f"Charge {charge.stripe_id} was not captured; cancel its PaymentIntent instead.",
            param="charge",
        )
    return charge


def _give_back(ctx: Context, charge: StripeObject, amount: int, values: dict[str, Any]) -> Body:
    body = build(ctx, charge.body, amount, values)
    body["balance_transaction"] = _settle(ctx, charge, body)
    row = store.create(ctx, body, ref=charge.stripe_id, group=body["payment_intent"] or "")
    events.emit(ctx, "refund.created", body)
    count_on_charge(ctx, charge, amount)
    card = {**body["destination_details"]["card"], "reference": "5100000000000000"}
    details = {"card": card | {"reference_status": "available"}, "type": "card"}
    events.changed(ctx, "refund.updated", row, destination_details=details)
    if charge.body["refunded"]:
        inquiries.end_those_of(ctx, charge)
    return row.body


def count_on_charge(ctx: Context, charge: StripeObject, amount: int) -> None:
    """The charge knows how much of it went back, and says so."""
    refunded = charge.body["amount_refunded"] + amount
    events.changed(
        ctx,
        "charge.refunded",
        charge,
        amount_refunded=refunded,
        refunded=refunded == charge.body["amount"],
    )


def can_fail(row: StripeObject) -> bool:
    """Whether money went to a card, whose bank may send it back."""
    to_card = (row.body.get("destination_details") or {}).get("type") == "card"
    return to_card and row.status == "succeeded" and bool(row.body["balance_transaction"])


def fail(ctx: Context, row: StripeObject) -> None:
    """The cardholder's bank sent it back: the money returns to the balance from which it came."""
    if not can_fail(row):
        raise ValueError(f"No bank can send {row.stripe_id} back.")
    refund = row.body
    charge = store.get(ctx, "charge", refund["charge"])
    taken = store.get(ctx, "balance_transaction", refund["balance_transaction"]).body
    back = ledger.balance_transaction(
        ctx,
        "refund_failure",
        amount=-taken["amount"],
        currency=taken["currency"],
        source=refund["id"],
        available_on=max(ctx.now, taken["available_on"]),
    )
    settled, currency = -taken["amount"], taken["currency"]
    lines: list[ledger.Line] = [
        ("cards", refund["currency"], -refund["amount"]),
        *ledger.exchanged(refund["amount"], refund["currency"], settled, currency),
        (ledger.balance_of(ctx.account), currency, settled),
    ]
    ledger.move(ctx, "refund_failure", refund["id"], lines, back.body["available_on"])
    left = charge.body["amount_refunded"] - refund["amount"]
    store.change(charge, amount_refunded=left, refunded=False)
    changes: Body = {
        "failure_balance_transaction": back.stripe_id,
        "failure_reason": "expired_or_canceled_card",
        "status": "failed",
    }
    events.changed(ctx, "refund.updated", row, **changes)
    events.emit(ctx, "refund.failed", row.body)


def _settle(ctx: Context, charge: StripeObject, refund: Body) -> str:
    """Take the settled part off the balance; parts of one charge add up to what it brought.

    So do they where a bank has sent one back in between: what counts is what was taken until now.
    """
    taken = charges.brought(ctx, charge)
    captured = charge.body["amount_captured"]
    # What was authorised and not captured counts as refunded too, but never was on the balance.
    before = charge.body["amount_refunded"] - (charge.body["amount"] - captured)
    upto = money.share(before + refund["amount"], captured, taken["amount"])
    settled = max(0, upto - taken_back(ctx, charge))
    available_on = max(ctx.now, taken["available_on"])
    transaction = ledger.balance_transaction(
        ctx,
        "refund",
        amount=-settled,
        currency=taken["currency"],
        presented=refund["currency"],
        source=refund["id"],
        available_on=available_on,
    )
    lines: list[ledger.Line] = [
        (ledger.balance_of(ctx.account), taken["currency"], -settled),
        *ledger.exchanged(settled, taken["currency"], refund["amount"], refund["currency"]),
        ("cards", refund["currency"], refund["amount"]),
    ]
    ledger.move(ctx, "refund", refund["id"], lines, available_on)
    return transaction.stripe_id


def taken_back(ctx: Context, charge: StripeObject) -> int:
    """What the refunds of a charge have taken off the balance, less what banks sent back."""
    made = store.objects(ctx, "refund").filter(ref=charge.stripe_id)
    rows = store.objects(ctx, "balance_transaction").filter(ref__in=made.values("stripe_id"))
    return -sum(int(row.body["amount"]) for row in rows)


def build(ctx: Context, charge: Body, amount: int, values: dict[str, Any]) -> Body:
    """A refund that succeeded, before its money moves."""
    return {
        "id": ids.new("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": ctx.now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": params.kept_metadata(values),
        "payment_intent": charge["payment_intent"],
        "reason": values.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def release(ctx: Context, charge: StripeObject, *, keep: int = 0) -> None:
    """Give an authorisation back, or all of it but `keep`: no money had come, so none moves."""
    amount = charge.body["amount"] - keep
    body = build(ctx, charge.body, amount, {})
    body["destination_details"]["card"]["type"] = "reversal"
    store.create(ctx, body, ref=charge.stripe_id, group=body["payment_intent"] or "")
    events.emit(ctx, "refund.created", body)
    count_on_charge(ctx, charge, amount)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/refunds/{id}`."""
    return store.get(ctx, "refund", id).body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/refunds/{id}`: its metadata."""
    row = store.get(ctx, "refund", id)
    metadata = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "refund.updated", row, metadata=metadata).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/refunds`."""
    rows = store.objects(ctx, "refund")
    rows = lists.narrowed(ctx, rows, values, {"charge": "ref", "payment_intent": "group"})
    return lists.page(rows, values, "/v1/refunds")


def list_of_charge(ctx: Context, values: dict[str, Any], *, charge: str) -> Body:
    """`GET /v1/charges/{charge}/refunds`."""
    store.get(ctx, "charge", charge, param="charge")
    rows = store.objects(ctx, "refund").filter(ref=charge)
    return lists.page(rows, values, f"/v1/charges/{charge}/refunds")
