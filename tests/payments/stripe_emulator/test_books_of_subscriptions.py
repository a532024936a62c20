"""Whatever subscribers and the clock do, in whatever order: the books and the states agree."""

import datetime as dt
import time
from collections.abc import Callable
from typing import NoReturn

import pytest
import stripe
import time_machine
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.router import ALIAS
from tests.budget import budget
from tests.conftest import NOW
from tests.payments.stripe_emulator.test_books import Undo
from tests.payments.stripe_emulator.world import WORKS_ONCE, World, fill_in

CARDS = ["4242424242424242", WORKS_ONCE, "4000000000000002"]
BEGIN = st.tuples(
    st.just("begin"),
    st.integers(100, 99_999),
    st.sampled_from(CARDS),
    st.sampled_from([0, 0, 5]),
    st.sampled_from(["week", "month"]),
)
CHANGE = st.tuples(
    st.sampled_from(["end", "stay", "cancel", "pay", "refund"]), st.integers(0, 5)
) | st.tuples(st.just("wait"), st.integers(1, 45))
STEPS = st.lists(BEGIN, min_size=1, max_size=3).flatmap(
    lambda begun: st.lists(BEGIN | CHANGE | CHANGE, max_size=8).map(lambda more: [*begun, *more])
)
OWES = {"past_due", "unpaid"}


class Subscribers:
    """Carries steps out through the SDK and the pages; what Stripe refuses is part of the game."""

    def __init__(self, world: World, clock: time_machine.Traveller) -> None:
        self.world, self.v1, self.clock = world, world.stripe.v1, clock

    def step(self, name: str, *details: object) -> None:
        try:
            verb: Callable[..., object] = getattr(self, name)
            verb(*details)
        except stripe.InvalidRequestError:
            pass

    def begin(self, amount: int, card: str, trial: int, interval: str) -> None:
        data = {"trial_period_days": trial} if trial else {}
        session = self.world.recurring(amount, interval=interval, subscription_data=data)
        testing.pay(session.id, card)

    def wait(self, days: int) -> None:
        self.clock.shift(dt.timedelta(days=days))
        while sweep.renew_subscriptions() + sweep.expire_sessions():
            pass

    def one_of(self, which: int) -> list[str]:
        """One of the subscriptions that there are; none where there is none."""
        found = self.v1.subscriptions.list({"status": "all"}).data
        return [found[which % len(found)].id] if found else []

    def end(self, which: int) -> None:
        for found in self.one_of(which):
            self.v1.subscriptions.update(found, {"cancel_at_period_end": True})

    def stay(self, which: int) -> None:
        for found in self.one_of(which):
            self.v1.subscriptions.update(found, {"cancel_at_period_end": False})

    def cancel(self, which: int) -> None:
        for found in self.one_of(which):
            self.v1.subscriptions.cancel(found)

    def pay(self, which: int) -> None:
        found = self.v1.invoices.list({"status": "open"}).data
        if found:
            fill_in(str(found[which % len(found)].hosted_invoice_url))

    def refund(self, which: int) -> None:
        found = self.v1.charges.list().data
        if found:
            self.v1.refunds.create({"charge": found[which % len(found)].id, "amount": 50})


@pytest.mark.stress
@pytest.mark.django_db
@settings(max_examples=budget(12, 300))
@given(steps=STEPS)
def test_books_and_states_agree_after_any_sequence(
    steps: list[tuple[str, object]], bare_world: World
) -> None:
    with (
        time_machine.travel(NOW, tick=False) as clock,
        pytest.raises(Undo),
        transaction.atomic(using=ALIAS),
    ):
        _play(Subscribers(bare_world, clock), steps)


def _play(people: Subscribers, steps: list[tuple[str, object]]) -> NoReturn:
    for name, *details in steps:
        people.step(name, *details)
    assert testing.differences() == []
    for subscription in people.v1.subscriptions.list({"status": "all", "limit": 100}).data:
        _check(people, subscription)
    raise Undo


def _check(people: Subscribers, subscription: stripe.Subscription) -> None:
    """One that owes has an open invoice, and one that is active owes nothing and isn't over."""
    invoices = people.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data
    is_open = any(invoice.status == "open" for invoice in invoices)
    assert is_open or subscription.status not in OWES
    (item,) = subscription["items"].data
    if subscription.status in ("active", "trialing"):
        assert not is_open
        assert item.current_period_start <= time.time() < item.current_period_end
    # Nothing was asked for twice: each invoice is about a period of its own.
    starts = [invoice.lines.data[0].period.start for invoice in invoices]
    assert len(set(starts)) == len(starts)
    assert (subscription.ended_at is not None) == (
        subscription.status in ("canceled", "incomplete_expired")
    )
