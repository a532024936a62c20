"""How a call to Stripe leaves us: with our key, in time, and never inside a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.conf import settings
from django.db import connection
from django.urls import reverse

from payments.models import Reversal, Subscription, Transaction
from payments.stripe_service.errors import translated

# Connect and read: with no retry of the SDK's own, a page that asks twice still answers in time.
TIMEOUT_SECONDS = (2.0, 6.0)
PAYMENT_PARTS = "latest_charge.balance_transaction"


def install(http_client: stripe.HTTPClient | None = None) -> None:
    """Set how every call leaves this process, dj-stripe's included; by default over HTTPS."""
    stripe.default_http_client = http_client or stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    stripe.max_network_retries = 0


def _refuse_transaction() -> None:
    """As Django's `durable=True`: a test case's own transaction doesn't count."""
    blocks = connection.atomic_blocks
    if blocks and not blocks[-1]._from_testcase:  # type: ignore[attr-defined]  # Django's own mark
        raise RuntimeError("Stripe must not be called inside a transaction.")


def url(name: str, *args: str) -> str:
    """The full address of a page of ours, for Stripe to lead back to."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


class Gateway:
    """What every group of calls stands on; each call raises `StripeError` (`retryable` or not)."""

    @contextmanager
    def _call(self) -> Iterator[stripe.StripeClient]:
        _refuse_transaction()
        with translated():
            yield stripe.StripeClient(
                settings.STRIPE_SECRET_KEY,
                http_client=stripe.default_http_client,
                max_network_retries=0,
            )

    @staticmethod
    def _key(row: Transaction | Reversal | Subscription, verb: str) -> stripe.RequestOptions:
        return {"idempotency_key": f"{row.code}-{verb}-{row.attempts}"}
