"""Events, read back."""

from typing import Any

from .. import params, store
from ..context import Body, Context
from . import lists

LIST: params.Spec = {
    **params.PAGING,
    "type": params.text(),
    "types": params.list_of(params.text(), most=20),
}


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/events/{id}`."""
    return store.get(ctx, "event", id).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/events`, of one type (`charge.*` for a family) or of several."""
    rows = store.objects(ctx, "event")
    wanted = str(values.get("type", ""))
    if wanted.endswith("*"):
        rows = rows.filter(ref__startswith=wanted[:-1])
    elif wanted:
        rows = rows.filter(ref=wanted)
    if "types" in values:
        rows = rows.filter(ref__in=values["types"])
    return lists.page(rows, values, "/v1/events")
