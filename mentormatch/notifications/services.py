"""Queueing mail: a row first, and in the same transaction the task that sends it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from mentormatch.notifications import tasks
from mentormatch.notifications.models import Mail


@transaction.atomic
def queue_mail(
    *,
    kind: str,
    dedupe_key: str,
    context: Mapping[str, Any],
    recipient: User | None = None,
    to_address: str = "",
) -> Mail:
    """One mail of `templates/mail/<kind>` to a person, or to an address that isn't anyone's.

    `context` is JSON: the fact as it was, from which the text is written when the mail is sent,
    in the reader's language and zone. The same `dedupe_key` queues nothing a second time.
    """
    mail, is_new = Mail.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "kind": kind,
            "recipient": recipient,
            "to_address": to_address or (recipient.email if recipient else ""),
            "context": {"language": get_language(), **context},
        },
    )
    if is_new:
        tasks.send_mail.enqueue(mail_id=mail.pk)
    return mail


@transaction.atomic
def resend_mail(*, mail: Mail) -> Mail:
    """Try a failed mail again from the start. Raises `Conflict` for any other."""
    changed = Mail.objects.filter(pk=mail.pk, status=Mail.Status.FAILED).update(
        status=Mail.Status.QUEUED, attempts=0, refusals=0, updated_at=times.now()
    )
    if not changed:
        raise Conflict(_("Only a failed mail can be sent again."))
    tasks.send_mail.enqueue(mail_id=mail.pk)
    return Mail.objects.get(pk=mail.pk)
