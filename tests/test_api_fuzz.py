"""Whatever is sent to the API, it keeps to its own description (schemathesis, every check).

A small budget here, and `make api-fuzz` with a large one: each operation with three seeds, as a
mentee and as a mentor. A made-up id is nobody's: most of them are exchanged for real ones.
"""

import datetime as dt
from collections import Counter
from itertools import cycle

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

from mentormatch import times
from reviews.services import write_review
from tests.budget import IS_STRESS, budget, note_figure
from tests.factories import (
    BookingFactory,
    GroupSessionFactory,
    MentorFactory,
    PlanFactory,
    SessionFactory,
    SubscriptionFactory,
    UserFactory,
    open_every_day,
)

# What is well formed and yet 400, by a rule that a schema can't say: a time that is past, a length
# that this mentor doesn't offer, one's own plan, a weekday and a date at once, an unknown zone, no
# signature.
REFUSED_BY_A_RULE = [
    "GET /api/v1/mentors/{mentor_id}/slots",
    "PATCH /api/v1/me",
    "POST /api/v1/availability",
    "POST /api/v1/bookings",
    "POST /api/v1/payments/subscriptions",
    "POST /api/v1/payments/tip",
    "POST /api/v1/payments/webhook",
    "PUT /api/v1/bookings/{booking_id}/reschedule",
]
ANSWERS = ["2xx", "304", "400", "403", "404", "409"]
SEEDS = range(1, budget(1, 3) + 1)
EXAMPLES = budget(3, 150)


def described(seed):
    """The API by its own description; a seed makes the same requests of it in every run."""
    operations = [
        {
            "include-name": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": ANSWERS}},
        }
        for name in REFUSED_BY_A_RULE
    ]
    # What is wrong by design, a sample asks for in `test_api_bad_input.py`, at a third of the cost.
    phases = {"coverage": {"enabled": IS_STRESS}}
    config = SchemathesisConfig.from_dict(
        {"seed": seed, "phases": phases, "operations": operations}
    )
    return schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", app=get_wsgi_application(), config=config
    )


calm = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.stress]


@pytest.fixture
def connected():
    """As in Django's own client: the end of a request doesn't end the test's connection."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


class World:
    """A mentor and a mentee with bookings in several states, and the ids of what they have."""

    def __init__(self):
        self.mentor, self.mentee = MentorFactory(), UserFactory()
        hour, pair = dt.timedelta(hours=1), {"mentor": self.mentor, "mentee": self.mentee}
        soon = times.now() + 48 * hour
        held = BookingFactory(**pair, starts_at=soon, to_pay=True)
        asked = BookingFactory(**pair, starts_at=soon + 4 * hour, requested=True)
        to_come = BookingFactory(**pair, starts_at=soon + 2 * hour)
        over = BookingFactory(**pair, completed=True)
        sessions = [
            SessionFactory(booking=to_come),
            SessionFactory(booking=over, completed=True),
        ]
        group = GroupSessionFactory(mentor=self.mentor, starts_at=soon + 8 * hour)
        plan = PlanFactory(mentor=self.mentor)
        subscription = SubscriptionFactory(unpaid=True, plan=plan, mentee=self.mentee)
        self.ids = {
            "booking_id": [row.code for row in (held, asked, to_come, over)],
            "session_id": [row.code for row in sessions],
            "review_id": [write_review(session=sessions[1], reviewer=self.mentee, rating=4).code],
            "group_session_id": [group.code],
            "plan_id": [plan.code],
            "subscription_id": [subscription.code],
            "mentor_id": [self.mentor.pk],
            "window_id": [row.pk for row in open_every_day(self.mentor)],
        }


@pytest.fixture(scope="module")
def sent():
    """How many requests were answered with each status."""
    answers = Counter()
    yield answers
    for status, number in answers.items():
        note_figure(f"made-up requests to the API, answered {status}", number, engine="sqlite")


@pytest.fixture(params=["mentee", "mentor"])
def role(request):
    return request.param


@pytest.fixture
def world(db):
    return World()


@pytest.fixture
def real_ids(world):
    """For each name one real id after the other, and now and then none."""
    return {name: cycle([*ids, None]) for name, ids in world.ids.items()}


@pytest.fixture
def token(world, api, role):
    client = api(world.mentee if role == "mentee" else world.mentor.user)
    return client.defaults["HTTP_AUTHORIZATION"]


def name_real_ones(case, real_ids):
    """Ids in what is well formed become real; what is meant to be wrong stays as it is."""
    wrong = case.meta.is_negative_at
    if case.path_parameters and not wrong(ParameterLocation.PATH):
        case.path_parameters = with_real_ids(case.path_parameters, real_ids)
    if isinstance(case.body, dict) and not wrong(ParameterLocation.BODY):
        case.body = with_real_ids(case.body, real_ids)


def is_right_once_sent(case):
    """Wrong on paper alone: without a token, which it gets, or with a parameter of no value."""
    if case.query:
        case.query = {
            name: value for name, value in case.query.items() if value not in ([], {}, None)
        }
    others = set(case.meta.components) - {ParameterLocation.HEADER}
    return not case.headers and not any(case.meta.is_negative_at(place) for place in others)


def with_real_ids(fields, real_ids):
    chosen = {name: next(real_ids[name]) for name in fields if name in real_ids}
    return fields | {name: real for name, real in chosen.items() if real is not None}


@schemathesis.pytest.parametrize(**{f"seed {seed}": described(seed) for seed in SEEDS})
@calm
def test_an_operation_keeps_to_the_description(case, token, connected, real_ids, sent):
    name_real_ones(case, real_ids)
    unasked = [negative_data_rejection] if is_right_once_sent(case) else []
    answer = case.call_and_validate(headers={"Authorization": token}, excluded_checks=unasked)
    sent[answer.status_code] += 1
