"""Transfers to connected accounts, and what comes back of them."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import Transaction, WebhookEvent
from payments.services import reversals, transfers
from payments.stripe_service import StripeService
from payments.stripe_types import Transfer, id_of


def _transfer(event: WebhookEvent, transfer: Mapping[str, Any]) -> str:
    rows = Transaction.objects.payouts()
    code = id_of((transfer.get("metadata") or {}).get("transaction"))
    row = rows.filter(code=code).first()
    if row is None:
        return "A transfer that no payout knows was made."
    transfers.record_transfer(transaction=row, transfer=Transfer.read(transfer))
    return ""


def _reversed(event: WebhookEvent, transfer: Mapping[str, Any]) -> str:
    payout = Transaction.objects.payouts().filter(stripe_transfer_id=transfer["id"]).first()
    if payout is None:
        return "A transfer that no payout knows was reversed."
    for made in StripeService().reversals_of(transfer["id"]):
        row = payout.reversals.filter(code=made.metadata.get("reversal", "")).first()
        if row is None:
            reversals.adopt_reversal(payout=payout, made=made)
        else:
            reversals.record_reversal(reversal=row, made=made)
    return ""


HANDLERS: dict[str, Handler] = {
    "transfer.created": _transfer,
    "transfer.reversed": _reversed,
}
