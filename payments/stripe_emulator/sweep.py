"""What time brings about by itself; run it every now and then."""

from collections.abc import Iterator
from itertools import islice

from django.db import transaction
from django.db.models import Q

from . import config, context, idempotency, store
from .models import StripeObject
from .resources import (
    checkout_sessions,
    disputes,
    dunning,
    inquiries,
    payment_intents,
    payouts,
    renewals,
)
from .router import ALIAS

DUE = {"subscription": renewals.turn, "invoice": dunning.collect}


def expire_sessions(limit: int = 100) -> int:
    """Expire the open Checkout Sessions that are past their end; gives their number."""
    return sum(_expire_session(pk) for pk in _due("checkout.session", "open")[:limit])


def cancel_authorizations(limit: int = 100) -> int:
    """Release the authorisations that nobody captured in time; gives their number."""
    return sum(_cancel_intent(pk) for pk in _due("payment_intent", "requires_capture")[:limit])


def open_disputes(limit: int = 100) -> int:
    """Dispute the charges of the card whose payments are disputed; gives their number."""
    return sum(_open_dispute(pk) for pk in _due("charge", "succeeded")[:limit])


def lose_disputes(limit: int = 100) -> int:
    """Lose the disputes that nobody answered in time; gives their number."""
    return sum(_lose_dispute(pk) for pk in _due("dispute", "needs_response")[:limit])


def end_inquiries(limit: int = 100) -> int:
    """End the inquiries of which no bank made a dispute in time; gives their number."""
    due = [pk for status in inquiries.INQUIRIES for pk in _due("dispute", status)]
    return sum(_end_inquiry(pk) for pk in due[:limit])


def send_payouts() -> int:
    """Send what connected accounts have available to their banks, once a day; gives the number."""
    rows = StripeObject.objects.filter(type="account", body__payouts_enabled=True)
    rows = rows.exclude(status__in=store.GONE)
    return sum(_send_payout(account) for account in rows.values_list("stripe_id", flat=True))


def move_payouts(limit: int = 100) -> int:
    """Hand the payouts to the banks, and let them arrive, as their days come."""
    arrived = sum(_move_payout(pk, "in_transit") for pk in _due("payout", "in_transit")[:limit])
    return arrived + sum(_move_payout(pk, "pending") for pk in _due("payout", "pending")[:limit])


def renew_subscriptions(limit: int = 100) -> int:
    """Turn the subscriptions whose period is over and try refused cards again, oldest first.

    What was due in between happens as of when it was due, however far the clock has jumped.
    """
    return sum(1 for _ in islice(_turns(), limit))


def _turns() -> Iterator[None]:
    """One thing that is due after the other, for as long as there is one."""
    while due := _next_due():
        with transaction.atomic(using=ALIAS):
            row = StripeObject.objects.filter(pk=due.pk, due_at=due.due_at).first()
            if row:
                ctx = context.for_account(row.account, at=row.due_at)
                DUE[row.type](ctx, row)
        yield


def _next_due() -> StripeObject | None:
    waiting = Q(type="subscription") | Q(type="invoice", status="open")
    rows = StripeObject.objects.filter(waiting, due_at__lte=config.timestamp())
    return rows.order_by("due_at", "pk").first()


def forget_idempotency_keys() -> int:
    """Drop the answers that are older than a day."""
    return idempotency.forget_old(config.timestamp())


def _due(kind: str, status: str) -> list[int]:
    rows = StripeObject.objects.filter(type=kind, status=status, due_at__lte=config.timestamp())
    return list(rows.order_by("due_at").values_list("pk", flat=True))


def _locked(pk: int, status: str) -> StripeObject | None:
    """The row as it is now that nobody else can write: someone may have paid meanwhile."""
    return StripeObject.objects.filter(pk=pk, status=status).first()


def _expire_session(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "open")
        if row:
            checkout_sessions.expire_row(context.for_account(row.account), row)
    return row is not None


def _cancel_intent(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "requires_capture")
        if row:
            payment_intents.cancel_row(context.for_account(row.account), row, "automatic")
    return row is not None


def _open_dispute(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = StripeObject.objects.filter(pk=pk, due_at__isnull=False).first()
        is_due = row is not None and disputes.can_be_disputed(row)
        if row and is_due:
            disputes.open_dispute(context.for_account(row.account), row)
        elif row:
            row.due_at = None  # it went back meanwhile
            row.save()
    return is_due


def _lose_dispute(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, "needs_response")
        if row:
            late = row.body["evidence_details"] | {"past_due": True}
            store.change(row, evidence_details=late)
            disputes.lose(context.for_account(row.account), row)
    return row is not None


def _end_inquiry(pk: int) -> bool:
    with transaction.atomic(using=ALIAS):
        row = StripeObject.objects.filter(pk=pk, status__in=inquiries.INQUIRIES).first()
        if row:
            inquiries.end(context.for_account(row.account), row)
    return row is not None


def _send_payout(account: str) -> bool:
    with transaction.atomic(using=ALIAS):
        return payouts.send_what_is_available(context.for_account(account)) is not None


def _move_payout(pk: int, status: str) -> bool:
    with transaction.atomic(using=ALIAS):
        row = _locked(pk, status)
        if row:
            move = payouts.arrive if status == "in_transit" else payouts.submit
            move(context.for_account(row.account), row)
    return row is not None
