"""One booking's life, shuffled: whatever happens in whatever order, calendar and balance agree."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from time_machine import travel

from bookings import services as bookings
from bookings.models import Booking, CalendarEntry
from mentormatch import times
from mentormatch.background import queue
from mentormatch.background.models import QueuedTask
from mentormatch.background.testing import run_periodic, run_tasks
from mentormatch.errors import DomainError
from payments import services
from payments.models import PaymentAccount, Transaction, WebhookEvent
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import Delivery, DeliveryStatus, StripeObject
from payments.stripe_service import StripeService
from sessions_app import services as rooms
from sessions_app.models import Session
from tests.budget import IS_STRESS, budget
from tests.conftest import NOW
from tests.factories import MentorFactory, UserFactory, open_every_day
from tests.payments.conftest import DECLINED, onboarded
from tests.payments.killing import killed_at

GOOD = "4242424242424242"
OUTAGES = ["connection", "timeout", "answer_lost", "500", "429"]
AHEAD = [dt.timedelta(minutes=10), dt.timedelta(hours=3), *[dt.timedelta(days=3)] * 3]
STEPS = [
    *[dt.timedelta(minutes=1)] * 6,
    *[dt.timedelta(minutes=10)] * 3,
    dt.timedelta(minutes=40),
    dt.timedelta(hours=6),
    dt.timedelta(hours=25),
    dt.timedelta(days=3),
]
Status, Ledger = Booking.Status, Transaction.Status
DATABASES = ("default", "stripe_emulator")
PERIODICS = (
    "expire_unpaid",
    "expire_sessions",
    "complete_overdue",
    "send_due_transfers",
    "retry_stuck",
    "lapse_requests",
    "finish_called_off",
    "complete_empty_groups",
)
# How the stories that were told ended: the booking, and what stands of its charge.
ENDINGS: Counter[tuple[str, str | None]] = Counter()
# How often what happened in them.
TOLD: Counter[str] = Counter()
# Each kind of row, and what Stripe makes of it: once, and kept in that column.
MADE = {
    Transaction.Type.BOOKING: ("charge", "stripe_charge_id"),
    Transaction.Type.TIP: ("charge", "stripe_charge_id"),
    Transaction.Type.SUBSCRIPTION: ("charge", "stripe_charge_id"),
    Transaction.Type.REFUND: ("refund", "stripe_refund_id"),
    Transaction.Type.PAYOUT: ("transfer", "stripe_transfer_id"),
}
LOST = ["checkout.session.completed", "payment_intent.succeeded", "refund.updated"]
Kill = int | str | None
seldom = st.sampled_from([False, False, True])
cards = st.sampled_from([[GOOD], [DECLINED, GOOD], [DECLINED], []])
trouble = st.sampled_from([None, None, None, *OUTAGES])
# The step before which the process is killed, if it comes so far.
kill = st.one_of(st.none(), st.integers(0, 3), st.integers(0, 12), st.integers(8, 40))


def at_stripe(kind: str) -> dict[str, dict]:
    """All of that kind by id, as the emulator answers them."""
    return {row.stripe_id: row.body for row in StripeObject.objects.filter(type=kind)}


def cards_charged() -> dict[str, str]:
    """Every payment that a card made, by the id of its charge: the booking's code."""
    charges = at_stripe("charge").items()
    ours = {key: body for key, body in charges if body["paid"] and "booking" in body["metadata"]}
    return {key: body["metadata"]["booking"] for key, body in ours.items()}


def row_named(metadata: dict[str, str]) -> str:
    """The code of our row that an object of Stripe's was made for."""
    return metadata.get("subscription") or metadata["transaction"]


class MoneyStory(RuleBasedStateMachine):
    """A mentor, two mentees who want the same hour, and Stripe on good and bad days."""

    periodics = PERIODICS
    asks_first = False
    # How long nothing happens before one looks again whether all is quiet.
    pause = dt.timedelta(minutes=20)
    # By then every session is over; and then every payout has left.
    long_after = (dt.timedelta(days=70), dt.timedelta(days=70))

    def __init__(self) -> None:
        super().__init__()
        self.atomics = [transaction.atomic(using=name) for name in DATABASES]
        for atomic in self.atomics:
            atomic._from_testcase = True  # as a test case's own: Stripe may be called inside
            atomic.__enter__()
        self.clock = travel(NOW, tick=False)
        self.time = self.clock.start()

    @initialize(
        ahead=st.sampled_from(AHEAD), minutes=st.sampled_from([15, 60]), cards=cards, silent=seldom
    )
    def people_meet(
        self, ahead: dt.timedelta, minutes: int, cards: list[str], silent: bool
    ) -> None:
        self.mentor = MentorFactory(
            is_payable=False,
            notice_minutes=0,
            lengths=[15, 60],
            requires_approval=self.asks_first,
        )
        open_every_day(self.mentor, always=True)
        onboarded(self.mentor)
        self.mentees = [UserFactory(), UserFactory()]
        self.booked: list[Booking] = []
        self.work_until_quiet()
        self.book(0, ahead, minutes)
        assert self.booked
        self.go_to_stripe(None, cards)
        if silent:  # nobody hears of it until the hold is over, and perhaps the session
            self.time.shift(dt.timedelta(minutes=45))

    # --- What people do -------------------------------------------------------------

    @property
    def booking(self) -> Booking:
        """The latest one, as it is now."""
        booking = self.booked[-1]
        booking.refresh_from_db()
        return booking

    def attempt(
        self, verb: Callable[[], object], outage: str | None = None, kill: Kill = None
    ) -> object:
        """Do it, on that kind of day at Stripe's; a refusal in words is an answer as well.

        `None` where the process was killed at that step of it.
        """
        answer = None
        with killed_at(kill) as steps, testing.outage(outage) if outage else nullcontext():
            try:
                answer = verb()
            except DomainError as refusal:
                answer = refusal
        TOLD["kills"] += steps.was_killed
        return answer

    @rule(
        who=st.sampled_from([0, 1]),
        ahead=st.sampled_from(AHEAD),
        minutes=st.sampled_from([15, 60]),
    )
    def book(self, who: int, ahead: dt.timedelta, minutes: int) -> None:
        if len(self.booked) >= 2:
            return
        late = times.now() + ahead + dt.timedelta(minutes=29)
        slot = late.replace(minute=late.minute // 30 * 30, second=0, microsecond=0)
        if self.booked:  # the second one wants the first one's hour
            slot, minutes = self.booked[0].starts_at, self.booked[0].duration_minutes
        made = self.attempt(
            lambda: bookings.book_slot(
                mentor=self.mentor,
                mentee=self.mentees[who],
                starts_at=slot,
                duration_minutes=minutes,
                session_type=Booking.Type.ONE_ON_ONE,
            )
        )
        if isinstance(made, Booking):
            self.booked.append(made)

    @precondition(lambda self: self.booked)
    @rule(outage=trouble, cards=cards, kill=kill)
    def go_to_stripe(self, outage: str | None, cards: list[str], kill: Kill = None) -> None:
        """Open the checkout, perhaps not at the first try, and pay there and then, or not."""
        booking = self.booking
        row = None
        for day, end in [(outage, kill), (None, None)]:
            row = self.attempt(
                lambda: services.open_checkout(booking=booking, user=booking.mentee), day, end
            )
        if isinstance(row, Transaction):
            for card in cards:
                testing.pay(row.stripe_checkout_session_id or "", card)

    @precondition(lambda self: self.booked)
    @rule(which=st.integers(0, 5), card=st.sampled_from([GOOD, GOOD, DECLINED]))
    def pay(self, which: int, card: str) -> None:
        """On a page that someone was sent to: whoever has its address may use it."""
        shown = Transaction.objects.charges().exclude(checkout_url="").order_by("pk")
        pages = [row.stripe_checkout_session_id for row in shown]
        if pages:
            try:
                testing.pay(pages[which % len(pages)], card)
            except ValueError:
                return  # it is closed

    @precondition(lambda self: self.booked)
    @rule(outage=trouble, kill=kill)
    def come_back_from_stripe(self, outage: str | None, kill: Kill) -> None:
        booking = self.booking
        self.attempt(lambda: services.settle(booking=booking), outage, kill)

    @precondition(lambda self: self.booked)
    @rule(by_mentor=st.booleans(), outage=trouble, kill=kill, really=seldom)
    def call_off(self, by_mentor: bool, outage: str | None, kill: Kill, really: bool) -> None:
        if not really:
            return
        booking = self.booking
        by = booking.mentor.user if by_mentor else booking.mentee
        self.attempt(lambda: services.call_off(booking=booking, by=by), outage, kill)

    @precondition(lambda self: self.booked)
    @rule(by_mentor=st.booleans(), hours=st.sampled_from([30, 60]))
    def reschedule(self, by_mentor: bool, hours: int) -> None:
        booking = self.booking
        by = booking.mentor.user if by_mentor else booking.mentee
        later = booking.starts_at + dt.timedelta(hours=hours)
        self.attempt(lambda: bookings.reschedule_booking(booking=booking, by=by, starts_at=later))

    @precondition(lambda self: self.booked)
    @rule(ends=st.booleans())
    def meet(self, ends: bool) -> None:
        """Time goes on to the session; both come, and the mentor ends it, or nobody does."""
        session = Session.objects.filter(seats__booking=self.booked[-1]).first()
        if session is None or session.starts_at < times.now():
            return
        self.time.move_to(session.starts_at, tick=False)
        mentor = self.mentor.user
        for user in (mentor, self.booking.mentee):
            self.attempt(lambda user=user: rooms.start_session(session=session, user=user))
        if ends:
            self.attempt(lambda: rooms.end_session(session=session, user=mentor))

    # --- What time, the network and the worker do -----------------------------------

    @rule()
    def a_minute_passes(self) -> None:
        """The simplest step, and the cheapest: what matters to nothing is shortened to it."""
        self.time.shift(dt.timedelta(minutes=1))

    @rule(step=st.sampled_from(STEPS))
    def time_passes(self, step: dt.timedelta) -> None:
        self.time.shift(step)

    @rule(
        repeat=st.integers(0, 2),
        reorder=st.booleans(),
        limit=st.sampled_from([1, 2, 100]),
        lost=st.sets(st.sampled_from(LOST), max_size=1),
        kill=kill,
    )
    def webhooks_arrive(
        self, repeat: int, reorder: bool, limit: int, lost: set[str], kill: Kill
    ) -> None:
        with testing.knobs(repeat=repeat, reorder=reorder, drop=lost):
            self.deliver(limit, kill)

    @rule(which=st.integers(0, 19), repeat=st.integers(0, 1))
    def a_webhook_overtakes_all_others(self, which: int, repeat: int) -> None:
        waiting = testing.waiting()
        if not waiting:
            return
        first = waiting[which % len(waiting)]
        others = Delivery.objects.filter(pk__in=[row.pk for row in waiting]).exclude(pk=first.pk)
        others.update(status=DeliveryStatus.GIVEN_UP)
        with testing.knobs(repeat=repeat):
            self.deliver(1)
        others.update(status=DeliveryStatus.WAITING)

    def deliver(self, limit: int, kill: Kill = None) -> None:
        answers = self.attempt(lambda: testing.deliver_events(limit=limit), None, kill)
        if isinstance(answers, list):  # else the web server was killed
            TOLD["deliveries"] += len(answers)
            assert {status for _, status in answers} <= {200}

    @rule()
    def webhooks_are_lost(self) -> None:
        Delivery.objects.filter(status=DeliveryStatus.WAITING).update(
            status=DeliveryStatus.GIVEN_UP
        )

    @rule()
    def lost_webhooks_are_sent_again(self) -> None:
        Delivery.objects.update(status=DeliveryStatus.WAITING)
        self.deliver(100)

    @rule(outage=trouble, kill=kill)
    def worker_works(self, outage: str | None, kill: Kill) -> None:
        queue.give_back(but_not_of=set())  # what a killed one left behind
        self.attempt(lambda: run_tasks(may_fail=True), outage, kill)

    @rule(name=st.sampled_from(PERIODICS), outage=trouble, kill=kill)
    def sweeper_sweeps(self, name: str, outage: str | None, kill: Kill) -> None:
        self.attempt(lambda: run_periodic(name), outage, kill)

    # --- What holds after every step ------------------------------------------------

    @invariant()
    def stripes_books_add_up(self) -> None:
        assert testing.differences() == []

    @invariant()
    def what_the_ledger_says_went_through_did(self) -> None:
        for row in Transaction.objects.filter(status__in=(*Transaction.PAID, Ledger.REFUNDED)):
            kind, name = MADE[Transaction.Type(row.type)]
            body = at_stripe(kind)[getattr(row, name)]
            assert (body["amount"], body["currency"]) == (row.amount_minor, row.currency)

    @invariant()
    def every_write_was_made_once_at_most(self) -> None:
        for kind in ("checkout.session", "refund", "transfer"):
            made = [body["metadata"] for body in at_stripe(kind).values()]
            # What a release gives back of an authorisation is Stripe's own.
            rows = [row_named(data) for data in made if data or kind != "refund"]
            assert len(rows) == len(set(rows)), kind
        accounts = [body for body in at_stripe("account").values() if body["type"] == "express"]
        assert len(accounts) == PaymentAccount.objects.count()

    @invariant()
    def no_more_goes_out_than_came(self) -> None:
        for charge in Transaction.objects.charges():
            children = charge.children.standing()
            back = children.refunds().aggregate(
                total=Sum("amount_minor"), fee=Sum("platform_fee_minor")
            )
            refunded, fee = back["total"] or 0, charge.platform_fee_minor - (back["fee"] or 0)
            passed_on = sum(row.amount_minor for row in children.payouts())
            assert refunded <= charge.amount_minor
            assert passed_on <= max(charge.amount_minor - refunded - fee, 0)

    @invariant()
    def nobody_pays_twice(self) -> None:
        paid = list(cards_charged().values())
        assert len(paid) == len(set(paid))

    @invariant()
    def every_hour_is_sold_once(self) -> None:
        spans = CalendarEntry.objects.filter(is_live=True).order_by("starts_at")
        live = list(spans.values_list("starts_at", "ends_at"))
        assert all(first[1] <= second[0] for first, second in pairwise(live))

    # --- What holds when all is told and done ---------------------------------------

    def work_until_quiet(self) -> None:
        for _round in range(30):
            Delivery.objects.filter(status=DeliveryStatus.GIVEN_UP).update(
                status=DeliveryStatus.WAITING
            )
            delivered = testing.deliver_events()
            queue.give_back(but_not_of=set())
            QueuedTask.objects.ready().update(run_after=times.now())
            ran = run_tasks(may_fail=True)
            # To a key that was used in an outage Stripe repeats its answer; another is used then.
            broken = [row for row in ran if row.exception_class_path.endswith("StripeBroken")]
            raised = [r.traceback for r in ran if r.exception_class_path and r not in broken]
            assert not raised, "\n".join(raised)
            run_periodic(*self.periodics)
            if not (delivered or ran or testing.waiting() or self.unfinished()):
                return
            self.time.shift(self.pause)
        raise AssertionError(f"It never comes to rest: {self.unfinished()}")

    def unfinished(self) -> list[object]:
        """What is still on its way although nobody holds a time any more."""
        return [
            *Transaction.objects.filter(status__in=Transaction.OPEN),
            *WebhookEvent.objects.filter(WebhookEvent.UNFINISHED),
            *Booking.objects.filter(status=Status.PENDING),
        ]

    def has_begun(self) -> bool:
        """Whether there is anything to look at in the end."""
        return bool(getattr(self, "booked", None))

    def teardown(self) -> None:
        try:
            if self.has_begun():
                self.work_until_quiet()
                self.check_rest()
                for days in self.long_after:
                    self.time.shift(days)
                    self.work_until_quiet()
                self.check_rest(long_after=True)
        finally:
            self.clock.stop()
            for atomic in reversed(self.atomics):
                transaction.set_rollback(True, using=atomic.using)
                atomic.__exit__(None, None, None)

    def check_rest(self, *, long_after: bool = False) -> None:
        self.stripes_books_add_up()
        self.what_the_ledger_says_went_through_did()
        self.no_more_goes_out_than_came()
        self.every_hour_is_sold_once()
        assert not Transaction.objects.exclude(needs_attention="").exists()
        assert not WebhookEvent.objects.exclude(needs_attention="").exists()
        received = Transaction.objects.charges().filter(
            status__in=(*Transaction.PAID, Ledger.REFUNDED)
        )
        assert {row.stripe_charge_id for row in received} == {*cards_charged()}
        self.check_writes()
        for booking in self.booked:
            booking.refresh_from_db()
            check_money(booking, long_after=long_after)
            self.check_time(booking)

    def check_time(self, booking: Booking) -> None:
        check_time(booking)

    def check_writes(self) -> None:
        """What Stripe made of our rows is what they hold, each once."""
        self.every_write_was_made_once_at_most()
        for kind, name in (MADE[Transaction.Type.REFUND], MADE[Transaction.Type.PAYOUT]):
            made = {key: body["metadata"]["transaction"] for key, body in at_stripe(kind).items()}
            rows = Transaction.objects.filter(**{f"{name}__isnull": False})
            assert made == dict(rows.values_list(name, "code")), kind
        pages = at_stripe("checkout.session")
        for row in Transaction.objects.exclude(stripe_checkout_session_id=None):
            assert pages.pop(row.stripe_checkout_session_id)["metadata"]["transaction"] == row.code
        # What was opened for someone who never came back: nobody saw its address.
        assert all(page["payment_status"] == "unpaid" for page in pages.values())


def check_money(booking: Booking, *, long_after: bool) -> None:
    """The booking and the ledger say the same."""
    charge = booking.transactions.charges().standing().first()
    refunded = booking.transactions.refunds().filter(status=Ledger.SUCCEEDED)
    given_back = sum(row.amount_minor for row in refunded)
    if booking.status in (Status.CONFIRMED, Status.COMPLETED):
        assert charge is not None and charge.status == Ledger.SUCCEEDED
        assert (given_back, charge.amount_minor) == (0, booking.price_minor)
        earned = booking.status == Status.COMPLETED
    else:
        assert booking.status == Status.CANCELLED
        earned = was_called_off_late(booking)
        assert charge is None or (charge.status == Ledger.SUCCEEDED) == earned
        assert given_back == (0 if charge is None or earned else booking.price_minor)
        assert booking.refund_minor in (0, given_back)
    if long_after:
        ENDINGS[booking.status, charge.status if charge else None] += 1
        assert booking.status != Status.CONFIRMED
        payouts = [row.amount_minor for row in booking.transactions.payouts()]
        assert payouts == ([charge.net_minor] if earned and charge else [])


def was_called_off_late(booking: Booking) -> bool:
    """By the mentee, too late to get anything back."""
    by_mentee = booking.cancelled_by == Booking.Side.MENTEE
    return bool(by_mentee and booking.confirmed_at and not booking.refund_minor)


def check_time(booking: Booking) -> None:
    """Calendar and session follow the booking."""
    assert booking.calendar_entry.is_live == (booking.status != Status.CANCELLED)
    session = Session.objects.filter(seats__booking=booking).first()
    expected = {
        Status.CONFIRMED: Session.LIVE,
        Status.COMPLETED: (Session.Status.COMPLETED,),
        Status.CANCELLED: (Session.Status.CANCELLED,),
    }[Status(booking.status)]
    assert (session is not None) == (booking.confirmed_at is not None)
    if session is not None:
        assert session.status in expected
        assert session.starts_at == booking.starts_at


def tell_stories(count: int, story: type[MoneyStory] = MoneyStory, *, steps: int = 25) -> None:
    """A story that fails is printed step by step, and shortened first in a long run."""
    shuffled = settings(
        max_examples=count,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if IS_STRESS else [Phase.generate],
        print_blob=True,
    )
    run_state_machine_as_test(story, settings=shuffled)


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_calendar_and_balance_agree_whatever_happens(figure: Callable[[str, str], None]) -> None:
    count = budget(6, 1000)
    tell_stories(count)
    endings = {
        (Status.COMPLETED, Ledger.SUCCEEDED),
        (Status.CANCELLED, Ledger.REFUNDED),
        (Status.CANCELLED, None),
    }
    assert len(endings & set(ENDINGS)) >= budget(2, 3)
    assert min(TOLD["kills"], TOLD["deliveries"]) >= count // 3
    happened = f"{TOLD['deliveries']:,} deliveries, {TOLD['kills']:,} kills"
    figure("one booking's events in random orders", f"{count:,} stories ({happened}), all agree")


@pytest.mark.django_db
@pytest.mark.parametrize("has_key", [True, False])
def test_the_stories_would_notice_a_write_without_its_key(monkeypatch: Any, has_key: bool) -> None:
    """One that is told by hand: the checkout is opened, the answer is lost with the process."""
    if not has_key:
        monkeypatch.setattr(StripeService, "_key", staticmethod(lambda row, verb: {}))
    story = MoneyStory()
    try:
        story.people_meet(AHEAD[-1], 60, [], silent=False)
        story.call_off(by_mentor=False, outage=None, kill=None, really=True)
        story.book(0, AHEAD[-1], 60)
        story.go_to_stripe(None, [GOOD], "answered POST /v1/checkout/sessions")
        with nullcontext() if has_key else pytest.raises(AssertionError, match="session"):
            story.every_write_was_made_once_at_most()
    finally:
        story.booked = story.booked if has_key else []
        story.teardown()
