"""One small handler for each kind of event.

They may run twice and in any order: each asks how the object stands now, and what it writes is a
compare-and-swap. Each gives a sentence for staff, empty where all is well.
"""

from collections.abc import Callable, Mapping
from typing import Any

from payments.models import PaymentAccount, Transaction, WebhookEvent
from payments.services import accounts, recording, refunds, transfers
from payments.stripe_service import StripeService
from payments.stripe_types import Refund, Transfer, id_of

Status = Transaction.Status
Handler = Callable[[WebhookEvent, Mapping[str, Any]], str]
# What dj-stripe keeps a copy of, as far as we rely on it.
MIRRORED = ("account.updated", "charge.", "checkout.session.", "payment_intent.", "transfer.")


def is_mirrored(kind: str) -> bool:
    """Whether dj-stripe is to take this event up."""
    return kind.startswith(MIRRORED)


def handle(event: WebhookEvent) -> str:
    """Do what that kind of event asks for; nothing for those that ask for nothing."""
    handler = HANDLERS.get(event.type)
    return handler(event, event.payload["data"]["object"]) if handler else ""


def _charge_of(metadata: object) -> Transaction | None:
    code = metadata.get("transaction", "") if isinstance(metadata, Mapping) else ""
    return Transaction.objects.charges().filter(code=code).first()


def _checkout(event: WebhookEvent, session: Mapping[str, Any]) -> str:
    row = Transaction.objects.filter(stripe_checkout_session_id=session["id"]).first()
    row = row or _charge_of(session.get("metadata"))
    checkout = StripeService().retrieve_checkout_session(session["id"])
    if row is None:
        return "A checkout that no charge knows was paid." if checkout.is_paid else ""
    if row.stripe_checkout_session_id != checkout.id and not checkout.is_paid:
        return ""  # its opening is on the way, or was never answered, or is forgotten
    recording.record_checkout(transaction=row, checkout=checkout)
    return ""


def _intent(event: WebhookEvent, intent: Mapping[str, Any]) -> str:
    row = _charge_of(intent.get("metadata"))
    payment = StripeService().retrieve_payment(intent["id"])
    if row is None:
        return "A payment that no charge knows came in." if payment.is_paid else ""
    if payment.is_paid:
        recording.record_payment(transaction=row, payment=payment)
    elif payment.was_declined:
        recording.record_decline(transaction=row, payment=payment)
    return ""


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
    charge = Transaction.objects.filter(stripe_charge_id=refund.charge_id).first()
    if charge is None:
        return "A refund of a charge that nobody knows was made."
    refunds.adopt_refund(charge=charge, refund=refund)
    return ""


def _account_updated(event: WebhookEvent, account: Mapping[str, Any]) -> str:
    row = PaymentAccount.objects.filter(stripe_account_id=account["id"]).first()
    if row is not None:
        accounts.refresh_account(account=row)
    return ""


def _deauthorized(event: WebhookEvent, application: Mapping[str, Any]) -> str:
    # The object is the application; whose account it was stands in the event.
    row = PaymentAccount.objects.filter(stripe_account_id=event.account or "-").first()
    if row is not None:
        accounts.disconnect_account(account=row)
    return ""


def _transfer(event: WebhookEvent, transfer: Mapping[str, Any]) -> str:
    rows = Transaction.objects.payouts()
    code = id_of((transfer.get("metadata") or {}).get("transaction"))
    row = rows.filter(code=code).first()
    if row is None:
        return "A transfer that no payout knows was made."
    transfers.record_transfer(transaction=row, transfer=Transfer.read(transfer))
    return ""


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _checkout,
    "checkout.session.async_payment_succeeded": _checkout,
    "checkout.session.expired": _checkout,
    "checkout.session.async_payment_failed": _checkout,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "charge.refunded": _charge_refunded,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "account.updated": _account_updated,
    "account.application.deauthorized": _deauthorized,
    "transfer.created": _transfer,
}
