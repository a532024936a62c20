"""What a bank only asks about: how that ends, and what it forbids, which is nothing."""

from .. import events, store
from ..context import Context
from ..models import StripeObject

INQUIRIES = ("warning_needs_response", "warning_under_review")


def end(ctx: Context, row: StripeObject) -> None:
    """The bank is content, or has been silent for long, or all was given back."""
    if row.status not in INQUIRIES:
        raise ValueError(f"{row.stripe_id} is no open inquiry.")
    row.due_at = None
    events.changed(ctx, "charge.dispute.closed", row, status="warning_closed")


def end_those_of(ctx: Context, charge: StripeObject) -> None:
    """All of it went back: there is nothing left to ask for."""
    for row in store.objects(ctx, "dispute").filter(ref=charge.stripe_id, status__in=INQUIRIES):
        end(ctx, row)


def forbids_refunds(ctx: Context, charge: StripeObject) -> bool:
    """Whether a bank has taken a disputed charge's money, or may still keep it."""
    rows = list(store.objects(ctx, "dispute").filter(ref=charge.stripe_id))
    return not rows or any(not row.body["is_charge_refundable"] for row in rows)
