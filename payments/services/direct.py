"""A charge that a saved card pays at once, without a page of Stripe's.

The row names the card before Stripe is called. As long as nobody knows what a call came to, the
same call is made again, whatever the payer does next: so nobody pays twice.
"""

import datetime as dt

from mentormatch.errors import StripeError
from payments.models import SavedCard, Transaction
from payments.services import ledger
from payments.services.recording import record_intent
from payments.stripe_service import CardRefused, StripeBroken, StripeRefused, StripeService, why
from payments.stripe_types import Payment

Status = Transaction.Status


def charge_directly(row: Transaction, *, now: dt.datetime) -> Transaction:
    """Charge the card that the row names; once, however often. Raises as `pay_with_saved_card`."""
    try:
        payment = _looked_up(row) if row.last_error else None
        payment = payment or StripeService().create_payment(transaction=row)
    except CardRefused as refusal:
        ledger.move(transaction=row, to=Status.FAILED, last_error=why(refusal))
        raise
    except StripeError as error:
        _not_answered(row, error)
        raise
    return record_direct(row, payment, now=now)


def record_direct(
    row: Transaction, payment: Payment, *, now: dt.datetime | None = None
) -> Transaction:
    """Write down what such a charge came to."""
    if payment.was_declined:
        ledger.move(transaction=row, to=Status.FAILED, last_error=payment.decline[:500])
    record_intent(transaction=row, payment=payment, now=now)
    row.refresh_from_db()
    return row


def settle_directly(row: Transaction, *, now: dt.datetime | None = None) -> Transaction:
    """Ask Stripe what became of a charge whose answer nobody saw, without charging anything."""
    if row.is_direct and row.status == Status.PENDING:
        payment = _looked_up(row)
        if payment is not None:
            record_direct(row, payment, now=now)
    return row


def _looked_up(row: Transaction) -> Payment | None:
    found = StripeService().payments_of(SavedCard.objects.customer_id(row.mentee))
    return next((each for each in found if each.metadata.get("transaction") == row.code), None)


def _not_answered(row: Transaction, error: StripeError) -> None:
    used_up = isinstance(error, StripeBroken) or (
        isinstance(error, StripeRefused) and error.needs_new_key
    )
    if isinstance(error, StripeRefused) and not used_up:
        ledger.move(transaction=row, to=Status.FAILED, last_error=why(error))
        return
    # Next time it is looked for first, and asked for under another key where this one is used up.
    ledger.note(transaction=row, last_error=why(error), attempts=row.attempts + used_up)
