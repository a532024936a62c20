"""Subscriptions through Checkout: what is paid first, and what comes of it."""

import pytest
import stripe

from payments.stripe_emulator import testing
from tests.payments.stripe_emulator.samples import LINE, MONTHLY
from tests.payments.stripe_emulator.world import World, fill_in

BEGUN = [
    "customer.created",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    "customer.subscription.created",
    "payment_method.attached",
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
    "customer.subscription.updated",
    "checkout.session.completed",
]


def test_paying_on_the_page_begins_a_subscription(world: World) -> None:
    labels = {"subscription": "s1"}
    session = world.recurring(
        customer_email="mia@example.com", subscription_data={"metadata": labels}
    )
    assert (session.payment_status, session.subscription) == ("unpaid", None)
    answer = fill_in(str(session.url))
    assert answer["Location"] == f"http://localhost:8000/paid/?session={session.id}"
    assert testing.event_types() == BEGUN
    session = world.stripe.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice", "customer"]}
    )
    assert (session.status, session.payment_status) == ("complete", "paid")
    assert session.payment_intent is None
    subscription, customer = session.subscription, session.customer
    assert isinstance(subscription, stripe.Subscription)
    assert isinstance(customer, stripe.Customer)
    assert (customer.email, customer.name) == ("mia@example.com", "Mia Mentee")
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", labels)
    (item,) = subscription["items"].data
    assert item.current_period_start == subscription.billing_cycle_anchor
    assert item.price.recurring.interval == "month"
    method = world.stripe.v1.payment_methods.retrieve(subscription.default_payment_method)
    assert method.customer == customer.id
    assert testing.books_add_up()


def test_first_invoice_as_this_version_tells_it(world: World) -> None:
    subscription = world.subscription(subscription_data={"metadata": {"subscription": "s1"}})
    invoice = world.stripe.v1.invoices.retrieve(
        str(subscription.latest_invoice),
        {"expand": ["payments.data.payment.payment_intent.latest_charge"]},
    )
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 6000, 0)
    assert invoice.billing_reason == "subscription_create"
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata["subscription"] == "s1"
    (line,) = invoice.lines.data
    (item,) = subscription["items"].data
    assert (line.period.start, line.period.end) == (
        item.current_period_start,
        item.current_period_end,
    )
    assert line.description == "1 × Four hours a month with Ada (at €60.00 / month)"
    (payment,) = invoice.payments.data
    assert (payment.status, payment.amount_paid) == ("paid", 6000)
    charge = payment.payment.payment_intent.latest_charge
    assert (charge.amount, charge.customer) == (6000, subscription.customer)
    assert charge.metadata.to_dict() == {}


def test_payment_of_an_invoice_is_found_by_its_id_and_by_its_intent(world: World) -> None:
    v1 = world.stripe.v1
    subscription = world.subscription()
    (payment,) = v1.invoice_payments.list({"invoice": str(subscription.latest_invoice)}).data
    assert v1.invoice_payments.retrieve(payment.id) == payment
    world.subscription()
    intent = str(payment.payment.payment_intent)
    found = v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    ).data
    assert [each.id for each in found] == [payment.id]
    assert [each.id for each in v1.invoices.list({"subscription": subscription.id}).data] == [
        subscription.latest_invoice
    ]


def test_declined_card_leaves_it_incomplete_until_another_works(world: World) -> None:
    session = world.recurring()
    assert testing.pay(session.id, "4000000000000002") == "generic_decline"
    (subscription,) = world.stripe.v1.subscriptions.list({"status": "incomplete"}).data
    invoice = world.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert testing.event_types()[-1] == "invoice.payment_failed"
    assert world.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert testing.pay(session.id) is None
    assert world.stripe.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert world.stripe.v1.invoices.retrieve(invoice.id).status == "paid"
    assert testing.books_add_up()


def test_bank_may_ask_first(world: World) -> None:
    session = world.recurring()
    assert testing.pay(session.id, "4000002500003155") is None
    assert world.stripe.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert testing.authenticate(session.id, passed=False) == "authentication_required"
    assert testing.pay(session.id, "4000002500003155") is None
    assert testing.authenticate(session.id) is None
    session = world.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "paid")
    assert testing.books_add_up()


def test_expired_page_takes_what_an_attempt_left_with_it(world: World) -> None:
    session = world.recurring()
    testing.pay(session.id, "4000000000000002")
    world.stripe.v1.checkout.sessions.expire(session.id)
    (subscription,) = world.stripe.v1.subscriptions.list({"status": "ended"}).data
    assert subscription.status == "incomplete_expired"
    assert world.stripe.v1.invoices.retrieve(str(subscription.latest_invoice)).status == "void"
    (payment,) = world.stripe.v1.invoice_payments.list({"status": "canceled"}).data
    intent = world.stripe.v1.payment_intents.retrieve(str(payment.payment.payment_intent))
    assert intent.status == "canceled"


def test_customer_who_is_known_stays_the_same(world: World) -> None:
    customer = world.stripe.v1.customers.create({"email": "mia@example.com", "name": "Mia"})
    first, second = (world.subscription(customer=customer.id) for _ in range(2))
    assert first.customer == second.customer == customer.id
    numbers = [
        invoice.number for invoice in world.stripe.v1.invoices.list({"customer": customer.id}).data
    ]
    prefix = customer.invoice_prefix
    assert numbers == [f"{prefix}-0002", f"{prefix}-0001"]


def test_trial_keeps_the_card_and_takes_nothing(world: World) -> None:
    session = world.recurring(subscription_data={"trial_period_days": 14})
    assert (session.amount_total, session.status) == (0, "open")
    assert testing.pay(session.id, "4000000000000002") == "generic_decline"
    assert testing.pay(session.id) is None
    session = world.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    subscription = world.stripe.v1.subscriptions.retrieve(str(session.subscription))
    assert subscription.status == "trialing"
    assert subscription.trial_end == subscription["items"].data[0].current_period_end
    invoice = world.stripe.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert (invoice.status, invoice.total) == ("paid", 0)
    assert world.stripe.v1.charges.list().data == []


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"mode": "payment", "line_items": [MONTHLY]}, "passed a recurring price"),
        ({"mode": "subscription", "line_items": [LINE]}, "recurring prices"),
        ({"mode": "payment", "subscription_data": {"description": "x"}}, "subscription_data"),
        (
            {
                "mode": "subscription",
                "line_items": [MONTHLY],
                "payment_intent_data": {"description": "x"},
            },
            "payment_intent_data",
        ),
    ],
)
def test_what_one_mode_does_not_take(world: World, params: dict[str, object], wrong: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=wrong):
        world.session(**params)


def test_periods_of_several_lengths_are_not_mixed(world: World) -> None:
    yearly = MONTHLY | {"price_data": MONTHLY["price_data"] | {"recurring": {"interval": "year"}}}
    with pytest.raises(stripe.InvalidRequestError, match="same interval"):
        world.session(mode="subscription", line_items=[MONTHLY, yearly])


def test_page_says_how_often_is_paid(world: World) -> None:
    page = fill_in(str(world.recurring(interval_count=3).url), card_number="").text
    assert "every 3 months" in page
    page = fill_in(
        str(world.recurring(locale="de", subscription_data={"trial_period_days": 7}).url),
        card_number="",
    ).text
    assert "7 Tage kostenlos, dann 60,00\xa0€ jeden Monat" in page
    assert "Probezeit beginnen" in page
