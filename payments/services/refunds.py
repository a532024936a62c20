"""Money that goes back: asked for inside a transaction, sent by a task, told by Stripe."""

import datetime as dt
import logging
from typing import Any

from django.db import transaction as db
from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, InvalidInput, StripeError
from payments import tasks
from payments.models import Transaction
from payments.services import ledger
from payments.signals import refund_made
from payments.stripe_service import StripeBroken, StripeRefused, StripeService, why
from payments.stripe_types import Refund

logger = logging.getLogger(__name__)
Status = Transaction.Status
# How long after its last try a row that still waits is taken up again by the sweeper.
STUCK_AFTER = dt.timedelta(minutes=15)


def refund_booking(
    *, booking: Booking, amount_minor: int, reason: str, now: dt.datetime | None = None
) -> Transaction | None:
    """Give back a part of what was paid for a booking; `None` where nothing was."""
    charge = booking.transactions.filter(
        type=Transaction.Type.BOOKING, status__in=Transaction.PAID
    ).first()
    if charge is None or amount_minor == 0:
        return None
    return request_refund(charge=charge, amount_minor=amount_minor, reason=reason, now=now)


def request_refund(
    *, charge: Transaction, amount_minor: int, reason: str, now: dt.datetime | None = None
) -> Transaction:
    """Write the refund down and let a task send it.

    Raises `Conflict` where more would go back than came, or the mentor has it already.
    """
    now = now or times.now()
    with db.atomic():
        if charge.booking is not None:
            bookings.lock_booking(charge.booking)
        charge = ledger.lock(charge)
        if charge.status not in Transaction.PAID:
            raise Conflict(_("Only what was paid can be given back."))
        if charge.children.payouts().standing().exists():
            raise Conflict(_("The mentor's part is already on its way to them."))
        row = ledger.open_refund(
            charge=charge,
            amount_minor=amount_minor,
            reason=reason,
            now=now,
            next_attempt_at=now + STUCK_AFTER,
        )
        tasks.send_refund.enqueue(transaction_id=row.pk)
    return row


def refund_rest(*, charge: Transaction, reason: str, now: dt.datetime | None = None) -> Transaction:
    """Give back all that is left of a charge; staff's own decision, so it needs a reason."""
    if not reason.strip():
        raise InvalidInput(_("Say why: the reason stands beside the refund."), field="reason")
    left = charge.amount_minor - ledger.refunded_minor(charge)
    return request_refund(charge=charge, amount_minor=left, reason=reason.strip(), now=now)


def send_refund(*, transaction: Transaction, now: dt.datetime | None = None) -> None:
    """Ask Stripe to send it back, once however often this is called.

    Raises `StripeError` where asking again later may help; a refusal is left to staff.
    """
    if transaction.status != Status.PENDING:
        return
    now = now or times.now()
    ledger.note(transaction=transaction, next_attempt_at=now + STUCK_AFTER)
    try:
        refund = _sent_before(transaction) or StripeService().create_refund(transaction=transaction)
    except StripeRefused as refusal:
        _refused(transaction, why(refusal))
    except StripeBroken as error:
        # Stripe repeats this answer under the same key: look first, then ask under another.
        attempts = transaction.attempts + 1
        ledger.note(transaction=transaction, attempts=attempts, last_error=why(error))
        raise
    except StripeError as error:
        ledger.note(transaction=transaction, last_error=why(error))
        raise
    else:
        record_refund(transaction=transaction, refund=refund, now=now)


def _sent_before(row: Transaction) -> Refund | None:
    """What an earlier attempt whose answer we never saw came to."""
    if row.attempts <= 1:
        return None
    found = StripeService().refunds_of(row.charge.stripe_charge_id or "")
    return next((r for r in found if r.metadata.get("transaction") == row.code), None)


def _refused(row: Transaction, detail: str) -> None:
    logger.warning("refund %s was refused: %s", row.code, detail)
    ledger.move(
        transaction=row,
        to=Status.FAILED,
        last_error=detail,
        needs_attention=f"Stripe refused this refund: {detail}"[:500],
        next_attempt_at=None,
    )


def record_refund(
    *, transaction: Transaction, refund: Refund, now: dt.datetime | None = None
) -> None:
    """Bring the row, and its charge, to where the refund stands at Stripe. Safe to repeat."""
    facts: dict[str, Any] = {"stripe_refund_id": refund.id, "last_error": ""}
    with db.atomic():
        ledger.lock(transaction.charge)
        if refund.status == "succeeded":
            facts |= {"succeeded_at": now or times.now(), "next_attempt_at": None}
            if ledger.move(transaction=transaction, to=Status.SUCCEEDED, **facts):
                ledger.count_refund(refund=transaction)
                refund_made.send(sender=Transaction, transaction=transaction)
        elif refund.status in {"failed", "canceled"}:
            _failed(transaction, refund)
        else:
            ledger.move(transaction=transaction, to=Status.PROCESSING, **facts)


def _failed(row: Transaction, refund: Refund) -> None:
    words = f"Stripe could not send this refund: {refund.failure or refund.status}."
    facts = {"stripe_refund_id": refund.id, "next_attempt_at": None, "needs_attention": words}
    if not ledger.move(transaction=row, to=Status.FAILED, **facts):
        ledger.note(transaction=row, needs_attention=words)


def adopt_refund(*, charge: Transaction, refund: Refund, now: dt.datetime | None = None) -> None:
    """Take a refund that was made at Stripe, and not here, into the ledger. Safe to repeat."""
    now = now or times.now()
    with db.atomic():
        charge = ledger.lock(charge)
        row = Transaction.objects.filter(stripe_refund_id=refund.id).first()
        if row is None:
            row = ledger.open_refund(
                charge=charge,
                amount_minor=refund.amount_minor,
                reason=_("made at Stripe"),
                now=now,
                stripe_refund_id=refund.id,
                needs_attention="This refund was made at Stripe, not here.",
            )
        record_refund(transaction=row, refund=refund, now=now)
