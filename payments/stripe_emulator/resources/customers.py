"""Customers."""

from typing import Any

from .. import events, ids, params, store
from ..context import Body, Context
from . import lists, payment_methods, subscriptions

CREATE: params.Spec = {
    **params.EXPAND,
    "address": params.hash_of(params.ADDRESS),
    "description": params.text(clearable=True),
    "email": params.email,
    "metadata": params.metadata,
    "name": params.text(longest=256, clearable=True),
    "phone": params.text(longest=20, clearable=True),
    "preferred_locales": params.list_of(params.text()),
}
CHANGES: params.Spec = {
    **CREATE,
    "invoice_settings": params.hash_of({"default_payment_method": params.text()}),
}
LIST: params.Spec = {**params.PAGING, "email": params.text()}
PLAIN = ("description", "email", "name", "phone", "preferred_locales")
NOWHERE: Body = dict.fromkeys(params.ADDRESS)


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/customers`."""
    body: Body = {
        "id": ids.new("cus"),
        "object": "customer",
        "address": _address(values),
        "balance": 0,
        "created": ctx.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": values.get("description"),
        "discount": None,
        "email": values.get("email"),
        "invoice_prefix": ids.random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.kept_metadata(values),
        "name": values.get("name"),
        "next_invoice_sequence": 1,
        "phone": values.get("phone"),
        "preferred_locales": values.get("preferred_locales", []),
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    store.create(ctx, body, ref=body["email"] or "")
    events.emit(ctx, "customer.created", body)
    return body


def _address(values: dict[str, Any]) -> Body | None:
    return {**NOWHERE, **values["address"]} if "address" in values else None


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/customers/{id}`; a deleted one says just that."""
    return store.get(ctx, "customer", id, even_deleted=True).body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/customers/{id}`."""
    row = store.get(ctx, "customer", id)
    changes: Body = {name: values[name] for name in PLAIN if name in values}
    if "address" in values:
        changes["address"] = (row.body["address"] or NOWHERE) | values["address"]
    if "invoice_settings" in values:
        changes["invoice_settings"] = row.body["invoice_settings"] | _invoice_settings(
            ctx, id, values["invoice_settings"]
        )
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    row.ref = changes.get("email", row.ref) or ""
    return events.changed(ctx, "customer.updated", row, **changes).body


def _invoice_settings(ctx: Context, customer: str, asked: dict[str, Any]) -> Body:
    if "default_payment_method" in asked:
        payment_methods.of_customer(
            ctx,
            customer,
            asked["default_payment_method"],
            "invoice_settings[default_payment_method]",
        )
    return asked


def delete(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`DELETE /v1/customers/{id}`: its subscriptions end with it."""
    row = store.get(ctx, "customer", id)
    subscriptions.end_all(ctx, id)
    events.emit(ctx, "customer.deleted", row.body)
    row.body = {"id": id, "object": "customer", "deleted": True}
    row.ref, row.status = "", store.DELETED
    row.save()
    return row.body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/customers`."""
    rows = store.objects(ctx, "customer").exclude(status=store.DELETED)
    if "email" in values:
        rows = rows.filter(ref=values["email"])
    return lists.page(rows, values, "/v1/customers")
