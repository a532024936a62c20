"""Ending a subscription: its mentee's doing, its mentor's, a bank's, or with its plan; one way.

It ends with the period that is paid, at once where a bank took that payment back, and nothing of
what is paid comes back. What a mentor or a dispute ends is written down first: the mentee hears of
it then, and can't take it back. Stripe is told after, and whatever it couldn't be told of (an
outage, a crash, a page that was just being paid) the sweeper tells it.
"""

import datetime as dt
from collections.abc import Mapping
from functools import partial

from django.db import transaction as db
from django.dispatch import Signal
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Forbidden
from payments import tasks
from payments.models import Plan, Subscription
from payments.services import subscribing, subscriptions
from payments.services.plans import retire_plan
from payments.signals import subscription_ended_by_dispute, subscription_ended_by_mentor

BY_MENTOR, BY_DISPUTE = "ended_by_mentor_at", "ended_by_dispute_at"
# Who is told when each of these is written down: the receivers know.
TOLD: Mapping[str, Signal] = {
    BY_MENTOR: subscription_ended_by_mentor,
    BY_DISPUTE: subscription_ended_by_dispute,
}


def cancel_subscription(
    *, subscription: Subscription, by: User, now: dt.datetime | None = None
) -> Subscription:
    """Let it end with the period that is paid; at once where nothing is. Safe to repeat.

    `Forbidden` for anyone but its mentee and its mentor, `StripeError` where Stripe can't be
    asked; what a mentor ends has an end all the same.
    """
    if by.pk not in (subscription.mentee_id, subscription.mentor.user_id):
        raise Forbidden(_("Only the person who subscribed and their mentor can do that."))
    if by.pk != subscription.mentee_id:
        _write_down(subscription, BY_MENTOR, now or times.now())
    _end_at_stripe(subscription)
    return subscription


def end_disputed(*, subscription: Subscription, now: dt.datetime) -> None:
    """Charge nothing more to a card whose bank asks for a payment back; a task tells Stripe.

    Within the caller's transaction. Safe to repeat: once it is lost, what ran on with it ends.
    """
    _write_down(subscription, BY_DISPUTE, now)
    if Subscription.objects.to_end().filter(pk=subscription.pk).exists():
        tasks.end_subscription.enqueue(subscription_id=subscription.pk)


def close_plan(*, plan: Plan, by: User, now: dt.datetime | None = None) -> Plan:
    """Sell it no more, and let each subscription to it end with what is paid. Safe to repeat.

    `Forbidden` for anyone but the mentor. Stripe is told by the sweeper: there may be many.
    """
    plan = retire_plan(plan=plan, by=by)
    for row in plan.subscriptions.standing().select_related("plan", "mentor__user", "mentee"):
        _write_down(row, BY_MENTOR, now or times.now())
    return plan


def end_as_wanted(*, limit: int = 100) -> int:
    """End at Stripe what has an end and Stripe knows nothing of; gives the number looked at."""
    waiting = Subscription.objects.to_end().select_related("plan", "mentor__user", "mentee")
    due = list(waiting.order_by("pk")[:limit])
    for count, row in enumerate(due, start=1):
        if not subscribing.could_be_asked(partial(_end_at_stripe, row), row):
            return count  # the others would wait for as long, each of them
    return len(due)


def _write_down(row: Subscription, mark: str, now: dt.datetime) -> None:
    rows = Subscription.objects.filter(pk=row.pk, **{mark: None}).standing()
    with db.atomic():
        written = rows.update(**{mark: now}, updated_at=times.now())
        row.refresh_from_db()
        # Of one that is overdue its end is told, which is at once; of one not begun nobody is.
        if written and row.status in Subscription.USABLE:
            TOLD[mark].send(Subscription, subscription=row)


def end_at_stripe(*, subscription: Subscription) -> None:
    """Let Stripe end it as is written down here. Safe to repeat; raises `StripeError`."""
    if Subscription.objects.to_end().filter(pk=subscription.pk).exists():
        _end_at_stripe(subscription)


def _end_at_stripe(row: Subscription) -> None:
    if row.is_unpaid:
        subscribing.close_checkout(subscription=row)
    if not row.is_unpaid and not row.is_over:
        subscriptions.end_subscription(subscription=row, at_once=_nothing_is_paid(row))


def _nothing_is_paid(row: Subscription) -> bool:
    """Whether a bank took the present period's payment back.

    Stripe may have renewed it since, and nothing have come of that yet: it is asked first.
    """
    rows = Subscription.objects.filter(pk=row.pk).taken_back()
    if not rows.exists():
        return False
    subscribing.follow_with_invoice(subscription=row, stripe_id=row.stripe_subscription_id or "")
    return rows.exists()
