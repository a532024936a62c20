"""What must come out the same here and at Stripe: our gateway's calls, and what we know of errors.

In `make test` the emulator answers; in `make test-stripe` Stripe's test mode does (see
`scripts/test_stripe.py`). So nothing here reaches behind the API, amounts are read and not
assumed, and every name that Stripe keeps is new in each run.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator

import pytest
import stripe
from django.conf import settings

from mentormatch import times
from mentormatch.ids import public_id
from payments.models import Transaction
from payments.services import ledger
from payments.stripe_emulator import testing
from payments.stripe_service import StripeRefused, StripeService
from payments.stripe_types import Payment
from tests import at_stripe
from tests.factories import BookingFactory, PaymentAccountFactory, TransactionFactory

pytestmark = pytest.mark.django_db
ABILITIES = {"card_payments": {"requested": True}, "transfers": {"requested": True}}


@pytest.fixture(autouse=True)
def _transport() -> None:
    if not settings.STRIPE_EMULATED:
        at_stripe.install()


@pytest.fixture
def gateway() -> StripeService:
    return StripeService()


@pytest.fixture
def client() -> stripe.StripeClient:
    """The SDK on the gateway's own transport."""
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, http_client=stripe.default_http_client, max_network_retries=0
    )


@pytest.fixture
def destination(client: stripe.StripeClient) -> str:
    """A connected account that can be sent money."""
    if not settings.STRIPE_EMULATED:
        return os.environ["TEST_STRIPE_DESTINATION"]
    made = client.v1.accounts.create({"type": "express", "capabilities": ABILITIES})
    testing.complete_onboarding(made.id)
    return made.id


@pytest.fixture
def opened(gateway: StripeService) -> Iterator[Transaction]:
    """A charge to be paid on a page that is open until the end of the test."""
    row = TransactionFactory(
        open=True,
        code=public_id(),
        booking__code=public_id(),
        checkout_expires_at=times.now() + dt.timedelta(minutes=40),
        attempts=1,
    )
    checkout = gateway.create_checkout_session(transaction=row)
    row.stripe_checkout_session_id = checkout.id
    yield row
    gateway.expire_checkout_session(checkout.id)


Pay = Callable[..., Payment]


@pytest.fixture
def pay(client: stripe.StripeClient, gateway: StripeService) -> Pay:
    """`pay("pm_card_visa")` takes 60.00 EUR from that card."""

    def confirmed(card: str = "pm_card_visa", **params: object) -> Payment:
        made = client.v1.payment_intents.create(
            {
                "amount": 6000,
                "currency": "eur",
                "payment_method_types": ["card"],
                "capture_method": "automatic",
                "payment_method": card,
                "confirm": True,
                "return_url": f"{settings.SITE_URL}/",
                **params,
            }
        )
        return gateway.retrieve_payment(made.id)

    return confirmed


@pytest.fixture
def paid(pay: Pay) -> Transaction:
    """The row of a charge of 60.00 EUR that went through."""
    payment = pay()
    return TransactionFactory(
        code=public_id(),
        booking=BookingFactory(code=public_id()),
        amount_minor=6000,
        platform_fee_minor=600,
        net_minor=5400,
        currency="eur",
        stripe_payment_intent_id=payment.intent_id,
        stripe_charge_id=payment.charge_id,
        settled_minor=payment.settled_minor,
        settled_currency=payment.settled_currency,
    )


def refund_of(charge: Transaction, amount: int) -> Transaction:
    return ledger.open_refund(
        charge=charge, amount_minor=amount, reason="", now=times.now(), code=public_id()
    )


def payout_of(charge: Transaction) -> Transaction:
    """The mentor's nine tenths, in the money in which the charge was settled."""
    row = ledger.open_payout(charge=charge, now=times.now(), code=public_id())
    row.amount_minor = (charge.settled_minor or 0) * 9 // 10
    row.currency = charge.settled_currency
    return row


# --- Accounts ---------------------------------------------------------------------------


def test_an_express_account_waits_for_its_owner(
    gateway: StripeService, client: stripe.StripeClient
) -> None:
    account = PaymentAccountFactory(code=public_id(), stripe_account_id=None)
    made = gateway.create_connect_account(account=account)
    try:
        assert gateway.create_connect_account(account=account) == made
        status = gateway.get_account_status(made)
        assert not (status.details_submitted or status.transfers_active or status.payouts_enabled)
        assert "external_account" in status.requirements_due
        body = gateway.get_account(made)
        assert (body["type"], body["country"]) == ("express", account.mentor.country)
        assert set(body["capabilities"]) == {"card_payments", "transfers"}
        first = gateway.create_connect_onboarding_link(account_id=made, key=public_id())
        second = gateway.create_connect_onboarding_link(account_id=made, key=public_id())
        assert first.url.startswith("http")
        assert first.url != second.url
        assert first.expires_at > times.now()
    finally:
        assert client.v1.accounts.delete(made).deleted
    with pytest.raises(StripeRefused):
        gateway.get_account(made)


def test_the_platform_knows_itself(client: stripe.StripeClient, gateway: StripeService) -> None:
    own = client.v1.accounts.retrieve_current()
    assert gateway.get_account(own.id)["id"] == own.id
    assert own.charges_enabled


# --- Checkout ---------------------------------------------------------------------------


def test_a_checkout_is_open_until_it_is_expired(
    gateway: StripeService, opened: Transaction
) -> None:
    checkout = gateway.retrieve_checkout_session(opened.stripe_checkout_session_id)
    assert (checkout.is_open, checkout.is_paid, checkout.payment) == (True, False, None)
    assert checkout.url.startswith("http")
    assert checkout.metadata == {"transaction": opened.code, "booking": opened.sold.code}
    assert checkout.expires_at == opened.checkout_expires_at.replace(microsecond=0)
    assert gateway.create_checkout_session(transaction=opened).id == checkout.id
    for _ in range(2):  # the second is refused, and the gateway tells how things stand
        expired = gateway.expire_checkout_session(checkout.id)
        assert (expired.is_expired, expired.url) == (True, "")


def test_a_checkout_with_other_parameters_needs_another_key(
    gateway: StripeService, opened: Transaction
) -> None:
    opened.checkout_expires_at += dt.timedelta(minutes=1)
    with pytest.raises(StripeRefused) as refused:
        gateway.create_checkout_session(transaction=opened)
    assert refused.value.needs_new_key


def test_a_checkout_that_would_end_too_soon_says_so(
    gateway: StripeService, opened: Transaction
) -> None:
    opened.attempts += 1
    opened.checkout_expires_at = times.now() + dt.timedelta(minutes=20)
    with pytest.raises(StripeRefused) as refused:
        gateway.create_checkout_session(transaction=opened)
    assert refused.value.param == "expires_at"


# --- Payments ---------------------------------------------------------------------------


def test_a_card_that_works_is_paid_and_settled(pay: Pay) -> None:
    payment = pay(metadata={"transaction": "t1"})
    assert (payment.is_paid, payment.amount_minor, payment.currency) == (True, 6000, "eur")
    assert payment.charge_id.startswith(("ch_", "py_"))
    assert payment.metadata == {"transaction": "t1"}
    assert payment.settled_minor
    assert payment.stripe_fee_minor
    assert payment.settled_minor > payment.stripe_fee_minor > 0


@pytest.mark.parametrize(
    ("card", "decline"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_a_card_that_is_declined(pay: Pay, gateway: StripeService, card: str, decline: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        pay(card)
    error = refused.value
    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.error.decline_code == decline
    payment = gateway.retrieve_payment(error.error.payment_intent.id)
    assert (payment.was_declined, payment.is_paid) == (True, False)
    assert payment.decline


def test_a_card_that_asks_for_its_owner(pay: Pay, client: stripe.StripeClient) -> None:
    payment = pay("pm_card_authenticationRequired")
    assert payment.status == "requires_action"
    intent = client.v1.payment_intents.retrieve(payment.intent_id)
    assert intent.next_action.redirect_to_url.url.startswith("http")
    assert client.v1.payment_intents.cancel(payment.intent_id).status == "canceled"


def test_a_card_is_charged_when_the_intent_is_confirmed(
    client: stripe.StripeClient, gateway: StripeService
) -> None:
    made = client.v1.payment_intents.create(
        {"amount": 500, "currency": "eur", "payment_method_types": ["card"]}
    )
    assert made.status == "requires_payment_method"
    client.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert gateway.retrieve_payment(made.id).is_paid
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.cancel(made.id)
    assert refused.value.code == "payment_intent_unexpected_state"


def test_an_authorisation_is_captured_in_part(
    pay: Pay, client: stripe.StripeClient, gateway: StripeService
) -> None:
    payment = pay(capture_method="manual")
    assert (payment.status, payment.settled_minor) == ("requires_capture", None)
    client.v1.payment_intents.capture(payment.intent_id, {"amount_to_capture": 4000})
    taken = gateway.retrieve_payment(payment.intent_id)
    assert (taken.is_paid, taken.amount_minor) == (True, 4000)


# --- Refunds ----------------------------------------------------------------------------


def test_a_refund_in_parts(gateway: StripeService, paid: Transaction) -> None:
    row = refund_of(paid, 1000)
    refund = gateway.create_refund(transaction=row)
    assert (refund.amount_minor, refund.currency, refund.status) == (1000, "eur", "succeeded")
    assert refund.charge_id == paid.stripe_charge_id
    assert refund.metadata == {"transaction": row.code}
    assert gateway.create_refund(transaction=row).id == refund.id
    rest = gateway.create_refund(transaction=refund_of(paid, 5000))
    assert [each.id for each in gateway.refunds_of(paid.stripe_charge_id)] == [rest.id, refund.id]
    assert gateway.retrieve_refund(refund.id).amount_minor == 1000


def test_more_than_was_paid_is_not_refunded(gateway: StripeService, paid: Transaction) -> None:
    gateway.create_refund(transaction=refund_of(paid, 5000))
    row = refund_of(paid, 1000)
    row.amount_minor = 1001
    with pytest.raises(StripeRefused) as refused:
        gateway.create_refund(transaction=row)
    assert not refused.value.retryable
    row.amount_minor, row.attempts = 1000, 2
    gateway.create_refund(transaction=row)
    row.attempts = 3
    with pytest.raises(StripeRefused) as refused:
        gateway.create_refund(transaction=row)
    assert refused.value.stripe_code == "charge_already_refunded"


# --- Transfers --------------------------------------------------------------------------


def test_a_transfer_from_its_charge_and_its_reversal(
    gateway: StripeService, client: stripe.StripeClient, paid: Transaction, destination: str
) -> None:
    row = payout_of(paid)
    transfer = gateway.create_transfer(transaction=row, destination=destination)
    assert (transfer.amount_minor, transfer.currency) == (row.amount_minor, row.currency)
    assert gateway.create_transfer(transaction=row, destination=destination).id == transfer.id
    assert [each.id for each in gateway.transfers_of(paid.sold.code)] == [transfer.id]
    part = client.v1.transfers.reversals.create(transfer.id, {"amount": 1000})
    assert (part.amount, part.transfer) == (1000, transfer.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": row.amount_minor})
    client.v1.transfers.reversals.create(transfer.id)
    whole = client.v1.transfers.retrieve(transfer.id)
    assert (whole.reversed, whole.amount_reversed) == (True, row.amount_minor)
    assert whole.source_transaction == paid.stripe_charge_id


def test_a_transfer_is_in_the_money_of_its_charge(
    gateway: StripeService, paid: Transaction, destination: str
) -> None:
    row = payout_of(paid)
    row.currency = "usd" if row.currency != "usd" else "eur"
    with pytest.raises(StripeRefused) as refused:
        gateway.create_transfer(transaction=row, destination=destination)
    assert "must be the same as the transfer currency" in refused.value.detail


def test_a_transfer_needs_someone_who_can_have_it(
    gateway: StripeService, client: stripe.StripeClient, paid: Transaction
) -> None:
    made = client.v1.accounts.create({"type": "express", "capabilities": ABILITIES})
    try:
        with pytest.raises(StripeRefused) as refused:
            gateway.create_transfer(transaction=payout_of(paid), destination=made.id)
        assert refused.value.stripe_code == "insufficient_capabilities_for_transfer"
    finally:
        client.v1.accounts.delete(made.id)


# --- Keys and errors --------------------------------------------------------------------


def test_a_key_replays_its_first_answer(client: stripe.StripeClient) -> None:
    key = {"idempotency_key": public_id()}
    first = client.v1.customers.create({"name": "Mia"}, key)
    again = client.v1.customers.create({"name": "Mia"}, key)
    assert again.id == first.id
    headers = {name.lower(): value for name, value in again.last_response.headers.items()}
    assert headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.customers.create({"name": "Ada"}, key)
    assert refused.value.http_status == 400
    assert client.v1.customers.delete(first.id).deleted


@pytest.mark.asks_wrongly
@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": 500}, "parameter_missing", "currency"),
        ({"amount": 500, "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": "ten", "currency": "eur"}, "parameter_invalid_integer", "amount"),
        ({"amount": 1, "currency": "eur"}, "amount_too_small", "amount"),
        ({"amount": 500, "currency": "eur", "customer": "cus_no"}, "resource_missing", "customer"),
    ],
)
def test_what_is_refused_and_how(
    client: stripe.StripeClient, params: dict[str, object], code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(params)
    error = refused.value
    assert (error.http_status, error.code, error.param) == (400, code, param)


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("charges/ch_none", "id"),
        ("payment_intents/pi_none", "intent"),
        ("customers/cus_none", "id"),
    ],
)
def test_what_is_not_there(client: stripe.StripeClient, path: str, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.raw_request("get", f"/v1/{path}")
    error = missing.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", param)


def test_an_account_that_is_not_ours(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.PermissionError) as refused:
        client.v1.charges.list(options={"stripe_account": "acct_1032D82eZvKYlo2C"})
    assert (refused.value.http_status, refused.value.error.code) == (403, "account_invalid")


def test_a_key_that_is_not_one(client: stripe.StripeClient) -> None:
    stranger = stripe.StripeClient(
        "sk_test_" + "0" * 24, http_client=stripe.default_http_client, max_network_retries=0
    )
    with pytest.raises(stripe.AuthenticationError) as refused:
        stranger.v1.balance.retrieve()
    assert refused.value.http_status == 401


def test_lists_come_in_pages(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": "Mia"}).id for _ in range(3)]
    page = client.v1.customers.list({"limit": 2})
    assert [each.id for each in page.data] == made[:0:-1]
    assert page.has_more
    after = client.v1.customers.list({"limit": 1, "starting_after": made[1]})
    assert [each.id for each in after.data] == made[:1]
    for each in made:
        client.v1.customers.delete(each)
