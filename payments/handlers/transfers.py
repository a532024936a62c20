"""Transfers to connected accounts."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import Transaction, WebhookEvent
from payments.services import transfers
from payments.stripe_types import Transfer, id_of


def _transfer(event: WebhookEvent, transfer: Mapping[str, Any]) -> str:
    rows = Transaction.objects.payouts()
    code = id_of((transfer.get("metadata") or {}).get("transaction"))
    row = rows.filter(code=code).first()
    if row is None:
        return "A transfer that no payout knows was made."
    transfers.record_transfer(transaction=row, transfer=Transfer.read(transfer))
    return ""


HANDLERS: dict[str, Handler] = {
    "transfer.created": _transfer,
}
