"""The mentors' money: passed on by the sweeper once a session has been over for long enough."""

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction as db
from django.db.models import Exists, OuterRef, QuerySet

from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import StripeError
from payments import tasks
from payments.models import PaymentAccount, Transaction
from payments.services import ledger
from payments.services.refunds import STUCK_AFTER
from payments.signals import transfer_made
from payments.stripe_service import StripeBroken, StripeRefused, StripeService, why
from payments.stripe_types import Transfer

logger = logging.getLogger(__name__)
Status = Transaction.Status


def due_charges(now: dt.datetime) -> QuerySet[Transaction]:
    """Charges of sessions that were over `PAYOUT_DELAY_HOURS` ago and aren't passed on yet.

    Those whose payout Stripe refused wait for staff.
    """
    completed_by = now - dt.timedelta(hours=settings.PAYOUT_DELAY_HOURS)
    return Transaction.objects.filter(
        ~Exists(Transaction.objects.payouts().filter(parent=OuterRef("pk"))),
        type=Transaction.Type.BOOKING,
        status__in=Transaction.PAID,
        booking__status=Booking.Status.COMPLETED,
        booking__completed_at__lte=completed_by,
        mentor__payment_account__transfers_active=True,
    ).order_by("pk")


def send_due_transfers(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Write down every payout that is due and let tasks send them; gives their number."""
    now = now or times.now()
    return sum(_queue(charge, now) for charge in due_charges(now)[:limit])


def _queue(charge: Transaction, now: dt.datetime) -> bool:
    with db.atomic():
        charge = ledger.lock(charge)
        if not due_charges(now).filter(pk=charge.pk).exists():
            return False  # another worker was quicker, or it was refunded meanwhile
        return request_transfer(charge=charge, now=now) is not None


def request_transfer(*, charge: Transaction, now: dt.datetime) -> Transaction | None:
    """The payout of a locked charge, within the caller's transaction; none of nothing."""
    if charge.status not in Transaction.PAID or ledger.passed_on_minor(charge) <= 0:
        return None
    row = ledger.open_payout(charge=charge, now=now, next_attempt_at=now + STUCK_AFTER)
    tasks.send_transfer.enqueue(transaction_id=row.pk)
    return row


def send_transfer(*, transaction: Transaction, now: dt.datetime | None = None) -> None:
    """Ask Stripe to pass it on, once however often this is called.

    Raises `StripeError` where asking again later may help; a refusal is left to staff.
    """
    if transaction.status != Status.PENDING:
        return
    now = now or times.now()
    ledger.note(transaction=transaction, next_attempt_at=now + STUCK_AFTER)
    account = PaymentAccount.objects.filter(mentor=transaction.mentor).first()
    if account is None or not account.stripe_account_id:
        _refused(transaction, "The mentor has no connected account.")
        return
    try:
        transfer = _sent_before(transaction) or StripeService().create_transfer(
            transaction=transaction, destination=account.stripe_account_id
        )
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
        record_transfer(transaction=transaction, transfer=transfer, now=now)


def _sent_before(row: Transaction) -> Transfer | None:
    """What an earlier attempt whose answer we never saw came to."""
    if row.attempts <= 1:
        return None
    found = StripeService().transfers_of(row.sold.code)
    return next((t for t in found if t.metadata.get("transaction") == row.code), None)


def _refused(row: Transaction, detail: str) -> None:
    logger.warning("payout %s was refused: %s", row.code, detail)
    ledger.move(
        transaction=row,
        to=Status.FAILED,
        last_error=detail[:500],
        needs_attention=f"Stripe refused this payout: {detail}"[:500],
        next_attempt_at=None,
    )


def record_transfer(
    *, transaction: Transaction, transfer: Transfer, now: dt.datetime | None = None
) -> None:
    """The mentor's money left. Safe to repeat."""
    with db.atomic():
        if ledger.move(
            transaction=transaction,
            to=Status.SUCCEEDED,
            stripe_transfer_id=transfer.id,
            succeeded_at=now or times.now(),
            next_attempt_at=None,
            last_error="",
        ):
            transfer_made.send(sender=Transaction, transaction=transaction)
