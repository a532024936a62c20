"""Which mails tell of subscriptions."""

from typing import Any

from django.dispatch import receiver

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.notifications.services import queue_mail
from payments import signals as payments
from payments.models import Subscription


def _tell(kind: str, subscription: Subscription, *people: User, occasion: str = "") -> None:
    """Queue that mail for each of them, once for each occasion."""
    ends_at = subscription.current_period_end
    for person in people:
        queue_mail(
            kind=kind,
            recipient=person,
            dedupe_key=":".join([kind, subscription.code, occasion, str(person.pk)]),
            context={
                "subscription": subscription.code,
                "period_ends_at": times.format_instant(ends_at) if ends_at else "",
            },
        )


@receiver(payments.subscription_started, dispatch_uid="notifications.subscription_started")
def started(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    _tell("subscription_started", subscription, subscription.mentee, subscription.mentor.user)


@receiver(payments.subscription_past_due, dispatch_uid="notifications.subscription_past_due")
def past_due(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    # A period that isn't paid may become overdue once: the next one is another occasion.
    occasion = str(subscription.current_period_end)
    _tell("subscription_past_due", subscription, subscription.mentee, occasion=occasion)


@receiver(payments.subscription_ended, dispatch_uid="notifications.subscription_ended")
def ended(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    _tell("subscription_ended", subscription, subscription.mentee, subscription.mentor.user)
