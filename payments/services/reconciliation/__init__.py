"""The ledger held against Stripe: what is unfinished is asked about, the rest is compared.

Money is moved by the same services as always. What they can't mend is a `Difference` for staff.
Asks Stripe: not to be called inside a transaction.
"""

import datetime as dt
from collections.abc import Iterator
from itertools import chain

from mentormatch import times
from payments.models import Difference
from payments.services.reconciliation import (
    books,
    charges,
    disputes,
    refunds,
    transfers,
    unfinished,
)
from payments.services.reconciliation.filing import Found, file

# Further back than a bank takes for a refund, or Stripe for an event.
LOOKS_BACK = dt.timedelta(days=60)


def reconcile(
    *, now: dt.datetime | None = None, since: dt.datetime | None = None
) -> list[Difference]:
    """Mend what may be mended; gives all that is different still. Safe to repeat.

    Compares what was made from `since` on (60 days ago), and whatever was different before.
    Raises `StripeError` where Stripe can't be asked: what was mended until then stays so.
    """
    now = now or times.now()
    since = since or now - LOOKS_BACK
    disputes.bring_up(since, now)
    found = list(_found(since, now))
    file(found, now=now)
    return list(Difference.objects.open().select_related("transaction"))


def _found(since: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    return chain(
        unfinished.bring_to_an_end(since, now),
        charges.compare(since, now),
        refunds.compare(since, now),
        transfers.compare(since, now),
        books.compare(),
    )
