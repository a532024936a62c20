"""Stripe's events: verified, stored once, answered, and then worked on by a task."""

import datetime as dt
import logging

from django.db import transaction as db

from mentormatch import times
from mentormatch.errors import StripeError
from payments import handlers, mirror, tasks
from payments.models import WebhookEvent
from payments.stripe_service import StripeService, why

logger = logging.getLogger(__name__)
# After three days Stripe itself gives an event up.
STUCK_AFTER, GIVEN_UP_AFTER = dt.timedelta(minutes=15), dt.timedelta(days=3)


def receive(*, payload: bytes, signature: str, now: dt.datetime | None = None) -> WebhookEvent:
    """Store a signed event and let a task work on it; one that is known is only looked up.

    Raises `InvalidInput` or `TooLarge` for anything else, and then nothing is written.
    """
    event = StripeService().handle_webhook(payload, signature)
    with db.atomic():
        row, is_new = WebhookEvent.objects.get_or_create(
            event_id=event.id,
            defaults={
                "type": event.type,
                "account": event.account,
                "livemode": event.livemode,
                "payload": event.payload,
                "created_at": now or times.now(),
            },
        )
        if is_new:
            tasks.handle_event.enqueue(event_id=row.pk)
    return row


def handle(*, event: WebhookEvent, now: dt.datetime | None = None) -> None:
    """Bring the mirror and our own rows to where Stripe is. Safe to repeat and to overtake.

    Raises `StripeError` where Stripe can't be asked.
    """
    if event.handled_at is not None:
        return
    try:
        if handlers.is_mirrored(event.type):
            mirror.sync_event(event.payload)
        attention = handlers.handle(event)
    except StripeError as error:
        WebhookEvent.objects.filter(pk=event.pk).update(last_error=why(error))
        raise
    now = now or times.now()
    WebhookEvent.objects.filter(pk=event.pk, handled_at=None).update(
        handled_at=now, updated_at=now, last_error="", needs_attention=attention[:500]
    )


def retry_stuck(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Take up again what a crash or a long outage left behind; gives the number.

    Staff are told of what is older than Stripe itself would try.
    """
    now = now or times.now()
    lost = WebhookEvent.objects.filter(handled_at=None, created_at__lte=now - GIVEN_UP_AFTER)
    lost.filter(needs_attention="").update(needs_attention="This event was never worked on.")
    stuck = WebhookEvent.objects.filter(
        handled_at=None,
        updated_at__lt=now - STUCK_AFTER,
        created_at__gt=now - GIVEN_UP_AFTER,
    )
    rows = list(stuck.order_by("pk")[:limit])
    for row in rows:
        handle_again(event=row, now=now)
    return len(rows)


def handle_again(*, event: WebhookEvent, now: dt.datetime | None = None) -> None:
    """Let a task work on an event once more. Safe to repeat."""
    with db.atomic():
        WebhookEvent.objects.filter(pk=event.pk).update(updated_at=now or times.now())
        tasks.handle_event.enqueue(event_id=event.pk)
