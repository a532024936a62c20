"""Reading and writing Stripe objects, each within the account that owns it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from .context import Body, Context
from .errors import no_such
from .models import StripeObject

DELETED, CUT_OFF = "deleted", "deauthorized"
# The platform can't use such an account any more, and isn't told about it.
GONE = (DELETED, CUT_OFF)
NAMES = {
    "checkout.session": "checkout.session",
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
    "balance_transaction": "balance transaction",
    "transfer_reversal": "transfer reversal",
}


def create(
    ctx: Context,
    body: Body,
    *,
    private: Mapping[str, Any] | None = None,
    ref: str = "",
    group: str = "",
    due_at: int | None = None,
) -> StripeObject:
    """Keep a new object; its id and type are those of its body."""
    return StripeObject.objects.create(
        stripe_id=body["id"],
        type=body["object"],
        account=ctx.account,
        created=ctx.now,
        status=body.get("status") or "",
        ref=ref,
        group=group,
        due_at=due_at,
        body=body,
        private=dict(private or {}),
    )


def objects(ctx: Context, kind: str) -> QuerySet[StripeObject]:
    """The account's objects of one type."""
    return StripeObject.objects.filter(type=kind, account=ctx.account)


def get(
    ctx: Context,
    kind: str,
    stripe_id: str,
    *,
    param: str = "id",
    status: int = 404,
    even_deleted: bool = False,
) -> StripeObject:
    """One object of the account, or Stripe's `resource_missing`."""
    row = find(ctx, kind, stripe_id, even_deleted=even_deleted)
    if row is None:
        raise no_such(NAMES.get(kind, kind), stripe_id, param=param, status=status)
    return row


def given(ctx: Context, kind: str, stripe_id: str, param: str) -> StripeObject:
    """The object that a parameter names: its absence is a 400."""
    return get(ctx, kind, stripe_id, param=param, status=400)


def find(
    ctx: Context, kind: str, stripe_id: object, *, even_deleted: bool = False
) -> StripeObject | None:
    """One object of the account, if it is there."""
    if not stripe_id:
        return None
    rows = objects(ctx, kind).filter(stripe_id=stripe_id)
    return (rows if even_deleted else rows.exclude(status=DELETED)).first()


def connected(account: str) -> StripeObject | None:
    """The row of an account that is connected to the platform."""
    rows = StripeObject.objects.filter(type="account", stripe_id=account)
    return rows.exclude(status__in=GONE).first()


def change(row: StripeObject, **changes: Any) -> Body:
    """Write new values into the body and return the ones they replace."""
    previous = difference(row.body, changes)
    row.body = {**row.body, **changes}
    row.status = row.body.get("status") or ""
    row.save()
    return previous


def difference(old: Body, new: Mapping[str, Any]) -> Body:
    """What `new` replaces in `old`, nested hashes down to the changed keys."""
    replaced: Body = {}
    for name, value in new.items():
        before = old.get(name)
        if before == value:
            continue
        if isinstance(before, dict) and isinstance(value, dict):
            kept = {key: before.get(key) for key in value if before.get(key) != value[key]}
            gone = {key: before[key] for key in before if key not in value}
            replaced[name] = kept | gone
        else:
            replaced[name] = before
    return replaced
