"""The gateway: never within a transaction, never endless, and refusals in our own words."""

import datetime as dt
import socket
import time
from functools import partial

import pytest
import stripe
from django.db import transaction

from mentormatch.errors import StripeError
from payments import services, stripe_service
from payments.models import PaymentAccount
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from payments.stripe_service import StripeRefused, StripeService
from tests.factories import MentorFactory, PaymentAccountFactory


@pytest.mark.django_db(transaction=True)
def test_a_call_within_a_transaction_is_refused_outside_a_test_case_too(opened):
    with transaction.atomic(), pytest.raises(RuntimeError):
        services.settle(booking=opened.booking)


@pytest.mark.django_db
def test_an_account_is_express_and_asks_for_both_capabilities():
    account = PaymentAccountFactory(stripe_account_id=None)
    made = StripeService().create_connect_account(account=account)
    assert StripeService().create_connect_account(account=account) == made
    body = StripeService().get_account(made)
    assert (body["type"], body["country"]) == ("express", "DE")
    assert body["capabilities"] == {"card_payments": "inactive", "transfers": "inactive"}
    status = StripeService().get_account_status(made)
    assert not status.transfers_active
    assert "external_account" in status.requirements_due
    testing.complete_onboarding(made)
    assert StripeService().get_account_status(made).transfers_active


@pytest.mark.django_db
def test_a_checkout_says_what_it_is_for(opened):
    body = StripeObject.objects.get(stripe_id=opened.stripe_checkout_session_id).body
    booking = opened.booking
    assert body["metadata"] == {"transaction": opened.code, "booking": booking.code}
    assert body["client_reference_id"] == opened.code
    assert body["success_url"] == f"http://localhost:8000/bookings/{booking.code}/paid/"
    assert body["cancel_url"] == f"http://localhost:8000/bookings/{booking.code}/pay/"
    assert (body["amount_total"], body["currency"], body["mode"]) == (6000, "eur", "payment")
    left = dt.timedelta(seconds=body["expires_at"] - body["created"])
    assert dt.timedelta(minutes=30) <= left <= dt.timedelta(minutes=36)


@pytest.mark.django_db
def test_what_stripe_refuses_is_not_tried_again():
    with pytest.raises(StripeRefused) as refusal:
        StripeService().retrieve_checkout_session("cs_test_none")
    assert not refusal.value.retryable
    assert refusal.value.stripe_code == "resource_missing"
    assert "No such" in stripe_service.why(refusal.value)


@pytest.fixture
def silent_stripe(monkeypatch):
    """A server that takes connections and never answers, where Stripe should be."""
    server = socket.create_server(("127.0.0.1", 0))
    address = {"api": f"http://127.0.0.1:{server.getsockname()[1]}"}
    monkeypatch.setattr(stripe, "default_http_client", None)
    monkeypatch.setattr(stripe, "max_network_retries", 2)
    monkeypatch.setattr(
        stripe, "StripeClient", partial(stripe.StripeClient, base_addresses=address)
    )
    stripe_service.install()
    yield
    server.close()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_silent_stripe_is_given_up_within_ten_seconds(booking, silent_stripe):
    started = time.monotonic()
    with pytest.raises(StripeError):
        services.open_checkout(booking=booking, user=booking.mentee)
    assert 1 < time.monotonic() - started < 10
    booking.refresh_from_db()
    assert booking.is_to_pay


@pytest.mark.django_db
def test_onboarding_makes_one_account_and_a_link_each_time():
    mentor = MentorFactory(is_payable=False)
    first = services.start_onboarding(mentor=mentor)
    account_id = mentor.payment_account.stripe_account_id
    second = services.start_onboarding(mentor=mentor)
    mentor.payment_account.refresh_from_db()
    assert mentor.payment_account.stripe_account_id == account_id
    assert first.url != second.url
    assert first.expires_at.tzinfo is not None


@pytest.mark.django_db
def test_an_answer_that_was_overtaken_is_not_written(mentor, monkeypatch):
    """Asked before a change and answered after another worker had written the change down."""
    account = PaymentAccount.objects.get(mentor=mentor)
    ask = StripeService.get_account_status

    def slowly(self, account_id):
        status = ask(self, account_id)
        monkeypatch.undo()
        testing.restrict_account(account_id)
        services.refresh_account(account=PaymentAccount.objects.get(mentor=mentor))
        return status

    monkeypatch.setattr(StripeService, "get_account_status", slowly)
    assert not services.refresh_account(account=account).transfers_active


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["connection", "answer_lost"])
def test_onboarding_after_an_outage_goes_on_with_the_same_account(mode):
    mentor = MentorFactory(is_payable=False)
    with testing.outage(mode), pytest.raises(StripeError):
        services.start_onboarding(mentor=mentor)
    services.start_onboarding(mentor=mentor)
    assert StripeObject.objects.filter(type="account").count() == 1


@pytest.mark.parametrize(
    ("raised", "ours", "retryable"),
    [
        (stripe.APIConnectionError("cut"), stripe_service.StripeUnreachable, True),
        (stripe.RateLimitError("slow down"), stripe_service.StripeRateLimited, True),
        (stripe.AuthenticationError("who?"), stripe_service.StripeKeyRefused, True),
        (stripe.CardError("no", "", "card_declined"), stripe_service.CardRefused, False),
        (stripe.InvalidRequestError("no", "amount"), stripe_service.StripeRefused, False),
        (stripe.PermissionError("not yours"), stripe_service.StripeRefused, False),
        (stripe.APIError("broken"), stripe_service.StripeBroken, True),
    ],
)
def test_each_error_of_stripes_has_a_name_of_ours(raised, ours, retryable):
    with pytest.raises(ours) as error, stripe_service.translated():
        raise raised
    assert type(error.value) is ours
    assert error.value.retryable is retryable
    assert error.value.status == 502
