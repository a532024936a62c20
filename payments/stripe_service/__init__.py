"""Stripe: the only package of ours that imports its SDK.

Every write carries an idempotency key made of our row's random code and its attempt, so that it
may be repeated after a crash or a lost answer. Nothing here may be called inside a transaction of
ours: an answer that takes seconds would hold its locks, and a rollback would forget what Stripe
did.
"""

from payments.stripe_service.accounts import Accounts
from payments.stripe_service.checkouts import Checkouts
from payments.stripe_service.client import TIMEOUT_SECONDS, install
from payments.stripe_service.customers import Customers
from payments.stripe_service.disputes import Disputes
from payments.stripe_service.errors import (
    CardRefused,
    StripeBroken,
    StripeKeyRefused,
    StripeRateLimited,
    StripeRefused,
    StripeUnreachable,
    translated,
    why,
)
from payments.stripe_service.intents import Intents
from payments.stripe_service.lists import Lists
from payments.stripe_service.payouts import Payouts
from payments.stripe_service.platform import Platform
from payments.stripe_service.refunds import Refunds
from payments.stripe_service.subscriptions import Subscriptions
from payments.stripe_service.transfers import Transfers
from payments.stripe_service.webhooks import WEBHOOK_LIMIT_BYTES, TooLarge, Webhooks

__all__ = [
    "TIMEOUT_SECONDS",
    "WEBHOOK_LIMIT_BYTES",
    "CardRefused",
    "StripeBroken",
    "StripeKeyRefused",
    "StripeRateLimited",
    "StripeRefused",
    "StripeService",
    "StripeUnreachable",
    "TooLarge",
    "install",
    "translated",
    "why",
]


class StripeService(
    Accounts,
    Checkouts,
    Customers,
    Disputes,
    Intents,
    Lists,
    Payouts,
    Platform,
    Refunds,
    Subscriptions,
    Transfers,
    Webhooks,
):
    """The calls that we make; each raises `StripeError` (`retryable` or not)."""
