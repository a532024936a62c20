"""No call of the gateway may be made within a transaction of ours: whichever it is, it fails."""

import datetime as dt
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import get_type_hints

import pytest
from django.db import transaction

from mentormatch import times
from mentormatch.errors import DomainError, StripeError
from payments.models import PaymentAccount, Reversal, SavedCard, Subscription, Transaction
from payments.stripe_emulator import signals
from payments.stripe_service import StripeService
from payments.stripe_service.platform import Endpoint
from tests.factories import (
    PaymentAccountFactory,
    ReversalFactory,
    SubscriptionFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
# Reads what was posted to us, and asks Stripe nothing.
OFFLINE = "handle_webhook"
CALLS = [
    name
    for name, _ in inspect.getmembers(StripeService, inspect.isfunction)
    if not name.startswith("_") and name != OFFLINE
]


@contextmanager
def heard() -> Iterator[list[str]]:
    """The requests that reach Stripe's door meanwhile."""
    paths: list[str] = []

    def listen(path: str, **_: object) -> None:
        paths.append(path)

    signals.exchanged.connect(listen)
    try:
        yield paths
    finally:
        signals.exchanged.disconnect(listen)


@pytest.fixture
def prepared(opened: Transaction) -> Callable[[str], Callable[[], object]]:
    """`prepared("create_refund")` is that call with arguments of the right types."""
    opened.stripe_payment_intent_id = "pi_none"
    endpoint = Endpoint("we_none", "https://site.example", (), True, "", "platform")
    values = {
        Transaction: opened,
        PaymentAccount: PaymentAccountFactory(mentor__is_payable=False, stripe_account_id=None),
        Subscription: SubscriptionFactory(),
        Reversal: ReversalFactory(),
        SavedCard: SavedCard.objects.create(user=UserFactory()),
        Endpoint: endpoint,
        dt.datetime: times.now(),
        str: "xx_none",
        bytes: b"{}",
        bool: True,
        list[str]: ["charge.succeeded"],
    }

    def prepare(name: str) -> Callable[[], object]:
        method = getattr(StripeService(), name)
        hints = {key: hint for key, hint in get_type_hints(method).items() if key != "return"}
        arguments = {key: values[hint] for key, hint in hints.items()}
        bound = inspect.signature(method).bind(**arguments)
        return lambda: method(*bound.args, **bound.kwargs)

    return prepare


@pytest.mark.parametrize("name", CALLS)
def test_a_call_within_a_transaction_fails_before_it_is_sent(name, prepared):
    call = prepared(name)
    with heard() as paths:
        with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
            call()
        assert paths == []
        with suppress(StripeError):
            call()
    assert paths, "outside of one it is sent"


def test_every_public_function_but_one_asks_stripe(prepared):
    assert len(CALLS) >= 13
    with heard() as paths, transaction.atomic(), pytest.raises(DomainError):
        prepared(OFFLINE)()
    assert paths == []
