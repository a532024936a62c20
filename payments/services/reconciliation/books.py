"""The ledger's own sums: of each charge, what went back and what was passed on of it."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction as db
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from payments.models import Reversal, Transaction
from payments.services import ledger
from payments.services.reconciliation.filing import Found, Kind, about

Status, Type = Transaction.Status, Transaction.Type
REFUND = Q(children__type=Type.REFUND) & ~Q(children__status=Status.FAILED)
PAYOUT = Q(children__type=Type.PAYOUT) & ~Q(children__status=Status.FAILED)


def compare() -> Iterator[Found]:
    """Refunds ≤ charge; passed on ≤ what came - what went back - our fee; nothing of nothing.

    What a mentor has spent of what is due back is no difference: staff were told of it.
    """
    _count_refunds_anew()
    for charge in _with_sums().filter(back__gt=F("amount_minor")).order_by("pk"):
        words = f"{charge.back} went back of {charge.amount_minor} {charge.currency}."
        yield about(Kind.BOOKS, charge, words)
    too_much = _with_sums().filter(back__lte=F("amount_minor"), passed_on__gt=F("owed"))
    for charge in too_much.order_by("pk"):
        if charge.passed_on - _refused_minor(charge) <= charge.owed:
            continue
        words = f"{charge.passed_on} {charge.currency} were passed on, {charge.owed} are theirs."
        yield about(Kind.BOOKS, charge, words)
    unpaid = _with_sums().filter(Q(back__gt=0) | Q(passed_on__gt=0))
    for charge in unpaid.exclude(status__in=Transaction.RECEIVED).order_by("pk"):
        words = f"Money went out of a charge that is {charge.status}."
        yield Found(Kind.BOOKS, f"{charge.code}/unpaid", words, charge)


def _refused_minor(charge: Transaction) -> int:
    """What Stripe wouldn't take back from the mentor: staff have that on a list of their own.

    Of each that was tried again the last try counts.
    """
    rows = Reversal.objects.filter(payout__parent=charge).order_by("pk")
    last = {(row.payout_id, row.refund_id): row for row in rows}
    return sum(row.amount_minor for row in last.values() if row.status == row.Status.FAILED)


def _with_sums() -> QuerySet[Any]:
    """Charges with `back`, `passed_on` (less what was taken back) and `owed` to the mentor."""

    def of(field: str, which: Q) -> Coalesce:
        return Coalesce(Sum(f"children__{field}", filter=which), 0)

    return Transaction.objects.charges().annotate(
        back=of("amount_minor", REFUND),
        done=of("amount_minor", REFUND & Q(children__status=Status.SUCCEEDED)),
        passed_on=of("net_minor", PAYOUT) - of("reversed_minor", PAYOUT),
        owed=F("net_minor") - of("net_minor", REFUND),
    )


def _count_refunds_anew() -> None:
    """A charge's status follows from its refunds: where it doesn't, it is brought there."""
    told = (
        Q(status=Status.SUCCEEDED, done=0)
        | Q(status=Status.PARTIALLY_REFUNDED, done__gt=0, done__lt=F("amount_minor"))
        | Q(status=Status.REFUNDED, done__gte=F("amount_minor"))
    )
    wrong = _with_sums().filter(status__in=Transaction.RECEIVED).exclude(told)
    for charge in wrong:
        with db.atomic():
            ledger.count_refunds(charge=ledger.lock(charge))
