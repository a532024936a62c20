"""dj-stripe's tables after the whole way of the money: what the emulator answers, no less."""

import datetime as dt

import pytest
from djstripe.models import Account, APIKey, Charge, Event, PaymentIntent, Session, Transfer

from bookings import services as bookings
from payments import mirror, services
from payments.models import PaymentAccount
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject

pytestmark = pytest.mark.django_db
# What dj-stripe asks to have expanded, or keeps beside the object.
EXPANDED = {"balance_transaction", "line_items", "total_details", "external_accounts"}


def same(mirrored) -> None:
    body = StripeObject.objects.get(stripe_id=mirrored.id).body
    kept = {k: v for k, v in mirrored.stripe_data.items() if k not in EXPANDED}
    assert kept == {k: v for k, v in body.items() if k not in EXPANDED}


def test_the_mirror_equals_stripe_after_the_flow(booking, paid, work, freeze):
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    freeze(booking.ends_at + dt.timedelta(hours=48))
    services.send_due_transfers()
    work()
    for mirrored in (Session, PaymentIntent, Charge, Transfer):
        same(mirrored.objects.get())
    same(Account.objects.get(id=PaymentAccount.objects.get().stripe_account_id))
    kept = set(Event.objects.values_list("type", flat=True))
    assert {"checkout.session.completed", "payment_intent.succeeded", "account.updated"} <= kept
    for event in Event.objects.all():
        body = StripeObject.objects.get(stripe_id=event.id).body
        assert (event.type, event.data) == (body["type"], body["data"])


def test_a_refund_reaches_the_mirror(booking, paid, work):
    services.call_off(booking=booking, by=booking.mentee)
    work()
    charge = Charge.objects.get()
    assert charge.stripe_data["amount_refunded"] == 6000
    same(charge)


def test_payment_account_follows_the_mirror(mentor, work):
    work()
    account = PaymentAccount.objects.get(mentor=mentor)
    mirrored = Account.objects.get(id=account.stripe_account_id).stripe_data
    assert account.details_submitted is mirrored["details_submitted"] is True
    assert account.charges_enabled is mirrored["charges_enabled"] is True
    assert account.payouts_enabled is mirrored["payouts_enabled"] is True
    assert account.transfers_active is True
    assert account.requirements_due == []
    assert mentor.is_payable


def test_an_old_key_is_replaced(opened, settings):
    APIKey.objects.all().delete()
    APIKey.objects.create(
        id="djstripe_mk_old", secret="sk_test_" + "a" * 32, type="secret", livemode=False
    )
    live = APIKey.objects.create(
        id="djstripe_mk_live", secret="sk_live_" + "a" * 32, type="secret", livemode=True
    )
    testing.pay(opened.stripe_checkout_session_id)
    event = StripeObject.objects.get(type="event", ref="payment_intent.succeeded")
    mirror.sync_event(event.body)
    assert set(APIKey.objects.values_list("secret", flat=True)) == {
        settings.STRIPE_SECRET_KEY,
        live.secret,
    }
