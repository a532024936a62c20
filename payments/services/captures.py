"""What was authorised: captured once the mentor accepts, released where nothing comes of it.

Accepting is written down before Stripe is called, so that whoever comes after a crash or a lost
answer captures it; nobody can withdraw, decline or lapse what is accepted.
"""

import datetime as dt

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import StripeError
from payments import tasks
from payments.models import Transaction
from payments.services import ledger, refunds, sending
from payments.services.recording import record_intent, request_release
from payments.stripe_service import StripeService

Status = Transaction.Status


def accept(*, booking: Booking, by: User, now: dt.datetime | None = None) -> Booking:
    """The mentor says yes: what was authorised is captured, and the booking confirmed.

    The refusals are those of `bookings.services.accept_booking`. With `StripeError` the yes is
    kept, and a task goes on asking; to repeat it is safe.
    """
    booking = bookings.accept_booking(booking=booking, by=by, now=now)
    row = ledger.charge_of(booking) if booking.is_accepted else None
    if row is None:
        return booking
    try:
        settle_authorization(transaction=row, now=now)
    except StripeError:
        tasks.settle_authorization.enqueue(transaction_id=row.pk)
        raise
    booking.refresh_from_db()
    return booking


def settle_authorization(*, transaction: Transaction, now: dt.datetime | None = None) -> None:
    """Capture what the mentor accepted, release what nobody waits for; once, however often.

    What is accepted when its time is over already is given up, and its price with it. Raises
    `StripeError` where asking again later may help; a refusal is left to staff.
    """
    now = now or times.now()
    booking = transaction.sold
    booking.refresh_from_db()
    if booking.is_accepted and booking.ends_at <= now:
        bookings.end_too_late(booking=booking, now=now)
    elif booking.is_accepted and transaction.status in Transaction.PAID:
        bookings.confirm_booking(booking=booking, now=now)
    elif transaction.is_authorized and booking.is_accepted:
        _capture(transaction, now)
    elif transaction.is_authorized and booking.status == Booking.Status.CANCELLED:
        _release(transaction, now)
    if transaction.status in Transaction.PAID:
        ledger.note(transaction=transaction, next_attempt_at=None)


def _capture(row: Transaction, now: dt.datetime) -> None:
    with sending.asking(row, now=now):
        payment = StripeService().capture_payment(transaction=row)
        record_intent(transaction=row, payment=payment, now=now)
    if row.status == Status.FAILED:
        bookings.end_request(booking=row.sold, now=now)


def _release(row: Transaction, now: dt.datetime) -> None:
    with sending.asking(row, now=now):
        payment = StripeService().release_payment(transaction=row)
        record_intent(transaction=row, payment=payment, now=now)


def note_acceptance(*, booking: Booking, now: dt.datetime | None = None) -> None:
    """Let the sweeper capture it if nobody else comes to. Within the caller's transaction."""
    row = ledger.charge_of(booking)
    if row is not None:
        later = (now or times.now()) + sending.STUCK_AFTER
        ledger.note(transaction=row, next_attempt_at=later)


def let_go(*, booking: Booking, now: dt.datetime | None = None) -> None:
    """A request was given up: release its price. Within the caller's transaction."""
    now = now or times.now()
    row = ledger.charge_of(booking)
    if row is None:
        return
    if row.is_authorized:
        request_release(charge=row, now=now)
    elif row.status in Transaction.PAID:  # captured by hand at Stripe, before anyone had said yes
        refunds.refund_booking(
            booking=booking,
            amount_minor=row.amount_minor,
            reason=booking.cancellation_reason,
            now=now,
        )
