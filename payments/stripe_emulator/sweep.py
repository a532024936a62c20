"""What time brings about by itself; run it every now and then."""

from django.db import transaction

from . import config, context, idempotency, store
from .models import StripeObject
from .resources import checkout_sessions, disputes, payment_intents
from .router import ALIAS


def expire_sessions(limit: int = 100) -> int:
    """Expire the open Checkout Sessions that are past their end; gives their number."""
    return sum(_expire_session(pk) for pk in _due("checkout.session", "open")[:limit])


def cancel_authorizations(limit: int = 100) -> int:
    """Release the authorisations that nobody captured in time; gives their number."""
    return sum(_cancel_intent(pk) for pk in _due("payment_intent", "requires_capture")[:limit])


def open_disputes(limit: int = 100) -> int:
    """Dispute the charges of the card whose payments are disputed; gives their number."""
    return sum(_open_dispute(pk) for pk in _due("charge", "succeeded")[:limit])


def lose_disputes(limit: int = 100) -> int:
    """Lose the disputes that nobody answered in time; gives their number."""
    return sum(_lose_dispute(pk) for pk in _due("dispute", "needs_response")[:limit])


def forget_idempotency_keys() -> int:
    """Drop the answers that are older than a day."""
    return idempotency.forget_old(config.timestamp())


def _due(kind: str, status: str) -> list[int]:
    rows = StripeObject.objects.filter(type=kind, status=status, due_at__lte=config.timestamp())
    return list(rows.order_by("due_at").values_list("pk", flat=True))


def _locked(pk: int, status: str) -> StripeObject | None:
    """The row as it is now that nobody else can write: someone may have paid meanwhile."""
    return StripeObject.objects.filter(pk=pk, status=status).first()


def _expire_session(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "open")
        if row:
            checkout_sessions.expire_row(context.for_account(row.account), row)
    return row is not None


def _cancel_intent(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "requires_capture")
        if row:
            payment_intents.cancel_row(context.for_account(row.account), row, "automatic")
    return row is not None


def _open_dispute(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = StripeObject.objects.filter(pk=pk, due_at__isnull=False).first()
        is_due = row is not None and disputes.can_be_disputed(row)
        if row and is_due:
            disputes.open_dispute(context.for_account(row.account), row)
        elif row:
            row.due_at = None  # it went back meanwhile
            row.save()
    return is_due


def _lose_dispute(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "needs_response")
        if row:
            late = row.body["evidence_details"] | {"past_due": True}
            store.change(row, evidence_details=late)
            disputes.lose(context.for_account(row.account), row)
    return row is not None
