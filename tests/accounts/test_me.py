import pytest

from mentormatch.accounts.services import deactivate
from tests.conftest import PASSWORD
from tests.factories import MentorFactory, UserFactory

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"
LOGIN = "/_allauth/app/v1/auth/login"


def _log_in(client, user):
    sent = {"email": user.email, "password": PASSWORD}
    return client.post(LOGIN, sent, content_type="application/json").json()["meta"]


def _bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_me_is_the_account_of_the_token(api):
    mentor = MentorFactory()
    assert api(mentor.user).get(ME).json() == {
        "email": mentor.user.email,
        "full_name": mentor.user.full_name,
        "time_zone": "Europe/Berlin",
        "language": "en",
        "mentor_id": mentor.pk,
    }
    assert api(UserFactory()).get(ME).json()["mentor_id"] is None


def test_patch_changes_what_is_given(api):
    user = UserFactory(full_name="Ada")
    client = api(user)
    answer = client.patch(ME, {"time_zone": "Asia/Tokyo"}, content_type="application/json")
    assert answer.status_code == 200
    assert (answer.json()["time_zone"], answer.json()["full_name"]) == ("Asia/Tokyo", "Ada")
    assert client.patch(ME, {}, content_type="application/json").status_code == 200
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"language": "tlh"}, "language"),
        ({"full_name": " "}, "full_name"),
        ({"full_name": None}, "full_name"),
        ({"full_name": 7}, "full_name"),
        ({"email": "other@example.com"}, "email"),
        ({"is_staff": True}, "is_staff"),
    ],
)
def test_bad_patch_is_400_and_names_the_field(api, body, field):
    user = UserFactory()
    answer = api(user).patch(ME, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    user.refresh_from_db()
    assert not user.is_staff


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_me_without_a_valid_token_is_401(client, token):
    for answer in (
        client.get(ME, headers=_bearer(token)),
        client.patch(ME, {}, content_type="application/json", headers=_bearer(token)),
        client.get(ME),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_logged_in_browser_is_nobody_to_the_api(login):
    assert login(UserFactory()).get(ME).status_code == 401


def test_wrong_password_gets_no_token(client):
    user = UserFactory()
    sent = {"email": user.email, "password": "guessed"}
    answer = client.post(LOGIN, sent, content_type="application/json")
    assert answer.status_code == 400
    assert "meta" not in answer.json()


def test_refreshed_token_works(client):
    tokens = _log_in(client, UserFactory())
    answer = client.post(
        "/_allauth/app/v1/tokens/refresh",
        {"refresh_token": tokens["refresh_token"]},
        content_type="application/json",
    )
    assert answer.status_code == 200
    fresh = answer.json()["data"]["access_token"]
    assert client.get(ME, headers=_bearer(fresh)).status_code == 200


def test_refresh_token_is_no_access_token(client):
    tokens = _log_in(client, UserFactory())
    assert client.get(ME, headers=_bearer(tokens["refresh_token"])).status_code == 401


def test_logged_out_token_is_refused_at_once(client):
    tokens = _log_in(client, UserFactory())
    sent = _bearer(tokens["access_token"])
    assert client.get(ME, headers=sent).status_code == 200
    assert client.delete("/_allauth/app/v1/auth/session", headers=sent).status_code == 401
    assert client.get(ME, headers=sent).status_code == 401
    answer = client.post(
        "/_allauth/app/v1/tokens/refresh",
        {"refresh_token": tokens["refresh_token"]},
        content_type="application/json",
    )
    assert answer.status_code == 400


def test_deactivated_persons_tokens_are_refused_at_once(client):
    user = UserFactory()
    tokens = _log_in(client, user)
    deactivate(user=user, by=UserFactory(staff=True), reason="sells watches")
    assert client.get(ME, headers=_bearer(tokens["access_token"])).status_code == 401
    answer = client.post(
        "/_allauth/app/v1/tokens/refresh",
        {"refresh_token": tokens["refresh_token"]},
        content_type="application/json",
    )
    assert answer.status_code == 400


def test_deleted_persons_token_is_refused(client):
    user = UserFactory()
    tokens = _log_in(client, user)
    user.delete()
    assert client.get(ME, headers=_bearer(tokens["access_token"])).status_code == 401
