import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from mentormatch.background.testing import run_tasks
from mentormatch.notifications.models import Mail
from tests.factories import MailFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_mail_changelist"


def send_again(client, *mails):
    data = {"action": "send_again", "_selected_action": [mail.pk for mail in mails]}
    return client.post(reverse(LIST), data, follow=True).content


def test_staff_read_a_mail_and_edit_nothing(login):
    mail = MailFactory(text="Hello <b>", subject="A subject")
    client = login(UserFactory(staff=True))
    shown = client.get(reverse("admin:notifications_mail_change", args=[mail.pk]))
    assert b"Hello &lt;b&gt;" in shown.content
    assert b'name="_save"' not in shown.content
    assert b"A subject" in client.get(reverse(LIST), {"status": "queued"}).content


def test_staff_find_the_mails_of_a_booking(login):
    found = MailFactory(context={"booking": "abcdef"}, subject="This one")
    MailFactory(context={"booking": "ghijkl"}, subject="Another")
    listed = login(UserFactory(staff=True)).get(reverse(LIST), {"q": "abcdef"}).content
    assert found.subject.encode() in listed
    assert b"Another" not in listed


def test_staff_send_a_failed_mail_again(login):
    words = {"title": "T", "body": "B"}
    failed = MailFactory(status=Mail.Status.FAILED, kind="account_notice", context=words)
    sent = MailFactory(status=Mail.Status.SENT)
    said = send_again(login(UserFactory(staff=True)), failed, sent)
    assert b"Only a failed mail can be sent again." in said
    run_tasks()
    failed.refresh_from_db()
    assert failed.status == Mail.Status.SENT


def test_who_may_only_look_cant_send(login):
    onlooker = UserFactory(is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_mail"))
    mail = MailFactory(status=Mail.Status.FAILED)
    send_again(login(onlooker), mail)
    mail.refresh_from_db()
    assert mail.status == Mail.Status.FAILED
