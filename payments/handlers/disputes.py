"""Disputes, from the day that a bank tells of one to its decision."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler, charge_of
from payments.models import Transaction, WebhookEvent
from payments.services import disputes, recording
from payments.stripe_service import StripeService
from payments.stripe_types import Dispute


def _dispute(event: WebhookEvent, dispute: Mapping[str, Any]) -> str:
    found = StripeService().retrieve_dispute(dispute["id"])
    row = Transaction.objects.charges().filter(stripe_charge_id=found.charge_id).first()
    row = row or _paid_meanwhile(found)
    if row is None:
        return "A payment that no charge knows is disputed."
    disputes.record_dispute(charge=row, dispute=found)
    return ""


def _paid_meanwhile(dispute: Dispute) -> Transaction | None:
    """The charge whose own event is still on the way: what it tells comes first."""
    if not dispute.intent_id:
        return None
    payment = StripeService().retrieve_payment(dispute.intent_id)
    row = charge_of(payment.metadata)
    if row is not None and payment.is_paid:
        recording.record_payment(transaction=row, payment=payment)
        row.refresh_from_db()
    return row


HANDLERS: dict[str, Handler] = {
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}
