"""Charges: what Stripe took beside what the ledger says came in."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q

from payments.models import Transaction
from payments.services import invoices, recording
from payments.services.reconciliation.filing import Found, Kind, about, open_subjects
from payments.stripe_listed import ListedCharge
from payments.stripe_service import StripeService

Status = Transaction.Status


def compare(since: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    """Both ways: each charge at Stripe has its row, and each row that was paid its charge."""
    at_stripe = {charge.id: charge for charge in StripeService().charges_since(since)}
    for charge_id in open_subjects(Kind.UNKNOWN_CHARGE):
        if charge_id not in at_stripe and (found := StripeService().find_charge(charge_id)):
            at_stripe[charge_id] = found
    for charge in at_stripe.values():
        if charge.is_paid:
            yield from _of_stripe(charge, now)
    for row in _rows(since):
        charge_id = row.stripe_charge_id or ""
        found_there = at_stripe.get(charge_id) or StripeService().find_charge(charge_id or "-")
        yield from _of_ledger(row, found_there)


def _rows(since: dt.datetime) -> Iterator[Transaction]:
    before = open_subjects(Kind.MISSING_CHARGE, Kind.CHARGE)
    rows = Transaction.objects.charges().filter(status__in=Transaction.RECEIVED)
    return rows.filter(Q(created_at__gte=since) | Q(code__in=before)).order_by("pk").iterator()


def row_of(charge: ListedCharge) -> Transaction | None:
    """The charge of ours that it is; by its payment or its label where that wasn't written down."""
    rows = Transaction.objects.charges().select_related("booking", "tip", "subscription")
    return (
        rows.filter(stripe_charge_id=charge.id).first()
        or rows.filter(stripe_payment_intent_id=charge.intent_id or "-").first()
        or rows.filter(code=charge.code or "-").first()
    )


def _of_stripe(charge: ListedCharge, now: dt.datetime) -> Iterator[Found]:
    row = row_of(charge)
    if row is None and charge.intent_id:
        row = invoices.record_paid_by(intent_id=charge.intent_id, now=now)
    if row is not None and row.status not in Transaction.RECEIVED and charge.intent_id:
        # Its events never came.
        payment = StripeService().retrieve_payment(charge.intent_id)
        recording.record_payment(transaction=row, payment=payment, now=now)
        row.refresh_from_db()
    is_known = row is not None and row.stripe_charge_id == charge.id
    # What nobody asked for and went back whole is done with.
    if not is_known and charge.refunded_minor < charge.captured_minor:
        detail = (
            f"{charge.captured_minor} {charge.currency} came, {charge.refunded_minor} went back."
        )
        yield Found(Kind.UNKNOWN_CHARGE, charge.id, detail, row)


def _of_ledger(row: Transaction, charge: ListedCharge | None) -> Iterator[Found]:
    if charge is None:
        yield about(Kind.MISSING_CHARGE, row, f"Stripe has no charge {row.stripe_charge_id}.")
    elif (charge.captured_minor, charge.currency) != (row.amount_minor, row.currency):
        there, here = charge.captured_minor, row.amount_minor
        words = f"Stripe has {there} {charge.currency}, the ledger {here} {row.currency}."
        yield about(Kind.CHARGE, row, words)
