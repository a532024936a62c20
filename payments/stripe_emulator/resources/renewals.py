"""What the end of a period brings: the next one with its invoice, or the subscription's end."""

from .. import events, periods, store
from ..context import Body, Context
from ..models import StripeObject
from . import dunning, invoices, subscription_bodies, subscriptions

GOES_ON = ("active", "past_due", "trialing", "unpaid")


def turn(ctx: Context, row: StripeObject) -> None:
    """The subscription's period or trial is over at `ctx.now`."""
    if row.body["cancel_at_period_end"]:
        reason = {"reason": "cancellation_requested"}
        subscriptions.end(ctx, row, cancellation_details=reason)
    elif row.status in GOES_ON:
        _renew(ctx, row)


def _renew(ctx: Context, row: StripeObject) -> None:
    since, _ = subscription_bodies.period(row.body)
    was_trial = row.status == "trialing"
    items = [_next_period(ctx, row, item) for item in row.body["items"]["data"]]
    row.due_at = items[0]["current_period_end"]
    previous = store.change(
        row,
        items=row.body["items"] | {"data": items},
        status="active" if was_trial else row.status,
    )
    invoice = invoices.draw_up(ctx, row, reason="subscription_cycle", since=since)
    previous |= store.change(row, latest_invoice=invoice.stripe_id)
    events.emit(ctx, "customer.subscription.updated", row.body, previous)
    if row.status == "unpaid":
        invoices.give_up_on(ctx, row)
    elif invoice.status == "open":
        dunning.collect(ctx, invoice)


def _next_period(ctx: Context, row: StripeObject, item: Body) -> Body:
    every = item["price"]["recurring"]
    start = item["current_period_end"]
    end = periods.next_end(
        row.body["billing_cycle_anchor"], start, every["interval"], every["interval_count"]
    )
    kept = store.get(ctx, "subscription_item", item["id"])
    store.change(kept, current_period_start=start, current_period_end=end)
    return kept.body
