"""allauth's pages in our look, by a client that runs no script."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.accounts.sessions import SessionStore
from mentormatch.notifications.models import Mail
from tests.conftest import PASSWORD
from tests.factories import EmailAddressFactory, MentorFactory, UserFactory
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db
SIGN_UP = {
    "full_name": "Grace Hopper",
    "email": "grace@example.com",
    "password1": "compilers-are-fun",
    "time_zone": "America/New_York",
    "language": "en",
}


def _link(mailed: Mail) -> str:
    """The path of the link in a mail to come."""
    links = [value for value in mailed.context.values() if "/accounts/" in str(value)]
    return re.sub(r"^https?://[^/]+", "", links[0])


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_email_verification_sent",
        "account_inactive",
    ],
)
def test_page_for_everyone_is_clean(client, name):
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert_clean(answer)


@pytest.mark.parametrize(
    "name",
    ["account_logout", "account_email", "account_change_password", "account_reauthenticate"],
)
def test_page_of_an_account_is_clean(login, name):
    answer = login(UserFactory(verified=True)).get(reverse(name))
    assert answer.status_code == 200
    assert_clean(answer)


@pytest.mark.parametrize("name", ["account_email", "account_change_password", "accounts:settings"])
def test_page_of_an_account_asks_to_log_in_and_comes_back(client, name):
    answer = client.get(reverse(name), follow=True)
    assert answer.redirect_chain[0][0] == f"{reverse('account_login')}?next={reverse(name)}"
    UserFactory(email="ada@example.com")
    sent = client.post(
        answer.redirect_chain[0][0], {"login": "ada@example.com", "password": PASSWORD}
    )
    assert (sent.status_code, sent.url) == (302, reverse(name))


def test_log_in_never_leads_to_another_site(client):
    UserFactory(email="ada@example.com")
    url = reverse("account_login") + "?next=https://evil.example/"
    sent = client.post(url, {"login": "ada@example.com", "password": PASSWORD})
    assert sent.status_code == 302
    assert "evil" not in sent.url


def test_wrong_password_answers_422_with_the_address_still_there(client):
    UserFactory(email="ada@example.com")
    answer = client.post(
        reverse("account_login"), {"login": "ada@example.com", "password": "hunter2"}
    )
    assert answer.status_code == 422
    assert 'value="ada@example.com"' in answer.content.decode()
    assert "hunter2" not in answer.content.decode()
    assert_clean(answer)


def test_sign_up_logs_in_and_keeps_what_was_chosen(client):
    url = reverse("account_signup") + "?next=" + reverse("accounts:settings")
    answer = client.post(url, SIGN_UP)
    assert (answer.status_code, answer.url) == (302, reverse("accounts:settings"))
    user = User.objects.get(email="grace@example.com")
    assert (user.full_name, user.time_zone) == ("Grace Hopper", "America/New_York")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_sign_up_without_a_zone_takes_the_browsers_and_its_language(client):
    client.cookies["time_zone"] = "Asia/Tokyo"
    sent = {k: v for k, v in SIGN_UP.items() if k not in {"time_zone", "language"}}
    client.post(reverse("account_signup"), sent, headers={"Accept-Language": "de"})
    user = User.objects.get(email="grace@example.com")
    assert (user.time_zone, user.language) == ("Asia/Tokyo", "de")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""),
        ("email", "nobody"),
        ("password1", "12345678"),
        ("time_zone", "Mars/Olympus"),
        ("language", "tlh"),
    ],
)
def test_bad_sign_up_answers_422_and_keeps_the_rest(client, field, value):
    answer = client.post(reverse("account_signup"), SIGN_UP | {field: value})
    assert answer.status_code == 422
    assert not User.objects.exists()
    kept = "grace@example.com" if field != "email" else "Grace Hopper"
    assert f'value="{kept}"' in answer.content.decode()
    assert_clean(answer)


def test_sign_up_with_a_known_address_says_nothing_about_it(client):
    UserFactory(email="grace@example.com", full_name="The first Grace")
    answer = client.post(
        reverse("account_signup"), SIGN_UP | {"email": "Grace@Example.com"}, follow=True
    )
    assert answer.redirect_chain == [(reverse("account_email_verification_sent"), 302)]
    assert "already" not in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.get().full_name == "The first Grace"
    assert Mail.objects.get().kind == "account_account_already_exists"


def test_sign_up_twice_at_once_is_one_account(client, monkeypatch):
    """The address is taken between the form's look and the write."""
    UserFactory(email="grace@example.com")
    monkeypatch.setattr("mentormatch.accounts.forms.filter_users_by_email", lambda email: [])
    answer = client.post(reverse("account_signup"), SIGN_UP)
    assert (answer.status_code, answer.url) == (302, reverse("account_email_verification_sent"))
    assert User.objects.count() == 1


def test_log_out_asks_first_and_leaves_by_post(login):
    client = login(UserFactory())
    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_forgotten_password_is_set_anew_by_the_mailed_link(client):
    user = UserFactory(email="ada@example.com", verified=True)
    sent = client.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    assert sent.url == reverse("account_reset_password_done")
    link = _link(Mail.objects.get())
    form = client.get(link, follow=True)
    assert_clean(form)
    path = form.redirect_chain[-1][0]
    refused = client.post(path, {"password1": "engines-1843", "password2": "engines-1844"})
    assert refused.status_code == 422
    assert_clean(refused)
    done = client.post(path, {"password1": "engines-1843", "password2": "engines-1843"})
    assert done.url == reverse("account_reset_password_from_key_done")
    user.refresh_from_db()
    assert user.check_password("engines-1843")
    again = Client().get(link, follow=True)
    assert "That link doesn't work any more" in again.content.decode()
    assert_clean(again)


def test_reset_for_an_unknown_address_looks_the_same(client):
    sent = client.post(reverse("account_reset_password"), {"email": "who@example.com"})
    assert sent.url == reverse("account_reset_password_done")
    assert Mail.objects.get().kind == "account_unknown_account"


def test_password_change_wants_the_current_one(login):
    user = UserFactory()
    client, url = login(user), reverse("account_change_password")
    new = {"password1": "engines-1843", "password2": "engines-1843"}
    refused = client.post(url, new | {"oldpassword": "wrong"})
    assert refused.status_code == 422
    assert client.post(url, new | {"oldpassword": PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("engines-1843")


def test_addresses_are_added_confirmed_and_removed(login):
    user = UserFactory(verified=True)
    first, client, url = user.email, login(user), reverse("account_email")
    client.post(url, {"email": "second@example.com", "action_add": "yes"})
    page = client.get(url)
    assert_clean(page)
    assert "second@example.com" in page.content.decode()
    confirm = _link(Mail.objects.get(kind="account_email_confirmation"))
    asked = client.get(confirm)
    assert_clean(asked)
    client.post(confirm)
    second = user.emailaddress_set.get(email="second@example.com")
    assert second.verified
    client.post(url, {"email": second.email, "action_primary": "yes"})
    user.refresh_from_db()
    assert user.email == "second@example.com"
    client.post(url, {"email": first, "action_remove": "yes"})
    assert [address.email for address in user.emailaddress_set.all()] == ["second@example.com"]


def test_a_strangers_address_is_not_taken_away(login):
    other = EmailAddressFactory(user=UserFactory(), primary=False)
    login(UserFactory(verified=True)).post(
        reverse("account_email"), {"email": other.email, "action_remove": "yes"}
    )
    other.refresh_from_db()


def test_broken_confirmation_link_says_what_to_do(client):
    answer = client.get(reverse("account_confirm_email", args=["nonsense"]))
    assert "Send me a new link" in answer.content.decode()
    assert_clean(answer)


def test_deactivated_person_is_logged_out_and_stays_out(login):
    user = MentorFactory().user
    client = login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(reverse("accounts:settings")).status_code == 302
    sent = Client().post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert sent.url == reverse("account_inactive")


def test_a_session_that_has_ended_is_nobodys(login):
    client, address = login(UserFactory()), reverse("bookings:list")
    assert client.get(address).status_code == 200
    Session.objects.update(expire_date=times.real_now())
    assert client.get(address).status_code == 302
    assert SessionStore("never-there").get("anything") is None


def test_what_happened_is_said_in_our_words(login):
    user = UserFactory(verified=True)
    client, url = login(user), reverse("account_email")
    kept = client.post(url, {"email": user.email, "action_remove": "yes"}, follow=True)
    assert "make another one primary first" in kept.content.decode()
    left = client.post(reverse("account_logout"), follow=True)
    assert "See you soon" in left.content.decode()
    sent = {"login": user.email, "password": PASSWORD}
    entered = client.post(reverse("account_login") + "?next=/settings/", sent, follow=True)
    assert 'class="message' not in entered.content.decode()
