"""The mentors' connected accounts."""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import PaymentAccount, WebhookEvent
from payments.services import accounts
from payments.stripe_service import StripeRefused


def _account_updated(event: WebhookEvent, account: Mapping[str, Any]) -> str:
    row = PaymentAccount.objects.filter(stripe_account_id=account["id"]).first()
    if row is None:
        return ""
    try:
        accounts.refresh_account(account=row)
    except StripeRefused as refusal:
        if not refusal.is_out_of_reach:
            raise
        # Its owner has cut it off since: that event is on the way, or lost.
        accounts.disconnect_account(account=row)
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
