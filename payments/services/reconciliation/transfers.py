"""Transfers and their reversals: what Stripe passed on beside what the ledger says."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q

from payments.models import Transaction
from payments.services import reversals, transfers
from payments.services.reconciliation.filing import Found, Kind, about, open_subjects
from payments.stripe_listed import ListedTransfer
from payments.stripe_service import StripeService
from payments.stripe_types import Transfer


def compare(since: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    """Both ways; a transfer whose answer was lost is written down."""
    at_stripe = {transfer.id: transfer for transfer in StripeService().transfers_since(since)}
    for transfer_id in open_subjects(Kind.UNKNOWN_TRANSFER):
        if transfer_id not in at_stripe and (found := StripeService().find_transfer(transfer_id)):
            at_stripe[transfer_id] = found
    for transfer in at_stripe.values():
        yield from _of_stripe(transfer, now)
    for row in _rows(since):
        if row.stripe_transfer_id in at_stripe:
            continue
        there = StripeService().find_transfer(row.stripe_transfer_id or "-")
        if there is None:
            detail = f"Stripe has no transfer {row.stripe_transfer_id}."
            yield about(Kind.MISSING_TRANSFER, row, detail)
        else:
            yield from _differs(row, there)


def _rows(since: dt.datetime) -> Iterator[Transaction]:
    before = open_subjects(Kind.MISSING_TRANSFER, Kind.TRANSFER, Kind.REVERSAL)
    rows = Transaction.objects.payouts().filter(status__in=Transaction.RECEIVED)
    return rows.filter(Q(created_at__gte=since) | Q(code__in=before)).order_by("pk").iterator()


def _of_stripe(transfer: ListedTransfer, now: dt.datetime) -> Iterator[Found]:
    rows = Transaction.objects.payouts().select_related("parent")
    row = rows.filter(stripe_transfer_id=transfer.id).first()
    row = row or rows.filter(code=transfer.code or "-", stripe_transfer_id=None).first()
    if row is None:
        if transfer.reversed_minor < transfer.amount_minor:
            detail = f"{transfer.amount_minor} {transfer.currency} were passed on."
            yield Found(Kind.UNKNOWN_TRANSFER, transfer.id, detail)
        return
    if row.stripe_transfer_id is None:
        _record(row, transfer, now)
    yield from _differs(row, transfer)


def _record(row: Transaction, transfer: ListedTransfer, now: dt.datetime) -> None:
    sent = Transfer(
        transfer.id, transfer.amount_minor, transfer.currency, {"transaction": transfer.code}
    )
    transfers.record_transfer(transaction=row, transfer=sent, now=now)
    row.refresh_from_db()


def _record_reversals(payout: Transaction) -> None:
    """Those whose answer or event was lost, and those that were made at Stripe."""
    for made in StripeService().reversals_of(payout.stripe_transfer_id or ""):
        row = payout.reversals.filter(code=made.metadata.get("reversal", "-")).first()
        if row is None:
            reversals.adopt_reversal(payout=payout, made=made)
        else:
            reversals.record_reversal(reversal=row, made=made)
    payout.refresh_from_db()


def _differs(row: Transaction, transfer: ListedTransfer) -> Iterator[Found]:
    there = (transfer.amount_minor, transfer.currency)
    here = (row.amount_minor, row.currency)
    if row.status not in Transaction.RECEIVED:
        yield about(Kind.TRANSFER, row, f"Stripe passed it on, the ledger says {row.status}.")
    elif there != here:
        words = "Stripe has {} {}, the ledger {} {}."
        yield about(Kind.TRANSFER, row, words.format(*there, *here))
    if transfer.reversed_minor != row.reversed_minor:
        _record_reversals(row)
    if transfer.reversed_minor != row.reversed_minor:
        words = f"Stripe took {transfer.reversed_minor} back, the ledger {row.reversed_minor}."
        yield about(Kind.REVERSAL, row, words)
