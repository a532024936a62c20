"""Payment intents: one wish to be paid, over as many attempts as it takes."""

from typing import Any

from .. import events, ids, money, pages, params, store
from ..cards import by_number
from ..context import Body, Context
from ..errors import CardError, StripeError, missing_parameter
from ..models import StripeObject
from . import attempts, charges, intent_bodies, lists, payment_methods, refunds

CAPTURE_METHODS = ("automatic", "automatic_async", "manual")
USAGES = ("off_session", "on_session")
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
# Of these, no money has come or is held: they can be confirmed, and canceled.
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
OWNERS = {
    "checkout.session": "it was created by Checkout. Expire the Checkout Session instead",
    "invoice": "it belongs to an invoice. Pay the invoice, or cancel its subscription, instead",
}
CREATE: params.Spec = {
    **params.EXPAND,
    "amount": params.Required(params.integer(least=1, most=99_999_999)),
    "automatic_payment_methods": params.hash_of(
        {
            "allow_redirects": params.one_of("always", "never"),
            "enabled": params.Required(params.boolean),
        }
    ),
    "capture_method": params.one_of(*CAPTURE_METHODS),
    "confirm": params.boolean,
    "currency": params.Required(params.currency),
    "customer": params.text(),
    "description": params.text(),
    "metadata": params.metadata,
    "payment_method": params.text(),
    "off_session": params.boolean,
    "payment_method_types": params.list_of(params.one_of("card")),
    "receipt_email": params.email,
    "return_url": params.url,
    "setup_future_usage": params.one_of(*USAGES),
    "transfer_group": params.text(),
}
UPDATE: params.Spec = {
    **params.EXPAND,
    "description": params.text(clearable=True),
    "metadata": params.metadata,
    "receipt_email": params.email,
    "transfer_group": params.text(),
}
CONFIRM: params.Spec = {
    **params.EXPAND,
    "payment_method": params.text(),
    "return_url": params.url,
}
CANCEL: params.Spec = {**params.EXPAND, "cancellation_reason": params.one_of(*REASONS)}
CAPTURE: params.Spec = {
    **params.EXPAND,
    "amount_to_capture": params.integer(least=1),
    "metadata": params.metadata,
}
LIST: params.Spec = {**params.PAGING, "customer": params.text()}


def open_intent(
    ctx: Context, values: dict[str, Any], *, session: str | None = None
) -> StripeObject:
    """A new intent that waits for a payment method."""
    stripe_id = ids.new("pi")
    body: Body = intent_bodies.fixed_parts() | {
        "id": stripe_id,
        "amount": values["amount"],
        "automatic_payment_methods": values.get("automatic_payment_methods"),
        "capture_method": values.get("capture_method", "automatic_async"),
        "client_secret": f"{stripe_id}_secret_{ids.random_text(25)}",
        "created": ctx.now,
        "currency": values["currency"],
        "customer": values.get("customer"),
        "description": values.get("description"),
        "metadata": params.kept_metadata(values),
        "receipt_email": values.get("receipt_email"),
        "setup_future_usage": values.get("setup_future_usage"),
        "transfer_group": values.get("transfer_group"),
    }
    row = store.create(ctx, body, ref=session or "", group=body["transfer_group"] or "", private={})
    events.emit(ctx, "payment_intent.created", body)
    return row


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/payment_intents`, confirmed at once if `confirm` says so."""
    if money.too_small(values["amount"], values["currency"]):
        raise too_small_error(values["currency"], "amount")
    if values.get("customer"):
        store.given(ctx, "customer", values["customer"], "customer")
    row = open_intent(ctx, values)
    row.private = {"return_url": values.get("return_url")}
    row.save()
    away = values.get("off_session", False)
    if values.get("payment_method"):
        method = _method(ctx, values, customer=values.get("customer"), off_session=away)
        store.change(row, payment_method=method.stripe_id, status="requires_confirmation")
    if away and not values.get("confirm"):
        raise StripeError(
            "`off_session` can only be passed when `confirm` is true.", param="off_session"
        )
    if values.get("confirm"):
        return _confirm(ctx, row, off_session=away)
    return row.body


def _method(
    ctx: Context, values: dict[str, Any], *, customer: str | None, off_session: bool = False
) -> StripeObject:
    """The card to be charged: kept by that customer, or by nobody and used for the first time."""
    method = payment_methods.given(ctx, values["payment_method"])
    keeper = method.body["customer"]
    if payment_methods.is_used_up(ctx, method):
        raise StripeError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
            "attachment, shared with a connected account without Customer attachment, or was "
            "detached from a Customer. It may not be used again. To use a PaymentMethod multiple "
            "times, you must attach it to a Customer first.",
            param="payment_method",
        )
    if keeper and keeper != customer:
        raise StripeError(
            f"The provided PaymentMethod belongs to the Customer {keeper}. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    if off_session and not keeper:
        raise StripeError(
            "A PaymentMethod must be attached to a Customer to be charged while they are away.",
            param="payment_method",
        )
    return method


def too_small_error(currency: str, param: str) -> StripeError:
    """Under the least amount that Stripe takes."""
    least = money.shown(money.LEAST_CHARGE, currency)
    return StripeError(
        f"Amount must be at least {least} {currency}", code="amount_too_small", param=param
    )


def _confirm(ctx: Context, row: StripeObject, *, off_session: bool = False) -> Body:
    if not row.body["payment_method"]:
        raise missing_parameter("payment_method")
    method = store.get(ctx, "payment_method", row.body["payment_method"])
    url = None if off_session else pages.authentication_url(row.stripe_id)
    refusal = attempts.refusal_of_a_kept_card(method) if off_session else None
    if refusal:
        attempts.decline(ctx, row, method, refusal)
    else:
        refusal = attempts.attempt(ctx, row, method, authenticate_at=url)
    if refusal:
        raise CardError(
            refusal.message,
            code=refusal.code,
            decline_code=refusal.decline_code,
            charge=row.body["latest_charge"],
            payment_intent=row.body,
        )
    return row.body


def confirm(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_intents/{id}/confirm`."""
    row = store.get(ctx, "payment_intent", id, param="intent")
    _refuse_owned(ctx, row, "confirm")
    if row.status not in UNPAID:
        raise _unexpected(row, "confirmed", UNPAID)
    if values.get("return_url"):
        row.private = {**row.private, "return_url": values["return_url"]}
    if values.get("payment_method"):
        method = _method(ctx, values, customer=row.body["customer"])
        store.change(row, payment_method=method.stripe_id)
    return _confirm(ctx, row)


def _refuse_owned(ctx: Context, row: StripeObject, verb: str) -> None:
    """An open Checkout Session or invoice owns its intent."""
    for kind, why in OWNERS.items():
        owner = store.find(ctx, kind, row.ref)
        if owner and owner.status == "open":
            raise StripeError(
                f"You cannot {verb} this PaymentIntent because {why}.",
                code="payment_intent_unexpected_state",
            )


def _unexpected(row: StripeObject, done: str, allowed: tuple[str, ...]) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {done} because it has a status of {row.status}. Only a "
        f"PaymentIntent with one of the following statuses may be {done}: {', '.join(allowed)}.",
        code="payment_intent_unexpected_state",
        payment_intent=row.body,
    )


def cancel(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_intents/{id}/cancel`: gives an authorisation back too."""
    row = store.get(ctx, "payment_intent", id, param="intent")
    _refuse_owned(ctx, row, "cancel")
    allowed = (*UNPAID, "requires_capture")
    if row.status not in allowed:
        raise _unexpected(row, "canceled", allowed)
    return cancel_row(ctx, row, values.get("cancellation_reason"))


def cancel_row(ctx: Context, row: StripeObject, reason: str | None) -> Body:
    """End an intent that has not been paid; what was authorised is released."""
    if row.status == "requires_capture":
        charge = store.get(ctx, "charge", row.body["latest_charge"])
        refunds.release(ctx, charge)
    row.due_at = None
    store.change(
        row,
        status="canceled",
        canceled_at=ctx.now,
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
    )
    events.emit(ctx, "payment_intent.canceled", row.body)
    return row.body


def capture(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_intents/{id}/capture`: takes what was authorised, or less of it."""
    row = store.get(ctx, "payment_intent", id, param="intent")
    if row.status != "requires_capture":
        raise _unexpected(row, "captured", ("requires_capture",))
    amount = values.get("amount_to_capture", row.body["amount_capturable"])
    if amount > row.body["amount_capturable"]:
        raise StripeError(
            "The amount to capture is greater than the amount that was authorized.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charge = store.get(ctx, "charge", row.body["latest_charge"])
    charges.settle(ctx, charge, by_number(charge.private["number"]), amount)
    if amount < charge.body["amount"]:
        refunds.release(ctx, charge, keep=amount)
    changes = {"metadata": params.kept_metadata(values, row.body["metadata"])}
    row.due_at = None
    store.change(row, **changes, status="succeeded", amount_capturable=0, amount_received=amount)
    events.emit(ctx, "charge.captured", charge.body)
    events.emit(ctx, "payment_intent.succeeded", row.body)
    mark_session_paid(ctx, row)
    return row.body


def mark_session_paid(ctx: Context, row: StripeObject) -> None:
    """A captured intent makes its Checkout Session paid."""
    session = store.find(ctx, "checkout.session", row.ref)
    if session:
        store.change(session, payment_status="paid")


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/payment_intents/{id}`."""
    return store.get(ctx, "payment_intent", id, param="intent").body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/payment_intents/{id}`: words and labels; amounts stay as they are."""
    row = store.get(ctx, "payment_intent", id, param="intent")
    named = ("description", "receipt_email", "transfer_group")
    changes = {name: values[name] for name in named if name in values}
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    store.change(row, **changes)
    return row.body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/payment_intents`."""
    rows = store.objects(ctx, "payment_intent")
    rows = lists.narrowed(ctx, rows, values, {"customer": "body__customer"})
    return lists.page(rows, values, "/v1/payment_intents")
