"""The pages of payment: what they say, to whom, and what comes of a click."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from bookings import services as bookings
from bookings.models import Booking
from payments import services
from payments.models import PaymentAccount, Transaction
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.factories import BookingFactory, MentorFactory, TransactionFactory, UserFactory
from tests.payments.conftest import onboarded

pytestmark = pytest.mark.django_db
CARD = {"card_number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}


def pay_url(booking):
    return reverse("payments:pay", args=[booking.code])


def return_url(booking):
    return reverse("payments:return", args=[booking.code])


def detail_url(booking):
    return reverse("bookings:detail", args=[booking.code])


def test_paying_leads_to_stripe_and_back_to_a_confirmed_booking(login, booking):
    client = login(booking.mentee)
    page = client.get(pay_url(booking))
    assert page.status_code == 200
    assert b"60.00" in page.content
    assert b"Held for you for another" in page.content
    assert b"full refund until" in page.content
    answer = client.post(pay_url(booking))
    assert answer.status_code == 302
    assert answer["Location"] == Transaction.objects.get().checkout_url
    hosted = urlsplit(answer["Location"]).path
    answer = Client().post(hosted, CARD | {"name": "Ada", "action": "pay"})
    assert answer["Location"] == f"http://localhost:8000{return_url(booking)}"
    answer = client.get(return_url(booking))
    assert answer["Location"] == detail_url(booking)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert b"Paid and confirmed" in client.get(detail_url(booking)).content


def test_a_forged_return_confirms_nothing(login, booking, opened):
    answer = login(booking.mentee).get(
        f"{return_url(booking)}?session_id=cs_test_forged&status=complete&payment_status=paid"
    )
    assert answer["Location"] == pay_url(booking)
    booking.refresh_from_db()
    assert booking.is_to_pay
    never_opened = BookingFactory(to_pay=True)
    answer = login(never_opened.mentee).get(return_url(never_opened))
    assert answer["Location"] == pay_url(never_opened)


@pytest.mark.parametrize("url", [pay_url, return_url])
def test_paying_is_the_mentees(login, booking, url):
    address = url(booking)
    assert login(UserFactory()).get(address).status_code == 404
    assert login(booking.mentor.user).get(address).status_code == 403
    answer = Client().get(address)
    assert answer["Location"] == f"{reverse('account_login')}?next={address}"


def test_a_stranger_and_the_mentor_can_open_no_checkout(login, booking):
    assert login(UserFactory()).post(pay_url(booking)).status_code == 404
    assert login(booking.mentor.user).post(pay_url(booking)).status_code == 403
    assert not Transaction.objects.exists()


def test_what_is_paid_is_not_asked_for_again(login, booking, paid):
    answer = login(booking.mentee).get(pay_url(booking))
    assert answer["Location"] == detail_url(booking)


def test_an_outage_is_said_and_trying_again_works(login, booking, work):
    client = login(booking.mentee)
    with testing.outage("connection"):
        page = client.post(pay_url(booking))
    assert page.status_code == 502
    assert b"Nothing was charged" in page.content
    assert b"Try again" in page.content
    answer = client.post(pay_url(booking))
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    assert answer.status_code == 302
    with testing.outage("connection"):
        page = client.get(return_url(booking))
    assert page.status_code == 502
    assert b"You need not pay twice" in page.content
    client.get(return_url(booking))
    work()
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert StripeObject.objects.filter(type="charge").count() == 1


def test_a_payment_on_its_way_is_said(login, booking, opened):
    Transaction.objects.update(status=Transaction.Status.PROCESSING)
    page = login(booking.mentee).get(return_url(booking))
    assert page.status_code == 200
    assert b"on its way" in page.content


def test_a_payment_that_came_too_late_is_said(login, freeze, mentor):
    clock = freeze()
    booking = BookingFactory(mentor=mentor, to_pay=True)
    row = services.open_checkout(booking=booking, user=booking.mentee)
    testing.pay(row.stripe_checkout_session_id)
    clock.shift(dt.timedelta(minutes=36))
    bookings.expire_hold(booking=booking)
    BookingFactory(mentor=mentor, starts_at=booking.starts_at)
    client = login(booking.mentee)
    client.get(return_url(booking))
    assert b"You get all of it back" in client.get(detail_url(booking)).content


def test_a_mentor_sets_up_payouts(login):
    mentor = MentorFactory(is_payable=False)
    client = login(mentor.user)
    assert b"Get paid for your sessions" in client.get(reverse("payments:payouts")).content
    answer = client.post(reverse("payments:onboard"))
    hosted = urlsplit(answer["Location"]).path
    page = client.get(reverse("payments:payouts")).content
    assert b"Stripe needs something from you" in page
    assert b"The bank account" in page
    answer = Client().post(hosted, {"action": "complete"})
    answer = client.get(urlsplit(answer["Location"]).path, follow=True)
    assert b"you can be paid now" in answer.content
    mentor.refresh_from_db()
    assert mentor.is_payable
    assert PaymentAccount.objects.get().synced_at is not None


def test_an_old_onboarding_link_leads_to_a_new_start(login, freeze):
    clock = freeze()
    mentor = MentorFactory(is_payable=False)
    link = services.start_onboarding(mentor=mentor)
    clock.shift(dt.timedelta(minutes=6))
    answer = Client().get(urlsplit(link.url).path)
    answer = login(mentor.user).get(urlsplit(answer["Location"]).path, follow=True)
    assert b"no longer good" in answer.content


def test_an_outage_while_setting_up_payouts_is_said(login):
    mentor = MentorFactory(is_payable=False)
    client = login(mentor.user)
    with testing.outage("connection"):
        page = client.post(reverse("payments:onboard"))
    assert page.status_code == 502
    assert b"try again" in page.content
    onboarded(mentor)
    with testing.outage("connection"):
        answer = client.get(reverse("payments:onboarding_return"), follow=True)
    assert b"hear from Stripe in a moment" in answer.content


@pytest.mark.parametrize("name", ["payouts", "earnings", "onboarding_return", "onboarding_refresh"])
def test_money_of_mentors_is_for_mentors(login, name):
    address = reverse(f"payments:{name}")
    assert Client().get(address)["Location"].startswith(reverse("account_login"))
    status = 302 if name == "onboarding_refresh" else 403
    assert login(UserFactory()).get(address).status_code == status


def test_onboarding_is_a_post(login, mentor):
    assert login(mentor.user).get(reverse("payments:onboard")).status_code == 405


def test_earnings_tell_the_way_of_each_payment(login, booking, paid, work, freeze):
    client = login(booking.mentor.user)
    page = client.get(reverse("payments:earnings")).content.decode()
    assert "54.00" in page
    assert "after the session" in page
    bookings.complete_booking(booking=booking, now=booking.ends_at)
    freeze(booking.ends_at + dt.timedelta(hours=48))
    services.send_due_transfers()
    assert "on its way" in client.get(reverse("payments:earnings")).content.decode()
    work()
    assert "passed on" in client.get(reverse("payments:earnings")).content.decode()


def test_earnings_of_nothing_say_what_to_do(login, mentor):
    assert b"Nothing earned yet" in login(mentor.user).get(reverse("payments:earnings")).content


def test_earnings_cost_the_same_whatever_their_length(login, mentor, django_assert_max_num_queries):
    client = login(mentor.user)
    client.get(reverse("payments:earnings"))
    for rows in (1, 2):
        for _ in range(rows):
            TransactionFactory(booking=BookingFactory(mentor=mentor, cancelled=True))
        with django_assert_max_num_queries(9):
            client.get(reverse("payments:earnings"))


def test_the_booking_shows_each_side_their_money(login, booking, paid):
    page = login(booking.mentee).get(detail_url(booking)).content.decode()
    assert "60.00" in page
    assert "54.00" not in page
    page = login(booking.mentor.user).get(detail_url(booking)).content.decode()
    assert "54.00" in page
