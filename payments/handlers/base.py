"""What every handler is."""

from collections.abc import Callable, Mapping
from typing import Any

from payments.models import Transaction, WebhookEvent
from payments.services import invoices, recording
from payments.stripe_service import StripeService

Handler = Callable[[WebhookEvent, Mapping[str, Any]], str]


def charge_of(metadata: object) -> Transaction | None:
    """The charge that an object of Stripe's names in its metadata."""
    code = metadata.get("transaction", "") if isinstance(metadata, Mapping) else ""
    return Transaction.objects.charges().filter(code=code).first()


def charge_paid(*, charge_id: str, intent_id: str) -> Transaction | None:
    """The charge of ours that it is at Stripe, brought to where its payment stands.

    A bank, or someone at Stripe, may be quicker than the payment's own event.
    """
    row = Transaction.objects.charges().filter(stripe_charge_id=charge_id or "-").first()
    if (row is not None and row.status in Transaction.RECEIVED) or not intent_id:
        return row
    payment = StripeService().retrieve_payment(intent_id)
    row = charge_of(payment.metadata)
    if row is None:
        return invoices.record_paid_by(intent_id=intent_id)
    recording.record_intent(transaction=row, payment=payment)
    row.refresh_from_db()
    return row
