"""Claiming a key, keeping the answer, giving it again."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
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
        row = KeyedRequest.objects.filter(user=user, key=key).first()
    if row is None:  # the first was refused in between, and let go of its key
        return claim(user=user, key=key, fingerprint=fingerprint)
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
    left = _claimed_by(row).filter(claimed_at__lt=now - GIVEN_UP_AFTER)
    taken = left.update(claimed_at=now) == 1
    row.claimed_at = now
    return taken


def _claimed_by(row: KeyedRequest) -> QuerySet[KeyedRequest]:
    """The row, as long as nobody else has taken it over."""
    return KeyedRequest.objects.filter(pk=row.pk, status=None, claimed_at=row.claimed_at)


def keep_answer(*, row: KeyedRequest, status: int, body: str) -> None:
    """What every repetition is answered from now on: what was made first, by whomever."""
    KeyedRequest.objects.filter(pk=row.pk, status=None).update(status=status, body=body)


def release(*, row: KeyedRequest) -> None:
    """Nothing was made: the same request may be tried again under the same key."""
    _claimed_by(row).delete()


def forget_old() -> None:
    """A day later a key is free again."""
    KeyedRequest.objects.filter(created_at__lt=times.real_now() - KEPT_FOR).delete()
