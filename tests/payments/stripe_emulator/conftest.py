"""A client of the emulator that speaks through Stripe's own SDK."""

from collections.abc import Iterator

import pytest
import stripe
from django.conf import settings

from payments.stripe_emulator.http_client import EmulatorHTTPClient
from payments.stripe_emulator.models import StripeObject
from tests.payments.stripe_emulator.description import described
from tests.payments.stripe_emulator.world import World


@pytest.fixture
def http_client() -> EmulatorHTTPClient:
    """The emulator in the place of Stripe's network."""
    return EmulatorHTTPClient()


@pytest.fixture
def client_of_stripe(http_client: EmulatorHTTPClient) -> stripe.StripeClient:
    """The SDK as the product uses it, without pauses between its own retries."""
    return stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"], http_client=http_client, max_network_retries=0
    )


@pytest.fixture(scope="session")
def bare_world() -> World:
    """The same client for property tests, which make and undo their books themselves."""
    client = stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"],
        http_client=EmulatorHTTPClient(),
        max_network_retries=0,
    )
    return World(client)


@pytest.fixture
def world(db: None, client_of_stripe: stripe.StripeClient) -> Iterator[World]:
    """The emulator's empty books, and shorthands for what happens in most scenarios."""
    yield World(client_of_stripe)
    for row in StripeObject.objects.exclude(type__in=("account_link", "account", "event")):
        assert not described().object_problems(row.body), row
