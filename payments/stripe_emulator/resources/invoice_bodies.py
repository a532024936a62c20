"""What an invoice and its lines consist of."""

from .. import config, ids, money
from ..context import Body, Context
from . import lists


def build(ctx: Context, subscription: Body, customer: Body, *, reason: str, period: Body) -> Body:
    """A draft for the subscription's items in the period that begins now."""
    stripe_id = ids.new("in")
    lines = [_line(stripe_id, subscription, item) for item in subscription["items"]["data"]]
    total = sum(line["amount"] for line in lines)
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return _fixed_parts() | {
        "id": stripe_id,
        "account_country": config.country(),
        "amount_due": total,
        "amount_remaining": total,
        "billing_reason": reason,
        "created": ctx.now,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "lines": lists.envelope(lines, f"/v1/invoices/{stripe_id}/lines"),
        "parent": {
            "quote_details": None,
            "subscription_details": details,
            "type": "subscription_details",
        },
        "period_end": period["end"],
        "period_start": period["start"],
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
    }


def _line(invoice: str, subscription: Body, item: Body) -> Body:
    price = item["price"]
    is_trial = subscription["status"] == "trialing"
    amount = 0 if is_trial else price["unit_amount"] * item["quantity"]
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return {
        "id": ids.new("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice,
        "livemode": False,
        "metadata": subscription["metadata"],
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"end": item["current_period_end"], "start": item["current_period_start"]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": "0" if is_trial else price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
    }


def described(line: Body, product: Body, price: Body) -> Body:
    """The line in Stripe's words."""
    if line["amount"] == 0 and price["unit_amount"]:
        return {**line, "description": f"Trial period for {product['name']}"}
    every, count = price["recurring"]["interval"], price["recurring"]["interval_count"]
    often = every if count == 1 else f"every {count} {every}s"
    cost = money.shown(price["unit_amount"], price["currency"])
    return {**line, "description": f"{line['quantity']} × {product['name']} (at {cost} / {often})"}


def _fixed_parts() -> Body:
    """What every invoice begins with."""
    empty = (
        "account_name", "account_tax_ids", "application", "automatically_finalizes_at",
        "custom_fields", "customer_account", "customer_shipping", "default_payment_method",
        "default_source", "description", "due_date", "effective_at", "ending_balance", "footer",
        "from_invoice", "hosted_invoice_url", "invoice_pdf", "last_finalization_error",
        "latest_revision", "next_payment_attempt", "number", "on_behalf_of", "receipt_number",
        "rendering", "shipping_cost", "shipping_details", "statement_descriptor", "test_clock",
        "webhooks_delivered_at",
    )  # fmt: skip
    nothing = (
        "amount_overpaid", "amount_paid", "amount_paid_off_stripe", "amount_shipping",
        "attempt_count", "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount",
        "starting_balance",
    )  # fmt: skip
    lists_of_nothing = (
        "customer_tax_ids", "default_tax_rates", "discounts", "total_discount_amounts",
        "total_pretax_credit_amounts", "total_taxes",
    )  # fmt: skip
    moments = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
    return {
        **dict.fromkeys(empty),
        **dict.fromkeys(nothing, 0),
        **{name: [] for name in lists_of_nothing},
        "object": "invoice",
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "collection_method": "charge_automatically",
        "customer_tax_exempt": "none",
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": ["card"],
        },
        "status": "draft",
        "status_transitions": dict.fromkeys(moments),
    }


def payment(ctx: Context, invoice: Body, intent: str) -> Body:
    """What ties an invoice to the intent that pays it."""
    return {
        "id": ids.new("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": ctx.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
