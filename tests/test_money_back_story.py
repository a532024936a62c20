"""Money that comes back, shuffled: disputes, refunds that fail, payouts that bounce, in any order.

The story of one booking goes on: it was paid, perhaps held, perhaps passed on. Whatever banks,
cardholders, staff, the network and the worker do then, the ledger and Stripe's books agree.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from payments import services
from payments.models import Dispute, Payout, Reversal, Transaction, WebhookEvent
from payments.services import ledger, transfers
from payments.stripe_emulator import sweep, testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_emulator.resources import disputes, inquiries
from payments.stripe_types import STAGES
from tests.budget import IS_STRESS, budget
from tests.test_money_story import (
    GOOD,
    MADE,
    Kill,
    MoneyStory,
    at_stripe,
    kill,
    trouble,
)

Ledger = Transaction.Status
TOLD: Counter[str] = Counter()
# What staff may be told of here, and nothing else.
FOR_STAFF = (
    "Stripe could not send this refund",
    "Stripe refused this refund",
    "Stripe refused this reversal",
    "Stripe refused this payout",
    transfers.SHORT,
)


class MoneyComesBack(MoneyStory):
    """The same people, after the payment."""

    # What the first chapter does by itself is over: no rules any more, but steps of this one.
    people_meet = None

    def book(self, *how: Any) -> None:
        MoneyStory.book(self, *how)

    def go_to_stripe(self, *how: Any) -> None:
        MoneyStory.go_to_stripe(self, *how)

    def meet(self, *, ends: bool) -> None:
        MoneyStory.meet(self, ends=ends)

    pay = come_back_from_stripe = reschedule = None

    @initialize(
        held=st.booleans(), passed_on=st.booleans(), bounced=st.booleans(), disputed=st.booleans()
    )
    def it_was_paid(self, held: bool, passed_on: bool, bounced: bool, disputed: bool) -> None:
        MoneyStory.people_meet(self, dt.timedelta(days=1), 60, [GOOD], silent=False)
        self.work_until_quiet()
        if held or passed_on:
            self.meet(ends=True)
        if passed_on:
            self.time.shift(dt.timedelta(hours=49))
            self.work_until_quiet()
        if bounced:
            self.staff_give_back(30, None, None)
            self.work_until_quiet()
            self.a_refund_bounces()
        if disputed:
            self.the_cardholder_disputes_it()

    @property
    def charge(self) -> Transaction | None:
        return Transaction.objects.charges().standing().order_by("pk").first()

    # --- What banks, cardholders and staff do ---------------------------------------

    @rule(asks=st.booleans())
    def the_cardholder_disputes_it(self, asks: bool = False) -> None:
        """Or the bank only asks, for now."""
        rows = StripeObject.objects.filter(type="charge").order_by("pk")
        for row in [row for row in rows if disputes.can_be_disputed(row)][:1]:
            (testing.open_inquiry if asks else testing.open_dispute)(row.stripe_id)
            TOLD["inquiries" if asks else "disputes"] += 1

    @rule(escalates=st.booleans())
    def the_bank_is_done_asking(self, escalates: bool) -> None:
        rows = StripeObject.objects.filter(type="dispute", status__in=inquiries.INQUIRIES)
        for row in rows[:1]:
            testing.end_inquiry(row.stripe_id, escalates=escalates)
            TOLD["inquiries that became disputes"] += escalates

    @rule(won=st.booleans())
    def the_bank_decides(self, won: bool) -> None:
        found = StripeObject.objects.filter(type="dispute", status__in=disputes.OPEN).first()
        if found is not None:
            testing.close_dispute(found.stripe_id, won=won)
            TOLD["won" if won else "lost"] += 1

    @precondition(lambda self: self.charge)
    @rule(share=st.sampled_from([1, 3, 100]), outage=trouble, kill=kill)
    def staff_give_back(self, share: int, outage: str | None, kill: Kill) -> None:
        charge = self.charge
        if charge is not None:
            left = charge.amount_minor - ledger.refunded_minor(charge)
            self.attempt(
                lambda: services.refund_by_staff(
                    charge=charge, amount_minor=max(left * share // 100, 1), reason="so it was"
                ),
                outage,
                kill,
            )

    @rule()
    def a_refund_bounces(self) -> None:
        rows = StripeObject.objects.filter(type="refund", status="succeeded")
        for row in rows.exclude(body__balance_transaction=None)[:1]:
            if row.body["payment_intent"]:
                testing.fail_refund(row.stripe_id)
                TOLD["bounced refunds"] += 1

    @rule(kill=kill)
    def staff_are_done_with_it(self, kill: Kill) -> None:
        """With a refund that failed: what came back for it leaves again."""
        row = Transaction.objects.refunds().exclude(needs_attention="").first()
        if row is not None:
            self.attempt(lambda: services.settle_attention(row=row), None, kill)
            TOLD["settled"] += 1

    @rule(days=st.sampled_from([1, 8]))
    def stripe_pays_out(self, days: int) -> None:
        self.time.shift(dt.timedelta(days=days))
        TOLD["payouts"] += sweep.send_payouts()
        sweep.move_payouts()

    @rule()
    def a_payout_bounces(self) -> None:
        for row in StripeObject.objects.filter(type="payout").exclude(status="failed")[:1]:
            testing.fail_payout(row.stripe_id)
            TOLD["bounced payouts"] += 1

    # --- What holds after every step ------------------------------------------------

    @invariant()
    def what_the_ledger_says_went_through_did(self) -> None:
        for row in Transaction.objects.filter(status__in=Transaction.RECEIVED):
            if not row.is_chargeback:
                kind, name = MADE[Transaction.Type(row.type)]
                body = at_stripe(kind)[getattr(row, name)]
                assert (body["amount"], body["currency"]) == (row.amount_minor, row.currency)

    @invariant()
    def every_write_was_made_once_at_most(self) -> None:
        for kind, ours in (("checkout.session", "cs_"), ("refund", "re_"), ("transfer", "tr_")):
            made = [body for key, body in at_stripe(kind).items() if key.startswith(ours)]
            names = [body["metadata"]["transaction"] for body in made]
            assert len(names) == len(set(names)), kind

    @invariant()
    def no_more_goes_out_than_came(self) -> None:
        for charge in Transaction.objects.charges():
            assert ledger.refunded_minor(charge) <= charge.amount_minor
            assert ledger.passed_on_minor(charge) >= 0
            assert ledger.kept_minor(charge) <= charge.net_minor

    @invariant()
    def what_was_made_once_came_back_once(self) -> None:
        names = [
            body["metadata"].get("reversal") for body in at_stripe("transfer_reversal").values()
        ]
        assert len(names) == len(set(names))

    # --- What holds when all is told and done ---------------------------------------

    def unfinished(self) -> list[object]:
        return [*super().unfinished(), *Reversal.objects.filter(status=Reversal.Status.PENDING)]

    def check_rest(self, *, long_after: bool = False) -> None:
        self.stripes_books_add_up()
        self.what_the_ledger_says_went_through_did()
        self.every_hour_is_sold_once()
        self.every_write_was_made_once_at_most()
        for row in [*Transaction.objects.all(), *Reversal.objects.all()]:
            assert not row.needs_attention or row.needs_attention.startswith(FOR_STAFF), row
        assert not WebhookEvent.objects.exclude(needs_attention="").exists()
        self.check_disputes()
        self.check_payouts()
        for charge in Transaction.objects.charges().filter(status__in=Transaction.RECEIVED):
            check_charge(charge)
            check_nobody_is_short(charge)

    def check_disputes(self) -> None:
        there = {key: STAGES[body["status"]] for key, body in at_stripe("dispute").items()}
        assert dict(Dispute.objects.values_list("stripe_dispute_id", "status")) == there
        for row in Dispute.objects.freezing():
            moved = Reversal.objects.filter(payout__parent=row.charge).exclude(needs_attention="")
            payout = ledger.payout_of(row.charge)
            assert payout is None or moved.exists(), "frozen, and the mentor still has it"

    def check_payouts(self) -> None:
        there = {key: body["status"] for key, body in at_stripe("payout").items()}
        assert dict(Payout.objects.values_list("stripe_payout_id", "status")) == there


def check_charge(charge: Transaction) -> None:
    """What went back and what was passed on of it, here and at Stripe."""
    there = at_stripe("charge")[charge.stripe_charge_id]
    lost = [
        body["amount"]
        for body in at_stripe("dispute").values()
        if body["charge"] == charge.stripe_charge_id and body["status"] == "lost"
    ]
    back = charge.children.refunds().filter(status=Ledger.SUCCEEDED)
    by_bank = [row.amount_minor for row in back if row.is_chargeback]
    assert sum(by_bank) == sum(lost)
    assert sum(row.amount_minor for row in back) - sum(by_bank) == there["amount_refunded"]
    whole = sum(row.amount_minor for row in back) == charge.amount_minor
    assert (charge.status == Ledger.REFUNDED) == whole
    transfers = at_stripe("transfer")
    for payout in charge.children.payouts().exclude(stripe_transfer_id=None):
        body = transfers[payout.stripe_transfer_id]
        assert (payout.amount_minor, payout.reversed_minor) == (
            body["amount"],
            body["amount_reversed"],
        )


def check_nobody_is_short(charge: Transaction) -> None:
    """Whose part was passed on has all of it, unless a bank is at it or staff know."""
    if not charge.children.payouts().exists() or ledger.is_held(charge):
        return
    rows = [charge, *charge.children.all(), *Reversal.objects.filter(payout__parent=charge)]
    assert ledger.short_minor(charge) <= 0 or any(row.needs_attention for row in rows), charge


def tell_stories(count: int) -> None:
    shuffled = settings(
        max_examples=count,
        stateful_step_count=16,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if IS_STRESS else [Phase.generate],
        print_blob=True,
    )
    run_state_machine_as_test(MoneyComesBack, settings=shuffled)


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_the_books_agree_whatever_comes_back(figure: Callable[[str, str], None]) -> None:
    count = budget(3, 200)
    tell_stories(count)
    assert sum(TOLD.values()) >= budget(1, count // 2)
    happened = ", ".join(f"{number:,} {what}" for what, number in sorted(TOLD.items()))
    figure("money that comes back in random orders", f"{count:,} stories ({happened}), all agree")
