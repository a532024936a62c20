"""The shuffled stories, with all that money can do: requests, tips, partial refunds, disputes.

At the end Stripe's books, the ledger and our own check of the one against the other agree.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from django.db.models import Sum
from hypothesis.stateful import initialize, invariant, precondition, rule

from bookings import services as bookings
from bookings.models import Booking
from mentormatch.background.testing import run_tasks
from payments import services
from payments.models import Dispute, Reversal, Transaction, WebhookEvent
from payments.services import ledger
from payments.services.reconciliation import reconcile
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources.refunds import can_fail
from payments.stripe_types import STAGES
from tests.budget import budget
from tests.test_money_story import (
    AHEAD,
    GOOD,
    MADE,
    PERIODICS,
    Kill,
    Ledger,
    MoneyStory,
    Status,
    at_stripe,
    cards,
    check_time,
    kill,
    seldom,
    tell_stories,
    trouble,
)

EVERYTHING = (*PERIODICS, "follow_the_silent", "finish_called_off")
TOLD: Counter[str] = Counter()


class WholeMoneyStory(MoneyStory):
    """The same people, and staff, banks and a mentor who wants to be asked."""

    periodics = EVERYTHING
    # A request that nobody answers waits for two days.
    pause = dt.timedelta(hours=2)

    def charges(self, *statuses: str) -> list[Transaction]:
        rows = Transaction.objects.charges().order_by("pk")
        return list(rows.filter(status__in=statuses or Transaction.PAID))

    @initialize(
        ahead=st.sampled_from(AHEAD),
        minutes=st.sampled_from([15, 60]),
        cards=cards,
        asks=st.booleans(),
        begins=st.sampled_from(["booked", "paid", "met", "met"]),
    )
    def people_meet(
        self, ahead: dt.timedelta, minutes: int, cards: list[str], asks: bool, begins: str
    ) -> None:
        """The story begins anywhere on the way from a booking to a session that is over."""
        self.asks_first = asks
        super().people_meet(ahead, minutes, cards if begins == "booked" else [GOOD], silent=False)
        if begins == "booked":
            return
        for _hop in range(2):
            self.deliver(100)
            run_tasks()
        if begins == "met":
            if self.booking.is_to_answer:
                self.the_mentor_answers(yes=True, outage=None, kill=None)
            self.meet(ends=True)

    # --- What people do -------------------------------------------------------------

    @rule(asks=st.booleans())
    def the_mentor_wants_to_be_asked(self, asks: bool) -> None:
        type(self.mentor).objects.filter(pk=self.mentor.pk).update(requires_approval=asks)
        self.mentor.refresh_from_db()

    @precondition(lambda self: self.booked and self.booking.is_to_answer)
    @rule(yes=st.booleans(), outage=trouble, kill=kill)
    def the_mentor_answers(self, yes: bool, outage: str | None, kill: Kill) -> None:
        booking, by = self.booking, self.mentor.user
        verb = services.accept if yes else bookings.decline_booking
        answer = self.attempt(lambda: verb(booking=booking, by=by), outage, kill)
        TOLD["yes" if yes else "no"] += isinstance(answer, Booking)

    @precondition(lambda self: self.booked and self.booking.status == Status.COMPLETED)
    @rule(amount=st.sampled_from([100, 333, 2500]), pays=st.booleans(), outage=trouble, kill=kill)
    def give_a_tip(self, amount: int, pays: bool, outage: str | None, kill: Kill) -> None:
        booking = self.booking
        row = self.attempt(
            lambda: services.give_tip(booking=booking, user=booking.mentee, amount_minor=amount),
            outage,
            kill,
        )
        if isinstance(row, Transaction) and pays:
            testing.pay(row.stripe_checkout_session_id or "", GOOD)
            TOLD["tips"] += 1

    @precondition(lambda self: self.charges())
    @rule(which=st.integers(0, 5), part=st.sampled_from([1, 2, 3, 7]), outage=trouble, kill=kill)
    def staff_refund(self, which: int, part: int, outage: str | None, kill: Kill) -> None:
        paid = self.charges()
        charge = paid[which % len(paid)]
        amount = max((charge.amount_minor - ledger.refunded_minor(charge)) // part, 1)
        answer = self.attempt(
            lambda: services.refund_by_staff(charge=charge, amount_minor=amount, reason="Fair"),
            outage,
            kill,
        )
        TOLD["refunds by staff"] += isinstance(answer, Transaction)

    # --- What banks do ----------------------------------------------------------------

    @rule(which=st.integers(0, 5), asks=st.booleans())
    def a_cardholder_disputes(self, which: int, asks: bool = False) -> None:
        """Of what was paid, whether we have heard of the payment or not; or a bank only asks."""
        made = at_stripe("charge").items()
        free = [key for key, body in made if body["captured"] and not body["disputed"]]
        if free:
            try:
                (testing.open_inquiry if asks else testing.open_dispute)(free[which % len(free)])
            except ValueError:
                return  # nothing is left to dispute
            TOLD["inquiries" if asks else "disputes"] += 1

    @precondition(lambda self: open_disputes())
    @rule(which=st.integers(0, 5), won=st.booleans())
    def a_bank_decides(self, which: int, won: bool) -> None:
        keys = open_disputes()
        decide(keys[which % len(keys)], won=won)

    @precondition(lambda self: refunds_made())
    @rule(which=st.integers(0, 5), really=seldom)
    def a_bank_sends_a_refund_back(self, which: int, really: bool) -> None:
        if really:
            keys = refunds_made()
            testing.fail_refund(keys[which % len(keys)])
            TOLD["failed refunds"] += 1

    @precondition(lambda self: Transaction.objects.payouts().exists())
    @rule()
    def stripe_pays_the_mentor_out(self) -> None:
        for key, body in at_stripe("account").items():
            if body["type"] == "express":
                testing.pay_out(key)

    # --- What holds after every step ----------------------------------------------------

    @invariant()
    def every_write_was_made_once_at_most(self) -> None:
        super().every_write_was_made_once_at_most()
        back = [body["metadata"]["reversal"] for body in at_stripe("transfer_reversal").values()]
        assert len(back) == len(set(back))

    @invariant()
    def what_the_ledger_says_went_through_did(self) -> None:
        """But for what a bank took back by a dispute: that is no refund at Stripe."""
        for row in Transaction.objects.filter(status__in=Transaction.RECEIVED):
            kind, name = MADE[Transaction.Type(row.type)]
            if (key := getattr(row, name)) is None:
                assert row.charge.disputes.exists()
                continue
            body = at_stripe(kind)[key]
            assert (body["amount"], body["currency"]) == (row.amount_minor, row.currency)

    @invariant()
    def no_more_goes_out_than_came(self) -> None:
        for charge in Transaction.objects.charges():
            refunded = ledger.refunded_minor(charge)
            kept = sum(ledger.left_minor(row) for row in charge.children.payouts().standing())
            assert refunded <= charge.amount_minor
            assert kept <= max(charge.net_minor, 0)

    @invariant()
    def nobody_pays_twice(self) -> None:
        paid = [b["metadata"]["transaction"] for b in at_stripe("charge").values() if is_paid(b)]
        assert len(paid) == len(set(paid))

    # --- What holds when all is told and done --------------------------------------------

    def unfinished(self) -> list[object]:
        """Nor does anything of the new kinds stay under way, but a dispute that nobody decides."""
        return [
            *super().unfinished(),
            *Reversal.objects.filter(status__in=Transaction.OPEN),
        ]

    def work_until_quiet(self) -> None:
        for key in open_disputes():
            decide(key, won=True)
        super().work_until_quiet()

    def check_rest(self, *, long_after: bool = False) -> None:
        self.stripes_books_add_up()
        self.what_the_ledger_says_went_through_did()
        self.no_more_goes_out_than_came()
        self.every_hour_is_sold_once()
        self.every_write_was_made_once_at_most()
        assert not WebhookEvent.objects.exclude(needs_attention="").exists()
        assert not Dispute.objects.open().exists()
        for charge in self.charges(*Transaction.PAID, Ledger.REFUNDED):
            check_charge(charge, long_after=long_after)
        for booking in self.booked:
            booking.refresh_from_db()
            check_time(booking)
        found = [difference.detail for difference in reconcile() if not is_staffs(difference)]
        assert found == []


def open_disputes() -> list[str]:
    found = at_stripe("dispute").items()
    return [key for key, body in found if STAGES[body["status"]] in Dispute.UNDECIDED]


def decide(key: str, *, won: bool) -> None:
    """An inquiry that the platform doesn't win becomes a dispute."""
    if STAGES[at_stripe("dispute")[key]["status"]] == Dispute.Status.INQUIRY:
        testing.end_inquiry(key, escalates=not won)
    else:
        testing.close_dispute(key, won=won)


def refunds_made() -> list[str]:
    """Those that a bank can send back."""
    rows = StripeObject.objects.filter(type="refund")
    return [row.stripe_id for row in rows if can_fail(row)]


def is_lost(dispute: dict, charge: Transaction) -> bool:
    return dispute["status"] == "lost" and dispute["charge"] == charge.stripe_charge_id


def is_paid(charge: dict) -> bool:
    return bool(charge["paid"] and "transaction" in charge["metadata"])


def is_staffs(difference: object) -> bool:
    """What waits for a person: a bank that sent a refund back."""
    row = getattr(difference, "transaction", None)
    return bool(row is not None and row.status == Ledger.FAILED)


def check_charge(charge: Transaction, *, long_after: bool) -> None:
    """Of one charge, ledger and Stripe say the same of what went back and what was passed on."""
    at, back = at_stripe("charge")[charge.stripe_charge_id], charge.children.refunds()
    done = back.filter(status=Ledger.SUCCEEDED)
    by_us = done.exclude(stripe_refund_id=None).aggregate(total=Sum("amount_minor"))["total"] or 0
    assert at["amount_refunded"] == by_us
    lost = [body["amount"] for body in at_stripe("dispute").values() if is_lost(body, charge)]
    assert sum(row.amount_minor for row in done if row.is_chargeback) == sum(lost)
    transfers = [at_stripe("transfer")[row.stripe_transfer_id] for row in payouts_of(charge)]
    passed_on = sum(body["amount"] - body["amount_reversed"] for body in transfers)
    assert passed_on == sum(ledger.left_minor(row) for row in payouts_of(charge))
    if long_after and passed_on:
        given = done.aggregate(total=Sum("net_minor"))["total"] or 0
        refused = Reversal.objects.filter(payout__parent=charge, status=Reversal.Status.FAILED)
        spent = sum(row.amount_minor for row in refused)
        assert passed_on - spent <= charge.net_minor - given


def payouts_of(charge: Transaction) -> list[Transaction]:
    return list(charge.children.payouts().exclude(stripe_transfer_id=None))


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_ledger_and_stripe_agree_whatever_money_does(figure: Callable[[str, str], None]) -> None:
    count = budget(3, 300)
    tell_stories(count, WholeMoneyStory, steps=40)
    assert sum(TOLD.values()) >= budget(1, count // 2)
    told = ", ".join(f"{number:,} {what}" for what, number in sorted(TOLD.items()))
    figure("… with requests, tips, staff, banks", f"{count:,} stories ({told}), all agree")
