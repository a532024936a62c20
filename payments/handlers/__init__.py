"""One small handler for each kind of event.

They may run twice and in any order: each asks how the object stands now, and what it writes is a
compare-and-swap. Each gives a sentence for staff, empty where all is well.
"""

from payments.handlers import (
    accounts,
    disputes,
    payments,
    payouts,
    refunds,
    subscriptions,
    transfers,
)
from payments.handlers.base import Handler
from payments.models import WebhookEvent

# What dj-stripe keeps a copy of, as far as we rely on it.
MIRRORED = (
    "account.updated",
    "charge.",
    "checkout.session.",
    "customer.subscription.",
    "payment_intent.",
    "transfer.",
)
HANDLERS: dict[str, Handler] = {
    **accounts.HANDLERS,
    **disputes.HANDLERS,
    **payments.HANDLERS,
    **payouts.HANDLERS,
    **refunds.HANDLERS,
    **subscriptions.HANDLERS,
    **transfers.HANDLERS,
}


def is_of_connect(kind: str) -> bool:
    """Whether it is sent by the endpoint of connected accounts."""
    return kind.startswith(("account.", "payout."))


def is_mirrored(kind: str) -> bool:
    """Whether dj-stripe is to take this event up."""
    return kind.startswith(MIRRORED)


def handle(event: WebhookEvent) -> str:
    """Do what that kind of event asks for; nothing for those that ask for nothing."""
    handler = HANDLERS.get(event.type)
    return handler(event, event.payload["data"]["object"]) if handler else ""
