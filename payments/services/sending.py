"""Money that we move: what is common to refunds, payouts and reversals that are sent to Stripe."""

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction as db

from mentormatch.errors import StripeError
from payments.models import Transaction
from payments.services import ledger
from payments.signals import refund_failed
from payments.stripe_service import StripeBroken, StripeRefused, why

logger = logging.getLogger(__name__)
# How long after its last try a row that still waits is taken up again by the sweeper.
STUCK_AFTER = dt.timedelta(minutes=15)
# Stripe forgets an idempotency key after a day: the same call is another one then.
KEY_LIVES = dt.timedelta(hours=23)


@contextmanager
def asking(row: ledger.Row, *, now: dt.datetime) -> Iterator[None]:
    """Around the call to Stripe: writes down how it went.

    A refusal is left to staff and ends here; `StripeError` goes on where asking later may help.
    """
    ledger.note(transaction=row, next_attempt_at=now + STUCK_AFTER)
    try:
        yield
    except StripeRefused as refusal:
        if refusal.needs_new_key:
            _under_another_key(row, refusal)
            raise
        refused(row, why(refusal))
    except StripeBroken as error:
        _under_another_key(row, error)
        raise
    except StripeError as error:
        ledger.note(transaction=row, last_error=why(error))
        raise


def may_be_out(row: ledger.Row, *, now: dt.datetime) -> bool:
    """Whether an earlier call may have gone out that the row's present key says nothing of."""
    return row.attempts > 1 or now - row.created_at >= KEY_LIVES


def refused(row: ledger.Row, detail: str) -> None:
    """It won't be sent: staff decide."""
    logger.warning("%s %s was refused: %s", row.type, row.code, detail)
    with db.atomic():
        has_failed = ledger.move(
            transaction=row,
            to=Transaction.Status.FAILED,
            last_error=detail[:500],
            needs_attention=f"Stripe refused this {row.type}: {detail}"[:500],
            next_attempt_at=None,
        )
        if has_failed and row.type == Transaction.Type.REFUND:
            refund_failed.send(sender=Transaction, transaction=row)


def _under_another_key(row: ledger.Row, error: StripeError) -> None:
    # Stripe repeats its answer under the same key: next time we look first, then ask anew.
    ledger.note(transaction=row, attempts=row.attempts + 1, last_error=why(error))
