import email
import smtplib
from email import policy
from pathlib import Path

import pytest
from django.core import mail as outbox
from django.db import transaction
from icalendar import Calendar

from bookings.services import confirm_booking
from mentormatch.background.testing import run_tasks
from mentormatch.errors import Conflict
from mentormatch.notifications import delivery
from mentormatch.notifications.models import Mail
from mentormatch.notifications.services import queue_mail, resend_mail
from tests.concurrency import at_once
from tests.factories import BookingFactory, UserFactory

pytestmark = pytest.mark.django_db


def queue(kind="account_notice", key="once", **context):
    texts = {"title": "Grüße", "body": "Schön, dass es Sie gibt."} | context
    return queue_mail(kind=kind, recipient=UserFactory(), dedupe_key=f"{kind}:{key}", context=texts)


def stored(mail):
    return Mail.objects.get(pk=mail.pk)


def test_a_confirmation_arrives_with_both_texts_and_the_invitation(smtp, now):
    booking = BookingFactory(
        to_pay=True, mentee__full_name="Zoë Łukasiewicz", notes="Über Ænderung"
    )
    confirm_booking(booking=booking)
    run_tasks()
    assert {mail["To"] for mail in smtp.mails} == {booking.mentee.email, booking.mentor.user.email}
    mail = next(m for m in smtp.mails if m["To"] == booking.mentor.user.email)
    assert mail["Subject"] == "Confirmed: your session with Zoë Łukasiewicz"
    parts = [part.get_content_type() for part in mail.iter_parts()]
    assert parts == ["text/plain", "text/html", "text/calendar"]
    text, html, invitation = mail.iter_parts()
    for part in (text, html):
        assert "Über Ænderung" in part.get_content()
    assert invitation["Content-Type"].params["method"] == "REQUEST"
    assert invitation.get_content_charset() == "utf-8"
    (event,) = Calendar.from_ical(invitation.get_content()).walk("VEVENT")
    assert event["UID"] == f"{booking.code}@localhost"
    assert {m.status for m in Mail.objects.all()} == {Mail.Status.SENT}


def test_a_mail_goes_out_only_with_what_it_tells_of(smtp, now):
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    run_tasks()
    assert not smtp.mails
    assert not Mail.objects.exists()


def test_the_same_fact_queues_once(smtp):
    recipient = UserFactory()
    for _ in range(2):
        queue_mail(
            kind="account_notice",
            recipient=recipient,
            dedupe_key="fact",
            context={"title": "T", "body": "B"},
        )
    run_tasks()
    assert len(smtp.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_fact_at_once_queues_once():
    recipient = UserFactory()
    errors = at_once(
        *[
            lambda: queue_mail(
                kind="account_notice", recipient=recipient, dedupe_key="fact", context={}
            )
        ]
        * 4
    )
    assert errors == []
    assert Mail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sending_the_same_mail_at_once_sends_it_once(smtp):
    mail = queue()
    errors = at_once(*[lambda: delivery.deliver(mail.pk)] * 4)
    assert {type(error) for error in errors} <= {delivery.MailUnderWay}
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("answer", ["451 Later", "550 No"])
def test_a_server_that_refuses_and_recovers_gets_it_once(smtp, freeze, answer):
    clock = freeze()
    mail = queue()
    smtp.answers = [answer] * 2
    for _ in range(2):
        run_tasks(may_fail=True)
        assert stored(mail).status == Mail.Status.QUEUED
        assert answer[4:] in stored(mail).last_error
        clock.shift(3600)
    run_tasks()
    assert len(smtp.mails) == 1
    assert (stored(mail).status, stored(mail).last_error) == (Mail.Status.SENT, "")


def test_while_nobody_listens_it_waits(no_server):
    mail = queue()
    run_tasks(may_fail=True)
    assert (stored(mail).status, stored(mail).refusals) == (Mail.Status.QUEUED, 1)


def test_refused_eight_times_it_is_failed_and_staff_can_send_it_again(smtp, freeze):
    clock = freeze()
    mail = queue()
    smtp.answers = ["451 Later"] * delivery.ATTEMPTS
    for _ in range(delivery.ATTEMPTS):
        run_tasks(may_fail=True)
        clock.shift(10 * 3600)
    assert stored(mail).status == Mail.Status.FAILED
    resend_mail(mail=mail)
    run_tasks()
    assert stored(mail).status == Mail.Status.SENT
    with pytest.raises(Conflict):
        resend_mail(mail=mail)
    assert len(smtp.mails) == 1


def test_when_a_worker_dies_while_sending_there_is_one_duplicate_at_most(smtp, freeze):
    clock = freeze()
    mail = queue()
    for expected in (1, 2, 2):
        delivery.deliver(mail.pk)
        assert len(smtp.mails) == expected
        # As it is when the worker is killed before it can write that the mail was sent.
        Mail.objects.exclude(status=Mail.Status.FAILED).update(status=Mail.Status.QUEUED)
        clock.shift(delivery.UNDER_WAY)
    assert stored(mail).status == Mail.Status.FAILED
    assert len({sent["Message-ID"] for sent in smtp.mails}) == 1


def test_a_second_worker_waits_while_the_first_may_be_sending(smtp, now):
    mail = queue()
    Mail.objects.update(attempts=1)
    with pytest.raises(delivery.MailUnderWay):
        delivery.deliver(mail.pk)
    assert not smtp.mails


def test_a_server_that_goes_silent_is_not_told_three_times(smtp, freeze, monkeypatch):
    clock = freeze()

    def go_silent(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "sendmail", go_silent)
    mail = queue()
    for _ in range(3):
        run_tasks(may_fail=True)
        clock.shift(10 * 3600)
    assert stored(mail).status == Mail.Status.FAILED
    assert stored(mail).attempts == 2


def test_mail_goes_to_files_by_default(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    queue(title="Grüße aus Köln")
    run_tasks()
    (file,) = Path(settings.EMAIL_FILE_PATH).iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "Grüße aus Köln"


def test_links_that_open_accounts_dont_stay_in_the_database(settings):
    settings.DEMO = False
    mail = queue()
    run_tasks()
    assert len(outbox.outbox) == 1
    assert (stored(mail).text, stored(mail).html, stored(mail).context) == ("", "", {})
