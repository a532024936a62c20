"""allauth's mails: through the log, with our links, and not for staff to read."""

import re

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse

from mentormatch.background.testing import run_tasks
from mentormatch.notifications.adapter import AccountAdapter
from mentormatch.notifications.models import Mail
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def link_in(mail):
    (link,) = re.findall(rf"{settings.SITE_URL}/\S+/\S*", mail.text)
    return link.removeprefix(settings.SITE_URL)


@pytest.fixture
def reset_mail():
    user = UserFactory(verified=True)
    Client().post(
        reverse("account_reset_password"), {"email": user.email}, headers={"host": "127.0.0.1"}
    )
    run_tasks()
    return Mail.objects.get()


def test_a_forgotten_password_is_set_anew_by_the_link(reset_mail, client):
    assert reset_mail.kind == "account_password_reset_key"
    assert reset_mail.status == Mail.Status.SENT
    assert outbox.outbox[0].to == [reset_mail.recipient.email]
    form = client.get(link_in(reset_mail), follow=True)
    new = "a-new-pass-phrase-1"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    reset_mail.recipient.refresh_from_db()
    assert reset_mail.recipient.check_password(new)


def test_staff_dont_see_what_opens_an_account(login, reset_mail):
    client, link = login(UserFactory(staff=True)), link_in(reset_mail)
    address = reverse("admin:notifications_mail_change", args=[reset_mail.pk])
    for page in (address, reverse("admin:notifications_mail_changelist")):
        shown = client.get(page)
        assert shown.status_code == 200
        assert link not in shown.content.decode()
        assert reset_mail.to_address in shown.content.decode()


def test_signing_up_asks_whether_the_address_is_theirs(client):
    given = {"email": "new@example.org", "password1": "a-new-pass-phrase-1"}
    given |= {"full_name": "New", "time_zone": "Europe/Berlin"}
    client.post(reverse("account_signup"), given)
    run_tasks()
    mail = Mail.objects.get()
    assert (mail.kind, mail.to_address) == ("account_email_confirmation", "new@example.org")
    assert client.get(link_in(mail)).status_code == 200


def test_signing_up_twice_tells_the_owner(client):
    user = UserFactory(verified=True)
    given = {"email": user.email, "password1": "a-new-pass-phrase-1"}
    given |= {"full_name": "New", "time_zone": "Europe/Berlin"}
    client.post(reverse("account_signup"), given)
    assert Mail.objects.get().kind == "account_account_already_exists"
    run_tasks()


def test_an_address_without_an_account_is_told_so(client):
    client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    run_tasks()
    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("account_unknown_account", None)


def test_rarer_mails_come_in_allauths_words(rf):
    from allauth.core import context

    user = UserFactory()
    with context.request_context(rf.get("/", headers={"host": "localhost"})):
        AccountAdapter().send_mail(
            "account/email/password_changed",
            user.email,
            {"user": user, "ip": "192.0.2.1", "user_agent": "Test", "timestamp": user.date_joined},
        )
    run_tasks()
    mail = Mail.objects.get()
    assert mail.kind == "account_notice"
    assert "192.0.2.1" in mail.text
