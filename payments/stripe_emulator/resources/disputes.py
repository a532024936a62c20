"""Disputes: a cardholder asks their bank for the money back, and wins or loses.

Some banks ask first: an inquiry is a dispute that has taken nothing yet, and often never does.
https://docs.stripe.com/disputes/how-disputes-work#inquiries
"""

from typing import Any

from .. import events, ids, ledger, money, params, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from ..periods import DAY
from . import charges, inquiries, lists, refunds
from .inquiries import INQUIRIES

ANSWER_WITHIN = 14 * DAY
# In euro cents; what Stripe takes for a dispute, and keeps whatever comes of it.
FEE = 2000
FEE_CURRENCY = "eur"
OPEN = ("needs_response", "under_review")
# An inquiry that no bank has made a dispute of by then ends by itself.
INQUIRY_LASTS = 120 * DAY
# Stripe's test mode decides at once where the evidence says one of these words.
# https://docs.stripe.com/testing#evidence
WINNING, LOSING = "winning_evidence", "losing_evidence"
LONG = (
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "duplicate_charge_explanation",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "uncategorized_text",
)
SHORT = (
    "billing_address",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_id",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
)
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
EVIDENCE: params.Spec = {
    **{name: params.text(longest=20_000, clearable=True) for name in LONG},
    **{name: params.text(clearable=True) for name in SHORT},
}
UPDATE: params.Spec = {
    **params.EXPAND,
    "evidence": params.hash_of(EVIDENCE),
    "metadata": params.metadata,
    "submit": params.boolean,
}
LIST: params.Spec = {**params.PAGING, "charge": params.text(), "payment_intent": params.text()}


def open_dispute(ctx: Context, charge: StripeObject, reason: str = "fraudulent") -> StripeObject:
    """The cardholder's bank takes back what is left of a charge; `ValueError` where it can't."""
    row = _create(ctx, charge, reason, ctx.now + ANSWER_WITHIN)
    _withdraw(ctx, charge, row)
    events.emit(ctx, "charge.dispute.created", row.body)
    events.emit(ctx, "charge.dispute.funds_withdrawn", row.body)
    return row


def open_inquiry(ctx: Context, charge: StripeObject, reason: str = "general") -> StripeObject:
    """The cardholder's bank asks what it was, and takes nothing; `ValueError` where it can't."""
    row = _create(ctx, charge, reason, ctx.now + INQUIRY_LASTS)
    store.change(
        row,
        is_charge_refundable=True,
        payment_method_details=_details(row, "inquiry", "127"),
        status="warning_needs_response",
    )
    events.emit(ctx, "charge.dispute.created", row.body)
    return row


def escalate(ctx: Context, row: StripeObject) -> None:
    """The bank wants the money after all: of what is left now, the inquiry becomes a dispute."""
    charge = store.get(ctx, "charge", row.body["charge"])
    left = charge.body["amount"] - charge.body["amount_refunded"]
    if row.status not in (*INQUIRIES, "warning_closed") or not left:
        raise ValueError(f"{row.stripe_id} can't become a dispute.")
    row.due_at = ctx.now + ANSWER_WITHIN
    store.change(row, amount=left, is_charge_refundable=False)
    _withdraw(ctx, charge, row)
    deadline = row.body["evidence_details"] | {"due_by": ctx.now + ANSWER_WITHIN}
    events.changed(
        ctx,
        "charge.dispute.updated",
        row,
        evidence_details=deadline,
        payment_method_details=_details(row, "chargeback", "10.4"),
        status="needs_response",
    )
    events.emit(ctx, "charge.dispute.funds_withdrawn", row.body)


def _details(row: StripeObject, case: str, reason: str) -> Body:
    details: Body = row.body["payment_method_details"]
    return details | {"card": details["card"] | {"case_type": case, "network_reason_code": reason}}


def _create(ctx: Context, charge: StripeObject, reason: str, due_at: int) -> StripeObject:
    if not can_be_disputed(charge):
        raise ValueError(f"{charge.stripe_id} can't be disputed.")
    amount = charge.body["amount"] - charge.body["amount_refunded"]
    body = _build(ctx, charge.body, amount, reason)
    group = body["payment_intent"] or ""
    row = store.create(ctx, body, ref=charge.stripe_id, group=group, due_at=due_at)
    charge.due_at = None
    store.change(charge, disputed=True)
    return row


def _withdraw(ctx: Context, charge: StripeObject, row: StripeObject) -> None:
    # As a refund of it would: all that the charge has left on the balance.
    left = charges.brought(ctx, charge)["amount"] - refunds.taken_back(ctx, charge)
    taken = _book(ctx, charge, row.body, left)
    store.change(row, balance_transactions=[taken])


def can_be_disputed(charge: StripeObject) -> bool:
    """A card payment that came, of which something is left, and that nobody disputed yet."""
    body = charge.body
    details = body["payment_method_details"] or {}
    is_taken = body["paid"] and body["captured"] and not body["refunded"]
    return bool(is_taken and not body["disputed"] and details.get("type") == "card")


def _build(ctx: Context, charge: Body, amount: int, reason: str) -> Body:
    return {
        "id": ids.new("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": ctx.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys((*LONG, *SHORT, *FILES)), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": ctx.now + ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }


def _book(
    ctx: Context, charge: StripeObject, dispute: Body, settled: int, *, back: bool = False
) -> Body:
    """Take `settled` off the balance, and the fee with it; or give it back, without the fee."""
    taken = charges.brought(ctx, charge)
    currency, presented = taken["currency"], dispute["currency"]
    sign = 1 if back else -1
    fee = 0 if back else money.exchange(FEE, FEE_CURRENCY, currency)
    available_on = max(ctx.now, taken["available_on"])
    row = ledger.balance_transaction(
        ctx,
        "adjustment",
        category="dispute_reversal" if back else "dispute",
        amount=sign * settled,
        fee=fee,
        currency=currency,
        presented=presented,
        source=dispute["id"],
        available_on=available_on,
    )
    gone = -sign * dispute["amount"]
    lines: list[ledger.Line] = [
        (ledger.balance_of(ctx.account), currency, sign * settled - fee),
        *ledger.exchanged(-sign * settled, currency, gone, presented),
        ("cards", presented, gone),
        ("fees", currency, fee),
    ]
    ledger.move(ctx, "dispute", dispute["id"], lines, available_on)
    return row.body


def win(ctx: Context, row: StripeObject) -> None:
    """The bank sees it the platform's way: the money comes back, the fee doesn't."""
    _refuse_undecidable(row)
    charge = store.get(ctx, "charge", row.body["charge"])
    (taken,) = row.body["balance_transactions"]
    back = _book(ctx, charge, row.body, -taken["amount"], back=True)
    _close(ctx, row, "won", balance_transactions=[taken, back], is_charge_refundable=True)
    events.emit(ctx, "charge.dispute.funds_reinstated", row.body)


def lose(ctx: Context, row: StripeObject) -> None:
    """The bank sees it the cardholder's way, or nobody answered in time."""
    _refuse_undecidable(row)
    _close(ctx, row, "lost")


def _close(ctx: Context, row: StripeObject, status: str, **changes: Any) -> None:
    row.due_at = None
    events.changed(ctx, "charge.dispute.closed", row, status=status, **changes)


def _refuse_undecidable(row: StripeObject) -> None:
    _refuse_closed(row)
    if row.status in INQUIRIES:
        raise ValueError(f"{row.stripe_id} is an inquiry: nobody wins or loses it.")


def _refuse_closed(row: StripeObject) -> None:
    if row.status not in (*OPEN, *INQUIRIES):
        raise StripeError(f"This dispute is already closed with a status of {row.status}.")


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/disputes/{id}`."""
    return store.get(ctx, "dispute", id, param="dispute").body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/disputes/{id}`: evidence, sent to the bank at once unless `submit` is false."""
    row = store.get(ctx, "dispute", id, param="dispute")
    changes: Body = {"metadata": params.kept_metadata(values, row.body["metadata"])}
    if "evidence" in values or values.get("submit"):
        _refuse_closed(row)
        changes |= _with_evidence(row.body, values)
    events.changed(ctx, "charge.dispute.updated", row, **changes)
    if row.status in ("under_review", "warning_under_review"):
        _decide_at_once(ctx, row)
    return row.body


def _with_evidence(body: Body, values: dict[str, Any]) -> Body:
    evidence = body["evidence"] | values.get("evidence", {})
    details = body["evidence_details"] | {"has_evidence": True}
    if not values.get("submit", True):
        return {"evidence": evidence, "evidence_details": details}
    details["submission_count"] += 1
    status = "warning_under_review" if body["status"] in INQUIRIES else "under_review"
    return {"evidence": evidence, "evidence_details": details, "status": status}


def _decide_at_once(ctx: Context, row: StripeObject) -> None:
    word = row.body["evidence"]["uncategorized_text"]
    if row.status in INQUIRIES and word in (WINNING, LOSING):
        inquiries.end(ctx, row)
    elif word == WINNING:
        win(ctx, row)
    elif word == LOSING:
        lose(ctx, row)


def close(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/disputes/{id}/close`: the platform gives in."""
    row = store.get(ctx, "dispute", id, param="dispute")
    if row.status in INQUIRIES:
        raise StripeError("This is an inquiry: there is no dispute to accept. Refund the charge.")
    lose(ctx, row)
    return row.body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/disputes`."""
    rows = store.objects(ctx, "dispute")
    rows = lists.narrowed(ctx, rows, values, {"charge": "ref", "payment_intent": "group"})
    return lists.page(rows, values, "/v1/disputes")
