"""Prices: what a product costs, once or for each period."""

from typing import Any

from .. import events, ids, params, store
from ..context import Body, Context
from ..errors import StripeError, missing_parameter
from ..models import StripeObject
from . import lists, products

# Stripe takes no period longer than three years.
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
MOST = 99_999_999
RECURRING: params.Spec = {
    "interval": params.Required(params.one_of(*LONGEST)),
    "interval_count": params.integer(least=1),
}
INLINE: params.Spec = {
    "currency": params.Required(params.currency),
    "product": params.text(),
    "product_data": params.hash_of(products.INLINE),
    "recurring": params.hash_of(RECURRING),
    "unit_amount": params.Required(params.integer(least=0, most=MOST)),
}
CREATE: params.Spec = {
    **params.EXPAND,
    "active": params.boolean,
    "currency": params.Required(params.currency),
    "lookup_key": params.text(longest=200),
    "metadata": params.metadata,
    "nickname": params.text(),
    "product": params.text(),
    "product_data": params.hash_of(
        {"metadata": params.metadata, "name": params.Required(params.text())}
    ),
    "recurring": params.hash_of({**RECURRING, "usage_type": params.one_of("licensed")}),
    "unit_amount": params.Required(params.integer(least=0, most=MOST)),
}
CHANGES: params.Spec = {
    **params.EXPAND,
    "active": params.boolean,
    "metadata": params.metadata,
    "nickname": params.text(),
}
LIST: params.Spec = {
    **params.PAGING,
    "active": params.boolean,
    "currency": params.currency,
    "lookup_keys": params.list_of(params.text(), most=10),
    "product": params.text(),
    "type": params.one_of("one_time", "recurring"),
}


def of_line(ctx: Context, line: dict[str, Any], param: str) -> StripeObject:
    """What the line `param` costs: a price that is on sale, or one that it describes itself.

    `price_data` makes an inactive price, and product, for this line alone.
    """
    if ("price" in line) == ("price_data" in line):
        raise missing_parameter(f"{param}[price]")
    if "price_data" in line:
        data, name = line["price_data"], f"{param}[price_data]"
        return _build(ctx, data, _product(ctx, data, name), name, active=False)
    price = store.given(ctx, "price", line["price"], f"{param}[price]")
    if not price.body["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.",
            param=f"{param}[price]",
        )
    return price


def _product(ctx: Context, data: dict[str, Any], param: str) -> StripeObject:
    """The product that is named, or the one that is described."""
    prefix = f"{param}[{{}}]" if param else "{}"
    if ("product" in data) == ("product_data" in data):
        raise missing_parameter(prefix.format("product_data" if param else "product"))
    if "product" in data:
        return store.given(ctx, "product", data["product"], prefix.format("product"))
    return products.build(ctx, data["product_data"], active=not param)


def _build(
    ctx: Context, data: dict[str, Any], product: StripeObject, param: str, *, active: bool
) -> StripeObject:
    recurring = _recurring(data["recurring"], param) if "recurring" in data else None
    body: Body = {
        "id": ids.new("price"),
        "object": "price",
        "active": data.get("active", active),
        "billing_scheme": "per_unit",
        "created": ctx.now,
        "currency": data["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": data.get("lookup_key"),
        "metadata": params.kept_metadata(data),
        "nickname": data.get("nickname"),
        "product": product.stripe_id,
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }
    return store.create(ctx, body, ref=product.stripe_id, group=body["lookup_key"] or "")


def _recurring(asked: dict[str, Any], param: str) -> Body:
    interval, count = asked["interval"], asked.get("interval_count", 1)
    if count > LONGEST[interval]:
        name = f"{param}[recurring]" if param else "recurring"
        raise StripeError(
            "Invalid interval_count: the maximum billing interval is 3 years.",
            param=f"{name}[interval_count]",
        )
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "usage_type": "licensed",
    }


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/prices`."""
    key = values.get("lookup_key")
    if key and store.objects(ctx, "price").filter(group=key).exists():
        raise StripeError(
            f"A price (`{key}`) already uses that lookup key.",
            code="resource_already_exists",
            param="lookup_key",
        )
    row = _build(ctx, values, _product(ctx, values, ""), "", active=True)
    events.emit(ctx, "price.created", row.body)
    return row.body


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/prices/{id}`."""
    return store.get(ctx, "price", id, param="price").body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/prices/{id}`: what it costs can't change, a new price is made instead."""
    row = store.get(ctx, "price", id, param="price")
    changes: Body = {name: values[name] for name in ("active", "nickname") if name in values}
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "price.updated", row, **changes).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/prices`."""
    rows = store.objects(ctx, "price")
    if "lookup_keys" in values:
        rows = rows.filter(group__in=values["lookup_keys"])
    if "product" in values:
        rows = rows.filter(ref=values["product"])
    for name in ("active", "currency", "type"):
        if name in values:
            rows = rows.filter(**{f"body__{name}": values[name]})
    return lists.page(rows, values, "/v1/prices")
