"""A mentor who approves each request: the price is authorised first, captured or released then."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings import services as bookings
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, Forbidden, StripeError
from mentormatch.notifications.models import Mail
from payments import services
from payments.models import Transaction
from payments.stripe_emulator import testing
from payments.stripe_emulator.models import StripeObject
from tests.factories import BookingFactory
from tests.payments.conftest import DECLINED

pytestmark = pytest.mark.django_db
Status, Code = Booking.Status, Booking.CancellationCode
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def booking(mentor):
    return BookingFactory(mentor=mentor, to_pay=True, needs_answer=True)


@pytest.fixture
def authorized(booking, opened, work) -> Transaction:
    """The charge, authorised and told by webhook: the mentor is asked."""
    testing.pay(opened.stripe_checkout_session_id)
    work()
    booking.refresh_from_db()
    opened.refresh_from_db()
    return opened


def intents() -> list[str]:
    return [row.status for row in StripeObject.objects.filter(type="payment_intent")]


def stand(booking, row) -> tuple[str, str]:
    booking.refresh_from_db()
    row.refresh_from_db()
    return booking.status, row.status


def kinds(person) -> list[str]:
    return [*Mail.objects.filter(recipient=person).order_by("pk").values_list("kind", flat=True)]


def test_what_is_authorised_asks_the_mentor(booking, authorized):
    assert stand(booking, authorized) == ("pending", "processing")
    assert booking.is_to_answer
    assert authorized.is_authorized
    assert booking.answer_by_at - times.now() <= dt.timedelta(hours=48)
    assert intents() == ["requires_capture"]
    assert kinds(booking.mentor.user) == ["booking_requested"]
    assert kinds(booking.mentee) == []


def test_accepting_captures_and_confirms(booking, authorized, work):
    services.accept(booking=booking, by=booking.mentor.user)
    assert stand(booking, authorized) == ("confirmed", "succeeded")
    assert authorized.settled_minor == booking.price_minor
    assert intents() == ["succeeded"]
    services.accept(booking=booking, by=booking.mentor.user)
    work()
    assert stand(booking, authorized) == ("confirmed", "succeeded")
    assert kinds(booking.mentee) == ["payment_received", "booking_confirmed"]
    assert not authorized.needs_attention
    assert testing.differences() == []


def test_a_mentor_who_cancels_a_request_has_declined_it(api, booking, authorized, work):
    address = f"/api/v1/bookings/{booking.code}/cancel"
    answer = api(booking.mentor.user).put(address, {}, content_type="application/json")
    told = answer.json()["cancellation"]
    assert (told["by"], told["code"], told["refund_amount"]) == ("mentor", "declined", 0)
    work()
    assert intents() == ["canceled"]
    assert kinds(booking.mentee) == ["booking_declined"]


def test_declining_releases(booking, authorized, work):
    bookings.decline_booking(booking=booking, by=booking.mentor.user, reason="Away")
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert (booking.cancellation_code, booking.cancellation_reason) == (Code.DECLINED, "Away")
    assert intents() == ["canceled"]
    assert kinds(booking.mentee) == ["booking_declined"]
    assert not Transaction.objects.exclude(needs_attention="").exists()
    assert not authorized.children.exists()
    assert testing.differences() == []


def test_silence_lapses_and_releases(booking, authorized, work):
    assert not bookings.lapse_requests(now=booking.answer_by_at - HOUR)
    assert bookings.lapse_requests(now=booking.answer_by_at)
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert booking.cancellation_code == Code.LAPSED
    assert intents() == ["canceled"]
    assert kinds(booking.mentee) == ["booking_lapsed"]


def test_the_mentee_withdraws(booking, authorized, work):
    services.call_off(booking=booking, by=booking.mentee)
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert (booking.cancelled_by, booking.refund_minor) == ("mentee", 0)
    assert intents() == ["canceled"]
    assert kinds(booking.mentor.user) == ["booking_requested", "booking_cancelled"]


def test_an_accepted_request_cannot_be_given_up(booking, authorized):
    with testing.outage("connection"), pytest.raises(StripeError):
        services.accept(booking=booking, by=booking.mentor.user)
    booking.refresh_from_db()
    assert booking.is_accepted
    with pytest.raises(Conflict):
        services.call_off(booking=booking, by=booking.mentee)
    with pytest.raises(Conflict):
        bookings.decline_booking(booking=booking, by=booking.mentor.user)
    assert not bookings.lapse_requests(now=booking.starts_at)
    services.accept(booking=booking, by=booking.mentor.user)
    assert stand(booking, authorized) == ("confirmed", "succeeded")


def test_nobody_else_accepts(booking, authorized):
    with pytest.raises(Forbidden):
        services.accept(booking=booking, by=booking.mentee)
    assert stand(booking, authorized) == ("pending", "processing")


def test_before_the_card_is_authorised_nothing_can_be_accepted(booking, opened):
    with pytest.raises(Conflict) as refusal:
        services.accept(booking=booking, by=booking.mentor.user)
    assert refusal.value.code == "payment_required"


def test_a_declined_card_leaves_room_for_another(booking, opened, work):
    testing.pay(opened.stripe_checkout_session_id, card=DECLINED)
    work()
    assert stand(booking, opened) == ("pending", "failed")
    testing.pay(opened.stripe_checkout_session_id)
    work()
    assert stand(booking, opened) == ("pending", "processing")
    assert booking.is_to_answer


def test_who_gives_up_while_the_card_is_authorised_gets_it_released(booking, opened, work):
    testing.pay(opened.stripe_checkout_session_id)
    services.call_off(booking=booking, by=booking.mentee)
    work()
    assert stand(booking, opened) == ("cancelled", "failed")
    assert intents() == ["canceled"]


def test_a_hold_that_ran_out_is_a_request_if_the_card_was_authorised(booking, opened):
    testing.pay(opened.stripe_checkout_session_id)
    services.expire_unpaid(now=booking.hold_expires_at + HOUR)
    assert stand(booking, opened) == ("pending", "processing")
    assert booking.is_to_answer


def test_authorised_late_it_lives_again_if_the_time_is_free(booking, opened, work):
    testing.pay(opened.stripe_checkout_session_id)
    booking.refresh_from_db()
    bookings.expire_hold(booking=booking, now=booking.hold_expires_at)
    services.settle(booking=booking)
    assert stand(booking, opened) == ("pending", "processing")
    assert booking.is_to_answer
    assert booking.calendar_entry.is_live


def test_authorised_when_the_time_is_gone_it_is_released(booking, opened, work):
    testing.pay(opened.stripe_checkout_session_id)
    booking.refresh_from_db()
    bookings.expire_hold(booking=booking, now=booking.hold_expires_at)
    BookingFactory(mentor=booking.mentor, starts_at=booking.starts_at)
    services.settle(booking=booking)
    work()
    assert stand(booking, opened) == ("cancelled", "failed")
    assert intents() == ["canceled"]


def test_an_authorisation_that_ends_takes_the_request_with_it(booking, authorized, work, freeze):
    freeze(authorized.capture_before_at + HOUR)
    testing.end_authorizations()
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert booking.cancellation_code == Code.LAPSED


def test_accepted_and_never_captured_in_time_is_told_to_both(booking, authorized, work, freeze):
    with testing.outage("connection"), pytest.raises(StripeError):
        services.accept(booking=booking, by=booking.mentor.user)
    freeze(authorized.capture_before_at + HOUR)
    testing.end_authorizations()
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert (booking.cancelled_by, booking.cancellation_code) == ("system", Code.CANCELLED)
    assert kinds(booking.mentor.user)[-1] == kinds(booking.mentee)[-1] == "booking_cancelled"


def test_the_answer_comes_before_the_authorisation_ends(booking, opened, freeze):
    """A bank may hold the money for less time than a mentor usually has."""
    testing.pay(opened.stripe_checkout_session_id)
    ends = int((times.now() + 5 * HOUR).timestamp())
    charge = StripeObject.objects.get(type="charge")
    charge.body["payment_method_details"]["card"]["capture_before"] = ends
    charge.save()
    services.settle(booking=booking)
    booking.refresh_from_db()
    assert booking.answer_by_at.timestamp() == ends - 3600


def test_what_staff_captured_at_stripe_still_asks_the_mentor(booking, authorized, work):
    testing.capture(authorized.stripe_payment_intent_id)
    work()
    assert stand(booking, authorized) == ("pending", "succeeded")
    assert booking.is_to_answer
    services.accept(booking=booking, by=booking.mentor.user)
    assert stand(booking, authorized) == ("confirmed", "succeeded")


def test_what_staff_captured_goes_back_when_it_is_declined(booking, authorized, work):
    testing.capture(authorized.stripe_payment_intent_id)
    work()
    bookings.decline_booking(booking=booking, by=booking.mentor.user)
    work()
    assert stand(booking, authorized) == ("cancelled", "refunded")


def test_accepted_but_reached_only_after_its_time_it_is_released(booking, authorized, work, freeze):
    """Stripe was away, or we were: nobody pays for a session that couldn't be."""
    with testing.outage("connection"), pytest.raises(StripeError):
        services.accept(booking=booking, by=booking.mentor.user)
    freeze(booking.ends_at + HOUR)
    services.resend_stuck()
    work()
    assert stand(booking, authorized) == ("cancelled", "failed")
    assert intents() == ["canceled"]
    assert (booking.cancelled_by, booking.cancellation_code) == ("system", Code.CANCELLED)
    assert kinds(booking.mentor.user)[-1] == kinds(booking.mentee)[-1] == "booking_cancelled"


def test_captured_unheard_of_until_its_time_was_over_it_goes_back(
    booking, authorized, work, freeze
):
    """Stripe took it and its answer was lost: then it can't be released any more."""
    with testing.outage("answer_lost"), pytest.raises(StripeError):
        services.accept(booking=booking, by=booking.mentor.user)
    assert intents() == ["succeeded"]
    freeze(booking.ends_at + HOUR)
    services.settle_authorization(transaction=authorized)
    work()
    assert stand(booking, authorized) == ("cancelled", "refunded")
    assert testing.differences() == []


def test_captured_by_staff_and_accepted_in_vain_it_goes_back(booking, authorized, work, freeze):
    """Killed between the yes and the confirmation, and back only when the session is over."""
    testing.capture(authorized.stripe_payment_intent_id)
    work()
    bookings.accept_booking(booking=booking, by=booking.mentor.user)
    freeze(booking.ends_at + HOUR)
    services.resend_stuck()
    work()
    assert stand(booking, authorized) == ("cancelled", "refunded")
    assert testing.differences() == []


def test_a_request_stays_one_when_the_mentor_stops_asking(booking, opened, work):
    booking.mentor.requires_approval = False
    booking.mentor.save()
    testing.pay(opened.stripe_checkout_session_id)
    work()
    booking.refresh_from_db()
    assert booking.is_to_answer


def test_the_whole_way_through_the_pages(mentor, login, work):
    mentor.requires_approval = True
    mentor.save()
    booking = BookingFactory(mentor=mentor, to_pay=True, needs_answer=True)
    mentee, page = login(booking.mentee), reverse("bookings:detail", args=[booking.code])
    mentee.post(reverse("payments:pay", args=[booking.code]))
    testing.pay(Transaction.objects.get().stripe_checkout_session_id)
    back = mentee.get(reverse("payments:return", args=[booking.code]), follow=True)
    assert back.redirect_chain[-1][0] == page
    assert "authorised" in back.content.decode()
    asked = login(mentor.user)
    assert "60.00" in asked.get(reverse("bookings:dashboard")).content.decode()
    asked.post(reverse("bookings:confirm", args=[booking.code]))
    booking.refresh_from_db()
    assert booking.status == Status.CONFIRMED


def test_the_whole_way_through_the_api(booking, authorized, api):
    refused = api(booking.mentee).put(f"/api/v1/bookings/{booking.code}/confirm")
    assert refused.status_code == 403
    answer = api(booking.mentor.user).put(f"/api/v1/bookings/{booking.code}/confirm")
    assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")
    again = api(booking.mentor.user).put(f"/api/v1/bookings/{booking.code}/confirm")
    assert again.json() == answer.json()
