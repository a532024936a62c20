"""dj-stripe's copy of Stripe's objects: how it is brought up to date, and read.

None of it may run inside a transaction of ours: it asks Stripe for each object.
"""

from typing import Any

from django.conf import settings
from djstripe.models import Account, APIKey, Event

from payments.stripe_service import StripeService, translated
from payments.stripe_types import AccountStatus


def _own_key() -> None:
    """Let dj-stripe use the key that is in force: of two rows it would take the older one."""
    old = APIKey.objects.filter(livemode=settings.STRIPE_LIVE_MODE)
    old.exclude(secret=settings.STRIPE_SECRET_KEY).delete()


def sync_event(payload: dict[str, Any]) -> None:
    """Keep the event, and fetch the object it is about anew. Safe to repeat."""
    _own_key()
    with translated():
        Event.process(payload)


def sync_account(account_id: str) -> AccountStatus:
    """Fetch the connected account from Stripe into the mirror, and read it there."""
    data = StripeService().get_account(account_id)
    _own_key()
    with translated():
        Account.sync_from_stripe_data(data, api_key=settings.STRIPE_SECRET_KEY)
    return AccountStatus.read(Account.objects.get(id=account_id).stripe_data)


def account_status(account_id: str) -> AccountStatus:
    """What the mirror says of a connected account, fetched where it knows none."""
    account = Account.objects.filter(id=account_id).first()
    return AccountStatus.read(account.stripe_data) if account else sync_account(account_id)
