"""Checkout Sessions: a page on which one sum is paid."""

from typing import Any
from urllib.parse import quote

from .. import events, ids, money, pages, params, store
from ..cards import Decline
from ..context import Body, Context
from ..errors import StripeError, invalid_parameter, missing_parameter
from ..models import StripeObject
from . import lists, payment_intents, prices

LEAST_LIFE = 30 * 60
LONGEST_LIFE = 24 * 60 * 60
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
STATUSES = ("open", "complete", "expired")
LOCALES = ("auto", "de", "en")
LINE_ITEM: params.Spec = {
    "price": params.text(),
    "price_data": params.hash_of(prices.PRICE_DATA),
    "quantity": params.integer(least=1, most=999_999),
}
INTENT_DATA: params.Spec = {
    "capture_method": params.one_of(*payment_intents.CAPTURE_METHODS),
    "description": params.text(longest=1000),
    "metadata": params.metadata,
    "receipt_email": params.email,
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
    "mode": params.Required(params.one_of("payment")),
    "payment_intent_data": params.hash_of(INTENT_DATA),
    "payment_method_types": params.list_of(params.one_of("card")),
    "submit_type": params.one_of("auto", "book", "donate", "pay"),
    "success_url": params.Required(params.url),
}
UPDATE: params.Spec = {**params.EXPAND, "metadata": params.metadata}
LIST: params.Spec = {
    **params.PAGING,
    "customer": params.text(),
    "payment_intent": params.text(),
    "status": params.one_of(*STATUSES),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/checkout/sessions`, mode payment."""
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
    lines = [_line(ctx, item, index) for index, item in enumerate(values["line_items"])]
    total = sum(line["amount_total"] for line in lines)
    currency = lines[0]["currency"]
    if any(line["currency"] != currency for line in lines):
        raise StripeError("All line items must have the same currency.", param="line_items")
    if money.too_small(total, currency):
        raise _too_small(currency)
    body = _body(ctx, values, total, currency, expires_at)
    private = {"line_items": lines, "payment_intent_data": values.get("payment_intent_data", {})}
    store.create(ctx, body, private=private, due_at=expires_at)
    return body


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


def _line(ctx: Context, item: dict[str, Any], index: int) -> Body:
    name = f"line_items[{index}]"
    if ("price" in item) == ("price_data" in item):
        raise missing_parameter(f"{name}[price]")
    if "price" in item:
        price = store.given(ctx, "price", item["price"], f"{name}[price]")
    else:
        data = item["price_data"]
        if ("product" in data) == ("product_data" in data):
            raise missing_parameter(f"{name}[price_data][product_data]")
        price = prices.create_inline(ctx, data)
    product = store.get(ctx, "product", price.body["product"])
    amount = price.body["unit_amount"] * item.get("quantity", 1)
    return {
        "id": ids.new("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price.body["currency"],
        "description": product.body["name"],
        "discounts": [],
        "metadata": {},
        "price": price.body,
        "quantity": item.get("quantity", 1),
        "taxes": [],
    }


def _body(ctx: Context, values: dict[str, Any], total: int, currency: str, expires_at: int) -> Body:
    stripe_id = ids.new("cs_test")
    return _fixed_parts() | {
        "id": stripe_id,
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": values.get("cancel_url"),
        "client_reference_id": values.get("client_reference_id"),
        "created": ctx.now,
        "currency": currency,
        "customer": values.get("customer"),
        "customer_creation": None if "customer" in values else "if_required",
        "customer_details": _customer_details(ctx, values),
        "customer_email": values.get("customer_email"),
        "expires_at": expires_at,
        "locale": values.get("locale"),
        "metadata": params.merged_metadata({}, values.get("metadata")),
        "mode": values["mode"],
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": values.get("submit_type"),
        "success_url": values["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": pages.checkout_url(stripe_id),
    }


def _customer_details(ctx: Context, values: dict[str, Any], name: str | None = None) -> Body | None:
    customer = store.find(ctx, "customer", values.get("customer"))
    email = customer.body["email"] if customer else values.get("customer_email")
    if not (email or name):
        return None
    return {
        "address": {**dict.fromkeys(params.ADDRESS), "country": "US"} if name else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if name else None,
    }


def _fixed_parts() -> Body:
    """What no parameter that the emulator knows can change."""
    empty = (
        "after_expiration", "allow_promotion_codes", "billing_address_collection",
        "client_secret", "collected_information", "consent", "consent_collection",
        "currency_conversion", "customer_account", "invoice", "origin_context",
        "payment_link", "payment_method_configuration_details", "permissions",
        "recovered_from", "saved_payment_method_options", "setup_intent",
        "shipping_address_collection", "shipping_cost", "subscription", "wallet_options",
    )  # fmt: skip
    messages = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return dict.fromkeys(empty) | {
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "custom_fields": [],
        "custom_text": dict.fromkeys(messages),
        "discounts": [],
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "livemode": False,
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "ui_mode": "hosted_page",
    }


def seen(row: StripeObject, now: int) -> Body:
    """The session at that time: past its end it is expired, even before the sweep wrote so."""
    if row.status == "open" and row.due_at is not None and row.due_at <= now:
        return {**row.body, "status": "expired", "url": None}
    return dict(row.body)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/checkout/sessions/{id}`."""
    return seen(store.get(ctx, "checkout.session", id, param="session"), ctx.now)


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/checkout/sessions/{id}`: its metadata."""
    row = store.get(ctx, "checkout.session", id, param="session")
    metadata = params.merged_metadata(row.body["metadata"], values.get("metadata"))
    store.change(row, metadata=metadata)
    return seen(row, ctx.now)


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/checkout/sessions`."""
    rows = store.objects(ctx, "checkout.session")
    if "status" in values:
        past = rows.filter(status="open", due_at__lte=ctx.now)
        if values["status"] == "expired":
            rows = rows.filter(status="expired") | past
        else:
            rows = rows.filter(status=values["status"]).exclude(pk__in=past.values("pk"))
    for name in ("customer", "payment_intent"):
        if name in values:
            store.given(ctx, name, values[name], name)
            rows = rows.filter(**{f"body__{name}": values[name]})
    answer = lists.page(rows, values, "/v1/checkout/sessions")
    answer["data"] = [
        {**body, "status": "expired", "url": None}
        if body["status"] == "open" and body["expires_at"] <= ctx.now
        else body
        for body in answer["data"]
    ]
    return answer


def line_items(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/checkout/sessions/{id}/line_items`."""
    row = store.get(ctx, "checkout.session", id, param="session")
    return lists.part(row.private["line_items"], values, f"/v1/checkout/sessions/{id}/line_items")


def expire(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/checkout/sessions/{id}/expire`: only an open one can be."""
    row = store.get(ctx, "checkout.session", id, param="session")
    status = seen(row, ctx.now)["status"]
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
    if intent and intent.status in payment_intents.CAN_CANCEL:
        payment_intents.cancel_row(ctx, intent, None)
    events.emit(ctx, "checkout.session.expired", row.body)
    return row.body


def pay(ctx: Context, row: StripeObject, method: StripeObject) -> Decline | None:
    """One attempt on the page; `None` means it went through or waits for authentication."""
    intent = _intent(ctx, row)
    url = pages.authentication_url(intent.stripe_id)
    decline = payment_intents.attempt(ctx, intent, method, authenticate_at=url)
    if intent.status in ("succeeded", "requires_capture"):
        _complete(ctx, row, intent, method)
    return decline


def authenticate(ctx: Context, row: StripeObject, *, passed: bool) -> Decline | None:
    """The answer of the authentication page."""
    intent = store.get(ctx, "payment_intent", row.body["payment_intent"])
    method = store.get(ctx, "payment_method", intent.body["payment_method"])
    decline = payment_intents.authenticate(ctx, intent, passed=passed)
    if decline is None:
        _complete(ctx, row, intent, method)
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


def _complete(ctx: Context, row: StripeObject, intent: StripeObject, method: StripeObject) -> None:
    row.due_at = None
    name = method.body["billing_details"]["name"]
    paid = intent.status == "succeeded"
    store.change(
        row,
        status="complete",
        payment_status="paid" if paid else "unpaid",
        url=None,
        customer_details=_customer_details(ctx, row.body, name or "-"),
    )
    events.emit(ctx, "checkout.session.completed", row.body)


def success_url(row: StripeObject) -> str:
    """Where the buyer goes after paying, with the session's id filled in."""
    address: str = row.body["success_url"]
    return address.replace(PLACEHOLDER, row.stripe_id).replace(
        quote(PLACEHOLDER, safe=""), row.stripe_id
    )
