"""The mentors' money: passed on by the sweeper once a session has been over for long enough.

What is no session's price, a tip or a subscription's invoice, is passed on as soon as it is paid.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction as db
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from bookings.absence_models import Absence
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict
from payments import tasks
from payments.models import Dispute, PaymentAccount, Reversal, Transaction
from payments.services import ledger, sending
from payments.services.sending import STUCK_AFTER
from payments.signals import transfer_made
from payments.stripe_service import StripeService
from payments.stripe_types import Transfer

Status = Transaction.Status
SHORT = "A refund of it failed, and the mentor is short of their part. See to it at Stripe."
BLOCKED = "The mentor's part can't be sent: their account at Stripe takes no transfers."


def due_charges(now: dt.datetime) -> QuerySet[Transaction]:
    """Charges whose payout is due and can be sent."""
    return _owed(now).filter(mentor__payment_account__transfers_active=True).order_by("pk")


def _owed(now: dt.datetime) -> QuerySet[Transaction]:
    """Charges that are the mentor's by now and were not passed on.

    Of a booking, `PAYOUT_DELAY_HOURS` after it was earned (`policy.earned_at`). Those of which
    Stripe refused a payout or a refund wait for staff, those in dispute for its end, and those to
    which somebody is said not to have come for staff's word.
    """
    earned_by = now - dt.timedelta(hours=settings.PAYOUT_DELAY_HOURS)
    children = Transaction.objects.filter(parent=OuterRef("pk"))
    failed_refunds = children.refunds().filter(status=Status.FAILED).exclude(needs_attention="")
    took_place = Q(
        booking__status__in=Booking.TOOK_PLACE,
        booking__completed_at__lte=earned_by,
    )
    called_off_late = Q(
        booking__status=Booking.Status.CANCELLED,
        booking__cancelled_by=Booking.Side.MENTEE,
        booking__confirmed_at__isnull=False,
        booking__refund_minor=0,
        booking__ends_at__lte=earned_by,
    )
    at_once = Q(type__in=[Transaction.Type.TIP, Transaction.Type.SUBSCRIPTION])
    return Transaction.objects.filter(
        took_place | called_off_late | at_once,
        ~Exists(children.payouts()),
        ~Exists(failed_refunds),
        ~Exists(Dispute.objects.open().filter(charge=OuterRef("pk"))),
        ~Exists(Absence.objects.open().filter(booking=OuterRef("booking"))),
        type__in=Transaction.CHARGES,
        status__in=Transaction.PAID,
    )


def send_due_transfers(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Write down every payout that is due and let tasks send them; gives their number.

    Staff are told of those that nobody can be sent.
    """
    now = now or times.now()
    blocked = _owed(now).exclude(mentor__payment_account__transfers_active=True)
    for charge in blocked.filter(needs_attention="")[:limit]:
        ledger.note(transaction=charge, needs_attention=BLOCKED)
    return sum(_queue(charge, now) for charge in due_charges(now)[:limit])


def _queue(charge: Transaction, now: dt.datetime) -> bool:
    with db.atomic():
        return pass_on(charge=charge, now=now)


def pass_on(*, charge: Transaction, now: dt.datetime) -> bool:
    """Write the payout of a charge down if it is due; within the caller's transaction.

    Where it can't be sent now the sweeper sees to it. Safe to repeat.
    """
    charge = ledger.lock(charge)
    if not due_charges(now).filter(pk=charge.pk).exists():
        return False  # another worker was quicker, or it was refunded meanwhile
    if charge.needs_attention == BLOCKED:
        ledger.note(transaction=charge, needs_attention="")
    return request_transfer(charge=charge, now=now) is not None


def pass_on_again(*, charge: Transaction, now: dt.datetime | None = None) -> None:
    """What came back of a payout leaves anew if it is the mentor's after all. Safe to repeat.

    That is where the charge was disputed, or where the refund that it came back for has failed and
    staff have seen to that: a part of it too. What was taken back by hand at Stripe stays there.
    Beside a payout that is whole, as after a dispute that was won, nothing leaves: staff are told.
    """
    now = now or times.now()
    with db.atomic():
        charge = ledger.lock(charge)
        if charge.disputes.exists():
            _send_what_was_held_back(charge=charge, now=now)
        if _came_back_in_vain(charge) and may_leave_anew(charge):
            _send_unless_staffs(charge, now)
        elif _is_short_for_good(charge) and not charge.needs_attention:
            ledger.note(transaction=charge, needs_attention=SHORT)


def may_leave_anew(charge: Transaction) -> bool:
    """Whether nothing of a locked charge's payouts stands, or what came back did so in vain.

    Not while a reversal is on its way: it brings the matter up again.
    """
    payouts = ledger.payouts_of(charge)
    is_cut = all(row.status == Status.PARTIALLY_REFUNDED for row in payouts)
    back = Reversal.objects.filter(payout__parent=charge, status=Reversal.Status.PENDING)
    return not payouts or (is_cut and _came_back_in_vain(charge) and not back.exists())


def _send_unless_staffs(charge: Transaction, now: dt.datetime) -> None:
    payouts = charge.children.payouts()
    waits = payouts.filter(status=Status.FAILED).exclude(needs_attention="")
    if payouts.exists() and not waits.exists():
        request_transfer(charge=charge, now=now)


def _came_back_in_vain(charge: Transaction) -> bool:
    by_hand = Reversal.objects.filter(payout__parent=charge, refund=None)
    return _is_refund_settled(charge) and not by_hand.exists()


def _is_refund_settled(charge: Transaction) -> bool:
    """Whether a refund of it has failed, and staff have seen to each that did."""
    failed = charge.children.refunds().filter(status=Status.FAILED)
    return failed.exists() and not failed.exclude(needs_attention="").exists()


def _is_short_for_good(charge: Transaction) -> bool:
    """Whether the mentor is short beside a whole payout, and no bank or staff are at it."""
    if ledger.is_held(charge) or not _is_refund_settled(charge):
        return False
    return ledger.is_passed_on(charge) and ledger.short_minor(charge) > 0


def _send_what_was_held_back(*, charge: Transaction, now: dt.datetime) -> None:
    """The mentor's part of a locked charge, unless a payout of it stands; one that Stripe refused
    is left to staff. Within the caller's transaction.
    """
    payouts = charge.children.payouts()
    held_back = payouts.filter(status__in=(Status.FAILED, Status.REFUNDED), needs_attention="")
    if held_back.exists() and held_back.count() == payouts.count():
        request_transfer(charge=charge, now=now)


def check_not_passed_on(*, booking: Booking) -> None:
    """`Conflict` as `too_late` once the mentor's part of a booking has left, or is about to.

    Within the caller's transaction: until its end nothing of it leaves.
    """
    charge = ledger.charge_of(booking)
    if charge is not None and ledger.lock(charge).children.payouts().standing().exists():
        raise Conflict(_("The mentor's part has been passed on already."), code="too_late")


def request_transfer(*, charge: Transaction, now: dt.datetime) -> Transaction | None:
    """The payout of a locked charge, within the caller's transaction; none of nothing."""
    if charge.status not in Transaction.PAID or ledger.is_held(charge):
        return None
    if ledger.short_minor(charge) <= 0:
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
    with sending.asking(transaction, now=now):
        sent = _at_stripe(transaction, now) or _create(transaction)
        if sent is not None:
            record_transfer(transaction=transaction, transfer=sent, now=now)


def _at_stripe(row: Transaction, now: dt.datetime) -> Transfer | None:
    """What an earlier call whose answer we never saw came to."""
    return _listed(row) if sending.may_be_out(row, now=now) else None


def _listed(row: Transaction) -> Transfer | None:
    found = StripeService().transfers_of(row.group)
    return next((t for t in found if t.metadata.get("transaction") == row.code), None)


def look_for(row: Transaction, *, now: dt.datetime) -> None:
    """Record what Stripe knows of this payout, if anything."""
    if found := _listed(row):
        record_transfer(transaction=row, transfer=found, now=now)


def _create(row: Transaction) -> Transfer | None:
    if ledger.is_held(row.charge):
        # Nobody need look at it: the bank's decision brings it up again.
        facts = {"last_error": "The charge is disputed.", "next_attempt_at": None}
        ledger.move(transaction=row, to=Status.FAILED, **facts)
        return None
    account = PaymentAccount.objects.filter(mentor=row.mentor).first()
    if account is None or not account.stripe_account_id:
        sending.refused(row, "The mentor has no connected account.")
        return None
    # A refund that was made at Stripe may have come in since it was written down.
    kept = ledger.kept_minor(row.charge, besides=row)
    if row.amount_minor > ledger.passed_on_minor(row.charge) - kept:
        sending.refused(row, "What was paid has gone back meanwhile.")
        return None
    return StripeService().create_transfer(transaction=row, destination=account.stripe_account_id)


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
