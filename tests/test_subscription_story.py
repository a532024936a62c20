"""A subscription's life, shuffled: renewals, credits, cards that fail, second thoughts, banks.

The whole money story (`test_whole_money_story.py`) with a plan in place of a booking that is paid:
sessions are booked with what the plan brings. Staff, banks, network and worker are the same.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from urllib.parse import urlsplit

import hypothesis.strategies as st
import pytest
from django.test import Client
from hypothesis.stateful import initialize, invariant, precondition, rule

from bookings import policy
from bookings.models import Booking
from mentormatch import times
from mentormatch.background.testing import run_periodic
from payments import services
from payments.models import Credit, CreditPeriod, Dispute, Subscription, Transaction
from payments.models.subscriptions import SubscriptionQuerySet
from payments.months import months_of
from payments.services import credits as verbs
from payments.services import ending
from payments.services.subscriptions import STATES
from payments.stripe_emulator import testing
from payments.stripe_service import StripeService
from tests.budget import budget
from tests.factories import MentorFactory, PlanFactory, UserFactory, open_every_day
from tests.payments.conftest import DECLINED, WORKS_ONCE, onboarded
from tests.test_money_story import GOOD, Kill, MoneyStory, at_stripe, kill, seldom, trouble
from tests.test_whole_money_story import EVERYTHING, WholeMoneyStory, tell_stories

Status = Subscription.Status
DAY = dt.timedelta(days=1)
STEPS = [dt.timedelta(minutes=5), dt.timedelta(hours=2), DAY, 4 * DAY, 16 * DAY, 32 * DAY]
OF_SUBSCRIPTIONS = (
    "close_unfinished_subscriptions",
    "end_subscriptions_as_wanted",
    "follow_overdue_subscriptions",
    "renew_subscriptions",
)
LOST = [
    "checkout.session.completed",
    "customer.subscription.deleted",
    "customer.subscription.updated",
    "invoice.paid",
]
MOST_SESSIONS = 5
ALIVE = ("active", "past_due", "trialing")
TOLD: Counter[str] = Counter()
cards = st.sampled_from([[GOOD], [WORKS_ONCE], [DECLINED, GOOD], [DECLINED], []])


class SubscriptionStory(WholeMoneyStory):
    """A mentor with a plan, someone who subscribes to it, and cards that fail."""

    periodics = (*EVERYTHING, *OF_SUBSCRIPTIONS)
    long_after = (44 * DAY,)
    # Steps of other stories.
    go_to_stripe = pay = come_back_from_stripe = reschedule = give_tip = None
    the_mentor_wants_to_be_asked = the_mentor_answers = None

    @initialize(
        interval=st.sampled_from(["monthly", "monthly", "quarterly"]),
        card=st.sampled_from([GOOD, WORKS_ONCE]),
        begins=st.sampled_from(["paid", "disputed", "told"]),
    )
    def people_meet(self, interval: str, card: str, begins: str) -> None:
        """It is paid; perhaps a bank is quicker than Stripe's events, or they have all come."""
        self.mentor = MentorFactory(is_payable=False, notice_minutes=0, lengths=[60])
        open_every_day(self.mentor, always=True)
        onboarded(self.mentor)
        self.plan = PlanFactory(mentor=self.mentor, monthly_minor=1025)
        self.mentee = UserFactory()
        self.booked: list[Booking] = []
        self.over: set[int] = set()
        self.has_lost = False
        self.subscribe(interval, None, [card], None)
        if begins == "disputed":
            self.a_cardholder_disputes(0)
        elif begins == "told":
            self.work_until_quiet()

    def has_begun(self) -> bool:
        return Subscription.objects.exists()

    @property
    def subscription(self) -> Subscription:
        """The latest one, as it is now."""
        return Subscription.objects.select_related("plan", "mentor", "mentee").latest("pk")

    # --- What people do -------------------------------------------------------------

    @rule(
        interval=st.sampled_from(["monthly", "quarterly"]), outage=trouble, cards=cards, kill=kill
    )
    def subscribe(self, interval: str, outage: str | None, cards: list[str], kill: Kill) -> None:
        """Open the checkout, perhaps not at the first try, and pay there and then, or not."""
        row = None
        for day, end in [(outage, kill), (None, None)]:
            row = self.attempt(
                lambda: services.subscribe(plan=self.plan, mentee=self.mentee, interval=interval),
                day,
                end,
            )
        if isinstance(row, Subscription):
            for card in cards:
                testing.pay(row.stripe_checkout_session_id or "", card)

    @rule(outage=trouble, kill=kill)
    def come_back_from_stripes_page(self, outage: str | None, kill: Kill) -> None:
        row = self.subscription
        self.attempt(
            lambda: services.settle_subscription(subscription=row, by=self.mentee), outage, kill
        )

    @rule(outage=trouble, kill=kill)
    def cancel(self, outage: str | None, kill: Kill) -> None:
        row = self.subscription
        answer = self.attempt(
            lambda: services.cancel_subscription(subscription=row, by=self.mentee), outage, kill
        )
        TOLD["cancelled"] += isinstance(answer, Subscription)

    @rule(outage=trouble, kill=kill)
    def resume(self, outage: str | None, kill: Kill) -> None:
        row = self.subscription
        answer = self.attempt(
            lambda: services.resume_subscription(subscription=row, by=self.mentee), outage, kill
        )
        TOLD["resumed"] += isinstance(answer, Subscription)

    @precondition(lambda self: alive_at_stripe())
    @rule(really=seldom)
    def it_is_ended_at_stripe(self, really: bool) -> None:
        """At once, by someone on Stripe's dashboard."""
        if really:
            with StripeService()._call() as client:
                client.v1.subscriptions.cancel(next(iter(alive_at_stripe())))

    @rule(card=st.sampled_from([GOOD, WORKS_ONCE, DECLINED]), outage=trouble, kill=kill)
    def pay_what_is_overdue(self, card: str, outage: str | None, kill: Kill) -> None:
        row = self.subscription
        page = self.attempt(
            lambda: services.overdue_invoice(subscription=row, by=self.mentee), outage, kill
        )
        TOLD["paid late"] += fill_in(page, card, "pay")

    @rule(card=st.sampled_from([GOOD, WORKS_ONCE]), outage=trouble, kill=kill)
    def change_the_card(self, card: str, outage: str | None, kill: Kill) -> None:
        row = self.subscription
        page = self.attempt(
            lambda: services.billing_page(subscription=row, by=self.mentee), outage, kill
        )
        fill_in(page, card, "card")

    @rule(days=st.sampled_from([1, 2, 3, 20, 40]), kill=kill)
    def book_a_session(self, days: int, kill: Kill) -> None:
        if len(self.booked) >= MOST_SESSIONS:
            return
        hour = (times.now() + days * DAY).replace(minute=0, second=0, microsecond=0)
        made = self.attempt(
            lambda: services.book_session(
                mentor=self.mentor,
                mentee=self.mentee,
                starts_at=hour + dt.timedelta(hours=2),
                duration_minutes=60,
                session_type=Booking.Type.ONE_ON_ONE,
                use_credit=True,
            ),
            None,
            kill,
        )
        if isinstance(made, Booking):
            self.booked.append(made)
            TOLD["sessions"] += 1

    book = None

    # --- What time, the network and the worker do -----------------------------------

    @rule(step=st.sampled_from(STEPS), outage=trouble, kill=kill)
    def time_passes(self, step: dt.timedelta, outage: str | None, kill: Kill) -> None:
        """Stripe renews what is due, and at night the books are compared."""
        self.time.shift(step)
        if step >= DAY:
            self.attempt(lambda: run_periodic("reconcile"), outage, kill)
        run_periodic("renew_subscriptions")

    @rule(
        repeat=st.integers(0, 2),
        reorder=st.booleans(),
        limit=st.sampled_from([1, 4, 100]),
        lost=st.sets(st.sampled_from(LOST), max_size=1),
        kill=kill,
    )
    def webhooks_arrive(
        self, repeat: int, reorder: bool, limit: int, lost: set[str], kill: Kill
    ) -> None:
        self.has_lost |= bool(lost)
        MoneyStory.webhooks_arrive(self, repeat, reorder, limit, lost, kill)

    @rule(name=st.sampled_from(OF_SUBSCRIPTIONS), outage=trouble, kill=kill)
    def sweeper_looks_after_subscriptions(self, name: str, outage: str | None, kill: Kill) -> None:
        self.attempt(lambda: run_periodic(name), outage, kill)

    # --- What holds after every step ------------------------------------------------

    @invariant()
    def nobody_pays_twice(self) -> None:
        """One plan is alive once, and each period of it is paid once, with one payment."""
        assert len(alive_at_stripe()) <= 1
        periods = [
            (body["parent"]["subscription_details"]["subscription"], period_of(body))
            for body in invoices_paid().values()
        ]
        assert len(periods) == len(set(periods))
        # A tip's names our row; what a mentor is sent is a charge as well, without a payment.
        payments = [
            body["payment_intent"]
            for body in at_stripe("charge").values()
            if body["paid"] and body["payment_intent"] and "transaction" not in body["metadata"]
        ]
        assert len(payments) == len(set(payments)) == len(periods)

    @invariant()
    def what_is_cancelled_is_never_revived(self) -> None:
        over = {row.pk for row in Subscription.objects.all() if row.is_over}
        assert self.over <= over
        self.over = over

    @invariant()
    def each_credit_is_used_once(self) -> None:
        for month in CreditPeriod.objects.all():
            used = month.credits.filter(given_back_at=None)
            assert month.used == used.count() <= month.granted
        for credit in Credit.objects.select_related("booking"):
            assert (credit.given_back_at is not None) == policy.costs_nothing(credit.booking)
            assert credit.period.starts_at <= credit.booking.starts_at < credit.period.ends_at

    @invariant()
    def credits_are_paid_for(self) -> None:
        paid = invoices_paid()
        for month in CreditPeriod.objects.all():
            assert month.stripe_invoice_id in paid

    # --- What holds when all is told and done ---------------------------------------

    def unfinished(self) -> list[object]:
        return [*super().unfinished(), *Subscription.objects.filter(status=Status.INCOMPLETE)]

    def work_until_quiet(self) -> None:
        super().work_until_quiet()
        if self.has_lost:
            run_periodic("reconcile")
            super().work_until_quiet()

    def check_rest(self, *, long_after: bool = False) -> None:
        super().check_rest(long_after=long_after)
        there = {k: STATES[body["status"]] for k, body in at_stripe("subscription").items()}
        rows = Subscription.objects.exclude(stripe_subscription_id=None)
        assert dict(rows.values_list("stripe_subscription_id", "status")) == there
        self.nobody_pays_twice()
        self.what_is_cancelled_is_never_revived()
        self.what_a_bank_took_back_has_an_end()
        check_invoices()
        if long_after:
            TOLD.update(f"end {row.status}" for row in Subscription.objects.all())
            TOLD["invoices paid"] += len(invoices_paid())

    def what_a_bank_took_back_has_an_end(self) -> None:
        """A lost dispute's subscription renews no more, and runs on with what is paid alone."""
        there = at_stripe("subscription")
        for lost in Dispute.objects.filter(status=Dispute.Status.LOST).select_related("charge"):
            row = Subscription.objects.get(pk=lost.charge.subscription_id)
            body = there[row.stripe_subscription_id]
            latest = row.transactions.charges().filter(status__in=Transaction.RECEIVED).latest("pk")
            is_over = body["status"] == "canceled"
            assert is_over or (body["cancel_at_period_end"] and latest != lost.charge)
            TOLD["lost, and ended"] += 1


def fill_in(page: object, card: str, action: str) -> bool:
    """On a page of Stripe's; whether it was one, and took the card."""
    if not isinstance(page, str):
        return False
    form = {"card_number": card, "exp_month": "12", "exp_year": "2040", "cvc": "123", "name": "Ada"}
    answer = Client().post(urlsplit(page).path, form | {"action": action})
    assert answer.status_code in (302, 402), answer.status_code
    return answer.status_code == 302


def alive_at_stripe() -> dict[str, dict]:
    return {k: body for k, body in at_stripe("subscription").items() if body["status"] in ALIVE}


def invoices_paid() -> dict[str, dict]:
    return {k: body for k, body in at_stripe("invoice").items() if body["status"] == "paid"}


def period_of(invoice: dict) -> tuple[int, int]:
    (line,) = invoice["lines"]["data"]
    return line["period"]["start"], line["period"]["end"]


def check_invoices() -> None:
    """Each that was paid is a charge of ours, with its months there; but for tips no other is."""
    paid = invoices_paid()
    rows = Transaction.objects.charges().filter(status__in=Transaction.RECEIVED, tip=None)
    assert {row.stripe_invoice_id: row.amount_minor for row in rows} == {
        key: body["amount_paid"] for key, body in paid.items()
    }
    for row in rows.select_related("subscription"):
        start, end = (
            dt.datetime.fromtimestamp(at, dt.UTC) for at in period_of(paid[row.stripe_invoice_id])
        )
        months = CreditPeriod.objects.filter(stripe_invoice_id=row.stripe_invoice_id)
        assert list(months.values_list("starts_at", "ends_at")) == months_of(
            start, end, row.subscription.interval
        )


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_subscriptions_ledger_and_stripe_agree(figure: Callable[[str, str], None]) -> None:
    count = budget(2, 200)
    tell_stories(count, SubscriptionStory, steps=budget(15, 25))
    assert TOLD["invoices paid"] >= count
    told = ", ".join(f"{number:,} {what}" for what, number in sorted(TOLD.items()))
    figure("a subscription's events in random orders", f"{count:,} stories ({told}), all agree")


@pytest.fixture
def told() -> Iterator[SubscriptionStory]:
    """A story that is told by hand, up to where it was paid for; nobody looks at its end."""
    story = SubscriptionStory()
    story.people_meet("monthly", GOOD, "told")
    story.has_begun = lambda: False
    yield story
    story.teardown()


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("has_key", [True, False])
def test_the_stories_would_notice_a_checkout_without_its_key(
    told: SubscriptionStory, monkeypatch: pytest.MonkeyPatch, has_key: bool
) -> None:
    """The checkout is opened, and the answer is lost with the process."""
    if not has_key:
        monkeypatch.setattr(StripeService, "_key", staticmethod(lambda row, verb: {}))
    told.it_is_ended_at_stripe(really=True)
    told.work_until_quiet()
    told.subscribe("monthly", None, [GOOD], "answered POST /v1/checkout/sessions")
    with nullcontext() if has_key else pytest.raises(AssertionError, match="session"):
        told.every_write_was_made_once_at_most()


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("is_guarded", [True, False])
def test_the_stories_would_notice_a_revival(
    told: SubscriptionStory, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    """What Stripe answered before the end is written down after it."""
    row = told.subscription
    late = StripeService().retrieve_subscription(row.stripe_subscription_id)
    told.it_is_ended_at_stripe(really=True)
    told.work_until_quiet()
    told.what_is_cancelled_is_never_revived()
    if not is_guarded:
        monkeypatch.setattr(SubscriptionQuerySet, "standing", lambda rows: rows)
    monkeypatch.setattr(StripeService, "retrieve_subscription", lambda self, stripe_id: late)
    services.refresh_subscription(subscription=told.subscription)
    with nullcontext() if is_guarded else pytest.raises(AssertionError):
        told.what_is_cancelled_is_never_revived()


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("ends", [True, False])
def test_the_stories_would_notice_one_that_runs_on_unpaid(
    told: SubscriptionStory, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    """A bank takes the payment back, and nobody ends what it paid for."""
    if not ends:
        monkeypatch.setattr(ending, "_nothing_is_paid", lambda row: False)
    told.a_cardholder_disputes(0)
    told.a_bank_decides(0, won=False)
    told.work_until_quiet()
    with nullcontext() if ends else pytest.raises(AssertionError):
        told.what_a_bank_took_back_has_an_end()


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("counts", [True, False])
def test_the_stories_would_notice_a_credit_that_is_spent_twice(
    told: SubscriptionStory, monkeypatch: pytest.MonkeyPatch, counts: bool
) -> None:
    """Whoever books takes a credit, and its month says nothing of it."""
    if not counts:
        monkeypatch.setattr(
            verbs,
            "_use",
            lambda month, booking: Credit.objects.create(period=month, booking=booking),
        )
    for days in (1, 2, 3):
        told.book_a_session(days, None)
    assert len(told.booked) == (2 if counts else 3)
    with nullcontext() if counts else pytest.raises(AssertionError):
        told.each_credit_is_used_once()
