"""Money that a mentor has already, and that comes back: with a refund, or with a dispute.

It goes the same way as refunds and payouts: a row within a transaction, a task that sends it once.
"""

import datetime as dt

from django.db import transaction as db
from django.db.models import F
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.errors import Conflict
from payments import tasks
from payments.models import Reversal, Transaction
from payments.services import ledger, sending
from payments.services.sending import STUCK_AFTER
from payments.signals import transfer_reversed
from payments.stripe_service import StripeService
from payments.stripe_types import Reversal as ReversalAtStripe

Status = Transaction.Status


def request_reversal(
    *,
    payout: Transaction,
    amount_minor: int,
    reason: str = "",
    refund: Transaction | None = None,
    now: dt.datetime | None = None,
) -> Reversal:
    """Write down that a part of a payout comes back, and let a task send it.

    Within the caller's transaction, in which its charge is locked. Of a payout that hasn't left
    yet the task waits until it has; of one that never leaves nothing comes back. Raises `Conflict`
    where more would come back than went (`ledger.left_minor`).
    """
    now = now or times.now()
    if not 0 < amount_minor <= ledger.left_minor(payout):
        raise Conflict(_("More can't come back than was passed on."))
    row = Reversal.objects.create(
        payout=payout,
        refund=refund,
        amount_minor=amount_minor,
        currency=payout.currency,
        reason=reason[:500],
        created_at=now,
        next_attempt_at=now + STUCK_AFTER,
    )
    tasks.send_reversal.enqueue(reversal_id=row.pk)
    return row


def take_back_with(*, refund: Transaction, now: dt.datetime) -> None:
    """Take back from the mentor what isn't theirs any more, now that this refund was written down.

    That is the refund's net, so that all parts add up to the payout; less where an earlier refund
    failed after its part had come back. What couldn't be taken back with an earlier one is left to
    staff. Within the caller's transaction, with the charge locked.
    """
    too_much = min(ledger.too_much_minor(refund.charge), refund.net_minor)
    for payout in ledger.payouts_of(refund.charge):
        part = min(too_much, ledger.left_minor(payout))
        if part > 0:
            request_reversal(
                payout=payout, amount_minor=part, reason=refund.reason, refund=refund, now=now
            )
            too_much -= part


def send_reversal(*, reversal: Reversal, now: dt.datetime | None = None) -> None:
    """Ask Stripe to take it back, once however often this is called.

    Raises `StripeError` where asking again later may help; a refusal is left to staff.
    """
    now = now or times.now()
    if reversal.status != Status.PENDING or not _has_left(reversal, now):
        return
    with sending.asking(reversal, now=now):
        made = _at_stripe(reversal, now) or StripeService().create_reversal(reversal=reversal)
        record_reversal(reversal=reversal, made=made, now=now)


def _has_left(row: Reversal, now: dt.datetime) -> bool:
    """Whether its payout is at the mentor's; one that failed leaves nothing to take back."""
    row.payout.refresh_from_db()
    if row.payout.status == Status.FAILED:
        facts = {"last_error": "The payout never left.", "next_attempt_at": None}
        ledger.move(transaction=row, to=Status.FAILED, **facts)
    elif row.payout.status in Transaction.OPEN:
        ledger.note(transaction=row, next_attempt_at=now + STUCK_AFTER)
    return bool(row.payout.stripe_transfer_id) and row.status == Status.PENDING


def _at_stripe(row: Reversal, now: dt.datetime) -> ReversalAtStripe | None:
    """What an earlier call whose answer we never saw came to."""
    return _listed(row) if sending.may_be_out(row, now=now) else None


def _listed(row: Reversal) -> ReversalAtStripe | None:
    found = StripeService().reversals_of(row.payout.stripe_transfer_id or "")
    return next((made for made in found if made.metadata.get("reversal") == row.code), None)


def record_reversal(
    *, reversal: Reversal, made: ReversalAtStripe, now: dt.datetime | None = None
) -> None:
    """It came back: the row, its payout and its refund say so. Safe to repeat."""
    now = now or times.now()
    with db.atomic():
        payout = ledger.lock(reversal.payout)
        if not ledger.move(
            transaction=reversal,
            to=Status.SUCCEEDED,
            stripe_reversal_id=made.id,
            succeeded_at=now,
            next_attempt_at=None,
            last_error="",
        ):
            return
        ledger.count_reversals(payout=payout)
        if reversal.refund is not None:
            back = F("reversed_minor") + made.amount_minor
            facts = {"reversed_minor": back, "stripe_reversal_id": made.id}
            ledger.note(transaction=reversal.refund, **facts)
        transfer_reversed.send(sender=Reversal, reversal=reversal)


def adopt_reversal(
    *, payout: Transaction, made: ReversalAtStripe, now: dt.datetime | None = None
) -> None:
    """Take a reversal that was made at Stripe, and not here, into our books. Safe to repeat."""
    now = now or times.now()
    with db.atomic():
        ledger.lock(payout)
        row = Reversal.objects.filter(stripe_reversal_id=made.id).first()
        if row is None:
            row = Reversal.objects.create(
                payout=payout,
                amount_minor=made.amount_minor,
                currency=payout.currency,
                reason=_("made at Stripe"),
                created_at=now,
                needs_attention="This reversal was made at Stripe, not here.",
            )
        record_reversal(reversal=row, made=made, now=now)


def resend(*, reversal: Reversal, now: dt.datetime) -> bool:
    """Let a task take up one that waits; False where another did so just now."""
    with db.atomic():
        rows = Reversal.objects.filter(pk=reversal.pk, next_attempt_at=reversal.next_attempt_at)
        if not rows.update(next_attempt_at=now + STUCK_AFTER):
            return False
        tasks.send_reversal.enqueue(reversal_id=reversal.pk)
    return True


def retry_reversal(*, reversal: Reversal, now: dt.datetime | None = None) -> Reversal:
    """Try it again: the same row while it waits, a new one if it failed.

    What failed here and came back all the same (its answer was lost) is found, not asked for
    again, and never more is asked for than isn't the mentor's. Raises `Conflict` for one that is
    through, or where nothing is to come back (any more); `StripeError` where Stripe can't be asked.
    """
    now = now or times.now()
    if reversal.status == Status.PENDING:
        resend(reversal=reversal, now=now)
        return reversal
    if reversal.status == Status.SUCCEEDED:
        raise Conflict(_("This is already on its way or through."))
    if reversal.payout.stripe_transfer_id and (made := _listed(reversal)):
        record_reversal(reversal=reversal, made=made, now=now)
    if reversal.status == Status.SUCCEEDED:
        ledger.note(transaction=reversal, needs_attention="")
        return reversal
    return _anew(reversal, now)


def _anew(failed: Reversal, now: dt.datetime) -> Reversal:
    with db.atomic():
        ledger.lock(failed.payout.charge)
        failed.payout.refresh_from_db()
        too_much = ledger.too_much_minor(failed.payout.charge)
        amount_minor = min(failed.amount_minor, too_much, ledger.left_minor(failed.payout))
        if amount_minor <= 0:
            raise Conflict(_("Nothing of it is to come back any more."))
        ledger.note(transaction=failed, needs_attention="")
        return request_reversal(
            payout=failed.payout,
            amount_minor=amount_minor,
            reason=failed.reason,
            refund=failed.refund,
            now=now,
        )
