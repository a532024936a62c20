"""How a subscription ends, and how its end is taken back."""

import datetime as dt

import pytest
import stripe

from payments.stripe_emulator import sweep, testing
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import World


def test_cancelled_at_the_periods_end_and_taken_back(world: World) -> None:
    v1 = world.stripe.v1
    subscription = world.subscription()
    end = subscription["items"].data[0].current_period_end
    ending = v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at_period_end, ending.cancel_at) == ("active", True, end)
    assert ending.canceled_at
    assert ending.cancellation_details.reason == "cancellation_requested"
    (event,) = v1.events.list({"limit": 1}).data
    assert event.type == "customer.subscription.updated"
    assert event.data.previous_attributes["cancel_at_period_end"] is False
    stays = v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (stays.cancel_at_period_end, stays.cancel_at, stays.canceled_at) == (False, None, None)
    assert stays.cancellation_details.reason is None


def test_at_the_end_it_is_cancelled_and_asks_for_nothing(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = world.subscription()
    world.stripe.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    clock.shift(dt.timedelta(days=29))
    assert sweep.renew_subscriptions() == 0
    clock.shift(dt.timedelta(days=5))
    assert (sweep.renew_subscriptions(), sweep.renew_subscriptions()) == (1, 0)
    ended = world.stripe.v1.subscriptions.retrieve(subscription.id)
    assert ended.status == "canceled"
    # Whenever the sweep came by, it ended when its period did.
    assert ended.ended_at == subscription["items"].data[0].current_period_end
    assert testing.event_types()[-1] == "customer.subscription.deleted"
    assert len(world.stripe.v1.invoices.list().data) == 1


def test_cancelled_at_once(world: World) -> None:
    v1 = world.stripe.v1
    subscription = world.subscription()
    ended = v1.subscriptions.cancel(
        subscription.id, {"cancellation_details": {"comment": "Found a job"}}
    )
    assert (ended.status, ended.ended_at) == ("canceled", ended.canceled_at)
    assert ended.cancellation_details.comment == "Found a job"
    assert testing.event_types()[-1] == "customer.subscription.deleted"
    assert v1.subscriptions.list().data == []
    assert [each.id for each in v1.subscriptions.list({"status": "all"}).data] == [ended.id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.subscriptions.cancel(subscription.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert testing.books_add_up()


def test_its_card_must_be_the_customers(world: World) -> None:
    v1 = world.stripe.v1
    mine, theirs = world.subscription(), world.subscription()
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        v1.subscriptions.update(
            mine.id, {"default_payment_method": str(theirs.default_payment_method)}
        )
