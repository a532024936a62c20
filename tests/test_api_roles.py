"""Who gets what answer at each address of the API: a row for each, and none may be missing.

A stranger is somebody with a mentor profile of their own, who has no part in the booking.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from mentormatch import times
from reviews.services import write_review
from tests.conftest import NOW
from tests.factories import (
    AvailabilityFactory,
    BookingFactory,
    GroupSessionFactory,
    MentorFactory,
    PaymentAccountFactory,
    PlanFactory,
    SessionFactory,
    SubscriptionFactory,
    UserFactory,
    open_every_day,
)
from tests.statements import written

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_engine,
    pytest.mark.usefixtures("now"),
]
ROLES = ("nobody", "mentee", "mentor", "stranger", "staff")
HOUR = dt.timedelta(hours=1)
World = Any


def confirmed(world: World) -> World:
    return BookingFactory(mentor=world.profile, mentee=world.mentee)


def in_the_room(world: World) -> World:
    """A session that is under way."""
    booking = BookingFactory(mentor=world.profile, mentee=world.mentee, starts_at=NOW)
    return SessionFactory(booking=booking, in_progress=True)


def held(world: World) -> World:
    open_every_day(world.profile)
    return BookingFactory(mentor=world.profile, mentee=world.mentee, to_pay=True)


def requested(world: World) -> World:
    return BookingFactory(mentor=world.profile, mentee=world.mentee, requested=True)


def over(world: World) -> World:
    booking = BookingFactory(mentor=world.profile, mentee=world.mentee, completed=True)
    return SessionFactory(booking=booking, completed=True)


def reviewed(world: World) -> World:
    return write_review(session=over(world), reviewer=world.mentee, rating=5)


def group_session(world: World) -> World:
    return GroupSessionFactory(mentor=world.profile)


def window(world: World) -> World:
    return AvailabilityFactory(mentor=world.profile)


def plan_of_one_who_can_be_paid(world: World) -> World:
    plan = PlanFactory(mentor=world.profile)
    plan.interval = "monthly"
    return plan


def unpaid_subscription(world: World) -> World:
    """Its checkout was never answered, so that nothing of it is at Stripe."""
    return SubscriptionFactory(unpaid=True, plan__mentor=world.profile, mentee=world.mentee)


def wanted(world: World, thing: World) -> dict[str, object]:
    open_every_day(world.profile)
    return {
        "mentor_id": world.profile.pk,
        "scheduled_at": times.format_instant(NOW + 48 * HOUR),
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }


def later(world: World, thing: World) -> dict[str, object]:
    open_every_day(world.profile)
    return {"scheduled_at": times.format_instant(thing.starts_at + 24 * HOUR)}


def of_thing(**fields: object) -> Callable[[World, World], dict[str, object]]:
    """`of_thing(booking_id="code", rating=5)`: a text is an attribute of the thing."""
    return lambda world, thing: {
        name: getattr(thing, value) if isinstance(value, str) else value
        for name, value in fields.items()
    }


@dataclass
class Row:
    """What each role is answered, in the order of `ROLES`."""

    name: str
    answers: tuple[int, ...]
    thing: Callable[[World], World] | None = None
    path: Callable[[World, World], str] | None = None
    body: Callable[[World, World], dict[str, object]] | None = None

    def request(self, world: World) -> tuple[str, str, dict[str, object] | None]:
        """The method, the address and the body, after `thing` was made."""
        thing = self.thing(world) if self.thing else None
        method, _, path = self.name.partition(" ")
        if self.path:
            start, _, rest = path.partition("{")
            path = start + self.path(world, thing) + rest.partition("}")[2]
        body = self.body(world, thing) if self.body else None
        return method.lower(), f"/api/v1{path}", body


def by_code(world: World, thing: World) -> str:
    return str(thing.code)


def by_pk(world: World, thing: World) -> str:
    return str(thing.pk)


def mentor_pk(world: World, thing: World) -> str:
    return str(world.profile.pk)


NAME = {"full_name": "New Name"}
OPENING = {"weekday": 6, "start_time": "20:00", "end_time": "21:00"}
EVERYONE, LOGGED_IN = (200,) * 5, (401, 200, 200, 200, 200)
PARTIES, THE_MENTOR = (401, 200, 200, 404, 404), (401, 403, 200, 404, 404)
# A mentor profile is what it takes: the mentor has one, and the stranger as well.
WITH_A_PROFILE = (401, 403, 200, 200, 403)
TABLE = [
    Row("GET /me", LOGGED_IN),
    Row("PATCH /me", LOGGED_IN, body=lambda *_: NAME),
    Row("GET /mentors", EVERYONE),
    Row("GET /mentors/{mentor_id}", EVERYONE, path=mentor_pk),
    Row("GET /mentors/{mentor_id}/slots", EVERYONE, path=mentor_pk),
    Row("GET /availability", WITH_A_PROFILE),
    Row("POST /availability", (401, 403, 201, 201, 403), body=lambda *_: OPENING),
    Row("DELETE /availability/{window_id}", (401, 403, 204, 404, 403), window, by_pk),
    Row("POST /bookings", (401, 201, 400, 201, 201), body=wanted),
    Row("GET /bookings", LOGGED_IN),
    Row("GET /group-sessions", EVERYONE),
    Row("GET /group-sessions/{group_session_id}", EVERYONE, group_session, by_code),
    Row("GET /bookings/{booking_id}", PARTIES, confirmed, by_code),
    Row("PUT /bookings/{booking_id}/cancel", PARTIES, confirmed, by_code),
    Row("PUT /bookings/{booking_id}/reschedule", PARTIES, confirmed, by_code, later),
    Row("PUT /bookings/{booking_id}/confirm", THE_MENTOR, requested, by_code),
    Row("GET /sessions/{session_id}", PARTIES, in_the_room, by_code),
    Row(
        "POST /sessions/{booking_id}/start",
        PARTIES,
        lambda world: in_the_room(world).seats.get().booking,
        by_code,
    ),
    Row("POST /sessions/{session_id}/end", THE_MENTOR, in_the_room, by_code),
    Row("GET /sessions/{session_id}/token", PARTIES, in_the_room, by_code),
    Row("POST /payments/connect/onboard", WITH_A_PROFILE),
    Row("GET /payments/connect/status", WITH_A_PROFILE),
    Row(
        "POST /payments/checkout",
        (401, 200, 403, 404, 404),
        held,
        body=of_thing(booking_id="code"),
    ),
    Row(
        "POST /payments/tip",
        (401, 201, 403, 404, 404),
        over,
        body=of_thing(session_id="code", amount=500),
    ),
    Row("GET /payments/transactions", LOGGED_IN),
    Row("GET /payments/payouts", WITH_A_PROFILE),
    Row("GET /payments/plans", EVERYONE),
    Row("GET /payments/subscriptions", LOGGED_IN),
    Row(
        "POST /payments/subscriptions",
        (401, 201, 400, 201, 201),
        plan_of_one_who_can_be_paid,
        body=of_thing(plan_id="code", interval="interval"),
    ),
    Row(
        "DELETE /payments/subscriptions/{subscription_id}",
        (401, 200, 200, 404, 404),
        unpaid_subscription,
        by_code,
    ),
    Row("POST /payments/webhook", (400,) * 5),
    Row(
        "POST /reviews",
        (401, 201, 403, 404, 404),
        over,
        body=of_thing(session_id="code", rating=5, is_public=True),
    ),
    Row("GET /reviews/mentor/{mentor_id}", EVERYONE, path=mentor_pk),
    Row(
        "GET /reviews/session/{session_id}",
        PARTIES,
        lambda world: reviewed(world).session,
        by_code,
    ),
    Row("DELETE /reviews/{review_id}", (401, 204, 403, 404, 404), reviewed, by_code),
]


def test_every_address_has_a_row():
    described = Client().get("/api/v1/openapi.json").json()["paths"]
    every = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in described.items()
        for method in methods
    }
    assert {row.name for row in TABLE} == every, "say in TABLE who may do what at a new address"
    assert len(TABLE) == len(every)


@pytest.fixture
def world(api):
    return make_world(api)


def make_world(api):
    """A mentor, a mentee, and the others of `ROLES`."""
    profile = MentorFactory()
    PaymentAccountFactory(mentor=profile, stripe_account_id=None)
    people = {
        "nobody": None,
        "mentee": UserFactory(),
        "mentor": profile.user,
        "stranger": MentorFactory().user,
        "staff": UserFactory(staff=True),
    }
    return SimpleNamespace(
        profile=profile, mentee=people["mentee"], client_of=lambda role: api(people[role])
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name.replace(" ", "-"))
@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_answered_as_its_row_says(world, role, row):
    method, path, body = row.request(world)
    sent = {} if body is None else {"data": body, "content_type": "application/json"}
    client = world.client_of(role)
    with written() as statements:
        answer = getattr(client, method)(path, **sent)
    assert answer.status_code == row.answers[ROLES.index(role)], answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert statements == []
