"""Refunds, whoever made them."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler, charge_paid
from payments.models import Transaction, WebhookEvent
from payments.services import refunds
from payments.stripe_service import StripeService
from payments.stripe_types import Refund


def _charge_refunded(event: WebhookEvent, charge: Mapping[str, Any]) -> str:
    found = StripeService().refunds_of(charge["id"])
    return " ".join(filter(None, (_record_refund(refund) for refund in found)))


def _refund(event: WebhookEvent, refund: Mapping[str, Any]) -> str:
    return _record_refund(StripeService().retrieve_refund(refund["id"]))


def _record_refund(refund: Refund) -> str:
    code = refund.metadata.get("transaction", "")
    rows = Transaction.objects.refunds().select_related("parent")
    row = rows.filter(stripe_refund_id=refund.id).first() or rows.filter(code=code).first()
    if row is not None:
        refunds.record_refund(transaction=row, refund=refund)
        return ""
    charge = charge_paid(charge_id=refund.charge_id, intent_id=refund.intent_id)
    if charge is None:
        return "A refund of a charge that nobody knows was made."
    if charge.status not in Transaction.RECEIVED:
        return ""  # an authorisation that is released is told as a refund, of money that never came
    refunds.adopt_refund(charge=charge, refund=refund)
    return ""


HANDLERS: dict[str, Handler] = {
    "charge.refunded": _charge_refunded,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
}
