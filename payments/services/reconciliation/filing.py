"""What was found, as rows that staff see."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction as db

from payments.models import Difference, Transaction

Kind = Difference.Kind


@dataclass(frozen=True)
class Found:
    """A difference: of what (Stripe's id, or our code), and in words."""

    kind: str
    subject: str
    detail: str
    transaction: Transaction | None = None


def about(kind: str, row: Transaction, detail: str) -> Found:
    """A difference that one of our rows has."""
    return Found(kind, row.code, detail, row)


def file(found: Iterable[Found], *, now: dt.datetime) -> None:
    """Keep each once, however often it is found, and close those that aren't found any more."""
    with db.atomic():
        opened = {
            (row.kind, row.subject): row for row in Difference.objects.open().select_for_update()
        }
        for each in found:
            row = opened.pop((each.kind, each.subject), None)
            if row is None:
                _open(each, now)
            elif row.detail != each.detail[:500]:
                rows = Difference.objects.filter(pk=row.pk)
                rows.update(detail=each.detail[:500], updated_at=now)
        gone = Difference.objects.filter(pk__in=[row.pk for row in opened.values()])
        gone.update(resolved_at=now, updated_at=now)


def _open(found: Found, now: dt.datetime) -> None:
    Difference.objects.get_or_create(
        kind=found.kind,
        subject=found.subject,
        resolved_at=None,
        defaults={
            "detail": found.detail[:500],
            "transaction": found.transaction,
            "created_at": now,
        },
    )


def open_subjects(*kinds: str) -> list[str]:
    """What was different so last time: looked at again, however old it is."""
    rows = Difference.objects.open().filter(kind__in=kinds)
    return list(rows.values_list("subject", flat=True))
