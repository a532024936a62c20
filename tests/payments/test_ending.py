"""A mentor ends a subscription, or a plan with all of its: at Stripe, by mail, on pages."""

import pytest
from django.test import Client
from django.urls import reverse

from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, StripeError
from mentormatch.notifications.models import Mail
from payments import services, tasks
from payments.models import Subscription, Transaction
from payments.services import subscriptions
from payments.stripe_emulator import testing
from payments.stripe_service import StripeService
from tests.factories import MentorFactory, PlanFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db
Status = Subscription.Status


@pytest.fixture
def opened(mentor) -> Subscription:
    """Its checkout is open, by the month."""
    plan = PlanFactory(mentor=mentor)
    return services.subscribe(plan=plan, mentee=UserFactory(), interval="monthly")


@pytest.fixture
def active(opened, work) -> Subscription:
    testing.pay(opened.stripe_checkout_session_id)
    work()
    opened.refresh_from_db()
    return opened


def told():
    return Mail.objects.filter(kind="subscription_ended_by_mentor")


def renews(row: Subscription) -> bool:
    """What Stripe means to do."""
    state = StripeService().retrieve_subscription(row.stripe_subscription_id)
    return not (state.cancel_at_period_end or subscriptions.is_over(state))


def test_it_runs_to_the_end_of_what_is_paid_and_the_mentee_is_told_once(active, work, login):
    client = login(active.mentor.user)
    address = reverse("payments:subscription_end", args=[active.code])
    page = client.get(address).content.decode()
    assert "nothing that was paid goes back" in page
    assert "ends on" in page
    for _again in range(2):
        page = client.post(address, follow=True).content.decode()
    assert "You ended it." in page
    work()
    active.refresh_from_db()
    assert (active.status, active.cancel_at_period_end) == (Status.ACTIVE, True)
    assert active.is_usable
    assert not renews(active)
    assert [mail.recipient for mail in told()] == [active.mentee]
    page = login(active.mentee).get(reverse("payments:subscriptions")).content.decode()
    assert "Your mentor ended it" in page
    assert "Let it go on" not in page


def test_the_mentee_cant_take_it_back(active):
    """Nor by being quicker at Stripe: the sweeper ends it again."""
    services.cancel_subscription(subscription=active, by=active.mentee)
    services.cancel_subscription(subscription=active, by=active.mentor.user)
    with pytest.raises(Conflict) as refusal:
        services.resume_subscription(subscription=active, by=active.mentee)
    assert refusal.value.code == "ended_by_mentor"
    assert told().count() == 1
    StripeService().set_cancel_at_period_end(subscription=active, ends=False)
    services.refresh_subscription(subscription=active)
    assert renews(active)
    tasks.end_subscriptions_as_wanted()
    assert not renews(active)
    assert services.end_as_wanted() == 0


def test_what_stripe_could_not_be_told_it_is_told_later(active, login):
    client = login(active.mentor.user)
    address = reverse("payments:subscription_end", args=[active.code])
    with testing.outage("connection"):
        page = client.post(address, follow=True).content.decode()
        assert "ends as soon as Stripe has heard of it" in page
        services.end_as_wanted()
    assert renews(active)
    assert told().count() == 1
    assert services.end_as_wanted() == 1
    assert not renews(active)


def test_the_page_promises_nothing_of_one_that_is_behind(active, login):
    address = reverse("payments:subscription_end", args=[active.code])
    client, promises = login(active.mentor.user), ("Paid until", "Until then each month")
    page = client.get(address).content.decode()
    assert all(promise in page for promise in promises)
    Subscription.objects.filter(pk=active.pk).update(status=Status.PAST_DUE)
    page = client.get(address).content.decode()
    assert "so it ends at once" in page
    assert not any(promise in page for promise in promises)


def test_one_that_is_behind_ends_at_once(active):
    Subscription.objects.filter(pk=active.pk).update(status=Status.PAST_DUE)
    active.refresh_from_db()
    with testing.outage("connection"), pytest.raises(StripeError):
        services.cancel_subscription(subscription=active, by=active.mentor.user)
    assert not told().exists()


def test_only_the_two_end_it():
    row = SubscriptionFactory()
    for other in (UserFactory(), MentorFactory().user, UserFactory(staff=True)):
        with pytest.raises(Forbidden):
            services.cancel_subscription(subscription=row, by=other)
    row.refresh_from_db()
    assert row.ended_by_mentor_at is None


def test_a_closed_plan_ends_with_all_of_its_subscriptions(active, mentor, login, work):
    """That of which a page is open as well: it can't be paid any more."""
    late = services.subscribe(plan=active.plan, mentee=UserFactory(), interval="monthly")
    address = reverse("payments:plan_close", args=[active.plan.code])
    client = login(mentor.user)
    assert "1 person has subscribed" in client.get(address).content.decode()
    for _again in range(2):
        assert client.post(address).status_code == 302
    assert services.end_as_wanted() == 2
    work()
    for row in (active, late, active.plan):
        row.refresh_from_db()
    assert not active.plan.is_offered
    assert active.is_usable
    assert not renews(active)
    assert late.is_over
    assert [mail.recipient for mail in told()] == [active.mentee]
    with pytest.raises(ValueError, match="expired"):
        testing.pay(late.stripe_checkout_session_id)


def test_one_that_was_paid_while_its_plan_was_closed_runs_its_period(opened, mentor, work):
    services.close_plan(plan=opened.plan, by=mentor.user)
    testing.pay(opened.stripe_checkout_session_id)
    services.end_as_wanted()
    work()
    opened.refresh_from_db()
    assert opened.is_usable
    assert not renews(opened)
    assert Transaction.objects.charges().get().status == "succeeded"


def test_a_plan_is_closed_by_its_mentor_alone():
    row = SubscriptionFactory()
    for other in (row.mentee, MentorFactory().user):
        with pytest.raises(Forbidden):
            services.close_plan(plan=row.plan, by=other)
    row.plan.refresh_from_db()
    assert row.plan.is_offered
    assert not Subscription.objects.to_end().exists()


def test_the_pages_are_the_mentors_own(login):
    row = SubscriptionFactory()
    addresses = [
        reverse("payments:subscription_end", args=[row.code]),
        *(
            reverse(f"payments:{name}", args=[row.plan.code])
            for name in ("subscribers", "plan_close")
        ),
    ]
    stranger, mentee = login(MentorFactory().user), login(row.mentee)
    for address in addresses:
        assert stranger.get(address).status_code == 404
        assert stranger.post(address).status_code in {404, 405}
        assert mentee.post(address).status_code in {403, 405}
        assert Client().get(address)["Location"].startswith("/accounts/")
    row.refresh_from_db()
    assert row.ended_by_mentor_at is None


def test_the_list_has_those_who_have_it_first_and_nobody_who_only_looked(
    login, django_assert_num_queries
):
    plan = PlanFactory()
    client = login(plan.mentor.user)
    address = reverse("payments:subscribers", args=[plan.code])
    assert b"Nobody has subscribed yet" in client.get(address).content
    SubscriptionFactory(plan=plan, unpaid=True, mentee__full_name="Only Looked")
    for name in ("Ada One", "Bea Two", "Cid Three"):
        SubscriptionFactory(plan=plan, mentee__full_name=name)
        with django_assert_num_queries(6):
            page = client.get(address).content.decode()
    assert page.index("Ada One") < page.index("Cid Three")
    assert "3 subscribers" in page
    assert "Only Looked" not in page


def test_one_that_ended_is_listed_last_and_can_not_be_ended(login):
    plan = PlanFactory()
    facts = {"status": "cancelled", "cancelled_at": times.now()}
    gone = SubscriptionFactory(plan=plan, **facts)
    gone.credit_periods.create(
        starts_at=gone.current_period_start, ends_at=gone.current_period_end, granted=2
    )
    row = SubscriptionFactory(plan=plan)
    page = login(plan.mentor.user).get(reverse("payments:subscribers", args=[plan.code]))
    said = page.content.decode()
    assert said.index(row.mentee.full_name) < said.index(gone.mentee.full_name)
    assert reverse("payments:subscription_end", args=[row.code]) in said
    assert reverse("payments:subscription_end", args=[gone.code]) not in said
