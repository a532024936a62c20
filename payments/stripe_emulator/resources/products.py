"""Products: what is sold, whatever it costs."""

from typing import Any

from django.db.models import QuerySet

from .. import events, ids, params, store
from ..context import Body, Context
from ..errors import StripeError
from ..models import StripeObject
from . import lists

COMMON: params.Spec = {
    "description": params.text(clearable=True),
    "images": params.list_of(params.url, most=8),
    "metadata": params.metadata,
    "statement_descriptor": params.text(longest=22),
    "unit_label": params.text(longest=12, clearable=True),
    "url": params.url,
}
CREATE: params.Spec = {
    **params.EXPAND,
    **COMMON,
    "active": params.boolean,
    "id": params.text(),
    "name": params.Required(params.text()),
}
CHANGES: params.Spec = {
    **params.EXPAND,
    **COMMON,
    "active": params.boolean,
    "default_price": params.text(),
    "name": params.text(),
}
LIST: params.Spec = {
    **params.PAGING,
    "active": params.boolean,
    "ids": params.list_of(params.text()),
}
PLAIN = ("active", "description", "images", "name", "statement_descriptor", "unit_label", "url")
INLINE: params.Spec = {
    "description": params.text(),
    "images": params.list_of(params.url, most=8),
    "metadata": params.metadata,
    "name": params.Required(params.text()),
}


def build(ctx: Context, data: dict[str, Any], *, active: bool) -> StripeObject:
    """Keep a new product."""
    body: Body = {
        "id": data.get("id") or ids.new("prod"),
        "object": "product",
        "active": data.get("active", active),
        "created": ctx.now,
        "default_price": None,
        "description": data.get("description"),
        "images": data.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": params.kept_metadata(data),
        "name": data["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "tax_code": None,
        "unit_label": data.get("unit_label"),
        "updated": ctx.now,
        "url": data.get("url"),
    }
    return store.create(ctx, body)


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/products`; an id of the asker's own must be a new one."""
    if "id" in values and StripeObject.objects.filter(stripe_id=values["id"]).exists():
        raise StripeError("Product already exists.", code="resource_already_exists", param="id")
    row = build(ctx, values, active=True)
    events.emit(ctx, "product.created", row.body)
    return row.body


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/products/{id}`."""
    return store.get(ctx, "product", id).body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/products/{id}`."""
    row = store.get(ctx, "product", id)
    changes: Body = {name: values[name] for name in PLAIN if name in values}
    if "default_price" in values:
        price = store.given(ctx, "price", values["default_price"], "default_price")
        if price.ref != id:
            raise StripeError(
                f"The price {price.stripe_id} belongs to another product.", param="default_price"
            )
        changes["default_price"] = price.stripe_id
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "product.updated", row, updated=ctx.now, **changes).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/products`."""
    rows: QuerySet[StripeObject] = store.objects(ctx, "product")
    if "active" in values:
        rows = rows.filter(body__active=values["active"])
    if "ids" in values:
        rows = rows.filter(stripe_id__in=values["ids"])
    return lists.page(rows, values, "/v1/products")


def features(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/products/{id}/features`: none, for there are no entitlements here."""
    store.get(ctx, "product", id)
    return lists.envelope([], f"/v1/products/{id}/features")
