"""Sending a queued mail: again until the server takes it, and never three times.

Between the server's yes and our row saying so a worker may die. Then nobody knows whether the
mail was sent, and it is sent once more; if nobody knows after that either, it is failed, for
staff to look at. So there is one duplicate at most.
"""

import datetime as dt
from email.utils import parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import F
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.notifications import rendering
from mentormatch.notifications.models import Mail

ATTEMPTS = 8
UNKNOWN_OUTCOMES_ALLOWED = 1
# For so long an attempt may be under way: a second worker with the same mail comes back later.
UNDER_WAY = dt.timedelta(seconds=60)


class MailRefused(Exception):
    """The server didn't take it, for certain: it may be tried again without a duplicate."""


class MailUnderWay(Exception):
    """Another worker may be sending it this minute."""


def deliver(mail_id: int) -> None:
    """Write and send a queued mail. Safe to repeat, and at the same time as well.

    Raises `MailRefused` while there are attempts left, `MailUnderWay`, and whatever the server's
    silence raises.
    """
    mail = Mail.objects.get(pk=mail_id)
    if mail.status != Mail.Status.QUEUED:
        return
    message = _message(mail)
    if not _begin(mail):
        return
    try:
        _send(message)
    except MailRefused as error:
        _note_refusal(mail, str(error))
        if mail.attempts + 1 < ATTEMPTS:
            raise
        return
    _note_sent(mail)


def _begin(mail: Mail) -> bool:
    """Claim this attempt; false where another worker has it, or where it must not be made."""
    outcome_unknown = mail.attempts - mail.refusals
    now = times.now()
    if outcome_unknown and dt.timedelta() <= now - mail.updated_at < UNDER_WAY:
        raise MailUnderWay(mail.code)
    rows = Mail.objects.filter(pk=mail.pk, status=Mail.Status.QUEUED, attempts=mail.attempts)
    if outcome_unknown > UNKNOWN_OUTCOMES_ALLOWED:
        rows.update(
            status=Mail.Status.FAILED,
            last_error=_("Twice nobody knows whether it was sent."),
            updated_at=now,
        )
        return False
    return bool(rows.update(attempts=F("attempts") + 1, updated_at=now))


def _message(mail: Mail) -> EmailMultiAlternatives:
    """The mail, written anew and kept in its row."""
    written = rendering.write(mail)
    Mail.objects.filter(pk=mail.pk, status=Mail.Status.QUEUED).update(
        subject=written.subject,
        text=written.text,
        html=written.html,
        invitation=written.invitation,
        invitation_method=written.method,
    )
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    message = EmailMultiAlternatives(
        written.subject,
        written.text,
        to=[mail.to_address],
        # The same for each attempt, so that a reader's program can drop a duplicate.
        headers={"Message-ID": f"<{mail.code}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(written.html, "text/html")
    if written.invitation:
        message.attach_alternative(written.invitation, f"text/calendar; method={written.method}")
    return message


def _send(message: EmailMultiAlternatives) -> None:
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as error:
        raise MailRefused(error) from error
    try:
        connection.send_messages([message])
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        raise MailRefused(error) from error
    finally:
        connection.close()


def _note_refusal(mail: Mail, error: str) -> None:
    is_last = mail.attempts + 1 >= ATTEMPTS
    Mail.objects.filter(pk=mail.pk, status=Mail.Status.QUEUED).update(
        refusals=F("refusals") + 1,
        last_error=error[:500],
        status=Mail.Status.FAILED if is_last else Mail.Status.QUEUED,
        updated_at=times.now(),
    )


def _note_sent(mail: Mail) -> None:
    now = times.now()
    Mail.objects.filter(pk=mail.pk, status=Mail.Status.QUEUED).update(
        status=Mail.Status.SENT, sent_at=now, last_error="", updated_at=now
    )
    if mail.is_secret and not settings.DEMO:
        # What was sent to open an account doesn't lie about in the database.
        Mail.objects.filter(pk=mail.pk).update(text="", html="", context={})
