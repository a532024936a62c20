"""The main job in a browser without JavaScript, and by keyboard alone."""

import re

import pytest
from playwright.sync_api import Browser, expect

from bookings.models import AvailabilitySlot, Booking
from mentormatch.demo import people
from reviews.models import Review
from sessions_app.models import Session
from tests.visitors import Visitor, book, find, log_in_as, sign_up, visiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
Status = Booking.Status
# What has the focus: what it is called, whether it can be seen to have it, and where it stands.
FOCUSED = r"""() => {
  const element = document.activeElement;
  // A link that covers its card shows its outline around the card.
  const shows = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  const label = element.labels?.[0]?.innerText;
  const name = element.getAttribute("aria-label") || label || element.innerText || element.value;
  const box = element.getBoundingClientRect();
  return {
    name: (name || element.name || "").trim().replace(/\s+/g, " "),
    isShown: shows(getComputedStyle(element)) || shows(getComputedStyle(element, "::after")),
    isInView: box.bottom > 0 && box.top < innerHeight,
    order: [...document.querySelectorAll("*")].indexOf(element),
  };
}"""
MOST_TABS = 150


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


class Typist(Visitor):
    """Somebody who has no mouse: every step is a key, and what has the focus must be seen."""

    def tab_to(self, name: str | re.Pattern[str]) -> None:
        """Press Tab until that has the focus; the way there goes down the page."""
        place = -1
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(FOCUSED)
            if focus["order"] == place:
                continue  # within a date: the browser shows which part of it
            assert focus["isShown"], f"The focus on {focus['name']!r} can't be seen."
            assert focus["isInView"], f"{focus['name']!r} has the focus out of sight."
            if re.search(name, focus["name"]):
                return
            assert focus["order"] > place, f"{focus['name']!r} comes too late."
            place = focus["order"]
        raise AssertionError(f"No Tab leads to {name!r}.")

    def skip_to_content(self) -> None:
        """The first thing on each page is the way past its head.

        A redirect keeps the fragment of the address it came from, and then one is there already.
        """
        if self.page.evaluate("location.hash") == "#main":
            return
        self.page.keyboard.press("Tab")
        assert self.page.evaluate(FOCUSED)["name"] == "Skip to the content"
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.id") == "main"

    def enter(self, name: str | re.Pattern[str], key: str = "Enter") -> None:
        self.tab_to(name)
        self.page.keyboard.press(key)

    def follow_to(self, name: str | re.Pattern[str]) -> None:
        """Press Enter on that, and be on the next page."""
        self.tab_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, name: str | re.Pattern[str], text: str) -> None:
        self.tab_to(name)
        self.page.keyboard.type(text)


def test_by_keyboard_alone(browser: Browser, site: str) -> None:
    visitor = Typist(browser, site, reduced_motion="reduce")  # nothing scrolls slowly
    page = visitor.page
    sign_up_by_keyboard(visitor)

    visitor.go("/")
    visitor.skip_to_content()
    visitor.type("get better at", "django")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    visitor.skip_to_content()
    visitor.follow_to(people.MENTOR.person.name)
    visitor.skip_to_content()
    visitor.enter(r"^1 h · ")
    expect(page.locator("[aria-current=page]").filter(has_text="1 h")).to_be_visible()
    code = book_by_keyboard(visitor)

    visitor.skip_to_content()
    visitor.follow_to("^Cancel$")
    visitor.skip_to_content()
    visitor.type("Why", "Something came up.")
    visitor.follow_to("^Cancel the session")
    visitor.sees("goes back to you")
    assert Booking.objects.get(code=code).status == Status.CANCELLED
    assert visitor.problems == []
    visitor.context.close()


def test_a_review_and_opening_hours_by_keyboard_alone(browser: Browser, site: str) -> None:
    visitor = Typist(browser, site, reduced_motion="reduce")
    log_in_by_keyboard(visitor, "mentee")
    session = a_session_to_review()
    visitor.go(f"/sessions/{session.code}/review/")
    visitor.skip_to_content()
    visitor.tab_to("star")
    for _ in range(5):  # a group of radio buttons is one stop, and the arrows choose
        if visitor.page.get_by_label("4 stars").is_checked():
            break
        visitor.page.keyboard.press("ArrowRight")
    visitor.type("What should others know", "Patient.")
    visitor.follow_to("^Send the review")
    assert Review.objects.get(session=session).rating == 4

    visitor.context.clear_cookies()
    log_in_by_keyboard(visitor, "mentor2")
    visitor.go("/dashboard/availability/")
    visitor.skip_to_content()
    visitor.tab_to("^Every")
    visitor.page.keyboard.type("Saturday")
    visitor.type("^From", "10:00")
    visitor.type("^Until", "12:00")
    visitor.follow_to("^Add")
    saturday = AvailabilitySlot.objects.filter(mentor__user__email="mentor2@example.com", weekday=5)
    assert saturday.values_list("start_minute", "end_minute").get() == (600, 720)
    visitor.skip_to_content()
    visitor.follow_to("^Remove Saturday")
    assert not saturday.exists()
    assert visitor.problems == []
    visitor.context.close()


def log_in_by_keyboard(visitor: Typist, name: str) -> None:
    visitor.go("/demo/")
    visitor.skip_to_content()
    visitor.follow_to(f"^Log in as {name}$")


def sign_up_by_keyboard(visitor: Typist) -> None:
    """Once with a mistake: the summary has the focus, and leads to the field at fault."""
    visitor.go("/accounts/signup/")
    visitor.skip_to_content()
    visitor.type("^Name", "Ada Lovelace")
    visitor.type("^E-mail", "ada@example.com")
    visitor.type("^Password", "12345")
    visitor.follow_to("^Create my account")
    expect(visitor.page.locator(".form-errors")).to_be_focused()
    visitor.enter("^Password")
    expect(visitor.page.locator("[name=password1]")).to_be_focused()
    visitor.page.keyboard.type("a-long-enough-secret")
    visitor.follow_to("^Create my account")
    expect(visitor.page.get_by_text("Your account, Ada Lovelace")).to_be_visible()
    visitor.problems.clear()  # the refused form's status is a line in the console


def book_by_keyboard(visitor: Typist) -> str:
    """From the picker through the payment; gives the booking's code."""
    page = visitor.page
    page.locator("a.slot").nth(40).focus()  # after forty Tabs, and as many looks
    with page.expect_navigation():
        page.keyboard.press("Enter")
    visitor.skip_to_content()
    visitor.type("talk about", "How to begin.")
    visitor.enter("I agree", key="Space")
    visitor.follow_to("^Book and pay")
    visitor.skip_to_content()
    visitor.follow_to("at Stripe$")
    for name, text in {
        "card_number": "4242424242424242",
        "exp_month": "12",
        "exp_year": "2040",
        "cvc": "123",
        "name": "Ada",
    }.items():
        while page.evaluate("document.activeElement.name") != name:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    visitor.follow_to("^Pay")
    visitor.sees("It's on.")
    return page.url.rstrip("/").rpartition("/")[2]
