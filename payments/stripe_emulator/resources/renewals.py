"""What the end of a period brings: the next one with its invoice, or the subscription's end."""

from typing import Any

from .. import events, params, periods, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from . import dunning, invoices, subscription_bodies, subscriptions

GOES_ON = ("active", "past_due", "trialing", "unpaid")
RESUME: params.Spec = {**params.EXPAND, "billing_cycle_anchor": params.one_of("now")}


def turn(ctx: Context, row: StripeObject) -> None:
    """The subscription's period, trial or first day is over at `ctx.now`."""
    if row.status == "incomplete":
        subscriptions.expire(ctx, row)
    elif row.body["cancel_at_period_end"]:
        _end(ctx, row, "cancellation_requested")
    elif row.status == "trialing" and dunning.saved_card(ctx, row) is None:
        _end_trial_without_card(ctx, row)
    elif row.status in GOES_ON:
        _renew(ctx, row)


def _end(ctx: Context, row: StripeObject, reason: str) -> None:
    subscriptions.end(ctx, row, cancellation_details={"reason": reason})


def _end_trial_without_card(ctx: Context, row: StripeObject) -> None:
    wished = row.body["trial_settings"]["end_behavior"]["missing_payment_method"]
    if wished == "create_invoice":
        _renew(ctx, row)
    elif wished == "cancel":
        _end(ctx, row, "payment_failed")
    else:
        row.due_at = None
        events.changed(ctx, "customer.subscription.updated", row, status="paused")
        events.emit(ctx, "customer.subscription.paused", row.body)


def _renew(ctx: Context, row: StripeObject) -> None:
    since, start = subscription_bodies.period(row.body)
    status = "active" if row.status == "trialing" else row.status
    invoice = _begin_period(ctx, row, since, start, status=status)
    if row.status == "unpaid":
        invoices.give_up_on(ctx, row)
    elif invoice.status == "open":
        dunning.collect(ctx, invoice)


def _begin_period(
    ctx: Context, row: StripeObject, since: int, start: int, **changes: Any
) -> StripeObject:
    """The period from `start` on, and its invoice."""
    anchor = changes.get("billing_cycle_anchor", row.body["billing_cycle_anchor"])
    items = [_next_period(ctx, item, anchor, start) for item in row.body["items"]["data"]]
    row.due_at = items[0]["current_period_end"]
    previous = store.change(row, items=row.body["items"] | {"data": items}, **changes)
    invoice = invoices.draw_up(ctx, row, reason="subscription_cycle", since=since)
    previous |= store.change(row, latest_invoice=invoice.stripe_id)
    events.emit(ctx, "customer.subscription.updated", row.body, previous)
    return invoice


def _next_period(ctx: Context, item: Body, anchor: int, start: int) -> Body:
    every = item["price"]["recurring"]
    end = periods.next_end(anchor, start, every["interval"], every["interval_count"])
    kept = store.get(ctx, "subscription_item", item["id"])
    store.change(kept, current_period_start=start, current_period_end=end)
    return kept.body


def resume(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/subscriptions/{id}/resume`: a period begins now, and is paid for at once.

    It stays paused for as long as that invoice isn't paid.
    """
    row = store.get(ctx, "subscription", id)
    if row.status != "paused":
        raise StripeError(
            f"Only paused subscriptions can be resumed, and this one is {row.status}.", param="id"
        )
    dunning.needed_card(ctx, row)
    since, _ = subscription_bodies.period(row.body)
    invoice = _begin_period(ctx, row, since, ctx.now, billing_cycle_anchor=ctx.now)
    row.due_at = None
    row.save()
    dunning.collect(ctx, invoice)
    row.refresh_from_db()
    return row.body
