"""Rows whose call to Stripe got stuck, and those that staff want tried again."""

import datetime as dt
from typing import Any

from django.db import transaction as db
from django.db.models import Q
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.errors import Conflict
from payments import tasks
from payments.models import Reversal, Transaction
from payments.services import ledger, refunds, reversals, transfers
from payments.services.sending import STUCK_AFTER

Status, Type = Transaction.Status, Transaction.Type
SENT = (Type.REFUND, Type.PAYOUT)


def resend_stuck(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Take up again every refund, payout and reversal that waits although its task is over.

    So too what was authorised, and is to be captured or released, and what a mentor accepted when
    it was paid already. And ask about those that Stripe works on: the event that ends it may never
    come.
    """
    now = now or times.now()
    waiting = Q(type__in=(*SENT, Type.BOOKING), status__in=Transaction.OPEN)
    accepted = Q(type=Type.BOOKING, status__in=Transaction.PAID)
    stuck = Transaction.objects.filter(waiting | accepted, next_attempt_at__lte=now)
    back = Reversal.objects.filter(status=Status.PENDING, next_attempt_at__lte=now)
    return sum(_resend(row, now) for row in stuck.order_by("next_attempt_at")[:limit]) + sum(
        reversals.resend(reversal=row, now=now) for row in back.order_by("next_attempt_at")[:limit]
    )


def _resend(row: Transaction, now: dt.datetime) -> bool:
    with db.atomic():
        rows = Transaction.objects.filter(pk=row.pk, next_attempt_at=row.next_attempt_at)
        if not rows.update(next_attempt_at=now + STUCK_AFTER):
            return False
        _task_of(row).enqueue(transaction_id=row.pk)
    return True


def _task_of(row: Transaction) -> Any:
    if row.type == Type.REFUND:
        return tasks.send_refund
    return tasks.send_transfer if row.type == Type.PAYOUT else tasks.settle_authorization


def retry(*, transaction: Transaction, now: dt.datetime | None = None) -> Transaction:
    """Try a refund or payout again: the same row while it waits, a new one if it failed.

    What failed here and went out all the same (its answer was lost) is found, not sent again, and
    of many who ask at once one is heard. Raises `Conflict` for the others, and for anything else;
    `StripeError` where Stripe can't be asked.
    """
    now = now or times.now()
    if transaction.type not in SENT:
        raise Conflict(_("Only refunds and payouts can be sent again."))
    if transaction.status == Status.PENDING:
        _resend(transaction, now)
        return transaction
    if transaction.status != Status.FAILED or transaction.parent is None:
        raise Conflict(_("This is already on its way or through."))
    if _found_at_stripe(transaction, now):
        ledger.note(transaction=transaction, needs_attention="")
        return transaction
    if transaction.type == Type.REFUND:
        return refunds.request_again(failed=transaction, now=now)
    return _pay_out_anew(transaction, transaction.parent, now)


def _found_at_stripe(row: Transaction, now: dt.datetime) -> bool:
    if row.type == Type.REFUND:
        refunds.look_for(row, now=now)
    else:
        transfers.look_for(row, now=now)
    return row.status != Status.FAILED


def _pay_out_anew(failed: Transaction, charge: Transaction, now: dt.datetime) -> Transaction:
    with db.atomic():
        charge = ledger.lock(charge)
        ledger.refuse_held(charge)
        if not transfers.may_leave_anew(charge):
            raise Conflict(_("This is already on its way or through."))
        made = transfers.request_transfer(charge=charge, now=now)
        if made is None:
            raise Conflict(_("Nothing of it is the mentor's any more."))
        ledger.note(transaction=failed, needs_attention="")
    return made
