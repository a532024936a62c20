"""How much a program may ask for, what it may keep, and which sites a browser lets ask."""

import pytest
from django.core.cache import caches

from mentormatch.environment import cache_config
from tests.conftest import NOW
from tests.factories import MentorFactory, UserFactory, open_every_day

LOG_IN = {"email": "ada@example.com", "password": "no"}


@pytest.fixture(autouse=True)
def _few(settings, now):
    caches["limits"].clear()
    settings.API_READS_A_MINUTE, settings.API_WRITES_A_MINUTE = 3, 1
    yield
    if "Redis" not in type(caches["limits"]).__name__:
        caches["limits"].clear()


@pytest.mark.django_db
def test_more_than_so_much_in_a_minute_is_refused_until_the_next(api, freeze):
    client = api(UserFactory())
    assert [client.get("/api/v1/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refusal = client.get("/api/v1/me")
    assert refusal["Content-Type"] == "application/problem+json"
    assert refusal.json()["code"] == "too_many_requests"
    wait = int(refusal["Retry-After"])
    assert 1 <= wait <= 60
    freeze(NOW).shift(wait)
    assert client.get("/api/v1/me").status_code == 200


@pytest.mark.django_db
def test_writes_are_counted_by_themselves_and_each_person_for_themselves(api):
    client, other = api(UserFactory()), api(UserFactory())
    patch = {"data": {"full_name": "Bo Lind"}, "content_type": "application/json"}
    assert client.patch("/api/v1/me", **patch).status_code == 200
    assert client.patch("/api/v1/me", **patch).status_code == 429
    assert client.get("/api/v1/me").status_code == 200
    assert other.patch("/api/v1/me", **patch).status_code == 200


@pytest.mark.django_db
def test_who_sends_no_token_is_known_by_address_and_proxies_are_believed_only_if_trusted(
    client, settings
):
    ask = "/api/v1/mentors"
    assert [client.get(ask).status_code for _ in range(4)] == [200, 200, 200, 429]
    forged = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get(ask, headers=forged).status_code == 429
    assert client.get(ask, REMOTE_ADDR="203.0.113.8").status_code == 200
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client.get(ask, headers=forged).status_code == 200


@pytest.mark.django_db
def test_stripe_is_never_told_to_wait(client):
    answers = [client.post("/api/v1/payments/webhook").status_code for _ in range(5)]
    assert set(answers) == {400}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "/{pk}", "/{pk}/slots?from=2026-06-02T00:00:00Z"])
def test_what_has_not_changed_is_not_sent_again(client, path, settings):
    settings.API_READS_A_MINUTE = 100
    mentor = MentorFactory(headline="One")
    open_every_day(mentor)
    url = f"/api/v1/mentors{path.format(pk=mentor.pk)}"
    first = client.get(url)
    known = {"If-None-Match": first["ETag"]}
    again = client.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    mentor.availability.all().delete()
    type(mentor).objects.filter(pk=mentor.pk).update(headline="Two")
    changed = client.get(url, headers=known)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.django_db
def test_other_sites_are_let_in_only_by_name(client, settings):
    ask = {"Origin": "https://partner.example", "Access-Control-Request-Method": "POST"}
    assert "Access-Control-Allow-Origin" not in client.options("/api/v1/bookings", headers=ask)
    settings.CORS_ALLOWED_ORIGINS = ["https://partner.example"]
    answer = client.options("/api/v1/bookings", headers=ask)
    assert answer["Access-Control-Allow-Origin"] == "https://partner.example"
    assert "idempotency-key" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer
    stranger = client.options(
        "/api/v1/bookings", headers=ask | {"Origin": "https://partner.example.evil.test"}
    )
    assert "Access-Control-Allow-Origin" not in stranger
    page = client.get("/mentors/", headers={"Origin": "https://partner.example"})
    assert "Access-Control-Allow-Origin" not in page


def test_many_others_dont_throw_a_count_out():
    counts = caches["limits"]
    counts.set("mine", 1)
    counts.set_many({f"other-{n}": 1 for n in range(1000)})
    assert counts.get("mine") == 1


@pytest.mark.django_db
def test_many_others_dont_throw_a_failed_log_in_out():
    """In the database's cache, where Django deletes from the beginning of the alphabet on."""
    caches["default"].set("a", 1)
    caches["default"].set_many({f"other-{n}": 1 for n in range(310)})
    assert caches["default"].get("a") == 1


@pytest.fixture
def _redis_away(settings):
    """Nobody listens there."""
    away = cache_config("redis://127.0.0.1:1/0")
    settings.CACHES = {"default": away, "limits": away}


@pytest.mark.django_db
@pytest.mark.usefixtures("_redis_away")
def test_without_redis_nobody_is_counted_and_logging_in_says_to_try_again(client):
    """Guessing passwords is what the log-in counts: it doesn't go on uncounted."""
    assert [client.get("/api/v1/mentors").status_code for _ in range(5)] == [200] * 5
    assert client.get("/").status_code == 200
    client.raise_request_exception = False
    tried = client.post("/accounts/login/", {"login": "ada@example.com", "password": "no"})
    assert (tried.status_code, tried["Retry-After"]) == (503, "5")
    log_in = client.post("/_allauth/app/v1/auth/login", LOG_IN, content_type="application/json")
    assert (log_in.status_code, log_in.json()["code"]) == (503, "try_again")
    assert client.get("/readyz").json()["checks"]["cache"]["detail"] == "It doesn't answer."
