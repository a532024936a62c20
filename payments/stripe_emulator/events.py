"""Stripe's events: each is an object of its account and one webhook in the outbox."""

import time
from typing import Any

from . import config, ids, signals, store
from .context import Body, Context
from .models import Delivery, StripeObject


def emit(ctx: Context, kind: str, body: Body, previous: Body | None = None) -> None:
    """Record that something happened to `body`, as it is now, and let the platform hear of it.

    Of an account that was cut off or deleted it hears nothing more.
    """
    if not ctx.is_platform and store.connected(ctx.account) is None:
        return
    data: dict[str, Any] = {"object": body}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Body = {
        "id": ids.new("evt"),
        "object": "event",
        "api_version": config.API_VERSION,
        "created": ctx.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
        "type": kind,
    }
    if not ctx.is_platform:
        event["account"] = ctx.account
    row = store.create(ctx, event, ref=kind)
    # The outbox runs on the real clock: the demo's may be days ahead.
    Delivery.objects.create(event=row, connect=not ctx.is_platform, due_at=time.time())
    signals.emitted.send(StripeObject, event=event)


def changed(ctx: Context, kind: str, row: StripeObject, **changes: Any) -> StripeObject:
    """Write `changes` into the object and tell it as one event, if anything is new."""
    previous = store.change(row, **changes)
    if previous:
        emit(ctx, kind, row.body, previous)
    return row
