"""Subscriptions, from Stripe's page to their end: states, money, and the sessions they bring."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, InvalidInput
from mentormatch.notifications.models import Mail
from payments import services
from payments.models import CreditPeriod, Plan, Subscription, Transaction, WebhookEvent
from payments.services import transfers
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.factories import (
    CreditPeriodFactory,
    MentorFactory,
    PlanFactory,
    SubscriptionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
CARD = {"card_number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
Status = Subscription.Status


@pytest.fixture
def plan(mentor):
    return PlanFactory(mentor=mentor)


@pytest.fixture
def mentee():
    return UserFactory()


@pytest.fixture
def opened(plan, mentee) -> Subscription:
    """Its checkout is open, by the month."""
    return services.subscribe(plan=plan, mentee=mentee, interval="monthly")


@pytest.fixture
def active(opened, work) -> Subscription:
    """Paid, and told by webhook."""
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    return opened


def test_the_page_leads_to_stripe_and_back_to_sessions_to_book(login, plan, mentee, work):
    client = login(mentee)
    address = reverse("payments:subscribe", args=[plan.code])
    page = client.get(address, {"interval": "quarterly"}).content.decode()
    assert "270.00" in page
    assert "I agree: it renews by itself" in page
    answer = client.post(address, {"interval": "monthly", "consent": "on"})
    row = Subscription.objects.get()
    assert answer["Location"] == row.checkout_url
    assert row.metadata["consent"]["terms"]["language"] == "en"
    hosted = urlsplit(answer["Location"]).path
    answer = Client().post(hosted, CARD | {"name": "Ada", "action": "pay"})
    page = client.get(urlsplit(answer["Location"]).path, follow=True).content.decode()
    assert "Now book your first session" in page
    assert "2 of 2" in page
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    work()
    assert Transaction.objects.get(type="subscription").status == "succeeded"
    told = sorted(Mail.objects.values_list("kind", flat=True))
    assert told == ["subscription_paid"] * 2 + ["subscription_started"] * 2


def test_a_paid_invoice_is_a_charge_and_grants_its_month(active, work):
    assert active.status == Status.ACTIVE
    charge = Transaction.objects.get()
    assert (charge.type, charge.status) == ("subscription", "succeeded")
    assert (charge.amount_minor, charge.platform_fee_minor, charge.net_minor) == (10000, 1000, 9000)
    assert charge.stripe_charge_id
    month = CreditPeriod.objects.get()
    assert (month.granted, month.used) == (2, 0)
    assert (month.starts_at, month.ends_at) == (
        active.current_period_start,
        active.current_period_end,
    )
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()
    assert not WebhookEvent.objects.exclude(last_error="").exists()


def test_the_net_is_passed_on_at_once(active, work):
    services.send_due_transfers()
    work()
    payout = Transaction.objects.payouts().get()
    assert (payout.status, payout.amount_minor, payout.subscription) == ("succeeded", 9000, active)
    assert testing.books_add_up()


def test_the_net_of_a_mentor_who_cant_be_paid_waits_until_they_can(opened, work, mentor):
    """Stripe asks for more before it pays; who has subscribed pays on, and none of it is lost."""
    account_id = mentor.payment_account.stripe_account_id
    testing.restrict_account(account_id)
    work()
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    testing.end_period(opened.stripe_subscription_id)
    work()
    for _each_round in range(2):
        assert services.send_due_transfers() == 0
    charges = Transaction.objects.charges()
    told = charges.values_list("status", "needs_attention")
    assert list(told) == [("succeeded", transfers.BLOCKED)] * 2
    assert not Transaction.objects.payouts().exists()
    testing.complete_onboarding(account_id)
    work()
    assert services.send_due_transfers() == 2
    assert services.send_due_transfers() == 0
    work()
    sent = Transaction.objects.payouts().values_list("status", "amount_minor")
    assert list(sent) == [("succeeded", 9000)] * 2
    assert not charges.exclude(needs_attention="").exists()
    assert testing.differences() == []


@pytest.mark.parametrize(
    ("interval", "price", "months"), [("quarterly", 27000, 3), ("annual", 100000, 12)]
)
def test_longer_intervals_bring_a_month_after_the_other(
    plan, mentee, work, interval, price, months
):
    row = services.subscribe(plan=plan, mentee=mentee, interval=interval)
    testing.pay(row.stripe_checkout_session_id)
    work()
    row.refresh_from_db()
    assert Transaction.objects.get().amount_minor == price
    periods = list(CreditPeriod.objects.all())
    assert len(periods) == months
    assert periods[-1].ends_at == row.current_period_end


def test_a_repeat_leads_to_the_same_page(plan, mentee, opened):
    again = services.subscribe(plan=plan, mentee=mentee, interval="monthly")
    assert again.checkout_url == opened.checkout_url
    assert Subscription.objects.count() == 1
    assert StripeObject.objects.filter(type="checkout.session").count() == 1


def test_another_interval_closes_the_first_page(plan, mentee, opened):
    other = services.subscribe(plan=plan, mentee=mentee, interval="annual")
    opened.refresh_from_db()
    assert (opened.status, other.status) == (Status.CANCELLED, Status.INCOMPLETE)
    with pytest.raises(ValueError, match="expired"):
        testing.pay(opened.stripe_checkout_session_id)


def test_nobody_subscribes_twice(plan, mentee, active, login):
    with pytest.raises(Conflict) as refusal:
        services.subscribe(plan=plan, mentee=mentee, interval="annual")
    assert refusal.value.code == "already_subscribed"
    page = login(mentee).get(reverse("payments:subscribe", args=[plan.code]))
    assert b"You have subscribed to this plan already" in page.content


@pytest.mark.parametrize(
    ("facts", "code"),
    [({"is_offered": False}, "plan_retired"), ({"currency": "jpy"}, "not_payable")],
)
def test_a_plan_that_cant_be_had_is_refused(plan, mentee, facts, code):
    type(plan).objects.update(**facts)
    with pytest.raises(Conflict) as refusal:
        services.subscribe(plan=plan, mentee=mentee, interval="monthly")
    assert refusal.value.code == code
    assert not Subscription.objects.exists()


def test_an_interval_that_isnt_sold_and_ones_own_plan_are_refused(plan, mentee):
    type(plan).objects.update(annual_minor=None)
    for interval in ("annual", "weekly"):
        with pytest.raises(InvalidInput) as refusal:
            services.subscribe(plan=plan, mentee=mentee, interval=interval)
        assert refusal.value.field == "interval"
    with pytest.raises(InvalidInput) as refusal:
        services.subscribe(plan=plan, mentee=plan.mentor.user, interval="monthly")
    assert refusal.value.code == "own_profile"


def test_cancelled_it_runs_to_the_end_of_what_is_paid(active, login, work):
    client = login(active.mentee)
    answer = client.post(reverse("payments:subscription_cancel", args=[active.code]), follow=True)
    page = answer.content.decode()
    assert "ends with the period that is paid" in page
    assert "Undo" in page
    active.refresh_from_db()
    assert (active.status, active.cancel_at_period_end) == (Status.ACTIVE, True)
    assert active.is_usable
    work()
    client.post(reverse("payments:subscription_resume", args=[active.code]))
    active.refresh_from_db()
    assert not active.cancel_at_period_end
    services.cancel_subscription(subscription=active, by=active.mentee)
    services.cancel_subscription(subscription=active, by=active.mentee)
    assert active.cancel_at_period_end


def test_only_the_mentee_resumes(active):
    with pytest.raises(Forbidden):
        services.resume_subscription(subscription=active, by=active.mentor.user)


def test_giving_up_before_paying_closes_the_page(opened, mentee):
    services.cancel_subscription(subscription=opened, by=mentee)
    assert opened.is_over
    with pytest.raises(ValueError, match="expired"):
        testing.pay(opened.stripe_checkout_session_id)


@pytest.mark.parametrize("by_sweeper", [False, True])
def test_a_page_that_stripe_knows_no_more_is_given_up(opened, by_sweeper, plan, mentee):
    """Its key was changed for one of another mode, say: nobody can finish it, or start another."""
    Subscription.objects.update(stripe_checkout_session_id="cs_test_of_another_mode")
    opened.refresh_from_db()
    if by_sweeper:
        services.close_unfinished(now=opened.checkout_expires_at)
    else:
        services.cancel_subscription(subscription=opened, by=mentee)
    opened.refresh_from_db()
    assert opened.is_over
    assert services.subscribe(plan=plan, mentee=mentee, interval="monthly").checkout_url


def test_a_page_that_nobody_finished_is_given_up(opened, freeze, plan, mentee, work):
    freeze(opened.checkout_expires_at + dt.timedelta(seconds=1))
    services.close_unfinished()
    opened.refresh_from_db()
    assert opened.is_over
    work()
    assert not Mail.objects.exists()
    assert services.subscribe(plan=plan, mentee=mentee, interval="monthly").pk != opened.pk


def test_a_declined_card_begins_nothing_and_another_one_does(opened, work):
    testing.pay(opened.stripe_checkout_session_id, "4000000000000002")
    work()
    opened.refresh_from_db()
    assert opened.is_unpaid
    assert not CreditPeriod.objects.exists()
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    assert opened.status == Status.ACTIVE
    assert Transaction.objects.get().status == "succeeded"
    assert not WebhookEvent.objects.exclude(needs_attention="").exists()


def test_after_a_declined_card_it_can_be_begun_anew(opened, work, plan, mentee, freeze):
    testing.pay(opened.stripe_checkout_session_id, "4000000000000002")
    work()
    other = services.subscribe(plan=plan, mentee=mentee, interval="annual")
    opened.refresh_from_db()
    assert opened.is_over
    testing.pay(other.stripe_checkout_session_id)
    work()
    other.refresh_from_db()
    assert other.status == Status.ACTIVE


def test_events_may_come_twice_and_in_any_order(opened, run_tasks):
    testing.pay(opened.stripe_checkout_session_id)
    with testing.knobs(reorder=True, repeat=True):
        for _ in range(8):
            testing.deliver_events()
            run_tasks()
    opened.refresh_from_db()
    assert opened.status == Status.ACTIVE
    assert Transaction.objects.count() == 1
    assert CreditPeriod.objects.count() == 1
    assert Mail.objects.count() == 4


def test_a_cancelled_subscription_is_never_revived(active, work):
    Subscription.objects.update(status=Status.CANCELLED, cancelled_at=active.created_at)
    for event in WebhookEvent.objects.filter(type__startswith="customer.subscription."):
        WebhookEvent.objects.filter(pk=event.pk).update(handled_at=None)
        services.handle_again(event=event)
    work()
    active.refresh_from_db()
    assert active.is_over
    said = WebhookEvent.objects.exclude(needs_attention="").values_list(
        "needs_attention", flat=True
    )
    assert "alive at Stripe" in said[0]


def test_what_has_ended_can_be_subscribed_to_again(login, active):
    client, address = login(active.mentee), reverse("payments:subscriptions")
    again = reverse("payments:subscribe", args=[active.plan.code])
    assert again not in client.get(address).content.decode()
    Subscription.objects.update(status=Status.CANCELLED, cancelled_at=active.created_at)
    assert again in client.get(address).content.decode()
    Plan.objects.update(is_offered=False)
    assert again not in client.get(address).content.decode()


def test_what_is_over_stands_last_on_ones_page(login, mentee, mentor):
    standing, over = (
        SubscriptionFactory(mentee=mentee, plan=PlanFactory(mentor=mentor, title=title), **facts)
        for title, facts in (
            ("The one that runs", {}),
            ("The one that ended", {"status": "cancelled", "cancelled_at": times.now()}),
        )
    )
    CreditPeriodFactory(subscription=over)
    shown = login(mentee).get(reverse("payments:subscriptions")).content.decode()
    assert shown.index(standing.plan.title) < shown.index(over.plan.title)


def test_a_forged_return_begins_nothing(login, opened, mentee):
    address = reverse("payments:subscribed", args=[opened.code])
    page = login(mentee).get(f"{address}?session_id=cs_forged&status=complete", follow=True)
    assert b"Nothing was paid yet" in page.content
    assert login(UserFactory()).get(address).status_code == 404
    opened.refresh_from_db()
    assert opened.is_unpaid


def test_an_outage_is_said_and_trying_again_works(login, plan, mentee):
    client = login(mentee)
    address = reverse("payments:subscribe", args=[plan.code])
    with testing.outage("connection"):
        page = client.post(address, {"interval": "monthly"})
    assert page.status_code == 502
    assert b"you subscribe once" in page.content
    assert b"Try again" in page.content
    assert client.post(address, {"interval": "monthly"}).status_code == 302
    assert Subscription.objects.count() == 1


def test_a_mentor_of_whom_nothing_is_sold(mentee, login):
    plan = PlanFactory(mentor=MentorFactory(is_payable=False))
    page = login(mentee).get(reverse("payments:subscribe", args=[plan.code]))
    assert b"be paid at the moment. Try again later" in page.content
