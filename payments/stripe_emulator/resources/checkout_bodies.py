"""What a Checkout Session consists of."""

from typing import Any

from .. import ids, pages, params, store
from ..context import Body, Context
from . import prices


def line(ctx: Context, item: dict[str, Any], index: int) -> Body:
    """One line of the page; its price is made on the fly from `price_data`."""
    price = prices.of_line(ctx, item, f"line_items[{index}]")
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


def free(line: Body) -> Body:
    """The line while a trial lasts."""
    return line | dict.fromkeys(("amount_subtotal", "amount_total"), 0)


def build(ctx: Context, values: dict[str, Any], total: int, currency: str, expires_at: int) -> Body:
    """An open session over that sum."""
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
        "customer_creation": _customer_creation(values),
        "customer_details": customer_details(ctx, values),
        "customer_email": values.get("customer_email"),
        "expires_at": expires_at,
        "locale": values.get("locale"),
        "metadata": params.kept_metadata(values),
        "mode": values["mode"],
        "payment_intent": None,
        "payment_method_collection": (
            "always" if values["mode"] == "subscription" else "if_required"
        ),
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": values.get("submit_type"),
        "success_url": values["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": pages.checkout_url(stripe_id),
    }


def _customer_creation(values: dict[str, Any]) -> str | None:
    if "customer" in values:
        return None
    return "always" if values["mode"] == "subscription" else "if_required"


def customer_details(ctx: Context, values: dict[str, Any], name: str | None = None) -> Body | None:
    """Who pays, as far as it is known; whole once they have."""
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
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "ui_mode": "hosted_page",
    }
