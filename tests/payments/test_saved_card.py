"""A card that is kept, and pays by one click; what its bank may say; and how it is removed."""

import datetime as dt

import pytest

from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, StripeError
from payments import services
from payments.models import SavedCard, Transaction
from payments.services import checkout, ledger
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import CardRefused
from tests.factories import BookingFactory
from tests.payments.killing import killed_at

pytestmark = pytest.mark.django_db
Status = Transaction.Status
DAY = dt.timedelta(days=1)
ONCE = "4000002500003155"  # asks for authentication, until it is set up
ALWAYS = "4000002760003184"
LATER = "4000000000000341"  # can be kept, and is declined then
CREATE = "POST /v1/payment_intents"
OUTAGES = ["connection", "timeout", "answer_lost", "500", "429"]


def keep(booking, card="4242424242424242") -> SavedCard:
    """The mentee pays that booking at Stripe's and agrees to keep the card."""
    row = services.open_checkout(booking=booking, user=booking.mentee, saves_card=True)
    testing.pay(row.stripe_checkout_session_id, card)
    if card in (ONCE, ALWAYS):
        testing.authenticate(row.stripe_checkout_session_id)
    services.settle(booking=booking)
    return SavedCard.objects.get(user=booking.mentee)


def another(booking, **facts) -> Booking:
    """The same two, two days later, to be paid."""
    return BookingFactory(
        mentor=booking.mentor,
        mentee=booking.mentee,
        starts_at=booking.starts_at + 2 * DAY,
        to_pay=True,
        **facts,
    )


@pytest.fixture
def saved(booking) -> SavedCard:
    return keep(booking)


@pytest.fixture
def next_one(booking, saved) -> Booking:
    return another(booking)


def pay(booking) -> Transaction:
    return services.pay_with_saved_card(booking=booking, user=booking.mentee)


def stand(booking, row) -> tuple[str, str]:
    booking.refresh_from_db()
    row.refresh_from_db()
    return booking.status, row.status


def payments_at_stripe(booking) -> list[str]:
    found = StripeObject.objects.filter(type="payment_intent", group=booking.code)
    return [row.status for row in found.order_by("seq")]


def test_a_card_is_kept_with_consent_only(booking, paid):
    assert not SavedCard.objects.exists()


def test_the_kept_card_is_named_as_on_the_card(saved):
    assert str(saved) == "Visa ···· 4242"
    assert saved.is_usable(times.now())
    assert (saved.exp_month, saved.exp_year) == (12, 2040)
    assert not saved.is_usable(dt.datetime(2041, 1, 1, tzinfo=dt.UTC))
    assert saved.is_usable(dt.datetime(2040, 12, 31, tzinfo=dt.UTC))


def test_one_click_pays_and_confirms(next_one, work):
    row = pay(next_one)
    assert stand(next_one, row) == ("confirmed", "succeeded")
    assert row.settled_minor == next_one.price_minor
    work()
    assert stand(next_one, row) == ("confirmed", "succeeded")
    assert payments_at_stripe(next_one) == ["succeeded"]
    assert not Transaction.objects.exclude(needs_attention="").exists()
    assert testing.differences() == []
    with pytest.raises(Conflict):
        pay(next_one)


def test_one_click_asks_a_mentor_who_approves(booking, saved):
    asked = another(booking, needs_answer=True)
    row = pay(asked)
    assert stand(asked, row) == ("pending", "processing")
    assert asked.is_to_answer
    services.accept(booking=asked, by=asked.mentor.user)
    assert stand(asked, row) == ("confirmed", "succeeded")


def test_a_card_is_kept_from_a_request_too(mentor):
    asked = BookingFactory(mentor=mentor, to_pay=True, needs_answer=True)
    assert keep(asked).last4 == "4242"


def test_a_card_that_was_set_up_pays_without_its_owner(booking):
    keep(booking, ONCE)
    upcoming = another(booking)
    assert stand(upcoming, pay(upcoming)) == ("confirmed", "succeeded")


@pytest.mark.parametrize(("card", "authenticates"), [(ALWAYS, True), (LATER, False)])
def test_a_bank_that_says_no_leaves_stripes_page(booking, card, authenticates, work):
    keep(booking, card)
    upcoming = another(booking)
    with pytest.raises(CardRefused) as refusal:
        pay(upcoming)
    assert refusal.value.needs_authentication is authenticates
    work()
    assert upcoming.transactions.get().status == Status.FAILED
    row = services.open_checkout(booking=upcoming, user=upcoming.mentee)
    testing.pay(row.stripe_checkout_session_id)
    services.settle(booking=upcoming)
    work()
    assert stand(upcoming, row) == ("confirmed", "succeeded")
    assert payments_at_stripe(upcoming) == ["requires_payment_method", "succeeded"]


def test_an_open_page_is_closed_before_the_card_is_charged(next_one, work):
    opened = services.open_checkout(booking=next_one, user=next_one.mentee)
    row = pay(next_one)
    assert stand(next_one, row) == ("confirmed", "succeeded")
    with pytest.raises(ValueError, match="expired"):
        testing.pay(opened.stripe_checkout_session_id)
    work()
    assert payments_at_stripe(next_one) == ["succeeded"]


def test_what_was_paid_on_an_open_page_is_not_charged_again(next_one):
    opened = services.open_checkout(booking=next_one, user=next_one.mentee)
    testing.pay(opened.stripe_checkout_session_id)
    with pytest.raises(Conflict):
        pay(next_one)
    assert stand(next_one, opened) == ("confirmed", "succeeded")
    assert payments_at_stripe(next_one) == ["succeeded"]


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_card_can_be_kept_as_soon_as_stripe_works_again(booking, outage):
    with testing.outage(outage), pytest.raises(StripeError):
        services.open_checkout(booking=booking, user=booking.mentee, saves_card=True)
    assert keep(booking).last4 == "4242"


def test_a_page_that_opens_while_the_card_is_charged_says_nothing_of_the_charge(next_one):
    """Two tabs: the page comes back from Stripe when the card's answer was lost."""
    now = times.now()
    row = checkout._charge_to_pay(next_one, now, saves_card=False)
    page = checkout._create(row, now)
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        pay(next_one)
    with pytest.raises(Conflict, match="being charged"):
        checkout._remember(row, page)
    assert (row.status, row.stripe_checkout_session_id) == (Status.PENDING, None)
    with pytest.raises(ValueError, match="expired"):
        testing.pay(page.id)
    assert pay(next_one) == row
    assert stand(next_one, row) == ("confirmed", "succeeded")
    assert payments_at_stripe(next_one) == ["succeeded"]


def test_while_a_payment_is_processed_no_card_is_charged(next_one, monkeypatch):
    opened = services.open_checkout(booking=next_one, user=next_one.mentee)
    ledger.move(transaction=opened, to=Status.PROCESSING)
    monkeypatch.setattr(checkout, "let_go", lambda row, now: row)  # a debit can't be closed
    with pytest.raises(Conflict, match="being processed"):
        pay(next_one)


def test_nobody_else_pays_with_it(next_one):
    with pytest.raises(Forbidden):
        services.pay_with_saved_card(booking=next_one, user=next_one.mentor.user)
    stranger = BookingFactory(mentor=next_one.mentor, to_pay=True, starts_at=next_one.ends_at)
    with pytest.raises(Conflict):
        pay(stranger)


@pytest.mark.parametrize("outage", OUTAGES)
def test_it_is_charged_once_whatever_fails(next_one, outage, work):
    with testing.outage(outage), pytest.raises(StripeError):
        pay(next_one)
    row = pay(next_one)
    work()
    assert stand(next_one, row) == ("confirmed", "succeeded")
    assert payments_at_stripe(next_one) == ["succeeded"]
    assert testing.differences() == []


@pytest.mark.parametrize("moment", ["call", "answered"])
@pytest.mark.parametrize("then", ["click", "worker", "sweeper", "give_up"])
def test_it_is_charged_once_whoever_is_killed(next_one, moment, then, work):
    with killed_at(f"{moment} {CREATE}") as steps:
        pay(next_one)
    assert steps.was_killed
    was_charged = moment == "answered"
    if then == "click":
        pay(next_one)
    elif then == "worker":
        work()
    elif then == "sweeper":
        services.expire_unpaid(now=next_one.hold_expires_at)
    else:
        services.call_off(booking=next_one, by=next_one.mentee)
    work()
    row = next_one.transactions.charges().get()
    assert len(payments_at_stripe(next_one)) == (was_charged or then == "click")
    expected = {
        ("click", True): ("confirmed", "succeeded"),
        ("click", False): ("confirmed", "succeeded"),
        ("worker", True): ("confirmed", "succeeded"),
        ("worker", False): ("pending", "pending"),
        ("sweeper", True): ("confirmed", "succeeded"),
        ("sweeper", False): ("cancelled", "failed"),
        ("give_up", True): ("cancelled", "refunded"),
        ("give_up", False): ("cancelled", "failed"),
    }
    assert stand(next_one, row) == expected[then, was_charged]
    assert testing.differences() == []


def test_while_nobody_knows_what_a_charge_came_to_no_page_is_opened(next_one):
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        pay(next_one)
    with pytest.raises(Conflict):
        services.open_checkout(booking=next_one, user=next_one.mentee)
    services.settle(booking=next_one)
    next_one.refresh_from_db()
    assert next_one.status == Booking.Status.CONFIRMED


def test_the_nightly_comparison_finds_what_a_charge_came_to(next_one):
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        pay(next_one)
    assert services.reconcile() == []
    assert stand(next_one, next_one.transactions.get()) == ("confirmed", "succeeded")
    assert payments_at_stripe(next_one) == ["succeeded"]


def test_a_removed_card_is_forgotten_here_and_at_stripe(saved, next_one, run_tasks):
    assert services.remove_card(user=saved.user)
    assert not services.remove_card(user=saved.user)
    run_tasks()
    saved.refresh_from_db()
    assert (saved.last4, saved.stripe_payment_method_id) == ("", "")
    method = StripeObject.objects.get(type="payment_method")
    assert method.body["customer"] is None
    with pytest.raises(Conflict):
        pay(next_one)


def test_another_card_takes_its_place(booking, saved, run_tasks):
    first = saved.stripe_payment_method_id
    keep(another(booking), "5555555555554444")
    run_tasks()
    saved.refresh_from_db()
    assert str(saved) == "Mastercard ···· 4444"
    methods = StripeObject.objects.filter(type="payment_method")
    kept = [row for row in methods if row.body["customer"]]
    assert [row.stripe_id for row in kept] == [saved.stripe_payment_method_id] != [first]
    assert StripeObject.objects.filter(type="customer").count() == 1
