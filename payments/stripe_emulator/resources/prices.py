"""The prices and products that a checkout's lines make on the fly."""

from typing import Any

from .. import ids, params, store
from ..context import Body, Context
from ..models import StripeObject

PRODUCT_DATA: params.Spec = {
    "description": params.text(),
    "images": params.list_of(params.url, most=8),
    "metadata": params.metadata,
    "name": params.Required(params.text()),
}
PRICE_DATA: params.Spec = {
    "currency": params.Required(params.currency),
    "product": params.text(),
    "product_data": params.hash_of(PRODUCT_DATA),
    "unit_amount": params.Required(params.integer(least=0, most=99_999_999)),
}


def create_inline(ctx: Context, data: dict[str, Any]) -> StripeObject:
    """The inactive price, and product, that `price_data` stands for."""
    if "product" in data:
        product = store.given(ctx, "product", data["product"], "line_items[0][price_data][product]")
    else:
        product = _create_product(ctx, data["product_data"])
    body: Body = {
        "id": ids.new("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": ctx.now,
        "currency": data["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product.stripe_id,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }
    return store.create(ctx, body, ref=product.stripe_id)


def _create_product(ctx: Context, data: dict[str, Any]) -> StripeObject:
    body: Body = {
        "id": ids.new("prod"),
        "object": "product",
        "active": False,
        "created": ctx.now,
        "default_price": None,
        "description": data.get("description"),
        "images": data.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": params.merged_metadata({}, data.get("metadata")),
        "name": data["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": None,
        "updated": ctx.now,
        "url": None,
    }
    return store.create(ctx, body)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/prices/{id}`."""
    return store.get(ctx, "price", id, param="price").body


def retrieve_product(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/products/{id}`."""
    return store.get(ctx, "product", id).body
