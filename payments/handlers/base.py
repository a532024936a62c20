"""What every handler is."""

from collections.abc import Callable, Mapping
from typing import Any

from payments.models import Transaction, WebhookEvent

Handler = Callable[[WebhookEvent, Mapping[str, Any]], str]


def charge_of(metadata: object) -> Transaction | None:
    """The charge that an object of Stripe's names in its metadata."""
    code = metadata.get("transaction", "") if isinstance(metadata, Mapping) else ""
    return Transaction.objects.charges().filter(code=code).first()
