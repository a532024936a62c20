"""Whatever is paid, refunded, passed on and taken back, in whatever order: the books add up."""

from collections.abc import Callable
from typing import NoReturn

import pytest
import stripe
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from payments.stripe_emulator import testing
from payments.stripe_emulator.models import Posting, StripeObject
from payments.stripe_emulator.resources import disputes
from payments.stripe_emulator.router import ALIAS
from tests.payments.stripe_emulator.world import World

CARDS = ["4242424242424242", "4000000000000077", "4000000000000002"]
PAY = st.tuples(
    st.just("pay"),
    st.integers(50, 99_999),
    st.sampled_from(["eur", "usd", "jpy", "sek", "kwd"]),
    st.sampled_from(CARDS),
)
CHANGE = st.tuples(
    st.sampled_from(
        ["refund", "transfer", "reverse", "send", "dispute", "decide", "pay_out", "fail_payout"]
    ),
    st.integers(0, 7),
    st.integers(1, 60_000) | st.none(),
    st.booleans(),
)
STEPS = st.lists(PAY, min_size=1, max_size=3).flatmap(
    lambda paid: st.lists(PAY | CHANGE, max_size=12).map(lambda more: [*paid, *more])
)


class Undo(Exception):
    """Takes one example's books away again."""


class Trader:
    """Carries steps out through the SDK; what Stripe refuses is part of the game."""

    def __init__(self, world: World) -> None:
        self.v1 = world.stripe.v1
        self.world = world
        # One is paid in the platform's currency, the other in its own.
        self.accounts = [world.account().id, world.account(country="SE").id]

    def step(self, name: str, *details: object) -> None:
        try:
            verb: Callable[..., object] = getattr(self, name)
            verb(*details)
        except stripe.InvalidRequestError:
            pass

    def pay(self, amount: int, currency: str, card: str) -> None:
        testing.pay(self.world.session(amount, currency).id, card)

    def refund(self, which: int, amount: int | None, _: bool) -> None:
        charges = self.v1.charges.list().data
        if charges:
            self.v1.refunds.create({"charge": charges[which % len(charges)].id} | _sum(amount))

    def transfer(self, which: int, amount: int | None, abroad: bool) -> None:
        charges = self.v1.charges.list({"expand": ["data.balance_transaction"]}).data
        paid = [charge for charge in charges if charge.balance_transaction]
        if paid:
            charge = paid[which % len(paid)]
            settled = charge.balance_transaction
            self.send(which, amount or settled.amount, abroad, charge.id, settled.currency)

    def send(
        self,
        which: int,
        amount: int | None,
        abroad: bool,
        charge: str | None = None,
        currency: str = "eur",
    ) -> None:
        params = {
            "amount": amount or 100,
            "currency": currency,
            "destination": self.accounts[abroad],
        }
        self.v1.transfers.create(params | ({"source_transaction": charge} if charge else {}))

    def reverse(self, which: int, amount: int | None, _: bool) -> None:
        transfers = self.v1.transfers.list().data
        if transfers:
            self.v1.transfers.reversals.create(transfers[which % len(transfers)].id, _sum(amount))

    def dispute(self, which: int, amount: int | None, _: bool) -> None:
        rows = StripeObject.objects.filter(type="charge").order_by("pk")
        fit = [row for row in rows if disputes.can_be_disputed(row)]
        if fit:
            testing.open_dispute(fit[which % len(fit)].stripe_id)

    def decide(self, which: int, amount: int | None, won: bool) -> None:
        found = self.v1.disputes.list().data
        if found:
            evidence = {"uncategorized_text": f"{'winning' if won else 'losing'}_evidence"}
            self.v1.disputes.update(found[which % len(found)].id, {"evidence": evidence})

    def pay_out(self, which: int, amount: int | None, abroad: bool) -> None:
        self.v1.payouts.create(
            {"amount": amount or 100, "currency": "sek" if abroad else "eur"},
            {"stripe_account": self.accounts[abroad]},
        )

    def fail_payout(self, which: int, amount: int | None, cancel: bool) -> None:
        rows = StripeObject.objects.filter(type="payout").exclude(status__in=("failed", "canceled"))
        if rows:
            row = rows.order_by("pk")[which % len(rows)]
            if cancel:
                self.v1.payouts.cancel(row.stripe_id, options={"stripe_account": row.account})
            else:
                testing.fail_payout(row.stripe_id)


def _sum(amount: int | None) -> dict[str, int]:
    return {"amount": amount} if amount else {}


@pytest.mark.django_db
@given(steps=STEPS)
def test_books_add_up_after_any_sequence(
    steps: list[tuple[str, object]], bare_world: World
) -> None:
    with pytest.raises(Undo), transaction.atomic(using=ALIAS):
        _play(bare_world, steps)


def _play(world: World, steps: list[tuple[str, object]]) -> NoReturn:
    trader = Trader(world)
    for name, *details in steps:
        trader.step(name, *details)
    assert testing.differences() == []
    for account in trader.accounts:
        assert _booked(account) == _told(world, account)
    raise Undo


def _booked(account: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in Posting.objects.filter(ledger=f"balance:{account}"):
        sums[line.currency] = sums.get(line.currency, 0) + line.amount
    return {currency: amount for currency, amount in sums.items() if amount}


def _told(world: World, account: str) -> dict[str, int]:
    balance = world.stripe.v1.balance.retrieve(options={"stripe_account": account})
    pairs = zip(balance.available, balance.pending, strict=True)
    sums = {ready.currency: ready.amount + waiting.amount for ready, waiting in pairs}
    assert all(amount >= 0 for amount in sums.values()), "a mentor never owes for a reversal"
    return {currency: amount for currency, amount in sums.items() if amount}
