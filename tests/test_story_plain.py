"""The main job in a browser without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser

from bookings.models import AvailabilitySlot, Booking
from mentormatch.demo import people
from reviews.models import Review
from sessions_app.models import Session
from tests.visitors import book, find, log_in_as, sign_up, visiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
Status = Booking.Status


def test_without_javascript(browser: Browser, site: str) -> None:
    with visiting(browser, site, java_script_enabled=False) as mentee:
        sign_up(mentee, "ada@example.com", "Ada Lovelace")
        find(mentee, "django", people.MENTOR.person.name)
        booking = Booking.objects.get(code=book(mentee, day=3))
        assert booking.status == Status.CONFIRMED

        mentee.follow("Cancel")
        mentee.fill("Why", "Something came up.")
        mentee.press("Cancel the session")
        mentee.sees("goes back to you")
        booking.refresh_from_db()
        assert (booking.status, booking.refund_minor) == (Status.CANCELLED, booking.price_minor)
    review_and_open_hours(browser, site)


def review_and_open_hours(browser: Browser, site: str) -> None:
    with visiting(browser, site, java_script_enabled=False) as visitor:
        log_in_as(visitor, "mentee")
        session = a_session_to_review()
        visitor.go(f"/sessions/{session.code}/review/")
        visitor.page.get_by_label("4 stars").check()
        visitor.press("Send the review")
        assert Review.objects.get(session=session).rating == 4

        visitor.context.clear_cookies()
        log_in_as(visitor, "mentor2")
        hours = AvailabilitySlot.objects.filter(mentor__user__email="mentor2@example.com")
        before = set(hours.values_list("weekday", "start_minute", "end_minute"))
        visitor.go("/dashboard/availability/")
        form = visitor.page.locator("form", has=visitor.page.locator("[name=weekday]")).first
        form.locator("[name=weekday]").select_option("5")
        form.locator("[name=start_time]").fill("10:00")
        form.locator("[name=end_time]").fill("12:00")
        form.get_by_role("button").click()
        after = set(hours.values_list("weekday", "start_minute", "end_minute"))
        assert after - before == {(5, 600, 720)}
        visitor.press(re.compile("Remove Saturday"))
        assert set(hours.values_list("weekday", "start_minute", "end_minute")) == before


def a_session_to_review() -> Session:
    """The one of the demo's mentee that is over and has no review yet."""
    mine = Booking.objects.filter(mentee__email=people.MENTEE.email, status=Status.COMPLETED)
    return mine.filter(seat__session__reviews=None).first().seat.session
