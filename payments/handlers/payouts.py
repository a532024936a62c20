"""What Stripe pays from connected accounts to their banks.

dj-stripe isn't asked: it would keep a mentor's payout as the platform's own.
"""

from collections.abc import Mapping
from typing import Any

from payments.handlers.base import Handler
from payments.models import PaymentAccount, WebhookEvent
from payments.services import payouts
from payments.stripe_service import StripeService


def _payout(event: WebhookEvent, payout: Mapping[str, Any]) -> str:
    # Whose it is stands in the event alone; the platform's own are no mentor's.
    account = PaymentAccount.objects.filter(stripe_account_id=event.account or "-").first()
    if account is not None:
        found = StripeService().retrieve_payout(payout["id"], account_id=event.account)
        payouts.record_payout(account=account, payout=found)
    return ""


HANDLERS: dict[str, Handler] = {
    "payout.created": _payout,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
}
