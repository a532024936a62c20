"""What Stripe says of a charge, written down: the one way, for webhook and return page alike.

And whatever was sold: what follows is said in `sales.py`.
"""

import datetime as dt
import logging

from django.db import transaction as db

from bookings import services as bookings
from bookings.services.locking import exclusive
from mentormatch import times
from mentormatch.errors import Conflict
from payments import tasks
from payments.models import Transaction
from payments.services import cards, ledger, sending
from payments.services.sales import sale_of
from payments.signals import payment_failed, payment_received
from payments.stripe_types import Checkout, Payment

logger = logging.getLogger(__name__)
Status = Transaction.Status
# Where Stripe doesn't say until when: the least that a card network gives.
SHORTEST_AUTHORIZATION = dt.timedelta(days=4)


def record_checkout(
    *, transaction: Transaction, checkout: Checkout, now: dt.datetime | None = None
) -> None:
    """Bring the charge to where its checkout stands. Safe to repeat, in any order."""
    if checkout.is_paid and checkout.payment is not None:
        record_payment(transaction=transaction, payment=checkout.payment, now=now)
    elif checkout.is_authorized and checkout.payment is not None:
        record_authorization(transaction=transaction, payment=checkout.payment, now=now)
    elif transaction.is_authorized and checkout.has_failed:
        record_release(transaction=transaction, now=now)
    elif checkout.is_expired or checkout.has_failed:
        record_expiry(transaction=transaction, now=now)
    elif checkout.is_processing:
        ledger.move(transaction=transaction, to=Status.PROCESSING)


def record_intent(
    *, transaction: Transaction, payment: Payment, now: dt.datetime | None = None
) -> None:
    """Bring the charge to where its payment intent stands. Safe to repeat, in any order."""
    if payment.is_paid:
        record_payment(transaction=transaction, payment=payment, now=now)
    elif payment.is_authorized:
        record_authorization(transaction=transaction, payment=payment, now=now)
    elif payment.is_canceled:
        record_release(transaction=transaction, now=now)
    elif payment.was_declined:
        record_decline(transaction=transaction, payment=payment)


def record_payment(
    *, transaction: Transaction, payment: Payment, now: dt.datetime | None = None
) -> bool:
    """The money came: a booking is confirmed, or the money given back if its time is gone.

    Safe to repeat: only the first call does anything. Gives whether this was it. Another sum
    than was asked for confirms nothing, and a second payment changes nothing: staff are told, and
    what came is theirs to give back.
    """
    now = now or times.now()
    mismatch = _mismatch(transaction, payment)
    if mismatch:
        _tell_staff(transaction, payment, mismatch)
        return False
    sale = sale_of(transaction)
    with exclusive():
        sale.lock(transaction)
        if not ledger.move(
            transaction=transaction,
            to=Status.SUCCEEDED,
            succeeded_at=now,
            stripe_payment_intent_id=payment.intent_id,
            stripe_charge_id=payment.charge_id or None,
            settled_minor=payment.settled_minor,
            settled_currency=payment.settled_currency,
            stripe_fee_minor=payment.stripe_fee_minor,
            next_attempt_at=None,
            last_error="",
        ):
            _check_second(transaction, payment)
            return False
        if not transaction.has_unexpected_payment(besides=payment.intent_id):
            ledger.note(transaction=transaction, needs_attention="")
        payment_received.send(sender=Transaction, transaction=transaction)
        sale.paid(transaction, now)
        _keep_card(transaction, payment)
    return True


def _mismatch(row: Transaction, payment: Payment) -> str:
    """A sentence for staff where another sum came than was asked for."""
    if (payment.amount_minor, payment.currency) == (row.amount_minor, row.currency):
        return ""
    came = f"{payment.amount_minor} {payment.currency}"
    return f"Stripe says that {came} came, not {row.amount_minor} {row.currency}."


def _check_second(row: Transaction, payment: Payment) -> None:
    """Tell staff if this is another payment than the one that the row was paid by."""
    row.refresh_from_db(fields=["stripe_payment_intent_id"])
    if row.stripe_payment_intent_id not in (None, payment.intent_id):
        _tell_staff(row, payment, f"It was paid a second time, by {payment.intent_id}.")


def _tell_staff(row: Transaction, payment: Payment, words: str) -> None:
    """Keep what came beside the row for good: staff may be done with the sentence before us."""
    logger.error("charge %s: %s", row.code, words)
    came = {
        "payment_intent": payment.intent_id,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
    }
    with db.atomic():
        # Of two that come at once each adds its own.
        metadata = ledger.lock(row).metadata
        known = metadata.get("unexpected_payments", [])
        if came not in known:
            metadata |= {"unexpected_payments": [*known, came]}
            words = f"{words} Give it back at Stripe."
            ledger.note(transaction=row, needs_attention=words, metadata=metadata)
    row.refresh_from_db()


def record_authorization(
    *, transaction: Transaction, payment: Payment, now: dt.datetime | None = None
) -> bool:
    """The bank holds a booking's price: ask the mentor, or release it if the time is gone.

    Safe to repeat: only the first call does anything. Gives whether this was it.
    """
    now = now or times.now()
    mismatch = _mismatch(transaction, payment)
    if mismatch:
        _tell_staff(transaction, payment, mismatch)
        return False
    with exclusive():
        sale_of(transaction).lock(transaction)
        until = payment.capture_before_at or now + SHORTEST_AUTHORIZATION
        if not ledger.authorize(
            transaction=transaction,
            capture_before_at=until,
            stripe_payment_intent_id=payment.intent_id,
            stripe_charge_id=payment.charge_id or None,
            last_error="",
        ):
            _check_second(transaction, payment)
            return False
        _keep_card(transaction, payment)
        try:
            bookings.ask_mentor(booking=transaction.sold, authorized_until=until, now=now)
        except Conflict as refusal:
            logger.info("charge %s was authorised too late: %s", transaction.code, refusal.code)
            request_release(charge=transaction, now=now)
    return True


def _keep_card(row: Transaction, payment: Payment) -> None:
    if row.saves_card and payment.card is not None:
        cards.keep_card(user=row.mentee, card=payment.card)


def request_release(*, charge: Transaction, now: dt.datetime) -> None:
    """Let a task give an authorisation back. Within the caller's transaction."""
    ledger.note(transaction=charge, next_attempt_at=now + sending.STUCK_AFTER)
    tasks.settle_authorization.enqueue(transaction_id=charge.pk)


def record_release(*, transaction: Transaction, now: dt.datetime | None = None) -> bool:
    """The bank no longer holds what was authorised: a booking that rests on it ends.

    Safe to repeat; of a charge that wasn't authorised, or was captured, nothing is changed.
    """
    with exclusive():
        sale_of(transaction).lock(transaction)
        transaction.refresh_from_db()
        if not transaction.is_authorized:
            return False
        ledger.move(transaction=transaction, to=Status.FAILED, next_attempt_at=None)
        bookings.end_request(booking=transaction.sold, now=now)
    return True


def record_expiry(*, transaction: Transaction, now: dt.datetime | None = None) -> None:
    """The checkout ended unpaid: the charge failed, and a booking's time is free again."""
    sale = sale_of(transaction)
    with exclusive():
        sale.lock(transaction)
        ledger.move(transaction=transaction, to=Status.FAILED)
        if transaction.status == Status.FAILED:
            sale.expired(transaction, now)


def record_decline(*, transaction: Transaction, payment: Payment) -> bool:
    """A card was refused; the checkout stays open for another. Safe to repeat."""
    with exclusive():
        sale_of(transaction).lock(transaction)
        transaction.refresh_from_db()
        # Old news of the card before the one that was authorised.
        moved = not transaction.is_authorized and ledger.move(
            transaction=transaction, to=Status.FAILED, last_error=payment.decline[:500]
        )
        if moved:
            payment_failed.send(sender=Transaction, transaction=transaction)
    return moved
