"""Stripe's events: verified, stored once, answered, and then worked on by a task."""

import datetime as dt
from typing import Any

from django.db import IntegrityError
from django.db import transaction as db
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.errors import DomainError, InvalidInput, StripeError
from payments import handlers, mirror, tasks
from payments.models import PaymentAccount, WebhookEvent
from payments.stripe_service import StripeService, why

# After three days Stripe itself gives an event up.
STUCK_AFTER, GIVEN_UP_AFTER = dt.timedelta(minutes=15), dt.timedelta(days=3)
NEVER_HANDLED = "This event was never worked on."
NEVER_MIRRORED = "dj-stripe never took this event up; our own rows follow it."


def receive(*, payload: bytes, signature: str, now: dt.datetime | None = None) -> WebhookEvent:
    """Store a signed event and let a task work on it; one that is known is only looked up.

    Raises `InvalidInput` or `TooLarge` for anything else, and then nothing is written.
    """
    event = StripeService().handle_webhook(payload, signature)
    _refuse_stranger(event.account)
    try:
        # Written without looking first: nearly every event is new, and the index knows the others.
        with db.atomic():
            row = WebhookEvent.objects.create(
                event_id=event.id,
                type=event.type,
                account=event.account,
                livemode=event.livemode,
                payload=event.payload,
                created_at=now or times.now(),
            )
            tasks.handle_event.enqueue(event_id=row.pk)
    except IntegrityError:
        row = WebhookEvent.objects.get(event_id=event.id)
    return row


def _refuse_stranger(account_id: str) -> None:
    """An event of a connected account is of one of ours; of one that was cut off, too."""
    if not account_id:
        return
    rows = PaymentAccount.objects
    is_ours = rows.filter(stripe_account_id=account_id).exists()
    if not (is_ours or rows.filter(metadata__disconnected=account_id).exists()):
        message = _("The event is of an account that isn't connected here.")
        raise InvalidInput(message, code="wrong_account")


def handle(*, event: WebhookEvent, now: dt.datetime | None = None) -> None:
    """Bring our own rows to where Stripe is, then the mirror. Safe to repeat and to overtake.

    The mirror comes last: whatever dj-stripe stumbles over, the booking is confirmed. Raises
    `StripeError` where Stripe can't be asked.
    """
    now = now or times.now()
    try:
        if event.handled_at is None:
            _mark(event, "handled_at", now, needs_attention=handlers.handle(event)[:500])
        if event.mirrored_at is None:
            if handlers.is_mirrored(event.type):
                mirror.sync_event(event.payload)
            _mark(event, "mirrored_at", now, **_no_longer_so(event))
    except DomainError as error:
        detail = why(error) if isinstance(error, StripeError) else str(error)[:500]
        WebhookEvent.objects.filter(pk=event.pk).update(last_error=detail)
        raise


def _no_longer_so(event: WebhookEvent) -> dict[str, str]:
    return {"needs_attention": ""} if event.needs_attention == NEVER_MIRRORED else {}


def _mark(event: WebhookEvent, name: str, now: dt.datetime, **facts: Any) -> None:
    """Of two who worked on it at once, the first one's mark and facts stay."""
    rows = WebhookEvent.objects.filter(pk=event.pk, **{name: None})
    rows.update(**{name: now}, last_error="", updated_at=now, **facts)
    event.refresh_from_db()


def retry_stuck(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Take up again what a crash or a long outage left behind; gives the number.

    Staff are told of what is older than Stripe itself would try.
    """
    now = now or times.now()
    unfinished = WebhookEvent.objects.filter(WebhookEvent.UNFINISHED)
    lost = unfinished.filter(created_at__lte=now - GIVEN_UP_AFTER, needs_attention="")
    lost.filter(handled_at=None).update(needs_attention=NEVER_HANDLED)
    lost.filter(handled_at__isnull=False).update(needs_attention=NEVER_MIRRORED)
    stuck = unfinished.filter(updated_at__lt=now - STUCK_AFTER, created_at__gt=now - GIVEN_UP_AFTER)
    rows = list(stuck.order_by("pk")[:limit])
    for row in rows:
        handle_again(event=row, now=now)
    return len(rows)


def handle_again(*, event: WebhookEvent, now: dt.datetime | None = None) -> None:
    """Let a task work on an event once more. Safe to repeat."""
    with db.atomic():
        WebhookEvent.objects.filter(pk=event.pk).update(updated_at=now or times.now())
        tasks.handle_event.enqueue(event_id=event.pk)
