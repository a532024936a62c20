"""Whatever is sent to the API, it keeps to its own description (schemathesis, every check).

A small budget here, and `make api-fuzz` with a large one: each operation with three seeds, as a
mentee and as a mentor.
"""

import datetime as dt

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase
from schemathesis.config import SchemathesisConfig

from mentormatch import times
from tests.budget import budget
from tests.factories import (
    BookingFactory,
    MentorFactory,
    SessionFactory,
    UserFactory,
    open_every_day,
)

# What is well formed and yet 400, by a rule that a schema can't say: a time that is past, a length
# that this mentor doesn't offer, a weekday and a date at once, an unknown zone, no signature.
REFUSED_BY_A_RULE = [
    "GET /api/v1/mentors/{mentor_id}/slots",
    "PATCH /api/v1/me",
    "POST /api/v1/availability",
    "POST /api/v1/bookings",
    "POST /api/v1/payments/tip",
    "POST /api/v1/payments/webhook",
    "PUT /api/v1/bookings/{booking_id}/reschedule",
]
ANSWERS = ["2xx", "304", "400", "403", "404", "409"]
config = SchemathesisConfig.from_dict(
    {
        "operations": [
            {
                "include-name": name,
                "checks": {"positive_data_acceptance": {"expected-statuses": ANSWERS}},
            }
            for name in REFUSED_BY_A_RULE
        ]
    }
)
schema = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", app=get_wsgi_application(), config=config
)
SEEDS = range(budget(1, 3))
EXAMPLES = budget(3, 150)
calm = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.stress]


@pytest.fixture
def connected(token):
    """As in Django's own client: the end of a request doesn't end the test's connection."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.fixture(params=["mentee", "mentor"])
def token(request, api):
    """That of somebody with bookings in several states."""
    mentor, mentee = MentorFactory(), UserFactory()
    open_every_day(mentor)
    hour, pair = dt.timedelta(hours=1), {"mentor": mentor, "mentee": mentee}
    soon = times.now() + 48 * hour
    BookingFactory(**pair, starts_at=soon, to_pay=True)
    SessionFactory(booking=BookingFactory(**pair, starts_at=soon + 2 * hour))
    SessionFactory(booking=BookingFactory(**pair, completed=True), completed=True)
    client = api(mentee if request.param == "mentee" else mentor.user)
    return client.defaults["HTTP_AUTHORIZATION"]


@pytest.mark.parametrize("seed", SEEDS)
@schema.parametrize()
@calm
def test_an_operation_keeps_to_the_description(case, token, connected, seed):
    case.call_and_validate(headers={"Authorization": token})
