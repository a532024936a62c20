"""What time does to subscriptions: renewals, refused cards, trials that end."""

import datetime as dt

import pytest
import stripe
from django.conf import settings
from django.test import Client, override_settings
from time_machine import TimeMachineFixture

from payments.stripe_emulator import periods, store, sweep, testing
from payments.stripe_emulator.models import StripeObject
from tests.conftest import Freeze
from tests.payments.stripe_emulator.world import WORKS_ONCE, World, fill_in

DAY = dt.timedelta(days=1)
RENEWED = [
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    "customer.subscription.updated",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
]


def seconds(year: int, month: int, day: int) -> int:
    """That day at noon, in Unix seconds."""
    return int(dt.datetime(year, month, day, 12, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    ("interval", "count", "nth", "end"),
    [
        ("month", 1, 1, (2026, 2, 28)),
        ("month", 1, 2, (2026, 3, 31)),
        ("month", 1, 3, (2026, 4, 30)),
        ("month", 3, 1, (2026, 4, 30)),
        ("month", 1, 25, (2028, 2, 29)),
        ("year", 1, 1, (2027, 1, 31)),
        ("week", 2, 1, (2026, 2, 14)),
        ("day", 1, 30, (2026, 3, 2)),
    ],
)
def test_periods_keep_to_the_day_they_began_on(
    interval: str, count: int, nth: int, end: tuple[int, int, int]
) -> None:
    assert periods.after(seconds(2026, 1, 31), interval, count, nth) == seconds(*end)


def test_a_leap_days_year_ends_on_the_28th_and_comes_back() -> None:
    anchor = seconds(2028, 2, 29)
    assert periods.after(anchor, "year", 1, 1) == seconds(2029, 2, 28)
    assert periods.after(anchor, "year", 1, 4) == seconds(2032, 2, 29)
    assert periods.next_end(anchor, seconds(2031, 2, 28), "year", 1) == seconds(2032, 2, 29)


def test_a_period_that_ends_is_paid_for_again(world: World, freeze: Freeze) -> None:
    clock = freeze()
    v1, subscription = world.stripe.v1, world.subscription()
    (first,) = subscription["items"].data
    before = len(testing.event_types())
    clock.shift(DAY * 32)
    assert (sweep.renew_subscriptions(), sweep.renew_subscriptions()) == (1, 0)
    assert testing.event_types()[before:] == RENEWED
    renewed = v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    (second,) = renewed["items"].data
    assert (renewed.status, second.id) == ("active", first.id)
    assert second.current_period_start == first.current_period_end
    assert v1.subscription_items.retrieve(first.id) == second
    invoice = renewed.latest_invoice
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_cycle")
    # The invoice looks back; its line is about what is paid for.
    assert invoice.period_end == first.current_period_end
    (line,) = invoice.lines.data
    assert (line.period.start, line.period.end) == (
        second.current_period_start,
        second.current_period_end,
    )
    assert testing.books_add_up()


def test_a_clock_that_jumps_leaves_nothing_out(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = world.subscription()
    clock.shift(DAY * 100)
    assert sweep.renew_subscriptions() == 3
    invoices = world.stripe.v1.invoices.list({"subscription": subscription.id}).data
    anchor = subscription.billing_cycle_anchor
    due = [periods.after(anchor, "month", 1, nth) for nth in (3, 2, 1, 0)]
    assert [invoice.created for invoice in invoices] == due
    assert [invoice.status_transitions.paid_at for invoice in invoices] == due
    assert sum(charge.amount for charge in world.stripe.v1.charges.list().data) == 4 * 6000
    assert testing.books_add_up()


def refused(world: World, clock: TimeMachineFixture) -> stripe.Subscription:
    """One whose card has just been refused for the second month."""
    subscription = world.subscription(card=WORKS_ONCE)
    end = subscription["items"].data[0].current_period_end
    clock.move_to(dt.datetime.fromtimestamp(end, dt.UTC))
    assert sweep.renew_subscriptions() == 1
    return world.stripe.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def test_a_refused_card_is_tried_again_and_then_no_more(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = refused(world, clock)
    assert subscription.status == "past_due"
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == invoice.created + 3 * 86_400
    assert testing.event_types()[-2:] == [
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]
    for days, attempts in ((3, 2), (5, 3)):
        clock.shift(DAY * days)
        assert (sweep.renew_subscriptions(), sweep.renew_subscriptions()) == (1, 0)
        invoice = world.stripe.v1.invoices.retrieve(invoice.id)
        assert invoice.attempt_count == attempts
    clock.shift(DAY * 7)
    assert sweep.renew_subscriptions() == 1
    ended = world.stripe.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    invoice = world.stripe.v1.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.attempt_count) == ("open", 4)
    assert invoice.next_payment_attempt is None
    assert testing.event_types()[-1] == "customer.subscription.deleted"
    clock.shift(DAY * 60)
    assert sweep.renew_subscriptions() == 0
    assert testing.books_add_up()


@override_settings(STRIPE_EMULATOR=settings.STRIPE_EMULATOR | {"after_retries": "unpaid"})
def test_or_it_stays_unpaid_until_someone_pays(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = refused(world, clock)
    clock.shift(DAY * 40)
    sweep.renew_subscriptions()
    unpaid = world.stripe.v1.subscriptions.retrieve(subscription.id)
    assert unpaid.status == "unpaid"
    open_ones = world.stripe.v1.invoices.list({"status": "open"}).data
    assert [invoice.attempt_count for invoice in open_ones] == [0, 4]
    for invoice in open_ones:
        fill_in(str(invoice.hosted_invoice_url))
    assert world.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert testing.books_add_up()


def test_an_open_invoice_is_paid_on_its_page(world: World) -> None:
    subscription, invoice, _ = world.past_due()
    page = Client().get(str(invoice.hosted_invoice_url).removeprefix("http://localhost:8000"))
    assert str(invoice.number) in page.text
    assert page.text.count("<form") == 1
    refused = fill_in(str(invoice.hosted_invoice_url), card_number="4000000000000002")
    assert refused.status_code == 402
    assert "Your card was declined." in refused.text
    assert fill_in(str(invoice.hosted_invoice_url), cvc="").status_code == 422
    assert fill_in(str(invoice.hosted_invoice_url)).status_code == 302
    paid = world.stripe.v1.invoices.retrieve(invoice.id)
    assert (paid.status, paid.attempt_count) == ("paid", 1)
    after = world.stripe.v1.subscriptions.retrieve(subscription.id)
    assert after.status == "active"
    # As at Stripe: the card pays this invoice, and the saved one stays what it was.
    assert after.default_payment_method == subscription.default_payment_method
    again = fill_in(str(invoice.hosted_invoice_url))
    assert again.status_code == 302
    assert len(world.stripe.v1.invoice_payments.list({"invoice": invoice.id}).data) == 1
    assert testing.books_add_up()


def test_its_card_is_kept_if_the_subscription_says_so(world: World) -> None:
    subscription, invoice, _ = world.past_due()
    world.stripe.v1.subscriptions.update(
        subscription.id,
        {"payment_settings": {"save_default_payment_method": "on_subscription"}},
    )
    fill_in(str(invoice.hosted_invoice_url))
    after = world.stripe.v1.subscriptions.retrieve(
        subscription.id, {"expand": ["default_payment_method"]}
    )
    assert after.default_payment_method.card.last4 == "4242"
    testing.end_period(subscription.id)
    assert world.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_bank_may_ask_on_the_invoices_page(world: World) -> None:
    _, invoice, _ = world.past_due()
    answer = fill_in(str(invoice.hosted_invoice_url), card_number="4000002500003155")
    assert "/authenticate/" in answer["Location"]
    answer = Client().post(answer["Location"], {"action": "authenticate"})
    assert answer["Location"] == invoice.hosted_invoice_url
    assert world.stripe.v1.invoices.retrieve(invoice.id).status == "paid"


def test_bank_may_ask_when_nothing_is_tried_again_by_itself(world: World) -> None:
    subscription, invoice, _ = world.past_due()
    world.stripe.v1.subscriptions.cancel(subscription.id)
    assert world.stripe.v1.invoices.retrieve(invoice.id).next_payment_attempt is None
    answer = fill_in(str(invoice.hosted_invoice_url), card_number="4000002500003155")
    Client().post(answer["Location"], {"action": "authenticate"})
    assert world.stripe.v1.invoices.retrieve(invoice.id).status == "paid"


def test_an_invoice_is_paid_with_another_card_by_the_api(world: World) -> None:
    v1 = world.stripe.v1
    subscription, invoice, good = world.past_due()
    with pytest.raises(stripe.CardError) as refusal:
        v1.invoices.pay(invoice.id)
    assert refusal.value.code == "card_declined"
    assert v1.invoices.pay(invoice.id, {"payment_method": good}).status == "paid"
    assert v1.subscriptions.retrieve(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        v1.invoices.pay(invoice.id)


def test_its_intent_is_the_invoices_own(world: World) -> None:
    _, invoice, _ = world.past_due()
    (payment,) = world.stripe.v1.invoice_payments.list({"invoice": invoice.id}).data
    intent, intents = str(payment.payment.payment_intent), world.stripe.v1.payment_intents
    for verb in (
        intents.cancel,
        lambda each: intents.confirm(each, {"payment_method": "pm_card_visa"}),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="belongs to an invoice") as refused:
            verb(intent)
        assert refused.value.code == "payment_intent_unexpected_state"


def test_who_tries_by_hand_uses_up_none_of_the_tries(world: World) -> None:
    v1 = world.stripe.v1
    subscription, invoice, _ = world.past_due()
    for _ in range(4):
        with pytest.raises(stripe.CardError):
            v1.invoices.pay(invoice.id)
    tried = v1.invoices.retrieve(invoice.id)
    assert (tried.attempt_count, tried.next_payment_attempt) == (1, invoice.next_payment_attempt)
    testing.retry(invoice.id)
    assert v1.invoices.retrieve(invoice.id).attempt_count == 2
    assert v1.subscriptions.retrieve(subscription.id).status == "past_due"


def test_a_new_card_is_charged_at_the_next_try(world: World) -> None:
    v1 = world.stripe.v1
    subscription, invoice, good = world.past_due()
    v1.subscriptions.update(subscription.id, {"default_payment_method": good})
    testing.retry(invoice.id)
    assert v1.invoices.retrieve(invoice.id).status == "paid"
    assert v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_trial_that_ends_is_charged(world: World, freeze: Freeze) -> None:
    clock = freeze()
    subscription = world.subscription(subscription_data={"trial_period_days": 14})
    clock.shift(DAY * 14)
    assert sweep.renew_subscriptions() == 1
    active = world.stripe.v1.subscriptions.retrieve(subscription.id)
    (item,) = active["items"].data
    assert (active.status, item.current_period_start) == ("active", subscription.trial_end)
    (charge,) = world.stripe.v1.charges.list().data
    assert charge.amount == 6000
    later = world.subscription(subscription_data={"trial_period_days": 1}, card=WORKS_ONCE)
    testing.end_period(later.id)
    assert world.stripe.v1.subscriptions.retrieve(later.id).status == "past_due"


def test_what_asked_the_bank_once_is_charged_without_it_later(world: World) -> None:
    session = world.recurring()
    testing.pay(session.id, "4000002500003155")
    testing.authenticate(session.id)
    subscription = world.stripe.v1.checkout.sessions.retrieve(session.id).subscription
    testing.end_period(str(subscription))
    assert world.stripe.v1.subscriptions.retrieve(str(subscription)).status == "active"


def test_what_asks_the_bank_each_time_waits_for_its_owner(world: World) -> None:
    session = world.recurring()
    testing.pay(session.id, "4000002760003184")
    testing.authenticate(session.id)
    begun = str(world.stripe.v1.checkout.sessions.retrieve(session.id).subscription)
    testing.end_period(begun)
    subscription = world.stripe.v1.subscriptions.retrieve(begun, {"expand": ["latest_invoice"]})
    assert subscription.status == "past_due"
    page = str(subscription.latest_invoice.hosted_invoice_url)
    answer = fill_in(page, card_number="4000002760003184")
    Client().post(answer["Location"], {"action": "authenticate"})
    assert world.stripe.v1.subscriptions.retrieve(begun).status == "active"


def test_customer_who_goes_takes_the_subscription_with_them(world: World) -> None:
    subscription, invoice, _ = world.past_due()
    world.stripe.v1.customers.delete(str(subscription.customer))
    ended = world.stripe.v1.subscriptions.retrieve(subscription.id)
    assert ended.status == "canceled"
    assert world.stripe.v1.invoices.retrieve(invoice.id).next_payment_attempt is None


def test_customers_own_card_stands_in(world: World) -> None:
    v1 = world.stripe.v1
    subscription, _, good = world.past_due()
    customer = v1.customers.update(
        str(subscription.customer),
        {"invoice_settings": {"default_payment_method": good}},
    )
    read = v1.customers.retrieve(
        customer.id, {"expand": ["invoice_settings.default_payment_method"]}
    )
    assert read.invoice_settings.default_payment_method.id == good
    other = world.subscription()
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        v1.customers.update(
            str(other.customer), {"invoice_settings": {"default_payment_method": good}}
        )


def test_books_notice_an_invoice_that_counts_what_nobody_paid(world: World) -> None:
    _, invoice, _ = world.past_due()
    row = StripeObject.objects.get(stripe_id=invoice.id)
    store.change(row, amount_paid=6000)
    assert any("other payments" in told for told in testing.differences())
    store.change(row, amount_paid=0, status="paid")
    assert any("is paid and 0" in told for told in testing.differences())
