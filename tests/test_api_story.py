"""The whole of it for a program: numbers 1-15 and 18-21 of the API, in the order of a story.

Nothing is looked up but over HTTP; each answer has exactly the members of the contract.
"""

import datetime as dt

import pytest
from django.test import Client

from payments.stripe_emulator import testing
from tests.conftest import NOW, PASSWORD
from tests.factories import MentorFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
BOOKING = set(
    "id mentor_id mentee_id scheduled_at ends_at duration_minutes session_type status price"
    " platform_fee currency payment_required hold_expires_at answer_by free_cancellation_until"
    " notes created_at".split()
)
DETAIL = BOOKING | {"mentor_name", "mentee_name", "session", "group_session", "cancellation"}
SESSION = set(
    "id booking_ids status starts_at ends_at planned_minutes started_at ended_at duration_minutes"
    " room_name room_url recording_url".split()
)
TRANSACTION = set("id type status amount platform_fee net currency booking_id created_at".split())
MENTOR = set(
    "mentor_id slug name headline topics languages hourly_rate trial_rate currency average_rating"
    " review_count total_sessions next_slot_at".split()
)
WINDOW = set("id weekday date start_time end_time time_zone created_at".split())
ACCOUNT = set(
    "account_id details_submitted charges_enabled payouts_enabled requirements_due".split()
)
ME = {"email", "full_name", "time_zone", "language", "mentor_id"}
PROBLEM = {"type", "title", "status", "detail", "code", "errors"}


class Caller:
    """A program with one person's token."""

    def __init__(self, email: str = "") -> None:
        self.client = Client()
        if email:
            answer = self.client.post(
                "/_allauth/app/v1/auth/login",
                {"email": email, "password": PASSWORD},
                content_type="application/json",
            )
            token = answer.json()["meta"]["access_token"]
            self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def ask(self, method, path, status, **body):
        given = {"data": body, "content_type": "application/json"} if body else {}
        answer = getattr(self.client, method)(f"/api/v1{path}", **given)
        assert answer.status_code == status, answer.content
        if status >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert set(answer.json()) - {"nearest"} == PROBLEM
        return answer.json() if answer.content else None

    def get(self, path, members, status=200):
        answer = self.ask("get", path, status)
        assert set(answer) == set(members)
        return answer

    def post(self, path, members, status=200, **body):
        answer = self.ask("post", path, status, **body)
        assert set(answer) == set(members)
        return answer

    def put(self, path, **body):
        answer = self.ask("put", path, 200, **body)
        assert set(answer) == DETAIL
        return answer

    def page(self, path, members):
        answer = self.get(path, {"items", "count"})
        assert all(set(item) == set(members) for item in answer["items"])
        return answer["items"]

    def refused(self, method, path, status, code, **body):
        assert self.ask(method, path, status, **body)["code"] == code


@pytest.fixture
def settle(run_tasks):
    """What the worker does until nothing is left: webhooks, and what follows from them."""

    def until_quiet():
        run_tasks()
        while testing.waiting():
            assert {status for _, status in testing.deliver_events()} == {200}
            run_tasks()

    return until_quiet


@pytest.fixture
def mentor(settle):
    """Listed, but as yet without hours and without an account to be paid on."""
    mentor = MentorFactory(is_payable=False, notice_minutes=0, user__full_name="Ada Vogel")
    caller = Caller(mentor.user.email)
    _onboard(caller, settle)
    for weekday in range(7):
        window = {"weekday": weekday, "start_time": "08:00", "end_time": "20:00"}
        caller.post("/availability", WINDOW, 201, **window)
    return caller


@pytest.fixture
def mentee():
    return Caller(UserFactory(full_name="Bo Lind").email)


def _onboard(caller, settle):
    status = caller.get("/payments/connect/status", ACCOUNT)
    assert (status["account_id"], status["charges_enabled"]) == (None, False)
    caller.post("/payments/connect/onboard", {"url", "expires_at"})
    account_id = caller.get("/payments/connect/status", ACCOUNT)["account_id"]
    testing.complete_onboarding(account_id)
    settle()
    status = caller.get("/payments/connect/status", ACCOUNT)
    assert (status["charges_enabled"], status["payouts_enabled"]) == (True, True)


def _book(mentee, mentor, hours):
    """Book and pay for the slot that begins so many hours from now; gives its id."""
    mentor_id = mentor.get("/me", ME)["mentor_id"]
    query = f"from=2026-06-0{1 + hours // 24}T08:00:00Z&duration_minutes=60"
    offered = Caller().get(f"/mentors/{mentor_id}/slots?{query}", {"time_zone", "items"})
    booked = mentee.post(
        "/bookings",
        BOOKING,
        201,
        mentor_id=mentor_id,
        scheduled_at=offered["items"][0]["starts_at"],
        duration_minutes=60,
        session_type="one_on_one",
    )
    assert (booked["status"], booked["payment_required"]) == ("pending", True)
    assert dt.datetime.fromisoformat(booked["scheduled_at"]) == NOW + dt.timedelta(hours=hours)
    return booked["id"]


def _pay(mentee, booking_id, settle):
    members = {"checkout_session_id", "checkout_url", "expires_at", "status"}
    checkout = mentee.post("/payments/checkout", members, booking_id=booking_id)
    assert mentee.post("/payments/checkout", members, booking_id=booking_id) == checkout
    assert testing.pay(checkout["checkout_session_id"]) is None
    settle()
    booking = mentee.get(f"/bookings/{booking_id}", DETAIL)
    assert (booking["status"], booking["payment_required"]) == ("confirmed", False)
    assert set(booking["session"]) == {"id", "status", "starts_at"}
    return booking["session"]["id"]


def _ledger(caller, booking_id):
    rows = caller.page("/payments/transactions", TRANSACTION)
    return {
        row["type"]: (row["status"], row["amount"], row["platform_fee"], row["net"])
        for row in rows
        if row["booking_id"] == booking_id
    }


def test_from_the_search_to_the_review(mentor, mentee, settle):
    found = Caller().page("/mentors", MENTOR)
    assert [row["mentor_id"] for row in found] == [mentor.get("/me", ME)["mentor_id"]]
    booking_id = _book(mentee, mentor, hours=0)
    mentor.refused("put", f"/bookings/{booking_id}/confirm", 409, "payment_required")
    mentee.refused("post", f"/sessions/{booking_id}/start", 409, "payment_required")
    session_id = _pay(mentee, booking_id, settle)
    _meet(mentor, mentee, booking_id, session_id)
    _review(mentor, mentee, session_id)
    for side in (mentee, mentor):
        assert _ledger(side, booking_id) == {"booking": ("succeeded", 6000, 600, 5400)}
        assert side.page("/bookings?status=completed", BOOKING)[0]["id"] == booking_id


def _meet(mentor, mentee, booking_id, session_id):
    begun = mentee.post(
        f"/sessions/{booking_id}/start", {"session", "room_url", "token", "token_expires_at"}
    )
    assert set(begun["session"]) == SESSION
    assert begun["session"]["status"] == "in_progress"
    assert mentee.ask("post", f"/sessions/{booking_id}/start", 200) == begun
    mentor.ask("post", f"/sessions/{booking_id}/start", 200)
    token = {"token", "room_name", "room_url", "provider", "expires_at"}
    assert mentee.get(f"/sessions/{session_id}/token", token)["token"] == begun["token"]
    mentee.refused("post", f"/sessions/{session_id}/end", 403, "forbidden")
    given = {"session_id": session_id, "rating": 5, "is_public": True}
    mentee.refused("post", "/reviews", 409, "invalid_state", **given)
    ended = mentor.post(f"/sessions/{session_id}/end", SESSION)
    assert ended["status"] == "completed"
    assert mentor.post(f"/sessions/{session_id}/end", SESSION) == ended
    assert mentee.get(f"/sessions/{session_id}", SESSION) == ended


def _review(mentor, mentee, session_id):
    members = {"id", "session_id", "mentor_id", "reviewer_name", "rating", "comment"} | {
        "is_public",
        "created_at",
    }
    given = {"session_id": session_id, "comment": "Good", "is_public": True}
    first = mentee.post("/reviews", members, 201, rating=4, **given | {"is_public": False})
    mentee.refused("post", "/reviews", 409, "already_reviewed", rating=5, **given)
    figures = {"average_rating", "review_count", "distribution", "items", "count"}
    path = f"/reviews/mentor/{first['mentor_id']}"
    assert Caller().get(path, figures)["count"] == 0
    assert mentor.get(path, figures)["items"] == [first]
    assert mentee.ask("delete", f"/reviews/{first['id']}", 204) is None
    second = mentee.post("/reviews", members, 201, rating=5, **given)
    public = Caller().get(path, figures)
    assert public["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}
    assert (public["average_rating"], public["items"]) == (5.0, [second])
    assert mentee.get(f"/reviews/session/{session_id}", members) == second
    assert mentor.get(f"/reviews/session/{session_id}", {"items"})["items"] == [second]


def test_moved_by_both_given_up_and_paid_back(mentor, mentee, settle):
    booking_id = _book(mentee, mentor, hours=48)
    session_id = _pay(mentee, booking_id, settle)
    mentee.refused("post", f"/sessions/{booking_id}/start", 409, "too_early")
    mentee.refused("get", f"/sessions/{session_id}/token", 409, "too_early")
    path = f"/bookings/{booking_id}"
    mentee.put(f"{path}/reschedule", scheduled_at="2026-06-03T11:00:00Z")
    moved = mentor.put(f"{path}/reschedule", scheduled_at="2026-06-03T14:00:00+02:00")
    assert moved["session"]["starts_at"] == moved["scheduled_at"] == "2026-06-03T12:00:00Z"
    ended = mentee.put(f"{path}/cancel", reason="Ill")
    assert set(ended["cancellation"]) == {"by", "code", "at", "reason", "refund_amount"}
    assert ended["cancellation"]["refund_amount"] == 6000
    assert mentee.put(f"{path}/cancel", reason="Ill") == ended
    mentor.refused("put", f"{path}/cancel", 409, "invalid_state", reason="Me too")
    settle()
    for side in (mentee, mentor):
        assert _ledger(side, booking_id) == {
            "booking": ("refunded", 6000, 600, 5400),
            "refund": ("succeeded", 6000, 600, 5400),
        }
    assert mentee.get(f"/sessions/{session_id}", SESSION)["status"] == "cancelled"


def test_nobody_else_learns_of_it(mentor, mentee, settle):
    booking_id = _book(mentee, mentor, hours=0)
    session_id = _pay(mentee, booking_id, settle)
    paths = [
        ("get", f"/bookings/{booking_id}"),
        ("put", f"/bookings/{booking_id}/cancel"),
        ("put", f"/bookings/{booking_id}/confirm"),
        ("get", f"/sessions/{session_id}"),
        ("post", f"/sessions/{booking_id}/start"),
        ("post", f"/sessions/{session_id}/end"),
        ("get", f"/sessions/{session_id}/token"),
        ("get", f"/reviews/session/{session_id}"),
    ]
    other_mentor = Caller(MentorFactory().user.email)
    for method, path in paths:
        for stranger in (Caller(UserFactory().email), other_mentor):
            stranger.refused(method, path, 404, "not_found")
        Caller().refused(method, path, 401, "not_authenticated")
    assert other_mentor.page("/payments/transactions", TRANSACTION) == []
