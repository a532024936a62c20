"""Stripe's lists: newest first, a page at a time, by cursor."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from .. import store
from ..context import Body, Context
from ..errors import StripeError, no_such
from ..models import StripeObject

DEFAULT_LIMIT = 10


def envelope(data: list[Body], url: str, *, has_more: bool = False) -> Body:
    """The list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(rows: QuerySet[StripeObject], params: dict[str, Any], url: str) -> Body:
    """One page of `rows` by `limit`, `starting_after`, `ending_before` and `created`."""
    rows = _created(rows, params.get("created", {}))
    limit: int = params.get("limit", DEFAULT_LIMIT)
    after, before = params.get("starting_after"), params.get("ending_before")
    _refuse_both(params)
    if before:
        edge = _edge(rows, before, "ending_before")
        found = list(rows.filter(seq__gt=edge).order_by("seq")[: limit + 1])
        shown = found[:limit][::-1]
    else:
        if after:
            rows = rows.filter(seq__lt=_edge(rows, after, "starting_after"))
        found = list(rows.order_by("-seq")[: limit + 1])
        shown = found[:limit]
    return envelope([row.body for row in shown], url, has_more=len(found) > limit)


def narrowed(
    ctx: Context, rows: QuerySet[StripeObject], values: dict[str, Any], fields: Mapping[str, str]
) -> QuerySet[StripeObject]:
    """Only what belongs to the objects that parameters name; `fields` says where that is kept.

    Each is called as its type is. One that was deleted has a past that can be read.
    """
    for name, field in fields.items():
        if name in values:
            store.get(ctx, name, values[name], param=name, status=400, even_deleted=True)
            rows = rows.filter(**{field: values[name]})
    return rows


def part(items: list[Body], params: dict[str, Any], url: str) -> Body:
    """One page of what an object keeps in itself, in its own order, by the same cursors."""
    limit: int = params.get("limit", DEFAULT_LIMIT)
    _refuse_both(params)
    places = {item["id"]: place for place, item in enumerate(items)}
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in places:
            raise no_such("object", params[name], param=name, status=400)
    if "ending_before" in params:
        before = items[: places[params["ending_before"]]]
        return envelope(before[-limit:], url, has_more=len(before) > limit)
    after = items[places[params["starting_after"]] + 1 :] if "starting_after" in params else items
    return envelope(after[:limit], url, has_more=len(after) > limit)


def _refuse_both(params: dict[str, Any]) -> None:
    if params.get("starting_after") and params.get("ending_before"):
        raise StripeError("You can only use one of starting_after and ending_before.")


def _edge(rows: QuerySet[StripeObject], stripe_id: str, param: str) -> int:
    row = rows.filter(stripe_id=stripe_id).first()
    if row is None:
        raise no_such("object", stripe_id, param=param, status=400)
    return row.seq


def _created(rows: QuerySet[StripeObject], bounds: dict[str, int]) -> QuerySet[StripeObject]:
    return rows.filter(**{f"created__{name}": value for name, value in bounds.items()})
