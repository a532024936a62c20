"""Transfers to connected accounts, and their reversals."""

from typing import Any

from .. import config, events, ids, ledger, money, params, store
from ..context import Body, Context
from ..errors import StripeError, no_such
from ..models import StripeObject
from . import charges, lists, transfer_payments

CREATE: params.Spec = {
    **params.EXPAND,
    "amount": params.Required(params.integer(least=1, most=99_999_999)),
    "currency": params.Required(params.currency),
    "description": params.text(),
    "destination": params.Required(params.text()),
    "metadata": params.metadata,
    "source_transaction": params.text(),
    "source_type": params.one_of("card"),
    "transfer_group": params.text(),
}
UPDATE: params.Spec = {
    **params.EXPAND,
    "description": params.text(clearable=True),
    "metadata": params.metadata,
}
LIST: params.Spec = {
    **params.PAGING,
    "destination": params.text(),
    "transfer_group": params.text(),
}


def create(ctx: Context, values: dict[str, Any]) -> Body:
    """`POST /v1/transfers`, from a charge's funds or from what is available."""
    destination = _destination(ctx, values["destination"])
    available_on, group = ctx.now, values.get("transfer_group")
    if "source_transaction" in values:
        charge = store.given(ctx, "charge", values["source_transaction"], "source_transaction")
        available_on = _check_source(ctx, charge, values)
        group = group or charge.body["transfer_group"] or f"group_{charge.stripe_id}"
        if not charge.body["transfer_group"]:
            charge.group = group
            store.change(charge, transfer_group=group)
    else:
        check_available(ctx, values)
    body = _build(ctx, values, group)
    row = store.create(ctx, body, ref=values.get("source_transaction", ""), group=group or "")
    transaction, payment = transfer_payments.book(ctx, body, destination, available_on)
    store.change(row, balance_transaction=transaction, destination_payment=payment)
    events.emit(ctx, "transfer.created", row.body)
    return row.body


def _destination(ctx: Context, account: str) -> StripeObject:
    """An account that is connected to the asker, and may have money sent to it."""
    row = store.connected(account)
    if row is None or row.ref != ctx.account:
        raise no_such("destination", account, param="destination", status=400)
    ours, theirs = config.country(), row.body["country"]
    if ours != theirs and not {ours, theirs} <= money.CROSS_BORDER:
        raise StripeError(
            f"Funds can't be sent to accounts located in {theirs} because it's restricted outside "
            "of your platform's region.",
            code="transfers_not_allowed",
            param="destination",
        )
    if row.body["capabilities"].get("transfers") != "active":
        raise StripeError(
            "Your destination account needs to have at least one of the following capabilities "
            "enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return row


def _check_source(ctx: Context, charge: StripeObject, values: dict[str, Any]) -> int:
    """When the charge's funds are available; raises where it can't pay for this transfer."""
    if not charge.body["balance_transaction"]:
        raise StripeError(
            f"The source_transaction {charge.stripe_id} has no funds to transfer.",
            param="source_transaction",
        )
    settled = charges.brought(ctx, charge)
    if settled["currency"] != values["currency"]:
        raise StripeError(
            "The currency of source_transaction's balance transaction "
            f"({settled['currency']}) must be the same as the transfer currency "
            f"({values['currency']})",
            param="currency",
        )
    passed_on = sum(
        row.body["amount"] - row.body["amount_reversed"]
        for row in store.objects(ctx, "transfer").filter(ref=charge.stripe_id)
    )
    if passed_on + values["amount"] > settled["amount"]:
        limit, used = (
            money.shown(amount, settled["currency"]) for amount in (settled["amount"], passed_on)
        )
        raise StripeError(
            f"Transfers using this transaction as a source must not exceed the source amount of "
            f"{limit}. (There is already a transfer using this source, amounting to {used}.)",
            param="amount",
        )
    return max(ctx.now, int(settled["available_on"]))


def check_available(ctx: Context, values: dict[str, Any]) -> None:
    """Raise where the account's available balance doesn't hold that much."""
    available = ledger.held(ctx.account, ctx.now)["available"].get(values["currency"], 0)
    if available < values["amount"]:
        raise StripeError(
            "You have insufficient available funds in your Stripe account. Try adding funds "
            "directly to your available balance by creating Charges using the 4000000000000077 "
            "test card. See: https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
        )


def _build(ctx: Context, values: dict[str, Any], group: str | None) -> Body:
    stripe_id = ids.new("tr")
    return {
        "id": stripe_id,
        "object": "transfer",
        "amount": values["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": ctx.now,
        "currency": values["currency"],
        "description": values.get("description"),
        "destination": values["destination"],
        "destination_payment": None,
        "livemode": False,
        "metadata": params.kept_metadata(values),
        "reversals": reversal_list(stripe_id, []),
        "reversed": False,
        "source_transaction": values.get("source_transaction"),
        "source_type": "card",
        "transfer_group": group,
    }


def reversal_list(stripe_id: str, data: list[Body]) -> Body:
    """A transfer's reversals as they stand in it, the newest ten."""
    url = f"/v1/transfers/{stripe_id}/reversals"
    return lists.envelope(data[:10], url, has_more=len(data) > 10)


def retrieve(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`GET /v1/transfers/{id}`."""
    return store.get(ctx, "transfer", id, param="transfer").body


def update(ctx: Context, values: dict[str, Any], *, id: str) -> Body:
    """`POST /v1/transfers/{id}`: its words and metadata."""
    row = store.get(ctx, "transfer", id, param="transfer")
    changes = {name: values[name] for name in ("description",) if name in values}
    changes["metadata"] = params.kept_metadata(values, row.body["metadata"])
    return events.changed(ctx, "transfer.updated", row, **changes).body


def list_all(ctx: Context, values: dict[str, Any]) -> Body:
    """`GET /v1/transfers`."""
    rows = store.objects(ctx, "transfer")
    if "transfer_group" in values:
        rows = rows.filter(group=values["transfer_group"])
    if "destination" in values:
        rows = rows.filter(body__destination=values["destination"])
    return lists.page(rows, values, "/v1/transfers")
