"""Subscriptions: a sum for each period, until someone says stop."""

from typing import Any

from .. import events, params, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from . import invoices, lists, payment_intents, payment_methods, subscription_bodies

STATUSES = (
    "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
    "unpaid",
)  # fmt: skip
ENDED = ("canceled", "incomplete_expired")
FEEDBACK = (
    "customer_service", "low_quality", "missing_features", "other", "switched_service",
    "too_complex", "too_expensive", "unused",
)  # fmt: skip
DETAILS: params.Spec = {
    "comment": params.text(clearable=True),
    "feedback": params.one_of(*FEEDBACK),
}
CHANGES: params.Spec = {
    **params.EXPAND,
    "cancel_at_period_end": params.boolean,
    "cancellation_details": params.hash_of(DETAILS),
    "default_payment_method": params.text(),
    "description": params.text(longest=500, clearable=True),
    "metadata": params.metadata,
    "payment_settings": params.hash_of(
        {"save_default_payment_method": params.one_of("off", "on_subscription")}
    ),
}
CANCEL: params.Spec = {**params.EXPAND, "cancellation_details": params.hash_of(DETAILS)}
LIST: params.Spec = {
    **params.PAGING,
    "customer": params.text(),
    "price": params.text(),
    "status": params.one_of(*STATUSES, "all", "ended"),
}
LIST_ITEMS: params.Spec = {**params.CURSOR, "subscription": params.Required(params.text())}


def begin(
    ctx: Context,
    customer: str,
    lines: list[Body],
    data: dict[str, Any],
    *,
    session: str = "",
    pays_within: int | None = None,
) -> StripeObject:
    """A subscription and its first invoice, which waits to be paid; one on trial waits for none.

    Without `pays_within`, in seconds, the session's end is its end until it is paid.
    """
    body = subscription_bodies.build(ctx, customer, lines, data)
    row = store.create(ctx, body, ref=customer)
    invoice = invoices.draw_up(
        ctx, row, reason="subscription_create", since=ctx.now, session=session
    )
    costs_nothing = invoice.status == "paid"  # now or ever
    if costs_nothing:
        _, row.due_at = subscription_bodies.period(body)
    elif pays_within:
        row.due_at = ctx.now + pays_within
    is_active = costs_nothing and row.status == "incomplete"
    store.change(
        row, latest_invoice=invoice.stripe_id, status="active" if is_active else row.status
    )
    events.emit(ctx, "customer.subscription.created", row.body)
    return row


def now_active(ctx: Context, row: StripeObject, **changes: Any) -> None:
    """What it owed is paid: it is active, until the period's end."""
    was_paused = row.status == "paused"
    _, row.due_at = subscription_bodies.period(row.body)
    events.changed(ctx, "customer.subscription.updated", row, **changes, status="active")
    if was_paused:
        events.emit(ctx, "customer.subscription.resumed", row.body)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/subscriptions/{id}`: an ended one too."""
    return store.get(ctx, "subscription", id).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/subscriptions`: without a status, those that haven't ended by cancellation."""
    rows = store.objects(ctx, "subscription")
    status = values.get("status")
    if status is None:
        rows = rows.exclude(status="canceled")
    elif status == "ended":
        rows = rows.filter(status__in=ENDED)
    elif status != "all":
        rows = rows.filter(status=status)
    rows = lists.narrowed(ctx, rows, values, {"customer": "ref"})
    if "price" in values:
        items = store.objects(ctx, "subscription_item").filter(body__price__id=values["price"])
        rows = rows.filter(stripe_id__in=items.values("ref"))
    return lists.page(rows, values, "/v1/subscriptions")


def retrieve_item(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/subscription_items/{id}`."""
    return store.get(ctx, "subscription_item", id, param="item").body


def list_items(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/subscription_items`."""
    subscription = store.given(ctx, "subscription", values["subscription"], "subscription")
    items = subscription.body["items"]
    return lists.part(items["data"], values, items["url"])


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/subscriptions/{id}`: when it ends, and its labels."""
    row = store.get(ctx, "subscription", id)
    _refuse_ended(row)
    changes = _changes(ctx, row, values)
    return events.changed(ctx, "customer.subscription.updated", row, **changes).body


def _refuse_ended(row: StripeObject) -> None:
    if row.status in ENDED:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata.",
            param="id",
        )


def _changes(ctx: Context, row: StripeObject, values: dict[str, Any]) -> Body:
    changes: Body = {}
    if "description" in values:
        changes["description"] = values["description"]
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    if "default_payment_method" in values:
        asked = values["default_payment_method"]
        card = payment_methods.of_customer(ctx, row.ref, asked, "default_payment_method")
        changes["default_payment_method"] = card.stripe_id
    if "payment_settings" in values:
        changes["payment_settings"] = row.body["payment_settings"] | values["payment_settings"]
    details = row.body["cancellation_details"] | values.get("cancellation_details", {})
    if "cancel_at_period_end" in values:
        ends = values["cancel_at_period_end"]
        if ends != row.body["cancel_at_period_end"]:
            _, end = subscription_bodies.period(row.body)
            changes["cancel_at_period_end"] = ends
            changes["cancel_at"] = end if ends else None
            changes["canceled_at"] = ctx.now if ends else None
        details = details | {"reason": "cancellation_requested" if ends else None}
    changes["cancellation_details"] = details
    return changes


def cancel(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`DELETE /v1/subscriptions/{id}`: at once; what was paid for stays paid."""
    row = store.get(ctx, "subscription", id)
    if row.status in ENDED:
        raise StripeError(
            f"No such subscription: '{id}'", code="resource_missing", param="id", status=404
        )
    details = values.get("cancellation_details", {}) | {"reason": "cancellation_requested"}
    if row.status == "incomplete":
        expire(ctx, row)
        return row.body
    end(ctx, row, canceled_at=ctx.now, cancellation_details=details)
    return row.body


def end(ctx: Context, row: StripeObject, *, cancellation_details: Body, **changes: Any) -> None:
    """It is over: nothing more is asked for by itself."""
    invoices.give_up_on(ctx, row)
    row.due_at = None
    details = row.body["cancellation_details"] | cancellation_details
    store.change(row, cancellation_details=details, ended_at=ctx.now, status="canceled", **changes)
    events.emit(ctx, "customer.subscription.deleted", row.body)


def end_all(ctx: Context, customer: str) -> None:
    """Their customer goes, and they with it."""
    for row in store.objects(ctx, "subscription").filter(ref=customer).exclude(status__in=ENDED):
        if row.status == "incomplete":
            expire(ctx, row)
        else:
            reason: Body = {"reason": "cancellation_requested"}
            end(ctx, row, canceled_at=ctx.now, cancellation_details=reason)


def expire(ctx: Context, row: StripeObject) -> None:
    """Nobody paid its first invoice in time: it never was."""
    invoice = store.get(ctx, "invoice", row.body["latest_invoice"])
    intent = invoices.intent_of(ctx, invoice)
    if intent.status in payment_intents.UNPAID:
        payment_intents.cancel_row(ctx, intent, "void_invoice")
    invoices.void(ctx, invoice)
    row.due_at = None
    events.changed(
        ctx,
        "customer.subscription.updated",
        row,
        ended_at=ctx.now,
        status="incomplete_expired",
    )
