"""Subscriptions for programs."""

import pytest

from payments import services
from payments.models import Subscription
from payments.stripe_emulator import testing
from tests.factories import PlanFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS = "/api/v1/payments/subscriptions"


@pytest.fixture
def plan(mentor):
    return PlanFactory(mentor=mentor)


def post(client, **body):
    return client.post(SUBSCRIPTIONS, body, content_type="application/json")


def test_a_program_subscribes_reads_and_cancels(api, plan, work):
    mentee = UserFactory()
    client = api(mentee)
    answer = post(client, plan_id=plan.code, interval="monthly")
    assert answer.status_code == 201
    made = answer.json()
    assert made["checkout_url"].startswith("http")
    assert made | {"id": "", "checkout_url": ""} == {
        "id": "",
        "mentor_id": plan.mentor_id,
        "plan_id": plan.code,
        "interval": "monthly",
        "status": "incomplete",
        "price": 10000,
        "currency": "eur",
        "current_period_end": None,
        "cancel_at_period_end": False,
        "sessions_left": 0,
        "checkout_url": "",
    }
    assert post(client, plan_id=plan.code, interval="monthly").json() == made
    testing.pay(Subscription.objects.get().stripe_checkout_session_id)
    work()
    (shown,) = client.get(SUBSCRIPTIONS).json()["items"]
    assert (shown["status"], shown["sessions_left"], shown["checkout_url"]) == ("active", 2, "")
    assert shown["current_period_end"].endswith("Z")
    assert post(client, plan_id=plan.code, interval="annual").json()["code"] == "already_subscribed"
    for _twice in range(2):
        answer = client.delete(f"{SUBSCRIPTIONS}/{made['id']}")
        assert answer.status_code == 200
        assert answer.json()["cancel_at_period_end"] is True
    assert answer.json()["status"] == "active"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"interval": "weekly"}, 400),
        ({"interval": "monthly", "plan_id": "nothing-here"}, 404),
        ({"interval": "monthly", "more": 1}, 400),
        ({}, 400),
    ],
)
def test_what_cant_be_is_refused(api, plan, body, status):
    answer = post(api(UserFactory()), **({"plan_id": plan.code} | body))
    assert answer.status_code == status
    assert not Subscription.objects.exists()


def test_an_interval_that_isnt_sold_names_its_field(api, plan):
    type(plan).objects.update(annual_minor=None)
    answer = post(api(UserFactory()), plan_id=plan.code, interval="annual")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "interval"


def test_plans_on_sale_need_no_token(api, plan):
    PlanFactory(mentor=plan.mentor, is_offered=False)
    PlanFactory(mentor__is_payable=False)
    elsewhere = PlanFactory()
    found = api(None).get("/api/v1/payments/plans").json()
    assert {item["id"] for item in found["items"]} == {plan.code, elsewhere.code}
    (item,) = api(None).get(f"/api/v1/payments/plans?mentor_id={plan.mentor_id}").json()["items"]
    assert (item["monthly"], item["sessions_a_month"]) == (10000, 2)


def test_booking_with_a_credit_is_told(api, mentor, work):
    row = SubscriptionFactory(plan__mentor=mentor)
    assert services.sessions_left([row]) == {}
    answer = api(row.mentee).post(
        "/api/v1/bookings",
        {
            "mentor_id": mentor.pk,
            "scheduled_at": "2030-01-01T10:00:00Z",
            "duration_minutes": 60,
            "session_type": "one_on_one",
            "use_credit": True,
        },
        content_type="application/json",
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "no_credit"
