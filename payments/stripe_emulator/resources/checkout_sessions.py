"""Checkout Sessions: a page on which one sum is paid."""

from typing import Any
from urllib.parse import quote

from .. import events, money, pages, params, store
from ..cards import Decline
from ..context import Body, Context
from ..errors import StripeError, invalid_parameter, missing_parameter
from ..models import StripeObject
from . import (
    attempts,
    checkout_bodies,
    checkout_subscriptions,
    lists,
    payment_intents,
    prices,
)

LEAST_LIFE = 30 * 60
LONGEST_LIFE = 24 * 60 * 60
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
STATUSES = ("open", "complete", "expired")
LOCALES = ("auto", "de", "en")
LINE_ITEM: params.Spec = {
    "price": params.text(),
    "price_data": params.hash_of(prices.INLINE),
    "quantity": params.integer(least=1, most=999_999),
}
INTENT_DATA: params.Spec = {
    "capture_method": params.one_of(*payment_intents.CAPTURE_METHODS),
    "description": params.text(longest=1000),
    "metadata": params.metadata,
    "receipt_email": params.email,
    "setup_future_usage": params.one_of(*payment_intents.USAGES),
    "transfer_group": params.text(),
}
CREATE: params.Spec = {
    **params.EXPAND,
    "cancel_url": params.url,
    "client_reference_id": params.text(longest=200),
    "currency": params.currency,
    "customer": params.text(),
    "customer_email": params.email,
    "expires_at": params.integer(),
    "line_items": params.list_of(params.hash_of(LINE_ITEM)),
    "locale": params.one_of(*LOCALES),
    "metadata": params.metadata,
    "mode": params.Required(params.one_of("payment", "subscription")),
    "payment_intent_data": params.hash_of(INTENT_DATA),
    "payment_method_types": params.list_of(params.one_of("card")),
    "submit_type": params.one_of("auto", "book", "donate", "pay", "subscribe"),
    "subscription_data": params.hash_of(checkout_subscriptions.DATA),
    "success_url": params.Required(params.url),
}
UPDATE: params.Spec = {**params.EXPAND, "metadata": params.metadata}
LIST: params.Spec = {
    **params.PAGING,
    "customer": params.text(),
    "payment_intent": params.text(),
    "status": params.one_of(*STATUSES),
    "subscription": params.text(),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/checkout/sessions`, mode payment or subscription."""
    expires_at = _expiry(ctx, values)
    if not values.get("line_items"):
        raise missing_parameter("line_items")
    if "customer" in values and "customer_email" in values:
        raise StripeError(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer_email",
        )
    if "customer" in values:
        store.given(ctx, "customer", values["customer"], "customer")
    lines = [
        checkout_bodies.line(ctx, item, index) for index, item in enumerate(values["line_items"])
    ]
    checkout_subscriptions.check(values["mode"], values, lines)
    data = {name: values.get(name, {}) for name in ("payment_intent_data", "subscription_data")}
    total, currency = _total(lines)
    if "trial_period_days" in data["subscription_data"]:
        total, lines = 0, [checkout_bodies.free(line) for line in lines]
    body = checkout_bodies.build(ctx, values, total, currency, expires_at)
    store.create(ctx, body, private={"line_items": lines, **data}, due_at=expires_at)
    return body


def _total(lines: list[Body]) -> tuple[int, str]:
    total = sum(line["amount_total"] for line in lines)
    currency = lines[0]["currency"]
    if total > prices.MOST:
        raise StripeError(
            "The Checkout Session's total amount due must add up to no more than "
            f"{money.shown(prices.MOST, currency)} {currency}",
            code="amount_too_large",
            param="line_items",
        )
    if money.too_small(total, currency):
        raise _too_small(currency)
    return total, currency


def _expiry(ctx: Context, values: dict[str, Any]) -> int:
    expires_at: int = values.get("expires_at", ctx.now + LONGEST_LIFE)
    if expires_at < ctx.now + LEAST_LIFE:
        raise invalid_parameter(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
            "creation.",
            "expires_at",
        )
    if expires_at > ctx.now + LONGEST_LIFE:
        raise invalid_parameter(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return expires_at


def _too_small(currency: str) -> StripeError:
    least = money.shown(money.LEAST_CHARGE, currency)
    return StripeError(
        f"The Checkout Session's total amount due must add up to at least {least} {currency}",
        code="amount_too_small",
        param="line_items",
    )


def seen(body: Body, now: int) -> Body:
    """The session at that time: past its end it is expired, even before the sweep wrote so."""
    is_late = body["status"] == "open" and body["expires_at"] <= now
    return {**body, "status": "expired", "url": None} if is_late else dict(body)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/checkout/sessions/{id}`."""
    return seen(store.get(ctx, "checkout.session", id, param="session").body, ctx.now)


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/checkout/sessions/{id}`: its metadata."""
    row = store.get(ctx, "checkout.session", id, param="session")
    metadata = params.kept_metadata(values, row.body["metadata"])
    store.change(row, metadata=metadata)
    return seen(row.body, ctx.now)


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/checkout/sessions`."""
    rows = store.objects(ctx, "checkout.session")
    if "status" in values:
        past = rows.filter(status="open", due_at__lte=ctx.now)
        if values["status"] == "expired":
            rows = rows.filter(status="expired") | past
        else:
            rows = rows.filter(status=values["status"]).exclude(pk__in=past.values("pk"))
    named = ("customer", "payment_intent", "subscription")
    rows = lists.narrowed(ctx, rows, values, {name: f"body__{name}" for name in named})
    answer = lists.page(rows, values, "/v1/checkout/sessions")
    answer["data"] = [seen(body, ctx.now) for body in answer["data"]]
    return answer


def line_items(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/checkout/sessions/{id}/line_items`."""
    row = store.get(ctx, "checkout.session", id, param="session")
    return lists.part(row.private["line_items"], values, f"/v1/checkout/sessions/{id}/line_items")


def expire(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/checkout/sessions/{id}/expire`: only an open one can be."""
    row = store.get(ctx, "checkout.session", id, param="session")
    status = seen(row.body, ctx.now)["status"]
    if status != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {status}.",
            param="session",
        )
    return expire_row(ctx, row)


def expire_row(ctx: Context, row: StripeObject) -> Body:
    """Close the page; an intent that an attempt left behind is cancelled with it."""
    row.due_at = None
    store.change(row, status="expired", url=None)
    intent = store.find(ctx, "payment_intent", row.body["payment_intent"])
    if intent and intent.status in payment_intents.UNPAID:
        payment_intents.cancel_row(ctx, intent, None)
    checkout_subscriptions.abandon(ctx, row)
    events.emit(ctx, "checkout.session.expired", row.body)
    return row.body


def pay(ctx: Context, row: StripeObject, method: StripeObject) -> Decline | None:
    """One attempt on the page; `None` means it went through or waits for authentication."""
    if is_subscription(row):
        decline = checkout_subscriptions.pay(ctx, row, method)
    else:
        intent = _intent(ctx, row)
        url = pages.authentication_url(intent.stripe_id)
        decline = attempts.attempt(ctx, intent, method, authenticate_at=url)
    _complete_if_done(ctx, row, method)
    return decline


def is_subscription(row: StripeObject) -> bool:
    """Whether its page begins a subscription."""
    return bool(row.body["mode"] == "subscription")


def intent_id(row: StripeObject) -> str | None:
    """The intent of its page. A subscription's session doesn't tell it: the invoice does."""
    found: str | None = row.private.get("intent") or row.body["payment_intent"]
    return found


def authenticate(ctx: Context, row: StripeObject, *, passed: bool) -> Decline | None:
    """The answer of the authentication page."""
    intent = store.get(ctx, "payment_intent", intent_id(row) or "")
    method = store.get(ctx, "payment_method", intent.body["payment_method"])
    decline = attempts.authenticate(ctx, intent, passed=passed)
    if is_subscription(row):
        checkout_subscriptions.settle(ctx, row, decline)
    _complete_if_done(ctx, row, method)
    return decline


def _intent(ctx: Context, row: StripeObject) -> StripeObject:
    """Stripe makes the intent when someone first tries to pay."""
    intent = store.find(ctx, "payment_intent", row.body["payment_intent"])
    if intent is None:
        body = row.body
        values = {
            **row.private["payment_intent_data"],
            "amount": body["amount_total"],
            "currency": body["currency"],
            "customer": body["customer"],
        }
        intent = payment_intents.open_intent(ctx, values, session=row.stripe_id)
        store.change(row, payment_intent=intent.stripe_id)
    return intent


def _complete_if_done(ctx: Context, row: StripeObject, method: StripeObject) -> None:
    outcome = _outcome(ctx, row)
    if outcome is None:
        return
    row.due_at = None
    name = method.body["billing_details"]["name"]
    details = checkout_bodies.customer_details(ctx, row.body, name or "-")
    store.change(row, **outcome, status="complete", url=None, customer_details=details)
    events.emit(ctx, "checkout.session.completed", row.body)


def _outcome(ctx: Context, row: StripeObject) -> Body | None:
    """What the session says once it is paid, authorised or subscribed; `None` before that."""
    if is_subscription(row):
        return checkout_subscriptions.outcome(ctx, row)
    intent = store.get(ctx, "payment_intent", row.body["payment_intent"])
    if intent.status not in ("succeeded", "requires_capture"):
        return None
    return {"payment_status": "paid" if intent.status == "succeeded" else "unpaid"}


def success_url(row: StripeObject) -> str:
    """Where the buyer goes after paying, with the session's id filled in."""
    address: str = row.body["success_url"]
    return address.replace(PLACEHOLDER, row.stripe_id).replace(
        quote(PLACEHOLDER, safe=""), row.stripe_id
    )
