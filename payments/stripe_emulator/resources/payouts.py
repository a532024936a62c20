"""Payouts: what an account's balance sends to its bank, by itself once a day or when asked."""

from dataclasses import dataclass
from typing import Any

from .. import events, ids, ledger, params, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from ..periods import DAY
from . import accounts, lists
from .transfers import check_available

# A payout waits a day before the bank gets it: until then it can be called back.
SUBMITTED_AFTER, ARRIVES_AFTER = DAY, 2 * DAY
OPEN = ("pending", "in_transit")
CREATE: params.Spec = {
    **params.EXPAND,
    "amount": params.Required(params.integer(least=1, most=99_999_999)),
    "currency": params.Required(params.currency),
    "description": params.text(),
    "metadata": params.metadata,
    "method": params.one_of("standard"),
    "source_type": params.one_of("card"),
    "statement_descriptor": params.text(longest=22),
}
UPDATE: params.Spec = {**params.EXPAND, "metadata": params.metadata}
LIST: params.Spec = {
    **params.PAGING,
    "arrival_date": params.time_range,
    "status": params.one_of("canceled", "failed", "in_transit", "paid", "pending"),
}


@dataclass(frozen=True)
class Failure:
    """Why a bank sends a payout back, in Stripe's words."""

    code: str
    message: str


# https://docs.stripe.com/api/payouts/failures
FAILURES = {
    failure.code: failure
    for failure in (
        Failure("account_closed", "The bank account has been closed."),
        Failure("no_account", "The bank account could not be located."),
        Failure("incorrect_account_holder_name", "The account holder's name is incorrect."),
    )
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/payouts`: of what is available, beside the ones that leave by themselves."""
    if not accounts.may_pay_out(ctx):
        raise StripeError(
            "Cannot create payouts: this account has requirements that need to be collected.",
            code="payouts_not_allowed",
        )
    check_available(ctx, values)
    return _send(ctx, values, automatic=False).body


def send_what_is_available(ctx: Context) -> StripeObject | None:
    """The automatic payout of today; none where there was one, or nothing is available."""
    if not accounts.may_pay_out(ctx) or _sent_today(ctx):
        return None
    currency = accounts.default_currency(ctx.account)
    amount = ledger.held(ctx.account, ctx.now)["available"].get(currency, 0)
    if amount <= 0:
        return None
    return _send(ctx, {"amount": amount, "currency": currency}, automatic=True)


def _sent_today(ctx: Context) -> bool:
    today = ctx.now - ctx.now % DAY
    rows = store.objects(ctx, "payout").filter(created__gte=today, body__automatic=True)
    return rows.exists()


def _send(ctx: Context, values: dict[str, Any], *, automatic: bool) -> StripeObject:
    body = _build(ctx, values, automatic=automatic)
    row = store.create(ctx, body, due_at=ctx.now + SUBMITTED_AFTER)
    taken = _book(ctx, body, "payout", -body["amount"])
    store.change(row, balance_transaction=taken)
    events.emit(ctx, "payout.created", row.body)
    return row


def _build(ctx: Context, values: dict[str, Any], *, automatic: bool) -> Body:
    arrives_at = ctx.now + ARRIVES_AFTER
    return {
        "id": ids.new("po"),
        "object": "payout",
        "amount": values["amount"],
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrives_at - arrives_at % DAY,
        "automatic": automatic,
        "balance_transaction": None,
        "created": ctx.now,
        "currency": values["currency"],
        "description": "STRIPE PAYOUT" if automatic else values.get("description"),
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": params.kept_metadata(values),
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": values.get("statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }


def _book(ctx: Context, payout: Body, kind: str, amount: int) -> str:
    """Move the money to the bank, or back from there; gives the balance transaction's id."""
    row = ledger.balance_transaction(
        ctx,
        kind,
        amount=amount,
        currency=payout["currency"],
        source=payout["id"],
        available_on=ctx.now,
    )
    lines: list[ledger.Line] = [
        (ledger.balance_of(ctx.account), payout["currency"], amount),
        ("banks", payout["currency"], -amount),
    ]
    ledger.move(ctx, kind, payout["id"], lines, ctx.now)
    return row.stripe_id


def submit(ctx: Context, row: StripeObject) -> None:
    """The bank has it: it can't be called back any more."""
    row.due_at = max(row.body["arrival_date"], ctx.now)
    events.changed(ctx, "payout.updated", row, status="in_transit")


def arrive(ctx: Context, row: StripeObject) -> None:
    """The money is on the bank account, as far as one knows."""
    row.due_at = None
    store.change(row, status="paid")
    events.emit(ctx, "payout.paid", row.body)


def fail(ctx: Context, row: StripeObject, code: str = "account_closed") -> None:
    """The bank sends it back, which it may do for days after the money was said to be there.

    The account's owner has to name another bank account before anything else is paid out.
    """
    if row.status not in (*OPEN, "paid"):
        raise ValueError(f"{row.stripe_id} is {row.status} already.")
    failure = FAILURES[code]
    _take_back(
        ctx,
        row,
        "payout_failure",
        failure_code=failure.code,
        failure_message=failure.message,
        status="failed",
    )
    events.emit(ctx, "payout.failed", row.body)
    if not ctx.is_platform:
        accounts.ask_for_another_bank(ctx)


def _take_back(ctx: Context, row: StripeObject, kind: str, **changes: Any) -> None:
    row.due_at = None
    back = _book(ctx, row.body, kind, row.body["amount"])
    store.change(row, failure_balance_transaction=back, **changes)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/payouts/{id}`."""
    return store.get(ctx, "payout", id, param="payout").body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payouts/{id}`: its metadata."""
    row = store.get(ctx, "payout", id, param="payout")
    metadata = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "payout.updated", row, metadata=metadata).body


def cancel(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payouts/{id}/cancel`: while the bank hasn't got it."""
    row = store.get(ctx, "payout", id, param="payout")
    if row.status != "pending":
        raise StripeError("Payouts can only be canceled while they are pending.")
    _take_back(ctx, row, "payout_cancel", status="canceled")
    events.emit(ctx, "payout.canceled", row.body)
    return row.body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/payouts`."""
    rows = store.objects(ctx, "payout")
    if "status" in values:
        rows = rows.filter(status=values["status"])
    for bound, value in values.get("arrival_date", {}).items():
        rows = rows.filter(**{f"body__arrival_date__{bound}": value})
    return lists.page(rows, values, "/v1/payouts")
