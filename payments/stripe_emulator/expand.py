"""`expand`: an id becomes its object, and a part that is left out by default joins."""

import copy
from collections.abc import Callable
from typing import Any

from . import store
from .context import Body, Context
from .errors import StripeError
from .models import StripeObject
from .resources import (
    accounts,
    balance,
    checkout_sessions,
    disputes,
    invoices,
    lists,
    refunds,
    subscriptions,
)

MAX_LEVELS = 4
# Fields that hold an id, and the type of what it names.
REFERENCES: dict[str, dict[str, str]] = {
    "checkout.session": {
        "customer": "customer",
        "invoice": "invoice",
        "payment_intent": "payment_intent",
        "subscription": "subscription",
    },
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "latest_invoice": "invoice",
    },
    "invoice": {"customer": "customer", "default_payment_method": "payment_method"},
    "invoice.parent.subscription_details": {"subscription": "subscription"},
    "line_item": {"subscription": "subscription"},
    "line_item.pricing.price_details": {"price": "price"},
    "invoice_payment": {"invoice": "invoice"},
    "invoice_payment.payment": {"charge": "charge", "payment_intent": "payment_intent"},
    "payment_intent": {
        "latest_charge": "charge",
        "payment_method": "payment_method",
        "customer": "customer",
        "on_behalf_of": "account",
    },
    "payment_method": {"customer": "customer"},
    "charge": {
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "source_transfer": "transfer",
    },
    "balance_transaction": {"source": "*"},
    "refund": {
        "charge": "charge",
        "payment_intent": "payment_intent",
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
        "transfer_reversal": "transfer_reversal",
        "source_transfer_reversal": "transfer_reversal",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "payout": {
        "balance_transaction": "balance_transaction",
        "failure_balance_transaction": "balance_transaction",
    },
    "transfer": {
        "balance_transaction": "balance_transaction",
        "destination": "account",
        "destination_payment": "charge",
        "source_transaction": "charge",
    },
    "transfer_reversal": {
        "transfer": "transfer",
        "balance_transaction": "balance_transaction",
        "destination_payment_refund": "refund",
        "source_refund": "refund",
    },
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "customer": {"default_source": "payment_method"},
    "customer.invoice_settings": {"default_payment_method": "payment_method"},
}


def _line_items(ctx: Context, body: Body) -> Any:
    return checkout_sessions.line_items(ctx, {}, id=body["id"])


def _breakdown(ctx: Context, body: Body) -> Any:
    return {"discounts": [], "taxes": []}


def _refunds(ctx: Context, body: Body) -> Any:
    return refunds.list_of_charge(ctx, {}, charge=body["id"])


def _payments(ctx: Context, body: Body) -> Any:
    found = invoices.list_payments(ctx, {"invoice": body["id"]})
    return found | {"url": f"/v1/invoice_payments?invoice={body['id']}"}


def _secret(ctx: Context, body: Body) -> Any:
    """What a page would confirm the payment of an open invoice with."""
    row = store.get(ctx, "invoice", body["id"])
    if row.status != "open" or not body["amount_due"]:
        return None
    secret = invoices.intent_of(ctx, row).body["client_secret"]
    return {"client_secret": secret, "type": "payment_intent"}


def _subscriptions(ctx: Context, body: Body) -> Any:
    found = subscriptions.list_all(ctx, {"customer": body["id"]})
    return found | {"url": f"/v1/customers/{body['id']}/subscriptions"}


def _currency_options(ctx: Context, body: Body) -> Any:
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {body["currency"]: {name: body[name] for name in names}}


def _empty_list(name: str) -> Callable[[Context, Body], Any]:
    return lambda ctx, body: lists.envelope([], f"/v1/customers/{body['id']}/{name}")


# What may be asked for as well, and stays as it is: whole already, or nothing that is here.
AS_IT_IS: dict[str, frozenset[str]] = {
    "account": frozenset(
        ("external_accounts", "individual", "settings.branding.icon", "settings.branding.logo")
    ),
    "billing_portal.configuration": frozenset(("application",)),
    "billing_portal.session": frozenset(("configuration",)),
    "charge": frozenset(
        (
            "application",
            "application_fee",
            "failure_balance_transaction",
            "on_behalf_of",
            "outcome.rule",
            "review",
            "transfer",
        )
    ),
    "checkout.session": frozenset(
        ("invoice_creation.invoice_data.account_tax_ids", "payment_link", "setup_intent")
    ),
    "customer": frozenset(("test_clock",)),
    "dispute": frozenset(f"evidence.{name}" for name in disputes.FILES),
    "payment_intent": frozenset(("amount_details.line_items", "application", "review")),
    "payout": frozenset(("application_fee", "destination", "original_payout", "reversed_by")),
    "invoice": frozenset(
        (
            "account_tax_ids",
            "application",
            "default_source",
            "discounts",
            "from_invoice.invoice",
            "issuer.account",
            "latest_revision",
            "lines",
            "on_behalf_of",
            "test_clock",
        )
    ),
    "invoice_payment": frozenset(("payment.payment_record",)),
    "line_item": frozenset(("discounts",)),
    "price": frozenset(("tiers",)),
    "product": frozenset(("tax_code",)),
    "subscription": frozenset(
        (
            "application",
            "default_source",
            "discounts",
            "items",
            "invoice_settings.account_tax_ids",
            "invoice_settings.issuer.account",
            "on_behalf_of",
            "pending_setup_intent",
            "schedule",
            "test_clock",
        )
    ),
    "subscription_item": frozenset(("discounts", "price")),
    "transfer": frozenset(("reversals",)),
    # A line's discounts and the data of a list.
    "item": frozenset(("discounts",)),
    "list": frozenset(("data",)),
}


# Parts that are there only when asked for.
ON_REQUEST: dict[str, dict[str, Callable[[Context, Body], Any]]] = {
    "checkout.session": {"line_items": _line_items},
    "charge": {"refunds": _refunds},
    "customer": {
        "subscriptions": _subscriptions,
        **{name: _empty_list(name) for name in ("sources", "tax_ids")},
    },
    "price": {"currency_options": _currency_options},
    "invoice": {"confirmation_secret": _secret, "payments": _payments},
}


def apply(ctx: Context, body: Body, paths: list[str]) -> Body:
    """A copy of `body` with every path filled in; raises Stripe's error for one that can't be."""
    answer = copy.deepcopy(body)
    for path in sorted(paths, key=lambda path: path.count(".")):
        steps = path.split(".")
        if len([step for step in steps if step != "data"]) > MAX_LEVELS:
            raise StripeError(
                f"You cannot expand more than {MAX_LEVELS} levels of a property. Property: {path}",
                param="expand",
            )
        _walk(ctx, answer, steps, path)
    return answer


def _walk(ctx: Context, node: Any, steps: list[str], path: str, kind: str = "") -> None:
    """`kind` is what a hash is called that doesn't say it itself, such as `invoice.parent`."""
    if not steps or node is None:
        return
    if isinstance(node, list):
        for item in node:
            _walk(ctx, item, steps, path)
        return
    if not isinstance(node, dict):
        raise _not_expandable(path)
    kind = node.get("object", kind)
    if ".".join(steps) in AS_IT_IS.get(kind, ()):
        return
    step = steps[0]
    _fill(ctx, node, kind, step, path, last=len(steps) == 1)
    _walk(_owner_of(ctx, node, step), node.get(step), steps[1:], path, f"{kind}.{step}")


def _owner_of(ctx: Context, node: Body, name: str) -> Context:
    """A transfer's payment, and that payment's refund, belong to the account that it went to."""
    transfer: Any = None
    if node.get("object") == "transfer" and name == "destination_payment":
        transfer = node
    elif node.get("object") == "transfer_reversal" and name == "destination_payment_refund":
        transfer = node["transfer"]
    if isinstance(transfer, str):
        transfer = store.get(ctx, "transfer", transfer).body
    if transfer is None:
        return ctx
    destination = transfer["destination"]
    return ctx.on(destination["id"] if isinstance(destination, dict) else destination)


def _fill(ctx: Context, node: Body, kind: str, name: str, path: str, *, last: bool) -> None:
    on_request = ON_REQUEST.get(kind, {})
    if name in on_request:
        node.setdefault(name, on_request[name](ctx, node))
    elif name in REFERENCES.get(kind, {}):
        if isinstance(node.get(name), str):
            node[name] = _resolve(_owner_of(ctx, node, name), REFERENCES[kind][name], node[name])
    elif name == "breakdown" and "amount_discount" in node:
        node[name] = _breakdown(ctx, node)
    elif last or name not in node or name == "metadata" or kind == "event":
        # What labels and events hold may look like an object, and is none that can be asked for.
        raise _not_expandable(path)


def _resolve(ctx: Context, kind: str, stripe_id: str) -> Any:
    if kind == "account":
        return accounts.retrieve(ctx, {}, id=stripe_id)
    rows = StripeObject.objects.filter(stripe_id=stripe_id, account=ctx.account)
    row = rows.first() if kind == "*" else rows.filter(type=kind).first()
    if row is None:
        return stripe_id
    return balance.seen(row.body, ctx.now) if row.type == "balance_transaction" else row.body


def _not_expandable(path: str) -> StripeError:
    return StripeError(f"This property cannot be expanded ({path}).", param="expand")
