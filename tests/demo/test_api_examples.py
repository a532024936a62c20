"""The examples in the API's description work with the demo's data as they stand."""

import pytest
from django.core.management import call_command
from django.test import Client

from mentormatch.accounts.models import User
from mentormatch.mentors.models import MentorProfile


def example_of(schema: str) -> dict[str, object]:
    described = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    return described[schema]["examples"][0]


@pytest.mark.django_db(reset_sequences=True, transaction=True)
@pytest.mark.parametrize(
    ("email", "examples"),
    [
        (
            "mentee@example.com",
            [("post", "/bookings", "BookingIn"), ("patch", "/me", "MeChanges")],
        ),
        ("mentor@example.com", [("post", "/availability", "WindowIn")]),
    ],
)
def test_the_example_makes_what_it_says(api, email, examples):
    call_command("seed_demo")
    client = api(User.objects.get(email=email))
    for method, path, schema in examples:
        sent = example_of(schema)
        answer = getattr(client, method)(f"/api/v1{path}", sent, content_type="application/json")
        assert answer.status_code in {200, 201}, answer.content
        if "mentor_id" in sent:
            mentor = MentorProfile.objects.get(pk=sent["mentor_id"])
            assert mentor.user.email == "mentor@example.com"
