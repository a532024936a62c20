import datetime as dt

import pytest
import stripe

from payments.stripe_emulator import sweep, testing
from tests.conftest import NOW, Freeze
from tests.payments.stripe_emulator.world import World


def in_minutes(minutes: int) -> int:
    """Unix seconds so long after the tests' present."""
    return int((NOW + dt.timedelta(minutes=minutes)).timestamp())


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("minutes", [30, 60, 24 * 60])
def test_session_lives_from_half_an_hour_to_a_day(world: World, minutes: int) -> None:
    assert world.session(expires_at=in_minutes(minutes)).expires_at == in_minutes(minutes)


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("minutes", [-5, 29, 24 * 60 + 1])
def test_shorter_and_longer_lives_are_refused(world: World, minutes: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
        world.session(expires_at=in_minutes(minutes))


def test_open_session_as_stripe_tells_it(world: World) -> None:
    session = world.session(
        client_reference_id="b1",
        customer_email="mia@example.com",
        metadata={"booking": "b1"},
        payment_intent_data={"transfer_group": "b1", "metadata": {"booking": "b1"}},
    )
    assert session.id.startswith("cs_test_")
    assert session.url.startswith("http://localhost:8000/_stripe/checkout/cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (6000, "eur")
    assert session.payment_intent is None
    read = world.stripe.v1.checkout.sessions.retrieve(
        session.id,
        {"expand": ["line_items", "total_details.breakdown", "line_items.data.discounts"]},
    )
    (line,) = read.line_items.data
    assert (line.description, line.amount_total) == ("60 minutes with Ada", 6000)
    assert read.total_details.breakdown.to_dict() == {"discounts": [], "taxes": []}
    (line,) = world.stripe.v1.checkout.sessions.line_items.list(session.id).data
    assert line.price.unit_amount == 6000


def test_paid_session_hands_its_labels_to_intent_and_charge(world: World) -> None:
    session = world.session(
        payment_intent_data={
            "transfer_group": "b1",
            "metadata": {"booking": "b1"},
            "description": "Mentoring",
        }
    )
    testing.pay(session.id)
    session = world.stripe.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    intent = session.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 6000)
    assert intent.metadata["booking"] == "b1"
    charge = intent.latest_charge
    assert (charge.transfer_group, charge.description) == ("b1", "Mentoring")
    booked = charge.balance_transaction
    assert (booked.amount, booked.fee, booked.net) == (6000, 115, 5885)
    assert booked.status == "pending"


def test_only_an_open_session_can_be_expired(world: World) -> None:
    session = world.session()
    expired = world.stripe.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert testing.event_types() == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        world.stripe.v1.checkout.sessions.expire(session.id)
    paid = world.session()
    testing.pay(paid.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of complete"):
        world.stripe.v1.checkout.sessions.expire(paid.id)


def test_expiring_cancels_the_intent_of_a_failed_attempt(world: World) -> None:
    session = world.session()
    assert testing.pay(session.id, "4000000000000002") == "generic_decline"
    assert testing.event_types()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    intent = world.stripe.v1.checkout.sessions.retrieve(session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match="created by Checkout"):
        world.stripe.v1.payment_intents.cancel(intent)
    world.stripe.v1.checkout.sessions.expire(session.id)
    assert world.stripe.v1.payment_intents.retrieve(intent).status == "canceled"


def test_session_past_its_end_is_expired_before_and_after_the_sweep(
    world: World, freeze: Freeze
) -> None:
    clock = freeze()
    session = world.session(expires_at=in_minutes(30))
    assert sweep.expire_sessions() == 0
    clock.shift(dt.timedelta(minutes=30))
    read = world.stripe.v1.checkout.sessions.retrieve
    assert read(session.id).status == "expired"
    assert testing.event_types() == []
    with pytest.raises(ValueError, match="not open"):
        testing.pay(session.id)
    listed = world.stripe.v1.checkout.sessions.list
    assert listed({"status": "open"}).data == []
    assert [each.id for each in listed({"status": "expired"}).data] == [session.id]
    assert (sweep.expire_sessions(), sweep.expire_sessions()) == (1, 0)
    assert read(session.id).status == "expired"
    assert testing.event_types() == ["checkout.session.expired"]


def test_manual_capture_authorises_first(world: World) -> None:
    session = world.session(payment_intent_data={"capture_method": "manual"})
    testing.pay(session.id)
    assert "payment_intent.amount_capturable_updated" in testing.event_types()
    session = world.stripe.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    intent = world.stripe.v1.payment_intents.capture(session.payment_intent)
    assert (intent.status, intent.amount_received) == ("succeeded", 6000)
    session = world.stripe.v1.checkout.sessions.retrieve(session.id)
    assert session.payment_status == "paid"
    assert testing.books_add_up()


def test_customer_of_a_session_is_on_its_payment(world: World) -> None:
    customer = world.stripe.v1.customers.create({"email": "mia@example.com", "name": "Mia"})
    session = world.session(customer=customer.id)
    testing.pay(session.id)
    charge = world.charge_of(session.id)
    assert charge.customer == customer.id
    method = world.stripe.v1.payment_methods.retrieve(charge.payment_method)
    assert (method.card.last4, method.customer) == ("4242", None)


@pytest.mark.parametrize(
    ("amount", "currency", "wrong"),
    [
        (49, "eur", "at least €0.50"),
        (0, "eur", "at least"),
        (7000, "xxx", "Invalid currency"),
    ],
)
def test_sums_that_stripe_does_not_take(
    world: World, amount: int, currency: str, wrong: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=wrong):
        world.session(amount, currency)


def test_more_than_stripe_takes_at_once_is_refused(world: World) -> None:
    price = {"currency": "eur", "product_data": {"name": "Gold"}, "unit_amount": 50_000_000}
    line = {"price_data": price, "quantity": 2}
    with pytest.raises(stripe.InvalidRequestError, match="no more than €999") as refused:
        world.session(line_items=[line])
    assert refused.value.code == "amount_too_large"
    assert world.session(line_items=[line | {"quantity": 1}]).amount_total == 50_000_000


def test_what_is_off_sale_is_not_sold(world: World) -> None:
    v1 = world.stripe.v1
    price = v1.prices.create(
        {"currency": "eur", "product_data": {"name": "An hour"}, "unit_amount": 6000}
    ).id
    line = {"line_items": [{"price": price}]}
    assert world.session(**line).amount_total == 6000
    v1.prices.update(price, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="only accepts active prices") as refused:
        world.session(**line)
    assert refused.value.param == "line_items[0][price]"


def test_price_and_product_of_a_line_can_be_read_and_used_again(world: World) -> None:
    session = world.session()
    (line,) = world.stripe.v1.checkout.sessions.line_items.list(session.id).data
    price = world.stripe.v1.prices.retrieve(line.price.id)
    assert (price.unit_amount, price.currency, price.active) == (6000, "eur", False)
    product = world.stripe.v1.products.retrieve(price.product)
    assert (product.name, product.active) == ("60 minutes with Ada", False)
    line = {"price": price.id, "quantity": 2}
    with pytest.raises(stripe.InvalidRequestError, match="only accepts active prices"):
        world.session(line_items=[line])
    world.stripe.v1.prices.update(price.id, {"active": True})
    assert world.session(line_items=[line]).amount_total == 12_000


def test_metadata_can_be_changed_later(world: World) -> None:
    session = world.session(metadata={"a": "1"})
    changed = world.stripe.v1.checkout.sessions.update(session.id, {"metadata": {"b": "2"}})
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}


def test_a_card_is_kept_with_the_customer_where_the_session_says_so(world: World) -> None:
    customer = world.stripe.v1.customers.create({"email": "mia@example.com"}).id
    data = {"setup_future_usage": "off_session"}
    session = world.session(customer=customer, payment_intent_data=data)
    testing.pay(session.id)
    charge = world.charge_of(session.id)
    method = world.stripe.v1.payment_methods.retrieve(charge.payment_method)
    assert method.customer == customer
    assert "payment_method.attached" in testing.event_types()
    intent = world.stripe.v1.payment_intents.retrieve(charge.payment_intent)
    assert intent.setup_future_usage == "off_session"
