"""Money that goes back: asked for inside a transaction, sent by a task, told by Stripe."""

import datetime as dt
from typing import Any

from django.db import transaction as db
from django.utils.translation import gettext as _

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, InvalidInput
from payments import tasks
from payments.models import Transaction
from payments.services import ledger, reversals, sending
from payments.services.sending import STUCK_AFTER
from payments.signals import refund_failed, refund_made
from payments.stripe_service import StripeService
from payments.stripe_types import Refund

Status = Transaction.Status


def refund_booking(
    *, booking: Booking, amount_minor: int, reason: str, now: dt.datetime | None = None
) -> Transaction | None:
    """Give back a part of what was paid for a booking; `None` where nothing is left to give.

    What went back before counts: a booking of which a part was refunded can still be cancelled.
    """
    charge = booking.transactions.filter(
        type=Transaction.Type.BOOKING, status__in=Transaction.PAID
    ).first()
    if charge is None or ledger.is_frozen(charge):
        return None  # what is disputed waits: the bank's decision brings it up again
    amount_minor = min(amount_minor, charge.amount_minor - ledger.refunded_minor(charge))
    if amount_minor <= 0:
        return None
    return request_refund(charge=charge, amount_minor=amount_minor, reason=reason, now=now)


def request_refund(
    *, charge: Transaction, amount_minor: int, reason: str, now: dt.datetime | None = None
) -> Transaction:
    """Write the refund down and let a task send it; what the mentor has of it already comes back.

    Raises `Conflict` where more would go back than came, where the charge is disputed, and in the
    minutes in which the mentor's part is on its way.
    """
    now = now or times.now()
    with db.atomic():
        if charge.booking is not None:
            bookings.lock_booking(charge.booking)
        charge = ledger.lock(charge)
        if charge.status not in Transaction.PAID:
            raise Conflict(_("Only what was paid can be given back."))
        ledger.refuse_frozen(charge)
        if charge.children.payouts().filter(status__in=Transaction.OPEN).exists():
            raise Conflict(
                _("The mentor's part is just on its way to them. Try again in a few minutes.")
            )
        row = ledger.open_refund(
            charge=charge,
            amount_minor=amount_minor,
            reason=reason,
            now=now,
            next_attempt_at=now + STUCK_AFTER,
        )
        tasks.send_refund.enqueue(transaction_id=row.pk)
        reversals.take_back_with(refund=row, now=now)
    return row


def refund_by_staff(
    *,
    charge: Transaction,
    reason: str,
    amount_minor: int | None = None,
    now: dt.datetime | None = None,
) -> Transaction:
    """Give a part of a charge back, or all that is left of it; staff's own, so it needs a reason.

    Raises `InvalidInput` without one, `Conflict` as `request_refund` does.
    """
    if not reason.strip():
        raise InvalidInput(_("Say why: the reason stands beside the refund."), field="reason")
    if amount_minor is None:
        amount_minor = charge.amount_minor - ledger.refunded_minor(charge)
    return request_refund(charge=charge, amount_minor=amount_minor, reason=reason.strip(), now=now)


def send_refund(*, transaction: Transaction, now: dt.datetime | None = None) -> None:
    """Ask Stripe to send it back, once however often this is called; or how far it is.

    Raises `StripeError` where asking again later may help; a refusal is left to staff.
    """
    if transaction.status not in Transaction.OPEN:
        return
    now = now or times.now()
    with sending.asking(transaction, now=now):
        sent = _at_stripe(transaction, now) or StripeService().create_refund(
            transaction=transaction
        )
        record_refund(transaction=transaction, refund=sent, now=now)


def _at_stripe(row: Transaction, now: dt.datetime) -> Refund | None:
    """What an earlier call, perhaps one whose answer we never saw, came to."""
    if row.stripe_refund_id:
        return StripeService().retrieve_refund(row.stripe_refund_id)
    return _listed(row) if sending.may_be_out(row, now=now) else None


def _listed(row: Transaction) -> Refund | None:
    found = StripeService().refunds_of(row.charge.stripe_charge_id or "")
    return next((r for r in found if r.metadata.get("transaction") == row.code), None)


def look_for(row: Transaction, *, now: dt.datetime) -> None:
    """Record what Stripe knows of this refund, if anything."""
    if found := _listed(row):
        record_refund(transaction=row, refund=found, now=now)


def request_again(*, failed: Transaction, now: dt.datetime) -> Transaction:
    """Another refund in place of one that failed: once, however many staff ask for it.

    `Conflict` where somebody saw to it before; else as `request_refund`.
    """
    with db.atomic():
        row = request_refund(
            charge=failed.charge, amount_minor=failed.amount_minor, reason=failed.reason, now=now
        )
        # After the refund: that locks the booking, which comes before any row of the ledger.
        if not ledger.take_off_list(transaction=failed):
            raise Conflict(_("Somebody saw to this already. Refund what is still owed anew."))
    return row


def record_refund(
    *, transaction: Transaction, refund: Refund, now: dt.datetime | None = None
) -> None:
    """Bring the row, and its charge, to where the refund stands at Stripe. Safe to repeat."""
    facts: dict[str, Any] = {"stripe_refund_id": refund.id, "last_error": ""}
    with db.atomic():
        ledger.lock(transaction.charge)
        transaction.refresh_from_db()
        if transaction.status == Status.FAILED and transaction.stripe_refund_id == refund.id:
            return  # it failed at Stripe, for good: this is older news of it
        if refund.status == "succeeded":
            facts |= {"succeeded_at": now or times.now(), "next_attempt_at": None}
            if ledger.move(transaction=transaction, to=Status.SUCCEEDED, **facts):
                ledger.count_refunds(charge=transaction.charge)
                refund_made.send(sender=Transaction, transaction=transaction)
        elif refund.has_failed:
            _failed(transaction, refund)
        else:
            ledger.move(transaction=transaction, to=Status.PROCESSING, **facts)


def _failed(row: Transaction, refund: Refund) -> None:
    words = f"Stripe could not send this refund: {refund.failure or refund.status}."
    facts = {"stripe_refund_id": refund.id, "next_attempt_at": None, "needs_attention": words}
    # A bank may send back even what went through: the charge is no longer refunded then.
    if ledger.move(transaction=row, to=Status.FAILED, **facts):
        ledger.count_refunds(charge=row.charge)
        refund_failed.send(sender=Transaction, transaction=row)


def adopt_refund(*, charge: Transaction, refund: Refund, now: dt.datetime | None = None) -> None:
    """Take a refund that was made at Stripe, and not here, into the ledger. Safe to repeat.

    One of which nothing went back is left out: its mentor keeps what they have.
    """
    now = now or times.now()
    with db.atomic():
        charge = ledger.lock(charge)
        row = Transaction.objects.filter(stripe_refund_id=refund.id).first()
        if row is None and refund.has_failed:
            return
        if row is None:
            row = ledger.open_refund(
                charge=charge,
                amount_minor=refund.amount_minor,
                reason=_("made at Stripe"),
                now=now,
                stripe_refund_id=refund.id,
                needs_attention="This refund was made at Stripe, not here.",
            )
            reversals.take_back_with(refund=row, now=now)
        record_refund(transaction=row, refund=refund, now=now)
