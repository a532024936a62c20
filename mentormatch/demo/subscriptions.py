"""The demo's subscriptions, each with one session used and one left.

None is of `mentee@` or `mentee2@` to a mentor with a log-in: what they book there is paid for, as
their first booking is by everyone who tries the demo.
"""

import datetime as dt

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import meetings, people
from mentormatch.demo.people import Person
from payments import services as payments
from payments import wiring
from payments.models import Credit, Plan, Subscription

DAY = dt.timedelta(days=1)
BEGAN, MET = 6 * DAY, 4 * DAY
SUBSCRIBERS = (
    (people.LEA, people.MENTOR, "The second one already builds on the first."),
    (people.MENTEE, people.DIEGO, "Two dependencies fewer, and a form that my mother can use."),
)


def add_subscriptions() -> None:
    """Once: whoever ends one in the demo has ended it."""
    for mentee, mentor, praise in SUBSCRIBERS:
        _subscribe(mentee, mentor.person, praise)


def _subscribe(person: Person, mentor: Person, praise: str) -> None:
    plan = Plan.objects.select_related("mentor__user").get(mentor__user__email=mentor.email)
    mentee, now = User.objects.get(email=person.email), times.now()
    theirs = Subscription.objects.filter(plan=plan, mentee=mentee)
    if not theirs.begun().exists():
        with times.beginning_at(now - BEGAN):
            _begin(plan, mentee)
    if not Credit.objects.filter(period__subscription__in=theirs).exists():
        meetings.hold_by_credit(person, mentor, now - MET, praise)


def _begin(plan: Plan, mentee: User) -> None:
    row = payments.subscribe(plan=plan, mentee=mentee, interval="monthly", has_consented=True)
    wiring.pay(row.stripe_checkout_session_id or "")
    payments.settle_subscription(subscription=row, by=mentee)
