"""Refunds: what Stripe sent back beside what the ledger says went back."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q

from mentormatch.errors import DomainError
from payments.models import Transaction
from payments.services import refunds
from payments.services.reconciliation.filing import Found, Kind, about, open_subjects
from payments.stripe_service import StripeService
from payments.stripe_types import Refund

Status = Transaction.Status
# How the ledger says what Stripe says; anything else is on its way.
SAID_HERE = {"succeeded": Status.SUCCEEDED, "failed": Status.FAILED, "canceled": Status.FAILED}


def compare(since: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    """Both ways; what was made at Stripe is taken into the ledger."""
    at_stripe = {refund.id: refund for refund in StripeService().listed_refunds_since(since)}
    for refund_id in open_subjects(Kind.UNKNOWN_REFUND):
        if refund_id not in at_stripe and (found := StripeService().find_refund(refund_id)):
            at_stripe[refund_id] = found
    for refund in at_stripe.values():
        yield from _of_stripe(refund, now)
    for row in _rows(since):
        if row.stripe_refund_id in at_stripe:
            continue
        refund_there = StripeService().find_refund(row.stripe_refund_id or "-")
        if refund_there is None:
            yield about(Kind.MISSING_REFUND, row, f"Stripe has no refund {row.stripe_refund_id}.")
        else:
            yield from _differs(row, refund_there, now)


def _rows(since: dt.datetime) -> Iterator[Transaction]:
    """Those that Stripe is to have; what a bank took back is no refund there."""
    before = open_subjects(Kind.MISSING_REFUND, Kind.REFUND)
    rows = Transaction.objects.refunds().exclude(metadata__has_key="dispute")
    rows = rows.filter(Q(status__in=(Status.SUCCEEDED, Status.PROCESSING)) | Q(code__in=before))
    rows = rows.filter(Q(created_at__gte=since) | Q(code__in=before)).select_related("parent")
    return rows.order_by("pk").iterator()


def _of_stripe(refund: Refund, now: dt.datetime) -> Iterator[Found]:
    code = refund.metadata.get("transaction", "-")
    rows = Transaction.objects.refunds().select_related("parent")
    row = rows.filter(stripe_refund_id=refund.id).first() or rows.filter(code=code).first()
    if row is not None:
        yield from _differs(row, refund, now)
    else:
        yield from _adopt(refund, now)


def _adopt(refund: Refund, now: dt.datetime) -> Iterator[Found]:
    charge = Transaction.objects.filter(stripe_charge_id=refund.charge_id or "-").first()
    if charge is None:
        return  # what nobody asked for goes back
    try:
        refunds.adopt_refund(charge=charge, refund=refund, now=now)
    except DomainError as error:
        detail = f"{refund.amount_minor} {refund.currency} went back of {charge.code}: {error}"
        yield Found(Kind.UNKNOWN_REFUND, refund.id, detail, charge)


def _differs(row: Transaction, refund: Refund, now: dt.datetime) -> Iterator[Found]:
    said = SAID_HERE.get(refund.status, Status.PROCESSING)
    if row.status != said:
        refunds.record_refund(transaction=row, refund=refund, now=now)
        row.refresh_from_db()
    there = (said, refund.amount_minor, refund.currency)
    here = (row.status, row.amount_minor, row.currency)
    if there != here:
        words = "Stripe has {} {} {}, the ledger {} {} {}."
        yield about(Kind.REFUND, row, words.format(*there, *here))
