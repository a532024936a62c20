"""Sending what is queued."""

from mentormatch.background import durable
from mentormatch.notifications import delivery


@durable(attempts=delivery.ATTEMPTS)
def send_mail(*, mail_id: int) -> None:
    delivery.deliver(mail_id)
