"""The main job in a browser, on the product as `manage.py serve` runs it, worker and all."""

import re
from typing import Any

import pytest
from djstripe import models as mirror
from playwright.sync_api import Browser

from bookings.models import Booking
from mentormatch.background.models import QueuedTask
from mentormatch.demo import people
from mentormatch.notifications.models import Mail
from payments.handlers import is_mirrored
from payments.models import PaymentAccount, Transaction
from payments.stripe_emulator.models import Delivery, DeliveryStatus, StripeObject
from payments.stripe_emulator.testing import books_add_up, differences
from tests.background.processes import wait_for
from tests.visitors import Visitor, book, find, log_in_as, sign_up, visiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
# What dj-stripe asks to have expanded, or keeps beside the object.
EXPANDED = {"balance_transaction", "line_items", "total_details", "external_accounts"}
Type, Status = Transaction.Type, Transaction.Status


def move_clock(visitor: Visitor, label: str) -> None:
    visitor.go("/demo/")
    visitor.press(label)
    visitor.sees("The clock has been moved.")


def room_of(booking: Booking) -> str:
    return f"/sessions/{booking.seat.session.code}/"


def enter(visitor: Visitor, booking: Booking) -> None:
    visitor.go(room_of(booking))
    visitor.press(re.compile("^(Start|Join)"))
    visitor.sees("You are in the room")


def all_is_quiet() -> bool:
    """Nothing is on its way any more: no webhook, no task."""
    waiting = Delivery.objects.filter(status=DeliveryStatus.WAITING)
    busy = QueuedTask.objects.filter(status__in=["READY", "RUNNING"])
    return not waiting.exists() and not busy.exists()


def succeeded(booking: Booking, kind: str) -> list[int]:
    """The amounts of that kind in the booking's ledger that are through."""
    rows = Transaction.objects.filter(booking=booking, type=kind)
    return [row.amount_minor for row in rows if row.status in (*Transaction.PAID, Status.REFUNDED)]


def test_the_story(browser: Browser, site: str) -> None:
    with visiting(browser, site) as mentee, visiting(browser, site) as mentor:
        sign_up(mentee, "ada@example.com", "Ada Lovelace")
        find(mentee, "interview", people.MENTOR3.person.name)
        code = book(mentee)
        met = Booking.objects.get(code=code)
        assert met.status == Booking.Status.CONFIRMED

        find(mentee, "django", people.MENTOR.person.name)
        given_up = Booking.objects.get(code=book(mentee, day=3))
        mentee.follow("Cancel")
        mentee.sees(re.compile("You get everything back"))
        mentee.fill("Why", "Something came up.")
        mentee.press("Cancel the session")
        mentee.sees("goes back to you")

        meet(mentee, mentor, met)
        mentee.go(room_of(met))
        mentee.follow("Write a review")
        mentee.page.get_by_label("5 stars").check()
        mentee.fill("What should others know", "She was there at once.")
        mentee.press("Send the review")
        mentee.go(f"/mentors/{met.mentor.slug}/")
        mentee.sees("She was there at once.")

        wait_for(all_is_quiet)
        assert succeeded(met, Type.BOOKING) == [met.price_minor]
        assert succeeded(given_up, Type.BOOKING) == [given_up.price_minor]
        assert succeeded(given_up, Type.REFUND) == [given_up.price_minor]
        _check_books()
        _check_mirror(met, given_up)
        _check_mail(mentee, met)


def meet(mentee: Visitor, mentor: Visitor, booking: Booking) -> None:
    log_in_as(mentor, "mentor3")
    mentor.go("/dashboard/")
    mentor.sees("Ada Lovelace")
    move_clock(mentee, "To the session")
    enter(mentor, booking)
    enter(mentee, booking)
    mentor.go(room_of(booking))
    mentor.press("End the session")
    mentor.sees("The session is over")


def _check_books() -> None:
    assert books_add_up()
    assert not differences()


def _check_mirror(met: Booking, given_up: Booking) -> None:
    """dj-stripe's tables hold what the emulator answers."""
    for charge in Transaction.objects.filter(booking__in=[met, given_up], type=Type.BOOKING):
        same(mirror.Session, charge.stripe_checkout_session_id)
        same(mirror.PaymentIntent, charge.stripe_payment_intent_id)
        same(mirror.Charge, charge.stripe_charge_id)
    for account in PaymentAccount.objects.filter(mentor__in=[met.mentor, given_up.mentor]):
        same(mirror.Account, account.stripe_account_id)
        status = mirror.Account.objects.get(id=account.stripe_account_id).stripe_data
        assert account.payouts_enabled is status["payouts_enabled"] is True
    told = [row.body for row in StripeObject.objects.filter(type="event")]
    kept = {event.id: event.data for event in mirror.Event.objects.all()}
    assert kept == {body["id"]: body["data"] for body in told if is_mirrored(body["type"])}


def same(model: Any, stripe_id: str | None) -> None:
    """The mirror's row and Stripe's object, what dj-stripe has expanded apart."""
    body = StripeObject.objects.get(stripe_id=stripe_id).body
    kept = model.objects.get(id=stripe_id).stripe_data
    assert {k: v for k, v in kept.items() if k not in EXPANDED} == {
        k: v for k, v in body.items() if k not in EXPANDED
    }


def _check_mail(visitor: Visitor, booking: Booking) -> None:
    """Both got their invitation, once, and it can be read."""
    mails = Mail.objects.filter(context__booking=booking.code)
    assert sorted(mails.filter(kind="booking_confirmed").values_list("to_address", flat=True)) == [
        "ada@example.com",
        "mentor3@example.com",
    ]
    assert mails.filter(kind="payment_received", status=Mail.Status.SENT).count() == 1
    visitor.go("/demo/mail/?to=ada@example.com")
    visitor.follow(f"Confirmed: your session with {booking.mentor.name}")
    visitor.sees("Invitation (REQUEST)")
    visitor.page.frame_locator("iframe").get_by_text("See the booking").click()
    visitor.sees("You have met.")


def test_the_clock_shows_what_time_brings(browser: Browser, site: str) -> None:
    upcoming = Booking.objects.get(
        mentee__email=people.MENTEE.email,
        status=Booking.Status.CONFIRMED,
        mentor__user__email=people.MENTOR.person.email,
    )
    path = f"/bookings/{upcoming.code}/"
    with visiting(browser, site) as mentee, visiting(browser, site) as mentor:
        log_in_as(mentee, "mentee")
        log_in_as(mentor, "mentor")
        mentee.go(f"{path}cancel/")
        mentee.sees(re.compile("You get everything back"))
        move_clock(mentee, "+48 h")
        move_clock(mentee, "To the session")
        mentee.go(f"{path}cancel/")
        mentee.sees("Nothing comes back")
        enter(mentee, upcoming)
        enter(mentor, upcoming)

        move_clock(mentee, "+48 h")
        wait_for(lambda: _status(upcoming) == Booking.Status.COMPLETED)
        mentee.go(path)
        mentee.sees("You have met.")
        assert succeeded(upcoming, Type.PAYOUT) == []

        move_clock(mentee, "+48 h")
        net = upcoming.price_minor - upcoming.platform_fee_minor
        wait_for(lambda: succeeded(upcoming, Type.PAYOUT) == [net])
        mentor.go(path)
        mentor.sees("passed on")
        mentor.go("/dashboard/earnings/")
        wait_for(all_is_quiet)
        _check_books()
        move_clock(mentee, "Back to real time")


def _status(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).status
