"""What staff were told of: taken off the list once someone has looked at it."""

import datetime as dt

from django.db import transaction as db
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.errors import Conflict
from payments.models import Reversal, Transaction, WebhookEvent
from payments.services import ledger, transfers


def settle_attention(
    *, row: Transaction | Reversal | WebhookEvent, now: dt.datetime | None = None
) -> str:
    """Someone looked at it, and nothing more is to be done; gives the sentence it was about.

    What waited for that goes on: after a refund that failed the mentor's part leaves, anew where
    it had been taken back. An event that was given up is done with. `Conflict` where there is
    nothing to look at (any more), or where what is said still holds and ends by itself.
    """
    now = now or times.now()
    if row.needs_attention == transfers.BLOCKED:
        raise Conflict(_("This still holds. It ends by itself once the mentor can be paid."))
    if not isinstance(row, Transaction) or row.type != Transaction.Type.REFUND:
        return _done_with(row, now)
    with db.atomic():
        charge = ledger.lock(row.charge)  # before its refund, as everyone does
        sentence = _done_with(row, now)
        transfers.pass_on_again(charge=charge, now=now)
    return sentence


def _done_with(row: Transaction | Reversal | WebhookEvent, now: dt.datetime) -> str:
    rows = type(row)._default_manager.filter(pk=row.pk, needs_attention=row.needs_attention)
    done = {"needs_attention": "", "updated_at": now}
    if isinstance(row, WebhookEvent):
        done |= {name: Coalesce(name, now) for name in ("handled_at", "mirrored_at")}
    if not row.needs_attention or not rows.update(**done):
        raise Conflict(_("There is nothing to look at here any more."))
    sentence = row.needs_attention
    row.refresh_from_db()
    return sentence
