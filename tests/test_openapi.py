"""The description of the API: what programs are written from."""

import json
import re

import pytest
from django.test import Client

from bookings.models import Booking
from sessions_app.models import Session

# Who is asked for a token: contract.md.
OPEN = {
    "GET /payments/plans",
    "GET /mentors",
    "GET /mentors/{mentor_id}",
    "GET /mentors/{mentor_id}/slots",
    "GET /reviews/mentor/{mentor_id}",
    "GET /group-sessions",
    "GET /group-sessions/{group_session_id}",
}
UNSECURED = {"POST /payments/webhook"}
WITH_TOKEN = {
    "GET /me",
    "PATCH /me",
    "GET /availability",
    "POST /availability",
    "DELETE /availability/{window_id}",
    "POST /bookings",
    "GET /bookings",
    "GET /bookings/{booking_id}",
    "PUT /bookings/{booking_id}/cancel",
    "PUT /bookings/{booking_id}/reschedule",
    "PUT /bookings/{booking_id}/confirm",
    "GET /sessions/{session_id}",
    "POST /sessions/{booking_id}/start",
    "POST /sessions/{session_id}/end",
    "GET /sessions/{session_id}/token",
    "POST /payments/connect/onboard",
    "GET /payments/connect/status",
    "POST /payments/checkout",
    "POST /payments/tip",
    "GET /payments/subscriptions",
    "POST /payments/subscriptions",
    "DELETE /payments/subscriptions/{subscription_id}",
    "GET /payments/transactions",
    "GET /payments/payouts",
    "POST /reviews",
    "GET /reviews/session/{session_id}",
    "DELETE /reviews/{review_id}",
}
SECURITY = {
    **{name: [{"AccessToken": []}] for name in WITH_TOKEN},
    **{name: [{}, {"AccessToken": []}] for name in OPEN},
    **dict.fromkeys(UNSECURED),
}


@pytest.fixture(scope="module")
def description():
    return Client().get("/api/v1/openapi.json").json()


@pytest.fixture(scope="module")
def operations(description):
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_it_names_every_endpoint_and_who_needs_a_token(description, operations):
    assert description["openapi"].startswith("3.1.")
    assert {name: found.get("security") for name, found in operations.items()} == SECURITY
    assert description["components"]["securitySchemes"] == {
        "AccessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }


def test_every_operation_says_what_it_does_and_how_it_refuses(operations):
    assert len({found["operationId"] for found in operations.values()}) == len(operations)
    for name, found in operations.items():
        assert found["summary"], name
        refusals = {status for status in found["responses"] if status[0] in "45"}
        assert refusals >= {"4XX", "5XX"}, name
        assert ("401" in refusals) == ("security" in found), name
        for status in refusals:
            assert found["responses"][status] == {"$ref": "#/components/responses/Problem"}


def test_every_reference_leads_somewhere(description):
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(description))):
        found = description
        for step in reference.split("/"):
            found = found[step]
        assert found, reference


@pytest.mark.parametrize(
    ("schema", "choices"),
    [
        ("BookingOut", Booking.Status),
        ("BookingDetail", Booking.Status),
        ("SessionOut", Session.Status),
        ("BookingSessionOut", Session.Status),
    ],
)
def test_a_status_is_one_of_its_own(description, schema, choices):
    status = description["components"]["schemas"][schema]["properties"]["status"]
    assert status["enum"] == choices.values


def test_its_page_is_of_our_own_files(client):
    page = client.get("/api/v1/docs").content.decode()
    assert re.findall(r'(?:src|href)="(?!/static/)', page) == []
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []


def test_the_page_to_read_it_on_is_of_our_own_files_and_has_a_looser_policy_for_itself(client):
    answer = client.get("/api/v1/redoc")
    page = answer.content.decode()
    assert re.findall(r'(?:src|href|spec-url)="(?!/(?:static|api)/)', page) == []
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    policy = answer["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe" not in client.get("/api/v1/docs")["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
