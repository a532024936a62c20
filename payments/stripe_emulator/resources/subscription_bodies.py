"""What a subscription and its items consist of."""

from typing import Any

from .. import ids, params, periods, store
from ..context import Body, Context
from ..periods import DAY
from . import lists

CARD_ONLY: Body = {
    "payment_method_options": {"card": {"network": None, "request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "save_default_payment_method": "off",
}
GOES_ON: Body = {"end_behavior": {"missing_payment_method": "create_invoice"}}
NO_REASON: Body = {"comment": None, "feedback": None, "reason": None}


def build(ctx: Context, customer: str, lines: list[Body], data: dict[str, Any]) -> Body:
    """A subscription to the prices of these lines that nobody has paid for yet."""
    stripe_id = ids.new("sub")
    days = data.get("trial_period_days")
    trial_end = ctx.now + days * DAY if days else None
    anchor = trial_end or ctx.now
    items = [_item(ctx, stripe_id, line, anchor, trial_end) for line in lines]
    url = f"/v1/subscription_items?subscription={stripe_id}"
    return _fixed_parts() | {
        "id": stripe_id,
        "billing_cycle_anchor": anchor,
        "created": ctx.now,
        "currency": lines[0]["currency"],
        "customer": customer,
        "default_payment_method": data.get("default_payment_method"),
        "description": data.get("description"),
        "items": lists.envelope(items, url),
        "metadata": params.kept_metadata(data),
        "start_date": ctx.now,
        "status": "trialing" if trial_end else "incomplete",
        "trial_end": trial_end,
        "trial_settings": data.get("trial_settings", GOES_ON),
        "trial_start": ctx.now if trial_end else None,
    }


def _item(ctx: Context, subscription: str, line: Body, anchor: int, trial_end: int | None) -> Body:
    every = line["price"]["recurring"]
    end = trial_end or periods.next_end(anchor, ctx.now, every["interval"], every["interval_count"])
    body: Body = {
        "id": ids.new("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": ctx.now,
        "current_period_end": end,
        "current_period_start": ctx.now,
        "discounts": [],
        "metadata": {},
        "price": line["price"],
        "quantity": line["quantity"],
        "subscription": subscription,
        "tax_rates": [],
    }
    store.create(ctx, body, ref=subscription)
    return body


def _fixed_parts() -> Body:
    """What every subscription begins with."""
    empty = (
        "application", "application_fee_percent", "billing_cycle_anchor_config",
        "billing_thresholds", "cancel_at", "canceled_at", "customer_account", "days_until_due",
        "default_source", "ended_at", "latest_invoice",
        "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection",
        "pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule",
        "test_clock", "transfer_data",
    )  # fmt: skip
    return dict.fromkeys(empty) | {
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": NO_REASON,
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "livemode": False,
        "payment_settings": CARD_ONLY,
    }


def period(subscription: Body) -> tuple[int, int]:
    """The present period of it: all items have the same."""
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]
