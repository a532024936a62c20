"""A disputed payment ends its subscription: nothing more is charged to a card whose bank asks."""

import datetime as dt

import pytest
from django.urls import reverse

from mentormatch import times
from mentormatch.errors import Conflict
from mentormatch.notifications.models import Mail
from payments import services, tasks
from payments.models import Dispute, Subscription, Transaction
from payments.services import subscriptions
from payments.stripe_emulator import sweep, testing
from payments.stripe_service import StripeService

pytestmark = pytest.mark.django_db
Status = Subscription.Status
MONTH = dt.timedelta(days=31)


@pytest.fixture
def active(subscribed) -> Subscription:
    """One of two, so that no row of another kind has its number."""
    subscribed()
    return subscribed()


def dispute(row: Subscription, *, charge: Transaction | None = None) -> str:
    charge = charge or row.transactions.charges().latest("pk")
    return testing.open_dispute(charge.stripe_charge_id)


def told(kind: str) -> set[str]:
    return {mail.to_address for mail in Mail.objects.filter(kind=kind)}


def both(row: Subscription) -> set[str]:
    return {row.mentee.email, row.mentor.user.email}


def at_stripe(row: Subscription) -> tuple[bool, bool]:
    """Whether it is over there, and whether it renews."""
    state = StripeService().retrieve_subscription(row.stripe_subscription_id)
    is_over = subscriptions.is_over(state)
    return is_over, not (is_over or state.cancel_at_period_end)


def a_month_later(row: Subscription, freeze, work) -> None:
    freeze(times.now() + MONTH)
    sweep.renew_subscriptions()
    work()
    row.refresh_from_db()


def test_opened_it_renews_no_more_and_both_are_told(active, work, freeze, login):
    dispute(active)
    work()
    active.refresh_from_db()
    assert (active.status, active.is_ending, active.end_stands) == (Status.ACTIVE, True, True)
    assert at_stripe(active) == (False, False)
    assert told("subscription_ended_by_dispute") == both(active)
    charge = active.transactions.charges().get()
    again = StripeService().retrieve_dispute(Dispute.objects.get().stripe_dispute_id)
    services.record_dispute(charge=charge, dispute=again)
    assert Mail.objects.filter(kind="subscription_ended_by_dispute").count() == 2
    page = login(active.mentee).get(reverse("payments:subscriptions")).content.decode()
    assert "Your bank wants a payment for it back" in page
    assert "Let it go on" not in page
    page = login(active.mentor.user).get(reverse("payments:subscribers", args=[active.plan.code]))
    assert "A payment for it was disputed" in page.content.decode()
    a_month_later(active, freeze, work)
    assert active.is_over
    assert active.transactions.charges().count() == 1


def test_lost_it_ends_at_once(active, work, freeze):
    found = dispute(active)
    work()
    testing.close_dispute(found, won=False)
    work()
    active.refresh_from_db()
    assert active.is_over
    assert at_stripe(active) == (True, False)
    assert told("subscription_ended") == both(active)
    assert testing.differences() == []
    assert services.reconcile() == []
    a_month_later(active, freeze, work)
    assert active.transactions.charges().count() == 1


@pytest.mark.one_engine
def test_won_before_we_heard_of_it_nothing_ends(active, work):
    testing.close_dispute(dispute(active), won=True)
    work()
    active.refresh_from_db()
    assert not active.is_ending
    assert at_stripe(active) == (False, True)


@pytest.mark.one_engine
def test_won_after_it_was_opened_its_end_stands(active, work):
    found = dispute(active)
    work()
    testing.close_dispute(found, won=True)
    work()
    active.refresh_from_db()
    assert active.is_usable
    with pytest.raises(Conflict) as refusal:
        services.resume_subscription(subscription=active, by=active.mentee)
    assert refusal.value.code == "ended_by_dispute"
    assert at_stripe(active) == (False, False)


@pytest.mark.one_engine
def test_of_an_earlier_period_what_is_paid_runs_to_its_end(active, work, freeze):
    first = active.transactions.charges().get()
    a_month_later(active, freeze, work)
    found = dispute(active, charge=first)
    work()
    testing.close_dispute(found, won=False)
    work()
    active.refresh_from_db()
    assert active.is_usable
    assert at_stripe(active) == (False, False)
    a_month_later(active, freeze, work)
    assert active.is_over
    assert active.transactions.charges().count() == 2


@pytest.mark.one_engine
def test_a_renewal_that_nobody_has_heard_of_is_not_taken_for_unpaid(active, work, freeze):
    """It is told that a bank took the payment back before it is told that another one came."""
    found = dispute(active)
    with testing.knobs(drop={"charge.dispute.created", "charge.dispute.funds_withdrawn"}):
        testing.deliver_events()
    freeze(times.now() + MONTH)
    sweep.renew_subscriptions()
    with testing.knobs(drop={"invoice.paid", "customer.subscription.updated"}):
        testing.deliver_events()
    testing.close_dispute(found, won=False)
    work()
    active.refresh_from_db()
    assert active.transactions.charges().count() == 2
    assert active.is_usable
    assert at_stripe(active) == (False, False)


@pytest.mark.one_engine
@pytest.mark.parametrize("is_lost", [True, False])
def test_what_stripe_could_not_be_told_it_is_told_later(active, run_tasks, is_lost):
    found = dispute(active)
    if is_lost:
        testing.close_dispute(found, won=False)
    charge = active.transactions.charges().get()
    services.record_dispute(charge=charge, dispute=StripeService().retrieve_dispute(found))
    assert at_stripe(active) == (False, True)
    with testing.outage("connection"):
        tasks.end_subscriptions_as_wanted()
    assert at_stripe(active) == (False, True)
    tasks.end_subscriptions_as_wanted()
    assert at_stripe(active) == (is_lost, False)
    assert services.end_as_wanted() == 0


@pytest.mark.one_engine
def test_one_that_its_mentee_cancelled_before_ends_at_once_as_well(active, work):
    services.cancel_subscription(subscription=active, by=active.mentee)
    testing.close_dispute(dispute(active), won=False)
    work()
    active.refresh_from_db()
    assert active.is_over


@pytest.mark.one_engine
def test_whoever_lets_it_go_on_at_stripe_finds_it_ended_again(active, work):
    dispute(active)
    work()
    active.refresh_from_db()
    StripeService().set_cancel_at_period_end(subscription=active, ends=False)
    services.refresh_subscription(subscription=active)
    tasks.end_subscriptions_as_wanted()
    assert at_stripe(active) == (False, False)
