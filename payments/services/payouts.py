"""Payouts to mentors' banks: Stripe makes them, and we keep what it says of them."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction as db

from mentormatch import times
from payments import tasks
from payments.models import PaymentAccount, Payout
from payments.signals import payout_failed
from payments.stripe_service import StripeService
from payments.stripe_types import Payout as PayoutAtStripe

Status = Payout.Status
# Each status, and where it may be entered from: a bank may send back what was said to be there.
ENTERED_FROM: Mapping[str, tuple[str, ...]] = {
    Status.IN_TRANSIT: (Status.PENDING,),
    Status.PAID: (Status.PENDING, Status.IN_TRANSIT),
    Status.FAILED: (Status.PENDING, Status.IN_TRANSIT, Status.PAID),
    Status.CANCELED: (Status.PENDING, Status.IN_TRANSIT),
}
# The event of its arrival may never come: how long after that day Stripe is asked.
ASK_AFTER = dt.timedelta(days=1)


def record_payout(
    *, account: PaymentAccount, payout: PayoutAtStripe, now: dt.datetime | None = None
) -> Payout:
    """Bring our row to where the payout stands at Stripe. Safe to repeat, in any order."""
    now = now or times.now()
    with db.atomic():
        row, _is_new = Payout.objects.get_or_create(
            stripe_payout_id=payout.id,
            defaults={
                "mentor": account.mentor,
                "stripe_account_id": account.stripe_account_id or "",
                "status": Status.PENDING,
                "amount_minor": payout.amount_minor,
                "currency": payout.currency,
                "arrival_date": payout.arrival_date,
                "created_at": now,
            },
        )
        if payout.status in ENTERED_FROM:
            _move(row, payout, now)
    return row


def _move(row: Payout, payout: PayoutAtStripe, now: dt.datetime) -> None:
    """A compare-and-swap: of many who come with the same news one writes it."""
    rows = Payout.objects.filter(pk=row.pk, status__in=ENTERED_FROM[payout.status])
    written = rows.update(
        status=payout.status,
        arrival_date=payout.arrival_date,
        failure_code=payout.failure_code[:64] if payout.status == Status.FAILED else "",
        failure_message=payout.failure_message[:500],
        updated_at=now,
    )
    row.refresh_from_db()
    if written and row.status == Status.FAILED:
        payout_failed.send(sender=Payout, payout=row)


def follow_payout(*, payout: Payout) -> None:
    """Ask Stripe how it stands. Safe to repeat; raises `StripeError`."""
    account = PaymentAccount.objects.filter(stripe_account_id=payout.stripe_account_id).first()
    if account is None:
        return  # the mentor cut us off: its payouts are none of our business any more
    found = StripeService().retrieve_payout(
        payout.stripe_payout_id, account_id=payout.stripe_account_id
    )
    record_payout(account=account, payout=found)


def adopt_payouts(
    *, account: PaymentAccount, since: dt.datetime, now: dt.datetime | None = None
) -> None:
    """Write down those of which no event ever came. Safe to repeat; raises `StripeError`."""
    account_id = account.stripe_account_id or ""
    rows = Payout.objects.filter(stripe_account_id=account_id)
    known = set(rows.values_list("stripe_payout_id", flat=True))
    for payout in StripeService().payouts_since(since, account_id=account_id):
        if payout.id not in known:
            record_payout(account=account, payout=payout, now=now)


def follow_late_payouts(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Let tasks ask about those that should have arrived; gives their number."""
    now = now or times.now()
    late = Payout.objects.filter(
        status__in=(Status.PENDING, Status.IN_TRANSIT),
        arrival_date__lte=(now - ASK_AFTER).date(),
        updated_at__lte=now - ASK_AFTER,
    )
    found = list(late.order_by("updated_at")[:limit])
    for row in found:
        with db.atomic():
            Payout.objects.filter(pk=row.pk).update(updated_at=now)
            tasks.follow_payout.enqueue(payout_id=row.pk)
    return len(found)
