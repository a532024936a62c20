"""Balances and balance transactions, read from the book."""

from typing import Any

from .. import config, ledger, params, store
from ..context import Body, Context
from . import accounts, lists

LIST: params.Spec = {
    **params.PAGING,
    "currency": params.currency,
    "source": params.text(),
    "type": params.text(),
}


def retrieve(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/balance`: what is available and what is still on its way, by currency."""
    held = ledger.held(ctx.account, ctx.now)
    # What there is a bank account for is told even where there is nothing of it.
    settled = config.settlement_currencies() if ctx.is_platform else []
    default = accounts.default_currency(ctx.account)
    currencies = sorted({*held["available"], *held["pending"], *settled, default})
    return {
        "object": "balance",
        "available": _amounts(held["available"], currencies),
        "livemode": False,
        "pending": _amounts(held["pending"], currencies),
    }


def _amounts(held: dict[str, int], currencies: list[str]) -> list[Body]:
    return [
        {
            "amount": held.get(currency, 0),
            "currency": currency,
            "source_types": {"card": held.get(currency, 0)},
        }
        for currency in currencies
    ]


def seen(body: Body, now: int) -> Body:
    """The transaction at that time: its funds become available by themselves."""
    status = "available" if body["available_on"] <= now else "pending"
    return {**body, "status": status}


def retrieve_transaction(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/balance_transactions/{id}`."""
    return seen(store.get(ctx, "balance_transaction", id).body, ctx.now)


def list_transactions(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/balance_transactions`."""
    rows = store.objects(ctx, "balance_transaction")
    if "source" in values:
        rows = rows.filter(ref=values["source"])
    for name in ("currency", "type"):
        if name in values:
            rows = rows.filter(**{f"body__{name}": values[name]})
    answer = lists.page(rows, values, "/v1/balance_transactions")
    answer["data"] = [seen(body, ctx.now) for body in answer["data"]]
    return answer
