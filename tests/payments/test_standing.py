"""Where the mentor's part of a charge is: the booking's page and the account say the same."""

import random

import pytest

from mentormatch import times
from payments.earnings import Chosen
from payments.lines import Lines
from payments.models import Dispute, Transaction
from payments.standing import Standing, standing_of
from payments.trail import trail_of
from tests.factories import (
    AbsenceFactory,
    BookingFactory,
    DisputeFactory,
    MentorFactory,
    PaidOutFactory,
    TransactionFactory,
)
from tests.payments.money import child
from tests.payments.test_earnings import page_of

pytestmark = pytest.mark.django_db
Status, Type, Stage = Transaction.Status, Transaction.Type, Dispute.Status
# What can have been sent, one payout after the other: at most the last of them stands.
SENT = [(Status.FAILED,), (Status.REFUNDED,), (Status.FAILED, Status.REFUNDED)]
SENT = [(), *SENT, *[(*gone, last) for gone in [(), *SENT] for last in Status]]


@pytest.fixture
def mentor():
    return MentorFactory()


def payout(charge, status):
    taken = {Status.PARTIALLY_REFUNDED: 100, Status.REFUNDED: charge.net_minor}.get(status, 0)
    return PaidOutFactory(parent=charge, status=status, reversed_minor=taken)


def paid(mentor, *, sent=(), bank=None, absence=None, back=None, **booking):
    """A charge, `absence` being the outcome of one, `back` the state of its whole refund."""
    charge = TransactionFactory(booking=BookingFactory(mentor=mentor, **booking))
    for status in sent:
        payout(charge, status)
    if bank:
        DisputeFactory(
            charge=charge, status=bank, closed_at=None if bank in Dispute.UNDECIDED else times.now()
        )
    if absence is not None:
        decided = {"decided_at": times.now()} if absence else {}
        AbsenceFactory(booking=charge.booking, outcome=absence, **decided)
    if back:
        child(charge, Type.REFUND, charge.amount_minor, charge.platform_fee_minor, status=back)
    return charge


def line_of(charge):
    return next(
        line
        for line in Lines(charge.mentor, Chosen(), times.zone("Europe/Berlin"))
        if line.code == charge.code
    )


@pytest.mark.parametrize("seed", range(12))
def test_an_account_says_of_a_charge_what_its_booking_says(mentor, seed):
    chosen = random.Random(seed)
    charge = paid(
        mentor,
        sent=chosen.choice(SENT),
        bank=chosen.choice([None, *Stage]),
        absence=chosen.choice([None, "", "upheld"]),
        back=chosen.choice([None, Status.PENDING, Status.FAILED]),
        completed=True,
    )
    line, trail = line_of(charge), trail_of(charge.booking)
    assert standing_of(line) == standing_of(trail)
    assert line.leaves_at == trail.leaves_at


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        ({}, Standing.NOT_EARNED),
        ({"completed": True}, Standing.LEAVES),
        ({"completed": True, "absence": ""}, Standing.ABSENCE),
        ({"completed": True, "absence": "dismissed"}, Standing.LEAVES),
        ({"completed": True, "bank": Stage.OPEN}, Standing.DISPUTED),
        ({"completed": True, "bank": Stage.INQUIRY}, Standing.ASKED_ABOUT),
        ({"completed": True, "bank": Stage.WON}, Standing.LEAVES),
        ({"cancelled": True, "back": Status.PENDING}, Standing.GIVEN_BACK),
        ({"cancelled": True, "refund_minor": 6000, "back": Status.FAILED}, Standing.NOT_EARNED),
        ({"completed": True, "sent": (Status.PROCESSING,)}, Standing.ON_ITS_WAY),
        ({"completed": True, "sent": (Status.FAILED,)}, Standing.HELD_UP),
        ({"completed": True, "sent": (Status.SUCCEEDED,)}, Standing.PASSED_ON),
        ({"sent": (Status.SUCCEEDED,), "bank": Stage.OPEN}, Standing.PASSED_ON),
        ({"sent": (Status.PARTIALLY_REFUNDED,)}, Standing.PARTLY_TAKEN_BACK),
        ({"sent": (Status.REFUNDED,)}, Standing.TAKEN_BACK),
        ({"sent": (Status.REFUNDED, Status.SUCCEEDED)}, Standing.PASSED_ON),
        ({"sent": (Status.SUCCEEDED, Status.FAILED)}, Standing.PASSED_ON),
        ({"sent": (Status.REFUNDED, Status.FAILED)}, Standing.TAKEN_BACK),
    ],
)
def test_it_is_where_it_is(mentor, facts, standing):
    charge = paid(mentor, **facts)
    assert standing_of(trail_of(charge.booking)) == standing_of(line_of(charge)) == standing


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"bank": Stage.INQUIRY}, "on hold: a bank asks about it"),
        ({"bank": Stage.OPEN}, "on hold: disputed"),
        ({"absence": ""}, "on hold: who came is looked into"),
        ({"sent": (Status.PARTIALLY_REFUNDED,)}, "partly taken back"),
    ],
)
def test_an_account_names_what_holds_a_part_up(login, mentor, facts, words):
    paid(mentor, completed=True, **facts)
    text = page_of(login, mentor).content.decode()
    assert words in text
    assert text.count("on hold") == words.count("on hold")
