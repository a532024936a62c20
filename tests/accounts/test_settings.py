import pytest
from django.urls import reverse

from tests.factories import UserFactory
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db
CHOSEN = {"full_name": "Ada King", "time_zone": "Asia/Tokyo", "language": "de"}


def test_settings_are_saved_and_said_in_the_language_chosen(login):
    user = UserFactory()
    answer = login(user).post(reverse("accounts:settings"), CHOSEN, follow=True)
    user.refresh_from_db()
    assert (user.full_name, user.time_zone, user.language) == ("Ada King", "Asia/Tokyo", "de")
    assert answer.redirect_chain == [(reverse("accounts:settings"), 302)]
    assert answer["Content-Language"] == "de"
    assert '<html lang="de">' in answer.content.decode()
    assert_clean(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("time_zone", "../etc/passwd"),
        ("language", "tlh"),
        ("full_name", "   "),
        ("full_name", "x" * 81),
    ],
)
def test_bad_settings_answer_422_and_change_nothing(login, field, value):
    user = UserFactory(full_name="Before")
    answer = login(user).post(reverse("accounts:settings"), CHOSEN | {field: value})
    assert answer.status_code == 422
    user.refresh_from_db()
    assert (user.full_name, user.time_zone) == ("Before", "Europe/Berlin")
    assert_clean(answer)


def test_settings_show_an_old_zone_name_and_keep_it(login):
    user = UserFactory(time_zone="GB")
    client = login(user)
    assert (
        '<option value="GB" selected>' in client.get(reverse("accounts:settings")).content.decode()
    )
    client.post(reverse("accounts:settings"), CHOSEN | {"time_zone": "GB"})
    user.refresh_from_db()
    assert user.time_zone == "GB"


def test_times_follow_the_account_and_the_cookie_of_others(login, client):
    client.cookies["time_zone"] = "Asia/Tokyo"
    assert "Asia/Tokyo" in client.get("/").content.decode()
    client.cookies["time_zone"] = "Nowhere/<script>"
    assert "Times are shown in UTC" in client.get("/").content.decode()
    assert "Europe/Berlin" in login(UserFactory()).get("/").content.decode()


def test_language_of_others_is_the_browsers_or_the_one_they_chose(client):
    german = client.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de">' in german.content.decode()
    sent = client.post(reverse("set_language"), {"language": "de"}, headers={"Referer": "/"})
    assert sent.status_code == 302
    assert '<html lang="de">' in client.get("/").content.decode()
    assert client.get(reverse("set_language")).status_code == 302
