"""Webhook endpoints, as they are listed. Events are posted to the one address of the settings."""

from typing import Any

from .. import config, ids, params, store
from ..context import Body, Context
from ..errors import StripeError
from . import lists

MOST = 16
COMMON: params.Spec = {
    **params.EXPAND,
    "description": params.text(clearable=True),
    "metadata": params.metadata,
}
CREATE: params.Spec = {
    **COMMON,
    "api_version": params.one_of(config.API_VERSION),
    "connect": params.boolean,
    "enabled_events": params.Required(params.list_of(params.text(), most=500)),
    "url": params.Required(params.url),
}
CHANGES: params.Spec = {
    **COMMON,
    "disabled": params.boolean,
    "enabled_events": params.list_of(params.text(), most=500),
    "url": params.url,
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/webhook_endpoints`: its secret is in this answer and in no other."""
    if store.objects(ctx, "webhook_endpoint").count() >= MOST:
        raise StripeError(f"You have reached the maximum of {MOST} test webhook endpoints.")
    body: Body = {
        "id": ids.new("we"),
        "object": "webhook_endpoint",
        "api_version": values.get("api_version"),
        "application": None,
        "created": ctx.now,
        "description": values.get("description"),
        "enabled_events": values["enabled_events"],
        "livemode": False,
        "metadata": params.kept_metadata(values),
        "status": "enabled",
        "url": values["url"],
    }
    store.create(ctx, body)
    secret = config.webhook_secret(connect=values.get("connect", False))
    return body | {"secret": secret}


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/webhook_endpoints/{id}`."""
    return store.get(ctx, "webhook_endpoint", id).body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/webhook_endpoints/{id}`."""
    row = store.get(ctx, "webhook_endpoint", id)
    changes: Body = {
        name: values[name] for name in ("description", "enabled_events", "url") if name in values
    }
    if "disabled" in values:
        changes["status"] = "disabled" if values["disabled"] else "enabled"
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    store.change(row, **changes)
    return row.body


def delete(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`DELETE /v1/webhook_endpoints/{id}`."""
    store.get(ctx, "webhook_endpoint", id).delete()
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/webhook_endpoints`."""
    rows = store.objects(ctx, "webhook_endpoint")
    return lists.page(rows, values, "/v1/webhook_endpoints")
