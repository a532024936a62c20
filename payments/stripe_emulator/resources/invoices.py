"""Invoices: what a subscription asks for one period, and how it was paid."""

from typing import Any

from .. import events, pages, params, store
from ..context import Body, Context
from ..models import StripeObject
from . import invoice_bodies, lists, payment_intents

STATUSES = ("draft", "open", "paid", "uncollectible", "void")
LIST: params.Spec = {
    **params.PAGING,
    "customer": params.text(),
    "status": params.one_of(*STATUSES),
    "subscription": params.text(),
}
LIST_PAYMENTS: params.Spec = {
    **params.PAGING,
    "invoice": params.text(),
    "payment": params.hash_of(
        {
            "payment_intent": params.text(),
            "type": params.Required(params.one_of("payment_intent")),
        }
    ),
    "status": params.one_of("canceled", "open", "paid"),
}
WORDS = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
}


def draw_up(
    ctx: Context, subscription: StripeObject, *, reason: str, since: int, session: str = ""
) -> StripeObject:
    """The invoice for the period that begins now, open and with an intent to pay it.

    `since` is when what it looks back on began. One for nothing is paid as it is.
    """
    body = subscription.body
    customer = store.get(ctx, "customer", body["customer"])
    draft = invoice_bodies.build(
        ctx, body, customer.body, reason=reason, period={"end": ctx.now, "start": since}
    )
    whole = [
        _described(ctx, line, item)
        for line, item in zip(draft["lines"]["data"], body["items"]["data"], strict=True)
    ]
    draft["lines"] = lists.part(whole, {}, draft["lines"]["url"])
    row = store.create(
        ctx,
        draft,
        ref=subscription.stripe_id,
        group=customer.stripe_id,
        private={"lines": whole, "session": session},
    )
    events.emit(ctx, "invoice.created", draft)
    _finalize(ctx, row, customer)
    if row.body["amount_due"]:
        _ask_for_payment(ctx, row, session)
    else:
        mark_paid(ctx, row)
    return row


def _described(ctx: Context, line: Body, item: Body) -> Body:
    product = store.get(ctx, "product", item["price"]["product"])
    return invoice_bodies.described(line, product.body, item["price"])


def _finalize(ctx: Context, row: StripeObject, customer: StripeObject) -> None:
    sequence = customer.body["next_invoice_sequence"]
    store.change(customer, next_invoice_sequence=sequence + 1)
    url = pages.invoice_url(row.stripe_id)
    store.change(
        row,
        effective_at=ctx.now,
        ending_balance=0,
        hosted_invoice_url=url,
        invoice_pdf=url,
        number=f"{customer.body['invoice_prefix']}-{sequence:04}",
        status="open",
        status_transitions=row.body["status_transitions"] | {"finalized_at": ctx.now},
    )
    events.emit(ctx, "invoice.finalized", row.body)


def _ask_for_payment(ctx: Context, row: StripeObject, session: str) -> None:
    body = row.body
    values = {name: body[name] for name in ("currency", "customer")}
    values |= {"amount": body["amount_due"], "description": WORDS[body["billing_reason"]]}
    intent = payment_intents.open_intent(ctx, values, session=session or row.stripe_id)
    store.change(intent, setup_future_usage="off_session")
    payment = invoice_bodies.payment(ctx, body, intent.stripe_id)
    store.create(ctx, payment, ref=row.stripe_id, group=intent.stripe_id)


def is_payable(row: StripeObject) -> bool:
    """Whether its own page takes a card: a first one is paid on the Checkout Session's."""
    return row.status == "open" and not row.private["session"]


def payment_of(ctx: Context, row: StripeObject) -> StripeObject:
    """What ties it to its intent."""
    return store.objects(ctx, "invoice_payment").get(ref=row.stripe_id)


def intent_of(ctx: Context, row: StripeObject) -> StripeObject:
    """The intent that pays it."""
    payment = payment_of(ctx, row).body["payment"]
    return store.get(ctx, "payment_intent", payment["payment_intent"])


def _attempts(row: StripeObject, *, by_itself: bool) -> int:
    """How often it was tried by now, as its schedule counts: by hand only if that was the first."""
    count: int = row.body["attempt_count"]
    return count + 1 if by_itself or not count else count


def mark_paid(ctx: Context, row: StripeObject, *, by_itself: bool = False) -> None:
    """All of it has come; `by_itself` where its time had come, and nobody asked for it."""
    due = row.body["amount_due"]
    row.due_at = None
    store.change(
        row,
        amount_paid=due,
        amount_remaining=0,
        attempt_count=_attempts(row, by_itself=by_itself) if due else 0,
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
        status="paid",
        status_transitions=row.body["status_transitions"] | {"paid_at": ctx.now},
    )
    events.emit(ctx, "invoice.paid", row.body)
    events.emit(ctx, "invoice.payment_succeeded", row.body)
    if due:
        payment = payment_of(ctx, row)
        moments = payment.body["status_transitions"] | {"paid_at": ctx.now}
        store.change(payment, amount_paid=due, status="paid", status_transitions=moments)
        events.emit(ctx, "invoice_payment.paid", payment.body)


def mark_failed(
    ctx: Context, row: StripeObject, *, retry_at: int | None, by_itself: bool = False
) -> None:
    """The card was declined; `None` says that it isn't tried again by itself."""
    row.due_at = retry_at
    store.change(
        row,
        attempt_count=_attempts(row, by_itself=by_itself),
        attempted=True,
        auto_advance=retry_at is not None,
        next_payment_attempt=retry_at,
    )
    events.emit(ctx, "invoice.payment_failed", row.body)


def void(ctx: Context, row: StripeObject) -> None:
    """It is to be paid no more."""
    row.due_at = None
    moments = row.body["status_transitions"] | {"voided_at": ctx.now}
    store.change(
        row,
        auto_advance=False,
        next_payment_attempt=None,
        status="void",
        status_transitions=moments,
    )
    payment = payment_of(ctx, row)
    moments = payment.body["status_transitions"] | {"canceled_at": ctx.now}
    store.change(payment, status="canceled", status_transitions=moments)
    events.emit(ctx, "invoice.voided", row.body)


def give_up_on(ctx: Context, subscription: StripeObject) -> None:
    """Its open invoices stay open, and are not tried again by themselves."""
    for row in store.objects(ctx, "invoice").filter(ref=subscription.stripe_id, status="open"):
        row.due_at = None
        store.change(row, auto_advance=False, next_payment_attempt=None)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/invoices/{id}`."""
    return store.get(ctx, "invoice", id, param="invoice").body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/invoices`."""
    rows = store.objects(ctx, "invoice")
    if "status" in values:
        rows = rows.filter(status=values["status"])
    rows = lists.narrowed(ctx, rows, values, {"customer": "group", "subscription": "ref"})
    return lists.page(rows, values, "/v1/invoices")


def lines(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/invoices/{id}/lines`."""
    row = store.get(ctx, "invoice", id, param="invoice")
    return lists.part(row.private["lines"], values, f"/v1/invoices/{id}/lines")


def retrieve_payment(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/invoice_payments/{id}`."""
    return store.get(ctx, "invoice_payment", id).body


def list_payments(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/invoice_payments`."""
    rows = store.objects(ctx, "invoice_payment")
    rows = lists.narrowed(ctx, rows, values, {"invoice": "ref"})
    if "payment" in values:
        rows = rows.filter(group=values["payment"].get("payment_intent", ""))
    if "status" in values:
        rows = rows.filter(status=values["status"])
    return lists.page(rows, values, "/v1/invoice_payments")
