"""Charges that a cardholder disputes: frozen while their bank decides, then settled either way."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction as db
from django.utils.translation import gettext as _

from bookings import services as bookings
from mentormatch import times
from payments import tasks
from payments.models import Dispute, Transaction
from payments.services import ending, ledger, refunds, reversals, transfers
from payments.signals import dispute_closed, dispute_opened, inquiry_closed, inquiry_opened
from payments.stripe_service import StripeService
from payments.stripe_types import Dispute as DisputeAtStripe

Status, Stage = Transaction.Status, Dispute.Status
DECIDED = (Stage.CLOSED, Stage.WON, Stage.LOST)
# Each stage, nothing heard yet being the first, and what may follow it. The rest is old news.
NEXT: Mapping[str, tuple[str, ...]] = {
    "": tuple(Stage.values),
    Stage.INQUIRY: (Stage.CLOSED, Stage.OPEN, Stage.WON, Stage.LOST),
    Stage.CLOSED: (Stage.OPEN, Stage.WON, Stage.LOST),
    Stage.OPEN: (Stage.WON, Stage.LOST),
    Stage.WON: (),
    Stage.LOST: (),
}
# The event that ends a dispute may never come: how long after the last word Stripe is asked.
ASK_AFTER = dt.timedelta(days=1)


def record_dispute(
    *, charge: Transaction, dispute: DisputeAtStripe, now: dt.datetime | None = None
) -> Dispute:
    """Bring our row, and its charge, to where the dispute stands at Stripe.

    Safe to repeat, in any order: what is decided stays so, and a dispute is no inquiry again.
    """
    now = now or times.now()
    with db.atomic():
        if charge.booking is not None:
            bookings.lock_booking(charge.booking)
        charge = ledger.lock(charge)
        row, was = _row_of(charge, dispute, now)
        if was is not None:
            _follow(row, charge, was, now)
        if charge.subscription is not None and row.status in (Stage.OPEN, Stage.LOST):
            ending.end_disputed(subscription=charge.subscription, now=now)
    return row


def _row_of(
    charge: Transaction, dispute: DisputeAtStripe, now: dt.datetime
) -> tuple[Dispute, str | None]:
    """The row as it is by now, and where it stood: empty if new, `None` where it is no news."""
    moved: dict[str, Any] = {
        "status": dispute.stage,
        "amount_minor": dispute.amount_minor,
        "closed_at": now if dispute.stage in DECIDED else None,
    }
    row, is_new = Dispute.objects.get_or_create(
        stripe_dispute_id=dispute.id,
        defaults=moved | {"charge": charge, "currency": dispute.currency, "created_at": now},
    )
    was = "" if is_new else row.status
    is_news = dispute.stage in NEXT[was]
    facts: dict[str, Any] = {
        "reason": dispute.reason[:64],
        "evidence_due_at": dispute.evidence_due_at,
    }
    facts |= moved if is_news else {}
    Dispute.objects.filter(pk=row.pk).update(updated_at=now, **facts)
    row.refresh_from_db()
    return row, was if is_news else None


def _follow(row: Dispute, charge: Transaction, was: str, now: dt.datetime) -> None:
    if row.status == Stage.INQUIRY:
        inquiry_opened.send(sender=Dispute, dispute=row)
    elif was != Stage.OPEN and row.status != Stage.CLOSED:
        if row.status != Stage.WON:
            _take_back(charge, now)
        dispute_opened.send(sender=Dispute, dispute=row)
    if row.status in DECIDED:
        _close(row, charge, now)


def _take_back(charge: Transaction, now: dt.datetime) -> None:
    """What the mentor has of it, or is just being sent, comes back while the bank decides."""
    for payout in ledger.payouts_of(charge):
        left = ledger.left_minor(payout)
        if left > 0:
            reversals.request_reversal(
                payout=payout, amount_minor=left, reason=_("disputed"), now=now
            )


def _close(row: Dispute, charge: Transaction, now: dt.datetime) -> None:
    """The bank has decided: what is left of the charge goes on its way."""
    if row.status == Stage.LOST:
        _charge_back(charge, row, now)
    _give_back_what_waited(charge, now)
    transfers.pass_on_again(charge=charge, now=now)
    closed = inquiry_closed if row.status == Stage.CLOSED else dispute_closed
    closed.send(sender=Dispute, dispute=row)


def _charge_back(charge: Transaction, row: Dispute, now: dt.datetime) -> None:
    """What the bank took is gone like a refund: the ledger has it as one, made by the bank.

    Safe to repeat. What a refund of ours was to bring back already counts as that refund's.
    """
    known = charge.children.refunds().filter(metadata__dispute=row.stripe_dispute_id)
    missing = row.amount_minor - sum(each.amount_minor for each in known)
    missing = min(missing, charge.amount_minor - ledger.refunded_minor(charge))
    if missing <= 0:
        return
    back = ledger.open_refund(
        charge=charge,
        amount_minor=missing,
        reason=_("taken back by the bank"),
        now=now,
        metadata={"dispute": row.stripe_dispute_id},
    )
    ledger.move(transaction=back, to=Status.SUCCEEDED, succeeded_at=now)
    ledger.count_refunds(charge=charge)
    # Where Stripe refused to take it back when the dispute was opened, it is asked once more.
    reversals.take_back_with(refund=back, now=now)


def complete_lost(*, charge: Transaction, now: dt.datetime | None = None) -> None:
    """A refund beside a lost dispute came to nothing: what it stood for the bank took as well.

    Safe to repeat.
    """
    with db.atomic():
        charge = ledger.lock(charge)
        for row in charge.disputes.filter(status=Stage.LOST).order_by("pk"):
            _charge_back(charge, row, now or times.now())


def _give_back_what_waited(charge: Transaction, now: dt.datetime) -> None:
    """A booking called off or missed by its mentor meanwhile: its refund had to wait until now."""
    booking = charge.booking
    if booking is None or not booking.refund_minor:
        return
    owed = booking.refund_minor - ledger.refunded_minor(charge)
    refunds.refund_booking(
        booking=booking, amount_minor=owed, reason=booking.cancellation_reason, now=now
    )


def follow_dispute(*, dispute: Dispute) -> None:
    """Ask Stripe how it stands. Safe to repeat; raises `StripeError`."""
    found = StripeService().retrieve_dispute(dispute.stripe_dispute_id)
    record_dispute(charge=dispute.charge, dispute=found)


def follow_open_disputes(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Let tasks ask about those of which nothing was heard for a day; gives their number."""
    now = now or times.now()
    silent = Dispute.objects.open().filter(updated_at__lte=now - ASK_AFTER).order_by("updated_at")
    found = list(silent[:limit])
    for row in found:
        with db.atomic():
            Dispute.objects.filter(pk=row.pk).update(updated_at=now)
            tasks.follow_dispute.enqueue(dispute_id=row.pk)
    return len(found)
