"""What the billing portal offers: one set of settings, as the dashboard has saved them."""

from typing import Any

from .. import config, ids, params, store
from ..context import Body, Context
from . import lists

FILTERS = ("active", "is_default")
LIST: params.Spec = {**params.CURSOR, **dict.fromkeys(FILTERS, params.boolean)}
OFF: Body = {"enabled": False}


def default_id() -> str:
    """The settings that a session has which names no others."""
    return f"bpc_{config.platform_id().removeprefix('acct_')}"


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/billing_portal/configurations`."""
    wanted = {name: values[name] for name in FILTERS if name in values}
    found = [each for each in _all(ctx) if wanted.items() <= each.items()]
    return lists.part(found, values, "/v1/billing_portal/configurations")


def _all(ctx: Context) -> list[Body]:
    """Those that were saved, and the platform's as long as nobody saved them otherwise."""
    rows = store.objects(ctx, "billing_portal.configuration").order_by("-seq")
    saved: list[Body] = [row.body for row in rows]
    if not ctx.is_platform or any(each["is_default"] for each in saved):
        return saved
    return [*saved, _body(default_id(), at=config.PLATFORM_SINCE, is_default=True)]


def save(ctx: Context, *, is_default: bool, active: bool = True, card: bool = True) -> None:
    """What the dashboard does where someone saves the portal's settings."""
    stripe_id = default_id() if is_default else ids.new("bpc")
    body = _body(stripe_id, at=ctx.now, is_default=is_default)
    body["active"] = active
    body["features"]["payment_method_update"]["enabled"] = card
    store.create(ctx, body)


def _body(stripe_id: str, *, at: int, is_default: bool) -> Body:
    """What our page does: another card, the end of a subscription, its invoices."""
    texts = ("headline", "privacy_policy_url", "terms_of_service_url")
    return {
        "id": stripe_id,
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(texts),
        "created": at,
        "default_return_url": None,
        "features": {
            "customer_update": {**OFF, "allowed_updates": []},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True, "payment_method_configuration": None},
            "subscription_cancel": {
                "cancellation_reason": {**OFF, "options": []},
                "enabled": True,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                **OFF,
                "billing_cycle_anchor": None,
                "default_allowed_updates": [],
                "proration_behavior": "none",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": is_default,
        "livemode": False,
        "login_page": {**OFF, "url": None},
        "metadata": {},
        "name": None,
        "updated": at,
    }
