"""Beginning a subscription: its checkout is opened, looked after, and closed.

As with a booking, the row is written before Stripe is called and names the attempt, so that
whoever comes after a crash or a lost answer gets the same checkout again, and nobody pays twice.
"""

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from bookings.services.consent import terms_agreed
from bookings.services.locking import exclusive, lock_pair
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict, Forbidden, InvalidInput, StripeError
from mentormatch.mentors.models import MentorProfile
from payments.models import Interval, Plan, Subscription
from payments.services import invoices, subscriptions
from payments.stripe_service import StripeBroken, StripeRefused, StripeService, why
from payments.stripe_types import Checkout

logger = logging.getLogger(__name__)
Status = Subscription.Status
CHECKOUT_LASTS = dt.timedelta(hours=1)
ASKED_AGAIN = dt.timedelta(hours=1)


def subscribe(
    *,
    plan: Plan,
    mentee: User,
    interval: str,
    has_consented: bool = False,
    now: dt.datetime | None = None,
) -> Subscription:
    """A subscription with `checkout_url`; the open one again if repeated.

    `InvalidInput` for an interval that isn't sold or one's own plan; `Conflict` as
    `plan_retired`, `not_payable`, `already_subscribed`; `StripeError` where Stripe can't be
    asked, and then trying again is safe.
    """
    now = now or times.now()
    _close_another(plan, mentee, interval, now)
    row = _intent(plan, mentee, interval, has_consented, now)
    if row.stripe_checkout_session_id:
        return _still_open(row)
    return _remember(row, _create(row, now))


def _standing(plan: Plan, mentee: User) -> Subscription | None:
    return Subscription.objects.filter(plan=plan, mentee=mentee).standing().first()


def _fits(row: Subscription, plan: Plan, interval: str, now: dt.datetime) -> bool:
    """Whether an unfinished checkout is for what is asked now, and still good."""
    sold = (plan.price_minor(interval), plan.credits_a_month, plan.session_minutes)
    same = row.interval == interval and sold == (
        row.price_minor,
        row.credits_a_month,
        row.session_minutes,
    )
    return same and row.checkout_expires_at is not None and row.checkout_expires_at > now


def _close_another(plan: Plan, mentee: User, interval: str, now: dt.datetime) -> None:
    """Let nobody finish a checkout for another interval, or one of yesterday's price."""
    row = _standing(plan, mentee)
    if row is None or not row.is_unpaid or _fits(row, plan, interval, now):
        return
    close_checkout(subscription=row, now=now)


def close_checkout(*, subscription: Subscription, now: dt.datetime | None = None) -> None:
    """Let nobody begin it any more; if it turns out begun, it is recorded. Safe to repeat."""
    checkout_id = subscription.stripe_checkout_session_id
    checkout = StripeService().expire_checkout_session(checkout_id) if checkout_id else None
    if checkout is None:
        # Nobody ever saw the address of a checkout that isn't written down.
        subscriptions.give_up(subscription=subscription, now=now)
    else:
        record_subscription_checkout(subscription=subscription, checkout=checkout, now=now)


def _intent(
    plan: Plan, mentee: User, interval: str, has_consented: bool, now: dt.datetime
) -> Subscription:
    with exclusive():
        mentor = lock_pair(mentor=plan.mentor, mentee=mentee)
        plan = Plan.objects.get(pk=plan.pk)
        row = _standing(plan, mentee)
        if row is not None and not row.is_unpaid:
            raise _already()
        price = _check(plan, mentor, mentee, interval)
        if row is not None and not _fits(row, plan, interval, now):
            raise Conflict  # another tab chose another interval in this moment
        if row is None:
            row = _open(plan, mentor, mentee, interval=interval, price=price, now=now)
        if has_consented and "consent" not in row.metadata:
            row.metadata |= {"consent": terms_agreed(now)}
            row.save(update_fields=["metadata", "updated_at"])
    return row


def check_subscribable(*, plan: Plan, mentee: User) -> None:
    """The refusals of `subscribe` that don't depend on the interval, as things stand."""
    row = _standing(plan, mentee)
    if row is not None and not row.is_unpaid:
        raise _already()
    _check_sold(plan, plan.mentor, mentee)


def _already() -> Conflict:
    return Conflict(_("You have subscribed to this plan already."), code="already_subscribed")


def _check_sold(plan: Plan, mentor: MentorProfile, mentee: User) -> None:
    if mentor.user_id == mentee.pk:
        raise InvalidInput(
            _("You can't subscribe to your own plan."), code="own_profile", field="plan_id"
        )
    if not plan.is_offered or not mentor.is_listed or not mentor.user.is_active:
        raise Conflict(_("This plan isn't on offer any more."), code="plan_retired")
    if not mentor.sells or plan.currency not in settings.SETTLEMENT_CURRENCIES:
        raise Conflict(
            _("This mentor can't be paid at the moment. Try again later."), code="not_payable"
        )


def _check(plan: Plan, mentor: MentorProfile, mentee: User, interval: str) -> int:
    _check_sold(plan, mentor, mentee)
    price = plan.price_minor(interval) if interval in Interval.values else None
    if price is None:
        raise InvalidInput(
            _("This plan isn't sold in that interval."),
            code="interval_not_offered",
            field="interval",
        )
    return price


def _open(
    plan: Plan, mentor: MentorProfile, mentee: User, *, interval: str, price: int, now: dt.datetime
) -> Subscription:
    return Subscription.objects.create(
        plan=plan,
        mentor=mentor,
        mentee=mentee,
        interval=interval,
        price_minor=price,
        currency=plan.currency,
        fee_percent=settings.PLATFORM_FEE_PERCENT,
        credits_a_month=plan.credits_a_month,
        session_minutes=plan.session_minutes,
        checkout_expires_at=_end(now),
        created_at=now,
    )


def _end(now: dt.datetime) -> dt.datetime:
    return (now + CHECKOUT_LASTS).replace(microsecond=0)


def _create(row: Subscription, now: dt.datetime) -> Checkout:
    """Ask Stripe for the row's checkout, under a new key where the old one is used up."""
    service = StripeService()
    try:
        return service.create_subscription_checkout(subscription=row)
    except (StripeBroken, StripeRefused) as error:
        if error.needs_new_key:
            _note(row, attempts=row.attempts + 1, checkout_expires_at=_end(now))
            return service.create_subscription_checkout(subscription=row)
        _note(row, last_error=why(error))
        if isinstance(error, StripeRefused):
            subscriptions.give_up(subscription=row)
        raise


def _note(row: Subscription, **facts: object) -> None:
    Subscription.objects.filter(pk=row.pk).update(updated_at=times.now(), **facts)
    row.refresh_from_db()


def _remember(row: Subscription, checkout: Checkout) -> Subscription:
    """Write the checkout down; close it if we came too late."""
    rows = Subscription.objects.filter(pk=row.pk).standing()
    rows = rows.filter(
        Q(stripe_checkout_session_id=None) | Q(stripe_checkout_session_id=checkout.id)
    )
    written = rows.update(
        stripe_checkout_session_id=checkout.id,
        checkout_url=checkout.url,
        checkout_expires_at=checkout.expires_at,
        last_error="",
        updated_at=times.now(),
    )
    row.refresh_from_db()
    if written:
        return row
    StripeService().expire_checkout_session(checkout.id)
    raise Conflict(_("This checkout was closed meanwhile. Try again."))


def _still_open(row: Subscription) -> Subscription:
    checkout = StripeService().retrieve_checkout_session(row.stripe_checkout_session_id or "")
    if checkout.is_open:
        return row
    record_subscription_checkout(subscription=row, checkout=checkout)
    if not row.is_unpaid and not row.is_over:
        raise _already()
    raise Conflict(_("This checkout was closed meanwhile. Try again."))


def record_subscription_checkout(
    *, subscription: Subscription, checkout: Checkout, now: dt.datetime | None = None
) -> str:
    """Bring the subscription to where its checkout stands. Safe to repeat, in any order.

    Gives a sentence for staff where the two don't fit together.
    """
    if checkout.subscription_id:
        return follow_with_invoice(
            subscription=subscription, stripe_id=checkout.subscription_id, now=now
        )
    if checkout.is_expired and subscription.stripe_checkout_session_id in (None, checkout.id):
        subscriptions.give_up(subscription=subscription, now=now)
    return ""


def follow_with_invoice(
    *, subscription: Subscription, stripe_id: str, now: dt.datetime | None = None
) -> str:
    """Where it stands, and what was paid for it last: the credits are there at once."""
    words = subscriptions.follow(subscription=subscription, stripe_id=stripe_id, now=now)
    if words:
        return words
    state = StripeService().retrieve_subscription(stripe_id)
    if not state.latest_invoice_id:
        return ""
    invoice = StripeService().retrieve_invoice(state.latest_invoice_id)
    return invoices.record_invoice(subscription=subscription, invoice=invoice, now=now)


def settle_subscription(*, subscription: Subscription, by: User) -> Subscription:
    """Ask Stripe whether it was begun, and do what follows; the address is no proof."""
    _check_mentee(subscription, by)
    if subscription.is_unpaid and subscription.stripe_checkout_session_id:
        service = StripeService()
        checkout = service.retrieve_checkout_session(subscription.stripe_checkout_session_id)
        record_subscription_checkout(subscription=subscription, checkout=checkout)
    return subscription


def _check_mentee(subscription: Subscription, by: User) -> None:
    if subscription.mentee_id != by.pk:
        raise Forbidden(_("Only the person who subscribed can do that."))


def close_unfinished(*, now: dt.datetime | None = None, limit: int = 200) -> int:
    """Give up every checkout whose time is over, after asking Stripe; gives the number looked at.

    One that can't be asked about now stays for the next round.
    """
    now = now or times.now()
    overdue = Subscription.objects.filter(status=Status.INCOMPLETE, checkout_expires_at__lte=now)
    due = list(overdue.order_by("checkout_expires_at")[:limit])
    for count, row in enumerate(due, start=1):
        if not could_be_asked(partial(close_checkout, subscription=row, now=now), row):
            return count  # the others would wait for as long, each of them
    return len(due)


def follow_overdue(*, now: dt.datetime | None = None, limit: int = 100) -> int:
    """Ask about every subscription whose period is over: the event that says so may never come.

    Each once an hour, as long as it stays so; gives the number looked at.
    """
    now = now or times.now()
    late = Subscription.objects.standing().filter(
        current_period_end__lte=now - ASKED_AGAIN, updated_at__lte=now - ASKED_AGAIN
    )
    late = late.select_related("mentor__user", "mentee").exclude(stripe_subscription_id=None)
    due = list(late.order_by("updated_at")[:limit])
    for count, row in enumerate(due, start=1):
        stripe_id = row.stripe_subscription_id or ""
        ask = partial(follow_with_invoice, subscription=row, stripe_id=stripe_id)
        if not could_be_asked(ask, row):
            return count
    return len(due)


def could_be_asked(ask: Callable[[], object], row: Subscription) -> bool:
    """Whether the others are to be asked about as well."""
    try:
        ask()
    except StripeError as error:
        logger.warning("subscription %s: Stripe can't be asked: %s", row.code, why(error))
        # What it fails at or refuses may be this one alone.
        return isinstance(error, StripeBroken) or not error.retryable
    return True
