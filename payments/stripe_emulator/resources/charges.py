"""Charges: what one attempt to take money came to."""

from typing import Any

from .. import events, ids, ledger, money, params, store
from ..cards import Decline, TestCard
from ..context import Body, Context
from ..models import StripeObject
from ..periods import DAY
from . import accounts, lists

SETTLES_AFTER = 7 * DAY
CAPTURE_WITHIN = 7 * DAY
UPDATE: params.Spec = {
    **params.EXPAND,
    "description": params.text(clearable=True),
    "metadata": params.metadata,
    "receipt_email": params.email,
}
LIST: params.Spec = {
    **params.PAGING,
    "customer": params.text(),
    "payment_intent": params.text(),
    "transfer_group": params.text(),
}


def build(
    ctx: Context, intent: Body, method: Body, *, captured: bool, decline: Decline | None
) -> Body:
    """The charge of one attempt, before any money moves."""
    amount = intent["amount"]
    failed = decline is not None
    return {
        "id": ids.new("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if captured and not failed else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TEST PAYMENTS",
        "captured": captured and not failed,
        "created": ctx.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(ctx, intent, method, captured=captured),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if failed else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }


def _outcome(decline: Decline | None) -> Body:
    common: Body = {
        "advice_code": "try_again_later" if decline else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "risk_level": "normal",
        "risk_score": 12,
    }
    if decline is None:
        return common | {
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return common | {
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "seller_message": f"The bank did not accept the payment: {decline.decline_code}.",
        "type": "issuer_declined",
    }


def _details(ctx: Context, intent: Body, method: Body, *, captured: bool) -> Body:
    card = method["card"]
    details: Body = {
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {
            "maximum_amount_capturable": intent["amount"],
            "status": "unavailable",
        },
        "three_d_secure": None,
    }
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    details |= {name: card[name] for name in (*same, "last4", "regulated_status", "wallet")}
    if not captured:
        details["capture_before"] = ctx.now + CAPTURE_WITHIN
    return {"card": details, "type": "card"}


def keep(ctx: Context, body: Body) -> StripeObject:
    """Put the charge on the books; a captured one brings its money."""
    return store.create(
        ctx, body, ref=body["payment_intent"] or "", group=body["transfer_group"] or ""
    )


def settle(ctx: Context, row: StripeObject, card: TestCard, amount: int) -> None:
    """Take `amount` from the cardholder to the account's balance, less Stripe's fee."""
    body = row.body
    default = accounts.default_currency(ctx.account)
    currency = money.settlement_currency(ctx.account, body["currency"], default)
    settled = money.exchange(amount, body["currency"], currency)
    fee = money.stripe_fee(settled)
    available_on = ctx.now if card.available_at_once else ctx.now + SETTLES_AFTER
    transaction = ledger.balance_transaction(
        ctx,
        "charge",
        amount=settled,
        fee=fee,
        currency=currency,
        presented=body["currency"],
        source=row.stripe_id,
        available_on=available_on,
    )
    lines: list[ledger.Line] = [
        ("cards", body["currency"], -amount),
        *ledger.exchanged(amount, body["currency"], settled, currency),
        (ledger.balance_of(ctx.account), currency, settled - fee),
        ("fees", currency, fee),
    ]
    ledger.move(ctx, "charge", row.stripe_id, lines, available_on)
    if card.is_disputed:
        row.due_at = ctx.now
    store.change(
        row, balance_transaction=transaction.stripe_id, amount_captured=amount, captured=True
    )


def brought(ctx: Context, row: StripeObject) -> Body:
    """The balance transaction of a charge whose money has come."""
    return store.get(ctx, "balance_transaction", row.body["balance_transaction"]).body


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/charges/{id}`."""
    return store.get(ctx, "charge", id).body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/charges/{id}`."""
    row = store.get(ctx, "charge", id)
    changes: Body = {
        name: values[name] for name in ("description", "receipt_email") if name in values
    }
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "charge.updated", row, **changes).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/charges`."""
    rows = store.objects(ctx, "charge")
    named = {"customer": "body__customer", "payment_intent": "ref"}
    rows = lists.narrowed(ctx, rows, values, named)
    if "transfer_group" in values:
        rows = rows.filter(group=values["transfer_group"])
    return lists.page(rows, values, "/v1/charges")
