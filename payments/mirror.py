"""dj-stripe's copy of Stripe's objects, for staff to look at: how it is brought up to date.

None of it may run inside a transaction of ours: it asks Stripe for each object. Nothing that we
decide is read from it.
"""

from typing import Any

from django.conf import settings
from djstripe.models import APIKey, Event, WebhookEndpoint

from payments.stripe_service import StripeRefused, translated
from payments.stripe_service.platform import Endpoint


def _own_key() -> None:
    """Let dj-stripe use the key that is in force: of two rows it would take the older one."""
    old = APIKey.objects.filter(livemode=settings.STRIPE_LIVE_MODE)
    old.exclude(secret=settings.STRIPE_SECRET_KEY).delete()


def sync_event(payload: dict[str, Any]) -> None:
    """Keep the event, and fetch the object it is about anew. Safe to repeat.

    Of an account that was cut off since there is nothing to fetch any more.
    """
    _own_key()
    try:
        with translated():
            Event.process(payload)
    except StripeRefused as refusal:
        if not refusal.is_out_of_reach:
            raise


def keep_endpoint(endpoint: Endpoint, *, secret: str) -> None:
    """The row of an endpoint, for staff to look at: events are verified by the settings alone."""
    WebhookEndpoint.objects.update_or_create(
        id=endpoint.id,
        defaults={
            "url": endpoint.url,
            "enabled_events": list(endpoint.events),
            "status": "enabled" if endpoint.is_enabled else "disabled",
            "api_version": endpoint.api_version,
            "livemode": settings.STRIPE_LIVE_MODE,
            "secret": secret,
        },
    )
