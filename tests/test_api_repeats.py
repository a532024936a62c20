"""`Idempotency-Key`: what was made once is never made twice, and answered the same."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client

from bookings.models import AvailabilitySlot, Booking
from mentormatch import times
from mentormatch.api import api as json_api
from mentormatch.background.testing import run_periodic
from mentormatch.idempotency import services
from mentormatch.idempotency.models import KeyedRequest
from tests.concurrency import at_once
from tests.conftest import NOW
from tests.factories import MentorFactory, UserFactory, open_every_day

# What POSTs do that create nothing, or what Stripe's own event ids make safe to repeat.
MAKE_NOTHING = {
    "/sessions/{slug:booking_id}/start",
    "/sessions/{slug:session_id}/end",
    "/payments/webhook",
}
KEY = {"Idempotency-Key": "a-random-text"}


def book(client: Client, mentor, *, hours: int = 48, key=KEY, **changes):
    body = {
        "mentor_id": mentor.pk,
        "scheduled_at": times.format_instant(NOW + dt.timedelta(hours=hours)),
        "duration_minutes": 60,
        "session_type": "one_on_one",
    }
    return client.post(
        "/api/v1/bookings", body | changes, content_type="application/json", headers=key
    )


@pytest.fixture
def mentor(db, now):
    mentor = MentorFactory()
    open_every_day(mentor)
    return mentor


@pytest.fixture
def client(api, mentor):
    return api(UserFactory())


def test_every_post_that_makes_something_honours_the_key():
    honoured = {
        f"{prefix}{path}"
        for prefix, router in json_api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        if "POST" in operation.methods
        and "Idempotency-Key"
        in {p.get("name") for p in (operation.openapi_extra or {}).get("parameters", [])}
    }
    every = {
        f"{prefix}{path}"
        for prefix, router in json_api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        if "POST" in operation.methods
    }
    assert honoured, "the search found nothing"
    assert every - honoured == MAKE_NOTHING


def test_the_same_again_is_answered_the_same_and_makes_nothing(client, mentor):
    first, again = book(client, mentor), book(client, mentor)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Booking.objects.count() == 1


def test_how_the_json_is_laid_out_makes_no_difference(client, mentor):
    first = book(client, mentor).json()
    turned = dict(reversed([*first.items()]))
    sent = {name: turned[name] for name in turned if name in ("mentor_id", "duration_minutes")}
    sent |= {"session_type": "one_on_one", "scheduled_at": first["scheduled_at"]}
    again = client.post("/api/v1/bookings", sent, content_type="application/json", headers=KEY)
    assert again.json() == first


def test_without_a_key_the_second_is_refused(client, mentor):
    assert book(client, mentor, key={}).status_code == 201
    assert book(client, mentor, key={}).status_code == 409


def test_another_request_under_the_same_key_is_refused(client, mentor):
    book(client, mentor)
    other = book(client, mentor, hours=72)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    window = {"weekday": 1, "start_time": "09:00", "end_time": "10:00"}
    elsewhere = client.post(
        "/api/v1/availability", window, content_type="application/json", headers=KEY
    )
    assert elsewhere.json()["code"] == "idempotency_key_reused"
    assert Booking.objects.count() == 1


def test_a_key_is_ones_own(client, api, mentor):
    book(client, mentor)
    other = book(api(UserFactory()), mentor, hours=72)
    assert (other.status_code, Booking.objects.count()) == (201, 2)


def test_after_a_refusal_the_key_may_be_used_again(client, mentor):
    assert book(client, mentor, session_type="trial", duration_minutes=45).status_code >= 400
    assert not KeyedRequest.objects.exists()
    assert book(client, mentor).status_code == 201


def test_after_a_failure_of_ours_the_key_may_be_used_again(api, mentor, monkeypatch):
    client = api(UserFactory())
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("bookings.services.book_slot", lambda **_: 1 / 0)
        assert book(client, mentor).status_code == 500
    assert book(client, mentor).status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "tab\t"])
def test_a_key_that_is_none_is_refused(client, mentor, key):
    answer = book(client, mentor, key={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Booking.objects.exists()


@pytest.mark.parametrize("body", [b"\r\n--no json", b"[" * 100_000, b"9" * 5_000, b"\xff"])
def test_what_takes_no_body_does_not_mind_one(api, mentor, body):
    sent = {"data": body, "content_type": "multipart/form-data"}
    client = api(mentor.user)
    url = "/api/v1/payments/connect/onboard"
    first, again = (client.post(url, headers=KEY, **sent) for _ in range(2))
    assert first.status_code == 200
    assert again.json() == first.json()


def test_one_that_is_being_worked_on_has_to_wait_until_its_worker_is_given_up(freeze, mentor):
    user = UserFactory()
    claim = {"user": user, "key": "k", "fingerprint": "f"}
    services.claim(**claim)
    with pytest.raises(services.Conflict) as refusal:
        services.claim(**claim)
    assert refusal.value.code == "idempotency_in_progress"
    freeze(NOW + services.GIVEN_UP_AFTER + dt.timedelta(seconds=1))
    assert services.claim(**claim).status is None
    with pytest.raises(services.Conflict):
        services.claim(**claim)


def test_one_whose_worker_was_given_up_does_not_let_go_of_anothers(freeze, mentor):
    claim = {"user": mentor.user, "key": "k", "fingerprint": "f"}
    given_up = services.claim(**claim)
    freeze(NOW + services.GIVEN_UP_AFTER + dt.timedelta(seconds=1))
    second = services.claim(**claim)
    services.release(row=given_up)
    assert KeyedRequest.objects.get().status is None
    services.keep_answer(row=second, status=201, body="made")
    services.keep_answer(row=given_up, status=201, body="late")
    assert services.claim(**claim).body == "made"


def test_a_key_that_is_let_go_of_while_it_is_asked_for_is_free(mentor):
    claim = {"user": mentor.user, "key": "k", "fingerprint": "f"}
    first = services.claim(**claim)

    def let_go(execute, sql, params, many, context):
        if sql.startswith("SELECT"):  # between the insert that was refused and the look at why
            KeyedRequest.objects.filter(pk=first.pk)._raw_delete(first._state.db)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(let_go):
        assert services.claim(**claim).pk != first.pk


def test_a_day_later_it_is_forgotten(client, mentor, freeze):
    book(client, mentor)
    freeze(NOW + services.KEPT_FOR - dt.timedelta(minutes=1))
    run_periodic("forget_old")
    assert KeyedRequest.objects.exists()
    freeze(NOW + services.KEPT_FOR + dt.timedelta(minutes=1))
    run_periodic("forget_old")
    assert not KeyedRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_the_same_request_many_times_at_once_one_makes_something(api, mentor):
    client, answers = api(mentor.user), []
    window = {"date": "2026-06-09", "start_time": "19:00", "end_time": "20:00"}
    url = "/api/v1/availability"

    def send():
        answers.append(client.post(url, window, content_type="application/json", headers=KEY))

    before = AvailabilitySlot.objects.count()
    assert at_once(*[send] * 6) == []
    assert AvailabilitySlot.objects.count() == before + 1
    assert {a.status_code for a in answers} <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {
        "idempotency_in_progress"
    }
