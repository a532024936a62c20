"""Clients of the emulator that speak through Stripe's own SDK, all of it under observation."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe
from django.conf import settings

from payments.stripe_emulator.http_client import EmulatorHTTPClient
from payments.stripe_emulator.models import StripeObject
from tests.payments.stripe_emulator.description import Description
from tests.payments.stripe_emulator.world import World


class ObservedHTTPClient(EmulatorHTTPClient):
    """Holds every request and every answer against Stripe's description."""

    def __init__(self, description: Description) -> None:
        super().__init__()
        self.description = description

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = super().request(method, url, headers, post_data, _usage=_usage)
        text, status, _ = answer
        parts = urlsplit(url)
        found = self.description.answer_problems(method, parts.path, status, json.loads(text))
        if status == 200:
            # What Stripe's description refuses must be refused.
            encoded = parts.query if post_data is None else str(post_data)
            found += self.description.request_problems(method, parts.path, encoded)
        assert not found, f"{method} {parts.path}: {found}"
        return answer


@pytest.fixture(scope="session")
def description() -> Iterator[Description]:
    """Stripe's description; made anew from the whole one where the environment names that."""
    description = Description()
    yield description
    if "STRIPE_API_DESCRIPTION" in os.environ:
        description.write_reduced()


@pytest.fixture
def http_client(description: Description) -> ObservedHTTPClient:
    """The emulator in the place of Stripe's network."""
    return ObservedHTTPClient(description)


@pytest.fixture
def client_of_stripe(http_client: ObservedHTTPClient) -> stripe.StripeClient:
    """The SDK as the product uses it, without pauses between its own retries."""
    return stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"], http_client=http_client, max_network_retries=0
    )


@pytest.fixture(scope="session")
def bare_world(description: Description) -> World:
    """The same client for property tests, which make and undo their books themselves."""
    client = stripe.StripeClient(
        settings.STRIPE_EMULATOR["secret_key"],
        http_client=ObservedHTTPClient(description),
        max_network_retries=0,
    )
    return World(client)


@pytest.fixture
def world(
    db: None, client_of_stripe: stripe.StripeClient, description: Description
) -> Iterator[World]:
    """The emulator's empty books, and shorthands for what happens in most scenarios."""
    yield World(client_of_stripe)
    for row in StripeObject.objects.exclude(type__in=("account_link", "account")):
        assert not description.object_problems(row.body), row
        if row.type == "event":
            assert not description.object_problems(row.body["data"]["object"]), row.body["type"]
