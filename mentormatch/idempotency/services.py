"""Claiming a key, keeping the answer, giving it again."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from mentormatch.idempotency.models import KeyedRequest

KEPT_FOR = dt.timedelta(hours=24)
# Longer than any request may take: whoever claimed it is gone.
GIVEN_UP_AFTER = dt.timedelta(minutes=2)


def claim(*, user: User, key: str, fingerprint: str) -> KeyedRequest:
    """The row of that key: ours to work on, or with the answer that was given (`status`).

    Raises `Conflict`: `idempotency_key_reused` for another request under the same key,
    `idempotency_in_progress` while the first is still being worked on.
    """
    now = times.real_now()
    try:
        with transaction.atomic():
            return KeyedRequest.objects.create(
                user=user, key=key, fingerprint=fingerprint, claimed_at=now
            )
    except IntegrityError:
        row = KeyedRequest.objects.get(user=user, key=key)
    if row.fingerprint != fingerprint:
        raise Conflict(
            _("This Idempotency-Key was used for another request. Choose a new one."),
            code="idempotency_key_reused",
        )
    if row.status is None and not _take_over(row, now):
        raise Conflict(
            _("The first request with this Idempotency-Key is still being worked on."),
            code="idempotency_in_progress",
        )
    return row


def _take_over(row: KeyedRequest, now: dt.datetime) -> bool:
    """Whether we have it now: its worker died in between."""
    left = KeyedRequest.objects.filter(
        pk=row.pk, status=None, claimed_at=row.claimed_at, claimed_at__lt=now - GIVEN_UP_AFTER
    )
    return left.update(claimed_at=now) == 1


def keep_answer(*, row: KeyedRequest, status: int, body: str) -> None:
    """What every repetition is answered from now on."""
    KeyedRequest.objects.filter(pk=row.pk).update(status=status, body=body)


def release(*, row: KeyedRequest) -> None:
    """Nothing was made: the same request may be tried again under the same key."""
    KeyedRequest.objects.filter(pk=row.pk, status=None).delete()


def forget_old() -> None:
    """A day later a key is free again."""
    KeyedRequest.objects.filter(created_at__lt=times.real_now() - KEPT_FOR).delete()
