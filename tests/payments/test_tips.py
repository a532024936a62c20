"""Tips: from the page and the API, paid, passed on whole, told, and given back."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from bookings.models import Booking
from mentormatch.errors import Conflict, DomainError, InvalidInput
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from payments import services
from payments.models import PaymentAccount, Tip, Transaction
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from sessions_app.models import Session
from tests.factories import BookingFactory, MentorFactory, SessionFactory, UserFactory
from tests.payments.conftest import DECLINED

pytestmark = pytest.mark.django_db
Status = Transaction.Status
CARD = {"card_number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}


def tip_url(booking: Booking) -> str:
    return reverse("payments:tip", args=[booking.seat.session.code])


def asked(client, booking, **body):
    body = {"session_id": booking.seat.session.code, "amount": 500} | body
    return client.post("/api/v1/payments/tip", body, content_type="application/json")


def checkouts() -> int:
    return StripeObject.objects.filter(type="checkout.session").count()


def test_a_tip_from_the_room_to_the_mentors_account(login, met, work):
    client = login(met.mentee)
    room = client.get(reverse("sessions:room", args=[met.seat.session.code]))
    assert tip_url(met) in room.content.decode()
    page = client.get(tip_url(met))
    assert page.status_code == 200
    answer = client.post(tip_url(met), {"amount": "7.50", "message": "You saved me a week."})
    tip = Tip.objects.get()
    row = tip.transactions.get()
    assert answer["Location"] == row.checkout_url
    hosted = urlsplit(answer["Location"]).path
    answer = Client().post(hosted, CARD | {"name": "Ada", "action": "pay"})
    back = urlsplit(answer["Location"]).path
    assert back == reverse("payments:tip_given", args=[tip.code])
    page = client.get(back)
    assert "has your tip" in page.content.decode()
    assert "You saved me a week." in page.content.decode()
    work()
    row.refresh_from_db()
    payout = row.children.get()
    assert (row.status, row.amount_minor, row.platform_fee_minor) == (Status.SUCCEEDED, 750, 0)
    assert (payout.type, payout.status, payout.amount_minor) == ("payout", Status.SUCCEEDED, 750)
    transfer = StripeObject.objects.get(type="transfer").body
    assert transfer["source_transaction"] == row.stripe_charge_id
    assert transfer["transfer_group"] == tip.code
    assert testing.differences() == []


def test_both_are_told_once_and_the_mentor_reads_the_note(met, tipped):
    told = {mail.kind: mail for mail in Mail.objects.all()}
    assert sorted(told) == ["tip_received", "tip_thanks"]
    assert told["tip_received"].recipient == met.mentor.user
    assert told["tip_thanks"].recipient == met.mentee
    written = write(told["tip_received"])
    assert "5.00" in written.subject
    assert "You saved me a week." in written.text
    assert "You saved me a week." in written.html
    assert "You saved me a week." in write(told["tip_thanks"]).text


def test_the_note_is_text_everywhere(login, met, work):
    services.give_tip(booking=met, user=met.mentee, amount_minor=500, message="<b>hi</b>")
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    work()
    html = write(Mail.objects.get(kind="tip_received")).html
    page = login(met.mentor.user).get(reverse("bookings:detail", args=[met.code]))
    for shown in (html, page.content.decode()):
        assert "&lt;b&gt;hi&lt;/b&gt;" in shown
        assert "<b>hi</b>" not in shown


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"amount": "0.99"}, "The smallest tip is 1.00 EUR."),
        ({"amount": "-5"}, "The smallest tip is 1.00 EUR."),
        ({"amount": "500.01"}, "The largest tip is 500.00 EUR."),
        ({"amount": "99999999999999999999"}, "no more than 12 digits"),
        ({"amount": "1.001"}, "no more than 2 decimal places"),
        ({"amount": "NaN"}, "Enter a number."),
        ({"amount": ""}, "This field is required."),
        ({"amount": "5", "currency": "usd"}, "in the currency of its session: EUR"),
        ({"amount": "5", "message": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_no_tip_is_refused_in_words(login, met, typed, words):
    answer = login(met.mentee).post(tip_url(met), typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Tip.objects.exists()
    assert checkouts() == 0


def test_the_api_gives_a_tip_to_the_letter(api, met):
    client = api(met.mentee)
    answer = asked(client, met, message="Thanks")
    assert answer.status_code == 201
    row = Transaction.objects.get()
    assert answer.json() == {
        "id": row.tip.code,
        "amount": 500,
        "platform_fee": 0,
        "currency": "eur",
        "status": "pending",
        "checkout_url": row.checkout_url,
    }
    assert asked(client, met, message="Thanks").json() == answer.json()
    assert checkouts() == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"amount": 99}, 400, "amount"),
        ({"amount": 50_001}, 400, "amount"),
        ({"amount": 10**30}, 400, "amount"),
        ({"amount": "500"}, 400, "amount"),
        ({"amount": 5.5}, 400, "amount"),
        ({"amount": True}, 400, "amount"),
        ({"currency": "usd"}, 400, "currency"),
        ({"message": "x" * 501}, 400, "message"),
        ({"tip": 1}, 400, "tip"),
    ],
)
def test_the_api_refuses_what_is_no_tip(api, met, body, status, field):
    answer = asked(api(met.mentee), met, **body)
    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Tip.objects.exists()


def test_a_tip_is_the_mentees_to_give(api, login, met):
    stranger, mentor = UserFactory(), met.mentor.user
    for who, status in ((mentor, 403), (stranger, 404)):
        assert asked(api(who), met).status_code == status
        assert login(who).get(tip_url(met)).status_code == status
        assert login(who).post(tip_url(met), {"amount": "5"}).status_code == status
    assert asked(api(None), met).status_code == 401
    assert Client().get(tip_url(met)).status_code == 302
    assert not Tip.objects.exists()


@pytest.mark.parametrize("status", ["confirmed", "no_show"])
def test_no_tip_but_for_a_completed_session(api, login, met, status):
    Booking.objects.filter(pk=met.pk).update(status=status)
    if status == Booking.Status.CANCELLED:
        Session.objects.update(status=Session.Status.CANCELLED)
    assert asked(api(met.mentee), met).json()["code"] == "invalid_state"
    answer = login(met.mentee).get(tip_url(met))
    assert answer.status_code == 409
    assert "once the session is over" in answer.content.decode()
    page = login(met.mentee).get(reverse("bookings:detail", args=[met.code]))
    assert tip_url(met) not in page.content.decode()


def test_no_tip_for_who_cannot_be_paid(met):
    services.disconnect_account(account=PaymentAccount.objects.get())
    met.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        services.give_tip(booking=met, user=met.mentee, amount_minor=500)
    assert refused.value.code == "not_payable"


def test_a_currency_without_decimals(settings, mentor):
    settings.SETTLEMENT_CURRENCIES = ["jpy"]
    booking = BookingFactory(mentor=mentor, completed=True, currency="jpy")
    with pytest.raises(InvalidInput, match="The smallest tip is 100 JPY"):
        services.give_tip(booking=booking, user=booking.mentee, amount_minor=99)
    row = services.give_tip(booking=booking, user=booking.mentee, amount_minor=100)
    assert StripeObject.objects.get(type="checkout.session").body["amount_total"] == 100
    assert (row.amount_minor, row.currency) == (100, "jpy")


def test_a_forged_return_says_that_nothing_was_paid(login, met, tip):
    back = reverse("payments:tip_given", args=[tip.tip.code])
    page = login(met.mentee).get(f"{back}?session_id=cs_test_forged&payment_status=paid")
    assert "No tip was paid" in page.content.decode()
    tip.refresh_from_db()
    assert tip.status == Status.PENDING
    assert not tip.children.exists()
    for stranger in (UserFactory(), met.mentor.user):
        assert login(stranger).get(back).status_code == 404


def test_the_return_page_asks_stripe_before_any_webhook(login, met, tip):
    testing.pay(tip.stripe_checkout_session_id)
    back = reverse("payments:tip_given", args=[tip.tip.code])
    assert "has your tip" in login(met.mentee).get(back).content.decode()
    tip.refresh_from_db()
    assert tip.status == Status.SUCCEEDED
    assert tip.children.payouts().count() == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.PARTIALLY_REFUNDED, ["has your tip", "A part of it went back to you"]),
        (Status.REFUNDED, ["Your tip went back to you"]),
    ],
)
def test_what_went_back_is_not_said_to_be_the_mentors(login, met, tip, status, words):
    testing.pay(tip.stripe_checkout_session_id)
    services.settle_tip(tip=tip.tip)
    Transaction.objects.filter(pk=tip.pk).update(status=status)
    back = reverse("payments:tip_given", args=[tip.tip.code])
    page = login(met.mentee).get(back).content.decode()
    assert all(said in page for said in words)
    assert "is theirs" not in page


def test_the_same_tip_again_is_the_same_checkout(met, tip):
    again = services.give_tip(
        booking=met, user=met.mentee, amount_minor=500, message="You saved me a week."
    )
    assert (again, checkouts()) == (tip, 1)


def test_another_amount_closes_the_checkout_before(met, tip):
    other = services.give_tip(booking=met, user=met.mentee, amount_minor=800)
    tip.refresh_from_db()
    assert tip.status == Status.FAILED
    with pytest.raises(ValueError, match="expired"):
        testing.pay(tip.stripe_checkout_session_id)
    # And back again: a new one, as the first is closed.
    third = services.give_tip(
        booking=met, user=met.mentee, amount_minor=500, message="You saved me a week."
    )
    assert len({tip.pk, other.pk, third.pk}) == 3


def test_who_paid_and_asks_for_another_amount_is_thanked(met, tip):
    testing.pay(tip.stripe_checkout_session_id)
    with pytest.raises(Conflict) as refused:
        services.give_tip(booking=met, user=met.mentee, amount_minor=800)
    assert refused.value.code == "already_paid"
    tip.refresh_from_db()
    assert tip.status == Status.SUCCEEDED
    assert Tip.objects.count() == 1


def test_a_declined_card_leaves_the_checkout_for_another(met, tip, work):
    assert testing.pay(tip.stripe_checkout_session_id, DECLINED)
    work()
    tip.refresh_from_db()
    assert tip.status == Status.FAILED
    assert not Mail.objects.exists()
    again = services.give_tip(
        booking=met, user=met.mentee, amount_minor=500, message="You saved me a week."
    )
    assert again == tip
    testing.pay(tip.stripe_checkout_session_id)
    work()
    tip.refresh_from_db()
    assert tip.status == Status.SUCCEEDED


def test_a_checkout_that_nobody_comes_back_to_is_closed(tip, freeze):
    freeze(tip.checkout_expires_at + dt.timedelta(seconds=1))
    assert services.expire_unpaid() == 1
    tip.refresh_from_db()
    assert tip.status == Status.FAILED
    assert services.expire_unpaid() == 0


def test_stripe_down_is_said_and_nothing_is_lost(login, met):
    client = login(met.mentee)
    with testing.outage("answer_lost"):
        answer = client.post(tip_url(met), {"amount": "5"})
    assert answer.status_code == 502
    assert "you pay once" in answer.content.decode()
    assert client.post(tip_url(met), {"amount": "5"}).status_code == 302
    assert (Tip.objects.count(), checkouts()) == (1, 1)


def test_whoever_cannot_be_paid_any_more_gets_it_later(met, tip, work):
    """The account was closed between the checkout and the payment: nothing is lost."""
    PaymentAccount.objects.update(transfers_active=False)
    testing.pay(tip.stripe_checkout_session_id)
    services.settle_tip(tip=tip.tip)
    services.send_due_transfers()
    tip.refresh_from_db()
    assert tip.status == Status.SUCCEEDED
    assert "can't be sent" in tip.needs_attention
    assert not tip.children.exists()
    PaymentAccount.objects.update(transfers_active=True)
    assert services.send_due_transfers() == 1


def test_both_see_the_tip_on_the_booking(login, met, tipped):
    for who in (met.mentee, met.mentor.user):
        page = login(who).get(reverse("bookings:detail", args=[met.code])).content.decode()
        assert "You saved me a week." in page
        assert "€5.00" in page
    assert login(met.mentor.user).get(reverse("payments:earnings")).status_code == 200


def test_no_tip_to_oneself_and_none_for_anothers_booking(met):
    other = SessionFactory(booking=BookingFactory(completed=True), completed=True).bookings[0]
    with pytest.raises(DomainError):
        services.give_tip(booking=other, user=met.mentee, amount_minor=500)
    assert not MentorFactory().tips.exists()
