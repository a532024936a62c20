"""What the script adds, and that the page's policy stops none of it."""

import datetime as dt

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from mentormatch import times
from tests.conftest import PASSWORD
from tests.factories import (
    BookingFactory,
    MentorFactory,
    PresenceFactory,
    SessionFactory,
    UserFactory,
    open_every_day,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer):
    """`visit(path, scheme)` opens a page as someone in Tokyo on a small screen would."""
    said: list[str] = []

    def open_page(path: str, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": 320, "height": 700},
            color_scheme=scheme,
            timezone_id="Asia/Tokyo",
            locale="en-GB",
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in browser.contexts:
        context.close()
    # A refused form's own status is a line in the console, and no fault.
    assert not [line for line in said if not line.startswith("Failed to load resource")]


def test_first_visit_shows_times_in_the_browsers_zone(visit):
    open_every_day(MentorFactory())
    page = visit("/")
    page.get_by_text("Times are shown in Asia/Tokyo").wait_for()
    assert page.locator(".mentor-card .instant-zone").inner_text() == "JST"
    cookie = next(c for c in page.context.cookies() if c["name"] == "time_zone")
    assert cookie["value"] == "Asia/Tokyo"


def test_first_visit_of_a_profile_shows_its_times_in_the_browsers_zone(visit):
    open_every_day(MentorFactory(slug="ada"))
    page = visit("/mentors/ada/")
    page.get_by_text("Times in your zone, Asia/Tokyo").wait_for()
    assert page.locator(".slot-time .slot-note").first.text_content() == "JST"


def test_turning_the_week_says_the_days_and_keeps_ones_place(visit):
    open_every_day(MentorFactory(slug="ada", horizon_days=14))
    page = visit("/mentors/ada/")
    page.get_by_text("Times in your zone, Asia/Tokyo").wait_for()
    page.locator("#slots-later").press("Enter")
    page.locator("#slots-earlier").wait_for()
    days = page.locator("#slots h3").inner_text()
    expect(page.locator("#said")).to_have_text(days)
    expect(page.locator("#slots-later")).to_be_focused()
    page.keyboard.press("Enter")  # to the last week, which has no later one
    expect(page.locator("#slots h3")).to_be_focused()


def test_the_room_says_who_has_come(browser, live_server, client):
    booking = BookingFactory(starts_at=times.now() + dt.timedelta(minutes=5))
    session = SessionFactory(booking=booking)
    client.force_login(booking.mentee)
    context = browser.new_context(base_url=live_server.url)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(reverse("sessions:room", args=[session.code]))
    PresenceFactory(session=session, joined_at=times.now())
    # The page asks every five seconds.
    expect(page.locator("#said")).to_contain_text("here since", timeout=60_000)
    expect(page.locator("#said")).to_contain_text(booking.mentor.name)
    context.close()


def test_a_request_without_an_answer_is_told_until_one_comes(browser, live_server):
    open_every_day(MentorFactory(slug="ada"))
    page = browser.new_page()
    page.goto(f"{live_server.url}/mentors/ada/")
    page.wait_for_load_state("networkidle")
    page.route("**/mentors/ada/?*", lambda route: route.abort())
    page.locator("#slots-later").click()
    page.get_by_role("alert").get_by_text("Check your connection").wait_for()
    page.unroute("**/mentors/ada/?*")
    page.locator("#slots-later").click()
    page.get_by_role("alert").wait_for(state="detached")
    page.close()


def test_sign_up_starts_with_the_browsers_zone(visit):
    assert visit("/accounts/signup/").locator("#id_time_zone").input_value() == "Asia/Tokyo"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_follow_the_system_and_fit_320_pixels(visit, scheme):
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/nothing-here/"):
        page = visit(path, scheme)
        assert page.locator("html").get_attribute("data-bs-theme") == scheme
        assert page.evaluate(EXCESS) == 0, path


def test_a_name_of_any_length_breaks(visit):
    mentor = MentorFactory(user__full_name="M" * 80, slug="long")
    open_every_day(mentor)
    for path in ("/", "/mentors/", "/mentors/long/"):
        assert visit(path).evaluate(EXCESS) == 0, path


def test_menu_opens_by_key_and_closes_by_escape(visit):
    user = UserFactory()
    page = visit("/accounts/login/?next=/settings/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.locator("details.menu summary").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Log out").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Log out").is_visible()


def test_refused_form_puts_its_errors_in_focus(visit):
    page = visit("/accounts/login/")
    page.fill("[name=login]", "ada@example.com")
    page.fill("[name=password]", "wrong")
    page.get_by_role("button", name="Log in").click()
    assert page.evaluate("document.activeElement.className") == "form-errors"


def test_without_agreeing_to_the_rule_the_browser_sends_nothing(visit, login):
    mentor, mentee = MentorFactory(slug="ada"), UserFactory()
    open_every_day(mentor, always=True)
    page = visit("/mentors/ada/")
    session = login(mentee).cookies["sessionid"].value
    home = page.url.removesuffix("/mentors/ada/")
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": home}])
    slot = page.locator(".slot-day").nth(2).locator("a.slot").first.get_attribute("href")
    page.goto(home + slot)
    book = page.get_by_role("button", name="Book and pay")
    book.click()
    assert page.evaluate("document.activeElement.name") == "consent"
    assert not mentee.bookings.exists()
    page.get_by_label("I agree: until").check()
    book.click()
    page.get_by_text("You agreed to this on").wait_for()
    assert mentee.bookings.get().consented_at
