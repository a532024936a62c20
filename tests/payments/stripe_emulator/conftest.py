"""A client of the emulator that speaks through Stripe's own SDK."""

import pytest
import stripe
from django.conf import settings

from payments.stripe_emulator.http_client import EmulatorHTTPClient
from tests.payments.stripe_emulator.world import World


@pytest.fixture
def client_of_stripe() -> stripe.StripeClient:
    """The SDK as the product uses it, without pauses between its own retries."""
    return stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"],
        http_client=EmulatorHTTPClient(),
        max_network_retries=0,
    )


@pytest.fixture
def world(db: None, client_of_stripe: stripe.StripeClient) -> World:
    """The emulator's empty books, and shorthands for what happens in most scenarios."""
    return World(client_of_stripe)
