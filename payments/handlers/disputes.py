"""Disputes, from the day that a bank tells of one to its decision."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler, charge_paid
from payments.models import WebhookEvent
from payments.services import disputes
from payments.stripe_service import StripeService


def _dispute(event: WebhookEvent, dispute: Mapping[str, Any]) -> str:
    found = StripeService().retrieve_dispute(dispute["id"])
    row = charge_paid(charge_id=found.charge_id, intent_id=found.intent_id)
    if row is None:
        return "A payment that no charge knows is disputed."
    disputes.record_dispute(charge=row, dispute=found)
    return ""


HANDLERS: dict[str, Handler] = {
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}
