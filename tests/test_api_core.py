"""What every endpoint of the API shares, shown on a small API of the same parts."""

import json
import logging
from typing import Literal

import jwt
import pytest
from django.conf import settings
from django.test import Client
from django.urls import path
from ninja import NinjaAPI, Query, Schema

from mentormatch import problems
from mentormatch import urls as site
from mentormatch.auth import access_token, optional_auth
from mentormatch.errors import Conflict
from mentormatch.parsing import StrictParser
from mentormatch.schemas import Instant, Page, PageQuery, Strict
from tests.conftest import PASSWORD
from tests.factories import UserFactory


class Noted(Strict):
    at: Instant
    minutes: int
    kind: Literal["one", "two"] = "one"
    notes: str = ""


class Shown(Schema):
    at: Instant
    notes: str


probe = NinjaAPI(urls_namespace="probe", version="probe", parser=StrictParser())
problems.install(probe)


@probe.post("/noted", response={201: Shown})
def noted(request, payload: Noted):
    return {"at": payload.at, "notes": payload.notes}


@probe.get("/page", response=Page[Shown])
def page(request, query: Query[PageQuery]):
    return {"items": [], "count": query.page_size}


@probe.get("/search")
def search(request, text: str = ""):
    return {"text": text}


@probe.get("/conflict")
def conflict(request):
    raise Conflict(code="slot_unavailable", extra={"nearest": ["2030-01-01T10:00:00Z"]})


@probe.get("/broken")
def broken(request):
    raise RuntimeError("something nobody thought of")


@probe.get("/me", auth=access_token)
def me(request):
    return {"email": request.user.email}


@probe.get("/maybe", auth=optional_auth)
def maybe(request):
    return {"known": request.user.is_authenticated}


urlpatterns = [path("api/probe/", probe.urls), *site.urlpatterns]
VALID = {"at": "2030-01-01T10:00:00+02:00", "minutes": 30}


@pytest.fixture(autouse=True)
def _probe(settings, caplog):
    settings.ROOT_URLCONF = __name__
    caplog.set_level(logging.CRITICAL, "django.request")


def post(body):
    sent = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post("/api/probe/noted", sent, content_type="application/json")


def assert_problem(response, status, code):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert {"type", "title", "status", "detail", "code", "errors"} <= set(body)
    assert body["detail"]
    return body


def test_times_go_in_with_an_offset_and_come_out_in_utc():
    response = post(VALID)
    assert response.status_code == 201
    assert response.json()["at"] == "2030-01-01T08:00:00Z"


def test_a_whole_number_may_be_written_as_one_with_a_fraction():
    assert post(json.dumps(VALID).replace("30}", "30.0}")).status_code == 201
    assert post(json.dumps(VALID).replace("30}", "3e1}")).status_code == 201
    for odd in ("30.000001", "1e400", "9007199254740993.0"):
        assert post(json.dumps(VALID).replace("30}", odd + "}")).status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "2030-01-01T10:00:00"}, "at"),
        ({"at": 1893492000}, "at"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at"),
        ({"minutes": "30"}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"minutes": 30.5}, "minutes"),
        ({"kind": "three"}, "kind"),
        ({"notes": None}, "notes"),
        ({"price": 1}, "price"),
    ],
)
def test_a_bad_field_is_named(change, field):
    body = assert_problem(post(VALID | change), 400, "invalid")
    assert [error["field"] for error in body["errors"]] == [field]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "null",
        "[]",
        '"text"',
        b'{"at": "\xff"}',
        '{"minutes": NaN}',
        '{"minutes": 1, "minutes": 2}',
        '{"notes": "\\u0000"}',
        '{"notes": "\\ud800"}',
        '{"\\u0000": 1}',
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
    ],
)
def test_a_body_that_is_not_plain_json_is_refused(body):
    assert_problem(post(body), 400, "invalid")


def test_a_body_over_the_limit_is_413():
    assert_problem(post(VALID | {"notes": "x" * 1_100_000}), 413, "too_large")


def test_a_body_over_the_limit_is_read_to_its_end_to_be_answered():
    answer = post(VALID | {"notes": "x" * 1_100_000})
    assert answer.status_code == 413
    assert answer.wsgi_request.read() == b""


@pytest.mark.parametrize("query", ["page=0", "page=x", "page_size=101", "page_size=-1"])
def test_pages_are_bounded(query):
    assert_problem(Client().get(f"/api/probe/page?{query}"), 400, "invalid")


def test_a_query_with_nul_is_refused():
    assert_problem(Client().get("/api/probe/search?text=a%00b"), 400, "invalid")


def test_a_conflict_brings_its_extras():
    body = assert_problem(Client().get("/api/probe/conflict"), 409, "slot_unavailable")
    assert body["nearest"] == ["2030-01-01T10:00:00Z"]


def test_404_405_and_500_have_the_same_shape():
    client = Client(raise_request_exception=False)
    assert_problem(client.get("/api/probe/nowhere"), 404, "not_found")
    refused = client.delete("/api/probe/noted")
    assert_problem(refused, 405, "method_not_allowed")
    assert refused["Allow"] == "POST"
    body = assert_problem(client.get("/api/probe/broken"), 500, "error")
    assert "nobody thought" not in json.dumps(body)


@pytest.mark.parametrize("path", ["auth/login", "tokens/refresh", "auth/signup"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "\xff"}',
        b'{"email": "a@example.com", "password": "\\ud800"}',
        b'{"email": "a@example.com", "refresh_token": "\\u0000"}',
        b'{"email": ' + b"[" * 960 + b"]" * 960 + b"}",
        b"[" * 100_000,
    ],
)
def test_a_log_in_that_cannot_be_read_is_refused(path, body):
    address = f"/_allauth/app/v1/{path}"
    assert_problem(Client().post(address, body, content_type="application/json"), 400, "invalid")


def test_a_log_in_over_the_limit_is_read_to_its_end_to_be_answered():
    body = b'{"email": "' + b"x" * 1_100_000 + b'"}'
    answer = Client().post("/_allauth/app/v1/auth/login", body, content_type="application/json")
    assert_problem(answer, 413, "too_large")
    assert answer.wsgi_request.read() == b""


def test_another_host_is_refused_in_words():
    answer = Client().get("/api/v1/mentors", headers={"host": "elsewhere.example"})
    assert "another site" in assert_problem(answer, 400, "invalid")["detail"]


def bearer(token):
    return Client(headers={"Authorization": f"Bearer {token}"})


def tokens_of(user):
    answer = Client().post(
        "/_allauth/app/v1/auth/login",
        {"email": user.email, "password": PASSWORD},
        content_type="application/json",
    )
    return answer.json()["meta"]


@pytest.mark.django_db
class TestTokens:
    def test_an_access_token_names_its_person(self):
        user = UserFactory()
        token = tokens_of(user)["access_token"]
        assert bearer(token).get("/api/probe/me").json() == {"email": user.email}
        assert bearer(token).get("/api/probe/maybe").json() == {"known": True}

    def test_without_a_token_only_what_is_open_answers(self):
        assert Client().get("/api/probe/maybe").json() == {"known": False}
        refused = Client().get("/api/probe/me")
        assert_problem(refused, 401, "not_authenticated")
        assert refused["WWW-Authenticate"] == "Bearer"

    def test_a_cookie_is_no_token(self, login):
        assert_problem(login(UserFactory()).get("/api/probe/me"), 401, "not_authenticated")

    def test_a_bad_token_is_refused_even_where_none_is_needed(self):
        assert_problem(bearer("nonsense").get("/api/probe/maybe"), 401, "not_authenticated")

    @pytest.mark.parametrize("forge", ["none", "other key", "expired", "refresh"])
    def test_a_forged_token_is_refused(self, forge):
        meta = tokens_of(UserFactory())
        claims = jwt.decode(meta["access_token"], options={"verify_signature": False})
        forged = {
            "none": lambda: jwt.encode(claims, None, algorithm="none"),
            "other key": lambda: jwt.encode(claims, "x" * 48, algorithm="HS256"),
            "expired": lambda: jwt.encode(
                claims | {"exp": claims["iat"] - 1}, settings.JWT_SECRET, algorithm="HS256"
            ),
            "refresh": lambda: meta["refresh_token"],
        }[forge]()
        assert_problem(bearer(forged).get("/api/probe/me"), 401, "not_authenticated")

    def test_a_logged_out_persons_token_is_refused_at_once(self):
        token = tokens_of(UserFactory())["access_token"]
        session = {"Authorization": f"Bearer {token}"}
        assert Client(headers=session).delete("/_allauth/app/v1/auth/session").status_code == 401
        assert_problem(bearer(token).get("/api/probe/me"), 401, "not_authenticated")

    def test_a_deactivated_persons_token_is_refused_at_once(self):
        user = UserFactory()
        token = tokens_of(user)["access_token"]
        type(user).objects.filter(pk=user.pk).update(is_active=False)
        assert_problem(bearer(token).get("/api/probe/me"), 401, "not_authenticated")

    def test_a_changed_password_ends_the_token(self):
        user = UserFactory()
        token = tokens_of(user)["access_token"]
        user.set_password("another-pass-phrase")
        user.save()
        assert_problem(bearer(token).get("/api/probe/me"), 401, "not_authenticated")

    def test_a_deleted_persons_token_is_refused_at_once(self):
        user = UserFactory()
        token = tokens_of(user)["access_token"]
        type(user).objects.filter(pk=user.pk).delete()
        assert_problem(bearer(token).get("/api/probe/me"), 401, "not_authenticated")
