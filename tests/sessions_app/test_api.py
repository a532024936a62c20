import datetime as dt

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sessions_app.models import Presence, Session
from tests.factories import BookingFactory, SeatFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(now, freeze):
    """A session that is to begin this minute."""
    return SessionFactory(booking=BookingFactory(starts_at=now))


def booking_of(session):
    return session.bookings[0]


def test_a_session_reads_as_the_contract_says(api, session):
    seen = api(booking_of(session).mentee).get(f"/api/v1/sessions/{session.code}")
    assert seen.json() == {
        "id": session.code,
        "booking_ids": [booking_of(session).code],
        "status": "scheduled",
        "starts_at": "2026-06-01T08:00:00Z",
        "ends_at": "2026-06-01T09:00:00Z",
        "planned_minutes": 60,
        "started_at": None,
        "ended_at": None,
        "duration_minutes": None,
        "room_name": session.room_name,
        "room_url": f"{settings.SITE_URL}{reverse('sessions:room', args=[session.code])}",
        "recording_url": None,
    }


def test_a_mentee_sees_no_booking_but_their_own(api, session):
    SeatFactory(session=session)
    path = f"/api/v1/sessions/{session.code}"
    assert len(api(session.mentor.user).get(path).json()["booking_ids"]) == 2
    mine = booking_of(session)
    assert api(mine.mentee).get(path).json()["booking_ids"] == [mine.code]


def test_both_start_and_the_mentor_ends(api, session, freeze):
    mentor, mentee = api(session.mentor.user), api(booking_of(session).mentee)
    path = f"/api/v1/sessions/{booking_of(session).code}/start"
    started = mentee.post(path)
    assert started.status_code == 200
    assert started.json()["session"]["status"] == "in_progress"
    assert started.json()["token_expires_at"] == "2026-06-01T09:15:00Z"
    assert mentee.post(path).json() == started.json()
    assert mentor.post(path).json()["session"] == started.json()["session"]
    assert mentor.post(path).json()["token"] != started.json()["token"]

    freeze(session.starts_at + dt.timedelta(minutes=10))
    end = f"/api/v1/sessions/{session.code}/end"
    assert mentee.post(end).status_code == 403
    ended = mentor.post(end)
    assert (ended.json()["status"], ended.json()["duration_minutes"]) == ("completed", 10)
    assert mentor.post(end).json() == ended.json()
    assert mentor.post(path).json()["code"] == "invalid_state"


def test_the_token_is_the_one_that_starting_gave(api, session):
    mentee = api(booking_of(session).mentee)
    started = mentee.post(f"/api/v1/sessions/{booking_of(session).code}/start").json()
    assert mentee.get(f"/api/v1/sessions/{session.code}/token").json() == {
        "token": started["token"],
        "room_name": session.room_name,
        "room_url": started["room_url"],
        "provider": "builtin",
        "expires_at": started["token_expires_at"],
    }


def test_the_rooms_token_is_no_token_of_the_api(api, session, client):
    mentee = api(booking_of(session).mentee)
    token = mentee.get(f"/api/v1/sessions/{session.code}/token").json()["token"]
    for path in (f"/api/v1/sessions/{session.code}", "/api/v1/me"):
        refused = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("minutes, code", [(-11, "too_early"), (75, "too_late")])
def test_a_closed_room_gives_no_token(api, session, freeze, minutes, code):
    freeze(session.starts_at + dt.timedelta(minutes=minutes))
    mentee = api(booking_of(session).mentee)
    for answer in (
        mentee.post(f"/api/v1/sessions/{booking_of(session).code}/start"),
        mentee.get(f"/api/v1/sessions/{session.code}/token"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Presence.objects.exists()


def test_an_unpaid_booking_has_no_room(api, now):
    booking = BookingFactory(to_pay=True)
    answer = api(booking.mentee).post(f"/api/v1/sessions/{booking.code}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_required")


def test_a_request_has_no_room(api, now):
    booking = BookingFactory(requested=True)
    answer = api(booking.mentee).post(f"/api/v1/sessions/{booking.code}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")


def test_a_stranger_finds_nothing_and_nobody_is_let_in_without_a_token(api, session):
    calls = [
        ("get", session.code),
        ("get", f"{session.code}/token"),
        ("post", f"{booking_of(session).code}/start"),
        ("post", f"{session.code}/end"),
    ]
    stranger = api(UserFactory())
    for method, path in calls:
        assert getattr(stranger, method)(f"/api/v1/sessions/{path}").status_code == 404
        assert getattr(api(None), method)(f"/api/v1/sessions/{path}").status_code == 401
    assert Session.objects.get().status == Session.Status.SCHEDULED


def test_a_session_costs_the_same_queries_with_one_and_with_three_seats(api, session):
    mentor, path = api(session.mentor.user), f"/api/v1/sessions/{session.code}"
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            mentor.get(path)
        counts.append(len(queries))
        SeatFactory.create_batch(2, session=session)
    assert counts[0] == counts[1]
