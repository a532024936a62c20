"""The demo's subscription: `mentee@` has `mentor@`'s plan, with one session used and one left."""

import datetime as dt

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import meetings, people
from payments import services as payments
from payments import wiring
from payments.models import Credit, Plan, Subscription

DAY = dt.timedelta(days=1)
BEGAN, MET = 6 * DAY, 4 * DAY


def add_subscription() -> None:
    """Once: whoever ends it in the demo has ended it."""
    plan = Plan.objects.select_related("mentor__user").get(
        mentor__user__email=people.MENTOR.person.email
    )
    mentee, now = User.objects.get(email=people.MENTEE.email), times.now()
    mine = Subscription.objects.filter(plan=plan, mentee=mentee)
    if not mine.begun().exists():
        with times.beginning_at(now - BEGAN):
            _begin(plan, mentee)
    if not Credit.objects.filter(period__subscription__in=mine).exists():
        meetings.hold_by_credit(people.MENTEE, people.MENTOR.person, now - MET)


def _begin(plan: Plan, mentee: User) -> None:
    row = payments.subscribe(plan=plan, mentee=mentee, interval="monthly", has_consented=True)
    wiring.pay(row.stripe_checkout_session_id or "")
    payments.settle_subscription(subscription=row, by=mentee)
