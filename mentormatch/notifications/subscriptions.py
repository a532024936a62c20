"""Which mails tell of subscriptions."""

from typing import Any

from django.db.models import Max, Min
from django.dispatch import receiver

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.notifications.services import queue_mail
from payments import signals as payments
from payments.models import CreditPeriod, Subscription, Transaction


def _tell(
    kind: str, subscription: Subscription, *people: User, occasion: str = "", **context: Any
) -> None:
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
                **context,
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


@receiver(
    payments.subscription_ended_by_mentor, dispatch_uid="notifications.subscription_ended_by_mentor"
)
def ended_by_mentor(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    _tell("subscription_ended_by_mentor", subscription, subscription.mentee)


@receiver(
    payments.subscription_ended_by_dispute,
    dispatch_uid="notifications.subscription_ended_by_dispute",
)
def ended_by_dispute(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    people = subscription.mentee, subscription.mentor.user
    _tell("subscription_ended_by_dispute", subscription, *people)


@receiver(payments.subscription_ended, dispatch_uid="notifications.subscription_ended")
def ended(sender: object, *, subscription: Subscription, **kwargs: Any) -> None:
    _tell("subscription_ended", subscription, subscription.mentee, subscription.mentor.user)


@receiver(payments.payment_received, dispatch_uid="notifications.subscription_paid")
def paid(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    """An invoice, once: a receipt for the mentee, and for the mentor what is theirs of it."""
    row = transaction.subscription
    if row is None:
        return
    months = CreditPeriod.objects.filter(
        subscription=row, stripe_invoice_id=transaction.stripe_invoice_id or ""
    )
    paid_for = months.aggregate(paid_from_at=Min("starts_at"), paid_until_at=Max("ends_at"))
    _tell(
        "subscription_paid",
        row,
        row.mentee,
        row.mentor.user,
        occasion=transaction.code,
        charge=transaction.code,
        amount_minor=transaction.amount_minor,
        net_minor=transaction.net_minor,
        currency=transaction.currency,
        **{name: times.format_instant(instant) for name, instant in paid_for.items() if instant},
    )


@receiver(payments.refund_made, dispatch_uid="notifications.subscription_refunded")
def refunded(sender: object, *, transaction: Transaction, **kwargs: Any) -> None:
    row = transaction.subscription
    if row is None:
        return
    _tell(
        "subscription_refunded",
        row,
        row.mentee,
        occasion=transaction.code,
        charge=transaction.charge.code,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
    )
