"""The mentors' connected accounts."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import PaymentAccount, WebhookEvent
from payments.services import accounts


def _account_updated(event: WebhookEvent, account: Mapping[str, Any]) -> str:
    row = PaymentAccount.objects.filter(stripe_account_id=account["id"]).first()
    if row is not None:
        accounts.refresh_account(account=row)
    return ""


def _deauthorized(event: WebhookEvent, application: Mapping[str, Any]) -> str:
    # The object is the application; whose account it was stands in the event.
    row = PaymentAccount.objects.filter(stripe_account_id=event.account or "-").first()
    if row is not None:
        accounts.disconnect_account(account=row)
    return ""


HANDLERS: dict[str, Handler] = {
    "account.updated": _account_updated,
    "account.application.deauthorized": _deauthorized,
}
