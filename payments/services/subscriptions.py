"""Subscriptions as Stripe Billing drives them: followed, cancelled, resumed. Never revived."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction as db
from django.db.models import F
from django.utils.translation import gettext as _

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden
from payments.billing_types import SubscriptionState
from payments.models import Subscription
from payments.signals import subscription_ended, subscription_past_due, subscription_started
from payments.stripe_service import StripeService

Status = Subscription.Status
MOST_ROUNDS = 3
# Stripe's eight states as our five. https://docs.stripe.com/billing/subscriptions/overview
STATES: Mapping[str, str] = {
    "incomplete": Status.INCOMPLETE,
    "incomplete_expired": Status.CANCELLED,
    "trialing": Status.TRIALING,
    # A trial that ended with no card on file; the flag says that it rests.
    "paused": Status.TRIALING,
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.PAST_DUE,
    "canceled": Status.CANCELLED,
}
IS_ALIVE = "It is over here and alive at Stripe: cancel it there."
IS_SECOND = "It was begun a second time: cancel it at Stripe, and give back what was paid."


def find(*, stripe_id: str, metadata: object) -> Subscription | None:
    """Ours by its id at Stripe, else by the code that Stripe keeps with it."""
    rows = Subscription.objects.select_related("plan", "mentor__user", "mentee")
    code = metadata.get("subscription", "") if isinstance(metadata, Mapping) else ""
    known = rows.filter(stripe_subscription_id=stripe_id).first() if stripe_id else None
    return known or rows.filter(code=code).first()


def follow(*, subscription: Subscription, stripe_id: str, now: dt.datetime | None = None) -> str:
    """Bring the row to where that subscription stands at Stripe. Safe to repeat, in any order.

    Gives a sentence for staff where the two don't fit together.
    """
    rows = Subscription.objects.filter(pk=subscription.pk, stripe_subscription_id=None)
    rows.standing().update(stripe_subscription_id=stripe_id)
    subscription.refresh_from_db()
    if subscription.stripe_subscription_id == stripe_id:
        state = refresh_subscription(subscription=subscription, now=now)
        return IS_ALIVE if subscription.is_over and not is_over(state) else ""
    state = StripeService().retrieve_subscription(stripe_id)
    return "" if is_over(state) else IS_SECOND


def refresh_subscription(
    *, subscription: Subscription, now: dt.datetime | None = None
) -> SubscriptionState:
    """Ask Stripe how it stands, and write it down. Safe to repeat."""
    stripe_id = subscription.stripe_subscription_id or ""
    for _round in range(MOST_ROUNDS):
        state = StripeService().retrieve_subscription(stripe_id)
        if _write(subscription, state, now or times.now()) or subscription.is_over:
            break
        # Another worker wrote meanwhile: perhaps of a change that this answer knew nothing of.
    return state


def is_over(state: SubscriptionState) -> bool:
    """Whether nothing will ever be paid for it again."""
    return STATES.get(state.status) == Status.CANCELLED


def _write(row: Subscription, state: SubscriptionState, now: dt.datetime) -> bool:
    """Compare-and-swap; what is cancelled stays so, whatever comes late."""
    was = row.status
    status = STATES[state.status]
    rows = Subscription.objects.filter(pk=row.pk, updated_at=row.updated_at, status=was).standing()
    with db.atomic():
        written = rows.update(
            status=status,
            current_period_start=state.period_start,
            current_period_end=state.period_end,
            cancel_at_period_end=state.cancel_at_period_end,
            is_paused=state.is_paused,
            cancelled_at=now if status == Status.CANCELLED else None,
            last_error="",
            updated_at=times.now(),
        )
        row.refresh_from_db()
        if written:
            _tell(row, was)
    return bool(written)


def _tell(row: Subscription, was: str) -> None:
    if row.status == was:
        return
    if row.status == Status.PAST_DUE:
        subscription_past_due.send(Subscription, subscription=row)
    elif row.is_over and was != Status.INCOMPLETE:
        subscription_ended.send(Subscription, subscription=row)
    elif row.status in Subscription.USABLE and was == Status.INCOMPLETE:
        subscription_started.send(Subscription, subscription=row)


def give_up(*, subscription: Subscription, now: dt.datetime | None = None) -> None:
    """Nobody finished its checkout, and nobody can any more. Safe to repeat."""
    now = now or times.now()
    if subscription.stripe_subscription_id:
        # What an attempt with a card that was declined left behind.
        refresh_subscription(subscription=subscription, now=now)
        if subscription.is_unpaid:
            _end_now(subscription)
        return
    rows = Subscription.objects.filter(
        pk=subscription.pk, status=Status.INCOMPLETE, stripe_subscription_id=None
    )
    rows.update(status=Status.CANCELLED, cancelled_at=now, updated_at=now)
    subscription.refresh_from_db()


def end_subscription(*, subscription: Subscription, at_once: bool = False) -> None:
    """Let it end with the period that is paid, or at once where that isn't. Safe to repeat."""
    refresh_subscription(subscription=subscription)
    if subscription.is_over or (subscription.cancel_at_period_end and not at_once):
        return
    if subscription.status in Subscription.USABLE and not at_once:
        _count_attempt(subscription)
        service = StripeService()
        state = service.set_cancel_at_period_end(subscription=subscription, ends=True)
        _written(subscription, state)
    else:
        _end_now(subscription)


def _end_now(row: Subscription) -> None:
    _count_attempt(row)
    _written(row, StripeService().cancel_subscription(subscription=row))


def resume_subscription(*, subscription: Subscription, by: User) -> Subscription:
    """Let it go on after all. Safe to repeat.

    `Conflict` once it is over, or where the mentor or a dispute ended it.
    """
    _check_mentee(subscription, by)
    _refresh_begun(subscription)
    if subscription.is_over:
        raise Conflict(_("This subscription is over. Subscribe again on the mentor's page."))
    _refuse_ended(subscription)
    if not subscription.cancel_at_period_end:
        return subscription
    _count_attempt(subscription)
    state = StripeService().set_cancel_at_period_end(subscription=subscription, ends=False)
    _written(subscription, state)
    return subscription


def _refuse_ended(row: Subscription) -> None:
    if row.ended_by_mentor_at:
        raise Conflict(
            _("Your mentor ended this subscription. It runs until the end of what is paid."),
            code="ended_by_mentor",
        )
    if row.ended_by_dispute_at:
        raise Conflict(
            _("A payment for it was disputed, so it doesn't go on. You can subscribe again later."),
            code="ended_by_dispute",
        )


def overdue_invoice(*, subscription: Subscription, by: User) -> str:
    """The address at Stripe where what is overdue is paid, with another card if need be.

    `Conflict` where nothing is (any more).
    """
    _check_mentee(subscription, by)
    state = _refresh_begun(subscription)
    if subscription.status != Status.PAST_DUE or not state.latest_invoice_id:
        raise Conflict(_("Nothing is overdue: this subscription is paid."))
    return StripeService().retrieve_invoice(state.latest_invoice_id).url


def billing_page(*, subscription: Subscription, by: User) -> str:
    """The address at Stripe where the card is changed; `Conflict` once nothing is charged."""
    _check_mentee(subscription, by)
    state = _refresh_begun(subscription)
    if subscription.is_over:
        raise Conflict(_("This subscription is over. Subscribe again on the mentor's page."))
    # A page is good for a short while: the same key would give the old one again.
    _count_attempt(subscription)
    service = StripeService()
    return service.open_billing_page(subscription=subscription, customer_id=state.customer_id)


def _check_mentee(subscription: Subscription, by: User) -> None:
    if subscription.mentee_id != by.pk:
        raise Forbidden(_("Only the person who subscribed can do that."))


def _refresh_begun(subscription: Subscription) -> SubscriptionState:
    if not subscription.stripe_subscription_id:
        raise Conflict(_("This subscription hasn't begun yet."))
    return refresh_subscription(subscription=subscription)


def _count_attempt(row: Subscription) -> None:
    """Each change has a key of its own: cancelled, resumed and cancelled again are three."""
    Subscription.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
    row.refresh_from_db()


def _written(row: Subscription, state: SubscriptionState) -> None:
    if not _write(row, state, times.now()):
        refresh_subscription(subscription=row)
