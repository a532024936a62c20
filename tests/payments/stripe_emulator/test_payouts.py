"""Payouts: what is available goes to the bank, arrives, or comes back with a reason."""

import datetime as dt

import pytest
import stripe
from time_machine import TimeMachineFixture

from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.models import StripeObject
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World

AT_ONCE = "4000000000000077"
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock(freeze: Freeze) -> TimeMachineFixture:
    return freeze()


@pytest.fixture
def account(world: World, clock: TimeMachineFixture) -> stripe.Account:
    """It has 54.00 EUR available."""
    account = world.account()
    world.transferred(world.paid(card=AT_ONCE), 5400, account.id)
    return account


def theirs(account: stripe.Account) -> stripe.RequestOptions:
    return {"stripe_account": account.id}


def available(world: World, account: stripe.Account) -> int:
    balance = world.stripe.v1.balance.retrieve(options=theirs(account))
    return sum(each.amount for each in balance.available)


def test_what_is_available_leaves_once_a_day_and_arrives(
    world: World, account: stripe.Account, clock: TimeMachineFixture
) -> None:
    assert (sweep.send_payouts(), sweep.send_payouts()) == (1, 0)
    (sent,) = world.stripe.v1.payouts.list(options=theirs(account)).data
    assert (sent.amount, sent.currency, sent.status) == (5400, "eur", "pending")
    assert sent.automatic
    assert dt.datetime.fromtimestamp(sent.arrival_date, dt.UTC).isoformat() == (
        "2026-06-03T00:00:00+00:00"
    )
    assert available(world, account) == 0
    assert sweep.move_payouts() == 0
    for shift, status in ((DAY, "in_transit"), (DAY, "paid")):
        clock.shift(shift)
        assert sweep.move_payouts() == 1
        read = world.stripe.v1.payouts.retrieve(sent.id, options=theirs(account))
        assert read.status == status
    told = [each for each in testing.event_types() if each.startswith("payout.")]
    assert told == ["payout.created", "payout.updated", "payout.paid"]
    assert testing.books_add_up()


def test_its_events_name_the_account(world: World, account: stripe.Account) -> None:
    testing.pay_out(account.id)
    (event,) = world.stripe.v1.events.list({"type": "payout.*"}, theirs(account)).data
    assert event.account == account.id
    assert not world.stripe.v1.events.list({"type": "payout.*"}).data


def test_nothing_leaves_before_it_is_available(world: World, clock: TimeMachineFixture) -> None:
    account = world.account()
    world.transferred(world.paid(), 5400, account.id)
    assert sweep.send_payouts() == 0
    clock.shift(7 * DAY)
    assert sweep.send_payouts() == 1


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_bank_may_send_it_back_even_when_it_was_there(
    world: World, account: stripe.Account, clock: TimeMachineFixture, days: int
) -> None:
    sweep.send_payouts()
    for _ in range(days):
        clock.shift(DAY)
        sweep.move_payouts()
    (sent,) = world.stripe.v1.payouts.list(options=theirs(account)).data
    testing.fail_payout(sent.id, "no_account")
    failed = world.stripe.v1.payouts.retrieve(
        sent.id, {"expand": ["failure_balance_transaction"]}, theirs(account)
    )
    assert (failed.status, failed.failure_code) == ("failed", "no_account")
    assert failed.failure_balance_transaction.amount == 5400
    assert available(world, account) == 5400
    with pytest.raises(ValueError, match="failed already"):
        testing.fail_payout(sent.id)
    assert testing.event_types()[-2:] == ["payout.failed", "account.updated"]


def test_after_a_failure_nothing_leaves_until_there_is_another_bank(
    world: World, account: stripe.Account, clock: TimeMachineFixture
) -> None:
    sweep.send_payouts()
    (sent,) = world.stripe.v1.payouts.list(options=theirs(account)).data
    testing.fail_payout(sent.id)
    clock.shift(DAY)
    read = world.stripe.v1.accounts.retrieve(account.id)
    assert (read.payouts_enabled, read.charges_enabled) == (False, True)
    assert read.requirements.currently_due == ["external_account"]
    assert sweep.send_payouts() == 0
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.payouts.create({"amount": 100, "currency": "eur"}, theirs(account))
    assert refused.value.code == "payouts_not_allowed"
    testing.complete_onboarding(account.id)
    assert sweep.send_payouts() == 1


def test_one_can_be_called_back_until_the_bank_has_it(
    world: World, account: stripe.Account, clock: TimeMachineFixture
) -> None:
    v1 = world.stripe.v1
    first = v1.payouts.create({"amount": 1000, "currency": "eur"}, theirs(account))
    assert not first.automatic
    assert v1.payouts.cancel(first.id, options=theirs(account)).status == "canceled"
    assert available(world, account) == 5400
    second = v1.payouts.create({"amount": 1000, "currency": "eur"}, theirs(account))
    clock.shift(DAY)
    sweep.move_payouts()
    with pytest.raises(stripe.InvalidRequestError, match="while they are pending"):
        v1.payouts.cancel(second.id, options=theirs(account))
    assert v1.payouts.update(second.id, {"metadata": {"a": "b"}}, theirs(account)).metadata["a"]


def test_of_an_account_that_was_cut_off_nothing_more_is_told(
    world: World, account: stripe.Account, clock: TimeMachineFixture
) -> None:
    payout = testing.pay_out(account.id)
    testing.deauthorize_account(account.id)
    told = testing.event_types()
    clock.shift(dt.timedelta(days=3))
    for _ in range(2):
        sweep.move_payouts()
    assert StripeObject.objects.get(stripe_id=payout).status == "paid"
    assert testing.event_types() == told


def test_more_than_there_is_can_not_leave(world: World, account: stripe.Account) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.stripe.v1.payouts.create({"amount": 5401, "currency": "eur"}, theirs(account))
    assert refused.value.code == "balance_insufficient"


def test_they_are_listed_by_status_and_arrival(
    world: World, account: stripe.Account, clock: TimeMachineFixture
) -> None:
    sweep.send_payouts()
    v1 = world.stripe.v1
    (sent,) = v1.payouts.list({"status": "pending"}, theirs(account)).data
    assert not v1.payouts.list({"status": "paid"}, theirs(account)).data
    day = sent.arrival_date
    assert v1.payouts.list({"arrival_date": {"gte": day, "lte": day}}, theirs(account)).data
    assert not v1.payouts.list({"arrival_date": {"gt": day}}, theirs(account)).data
    assert not v1.payouts.list().data
