"""A mentor's plans: made, edited, retired, and shown."""

import pytest
from django.test import Client
from django.urls import reverse

from mentormatch.errors import Forbidden, InvalidInput
from payments import services
from payments.forms import PlanForm
from payments.models import Plan, Subscription
from tests.factories import MentorFactory, PlanFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db
FIELDS = {
    "title": "Steady progress",
    "description": "Two sessions a month.",
    "credits_a_month": 2,
    "session_minutes": 60,
    "monthly_minor": 10000,
    "quarterly_minor": None,
    "annual_minor": 100000,
}
TYPED = {
    "title": "Steady progress",
    "description": "",
    "credits_a_month": "2",
    "session_minutes": "60",
    "monthly": "100.00",
    "quarterly": "",
    "annual": "1000",
}


def test_a_plan_is_made_in_the_mentors_currency():
    mentor = MentorFactory(currency="usd")
    plan = services.create_plan(mentor=mentor, fields=FIELDS)
    assert plan.currency == "usd"
    assert [(str(interval), price) for interval, price in plan.prices] == [
        ("monthly", 10000),
        ("annual", 100000),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"credits_a_month": 0}, "credits_a_month"),
        ({"credits_a_month": 32}, "credits_a_month"),
        ({"session_minutes": 10}, "session_minutes"),
        ({"monthly_minor": None, "annual_minor": None}, "monthly_minor"),
        ({"monthly_minor": 49}, "monthly_minor"),
        ({"monthly_minor": 0}, "monthly_minor"),
        ({"annual_minor": 100_000_000}, "annual_minor"),
    ],
)
def test_what_cant_be_sold_is_refused_by_name(wrong, field):
    with pytest.raises(InvalidInput) as refusal:
        services.create_plan(mentor=MentorFactory(), fields=FIELDS | wrong)
    assert refusal.value.field == field
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("currency", "typed", "fits"),
    [
        ("eur", "999999.99", True),
        ("eur", "10.505", False),
        ("jpy", "99999999", True),
        ("jpy", "100000000", False),
        ("jpy", "10.5", False),
    ],
)
def test_a_price_is_typed_as_its_currency_has_it(currency, typed, fits):
    form = PlanForm({"monthly": typed}, mentor=MentorFactory(currency=currency))
    assert ("monthly" not in form.errors) == fits


def test_a_changed_price_leaves_subscriptions_as_they_are():
    row = SubscriptionFactory()
    services.edit_plan(
        plan=row.plan,
        by=row.mentor.user,
        fields=FIELDS | {"monthly_minor": 1, "title": "New"} | {"monthly_minor": 12000},
    )
    row.refresh_from_db()
    assert (row.price_minor, row.plan.monthly_minor) == (10000, 12000)


def test_only_the_mentor_changes_a_plan():
    plan = PlanFactory()
    stranger = UserFactory()
    for verb in (services.retire_plan, services.offer_plan):
        with pytest.raises(Forbidden):
            verb(plan=plan, by=stranger)
    with pytest.raises(Forbidden):
        services.edit_plan(plan=plan, by=stranger, fields=FIELDS)


def test_a_mentor_makes_edits_and_retires_a_plan(login):
    mentor = MentorFactory()
    client = login(mentor.user)
    page = client.get(reverse("payments:plans"))
    assert b"No plan yet" in page.content
    answer = client.post(reverse("payments:plans"), TYPED)
    assert answer["Location"] == reverse("payments:plans")
    plan = Plan.objects.get()
    assert (plan.monthly_minor, plan.quarterly_minor, plan.annual_minor) == (10000, None, 100000)
    address = reverse("payments:plan", args=[plan.code])
    assert b"100.00" in client.get(address).content
    client.post(address, TYPED | {"monthly": "120"})
    plan.refresh_from_db()
    assert plan.monthly_minor == 12000
    client.post(reverse("payments:plan_retire", args=[plan.code]))
    page = client.get(reverse("payments:plans")).content
    assert b"not on offer" in page
    client.post(reverse("payments:plan_offer", args=[plan.code]))
    plan.refresh_from_db()
    assert plan.is_offered


def test_a_refused_plan_keeps_what_was_typed(login):
    answer = login(MentorFactory().user).post(
        reverse("payments:plans"), TYPED | {"monthly": "", "annual": ""}
    )
    assert answer.status_code == 422
    assert b"Set a price for at least one interval" in answer.content
    assert b"Steady progress" in answer.content


def test_plans_are_the_mentors_own(login):
    plan = PlanFactory()
    other = login(MentorFactory().user)
    for name in ("plan", "plan_retire", "plan_offer"):
        assert other.post(reverse(f"payments:{name}", args=[plan.code])).status_code == 404
    assert login(UserFactory()).get(reverse("payments:plans")).status_code == 403
    assert Client().get(reverse("payments:plans"))["Location"].startswith("/accounts/")


def test_the_list_costs_the_same_whatever_its_length(login, django_assert_num_queries):
    mentor = MentorFactory()
    client = login(mentor.user)
    address = reverse("payments:plans")
    client.get(address)
    PlanFactory(mentor=mentor)
    with django_assert_num_queries(3):
        client.get(address)
    SubscriptionFactory(plan=PlanFactory(mentor=mentor))
    PlanFactory(mentor=mentor)
    with django_assert_num_queries(3):
        page = client.get(address)
    assert b"1 subscriber" in page.content


def test_the_mentors_page_shows_what_is_on_offer():
    plan = PlanFactory()
    address = reverse("mentors:detail", args=[plan.mentor.slug])
    page = Client().get(address).content.decode()
    assert "2 sessions of 1 h a month" in page
    assert reverse("payments:subscribe", args=[plan.code]) in page
    assert "270.00" in page
    services.retire_plan(plan=plan, by=plan.mentor.user)
    assert "Steady progress" not in Client().get(address).content.decode()


def test_a_mentor_who_cant_be_paid_sells_no_plan():
    plan = PlanFactory(mentor__is_payable=False)
    page = Client().get(reverse("mentors:detail", args=[plan.mentor.slug]))
    assert b"Steady progress" not in page.content


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Renews"),
        ({"cancel_at_period_end": True}, "it doesn't renew"),
        ({"status": Subscription.Status.PAST_DUE}, "pay now, with another card"),
        ({"is_paused": True}, "It rests"),
    ],
)
def test_the_mentee_reads_how_it_stands(login, facts, words):
    row = SubscriptionFactory(**facts)
    page = login(row.mentee).get(reverse("payments:subscriptions")).content.decode()
    assert words in page
    assert "Steady progress" in page


def test_subscriptions_are_the_mentees_own(login):
    row = SubscriptionFactory()
    for person, refusal in ((row.mentor.user, 403), (UserFactory(), 404)):
        client = login(person)
        assert b"No subscription yet" in client.get(reverse("payments:subscriptions")).content
        for name in ("cancel", "resume", "pay"):
            address = reverse(f"payments:subscription_{name}", args=[row.code])
            assert client.post(address).status_code == refusal
    assert Client().get(reverse("payments:subscriptions"))["Location"].startswith("/accounts/")


def test_ones_subscriptions_cost_the_same_whatever_their_number(login, django_assert_num_queries):
    row = SubscriptionFactory()
    client = login(row.mentee)
    address = reverse("payments:subscriptions")
    client.get(address)
    with django_assert_num_queries(4):
        client.get(address)
    for _ in range(2):
        SubscriptionFactory(mentee=row.mentee)
    with django_assert_num_queries(4):
        client.get(address)
