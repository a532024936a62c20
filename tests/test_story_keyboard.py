"""Every story by keyboard alone: each step is a key, down the page, and the focus can be seen."""

import datetime as dt

import pytest
from playwright.sync_api import Browser, expect

from bookings import calendar
from bookings.models import AvailabilitySlot, Booking
from bookings.services import book_slot
from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.demo import people
from mentormatch.mentors.models import MentorProfile
from reviews.models import Review
from sessions_app.models import Session
from tests.test_story_plain import a_session_to_review
from tests.typist import Typist, typing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.slow]
Status = Booking.Status
DAY = dt.timedelta(days=1)


def test_signing_up_booking_and_cancelling(browser: Browser, site: str) -> None:
    with typing(browser, site) as visitor:
        sign_up(visitor)
        visitor.open("/")
        visitor.type("get better at", "django")
        with visitor.page.expect_navigation():
            visitor.page.keyboard.press("Enter")
        visitor.skip_to_content()
        visitor.follow_to(people.MENTOR.person.name)
        visitor.skip_to_content()
        visitor.enter(r"^1 h · ")
        chosen = visitor.page.locator("[aria-current=page]").filter(has_text="1 h")
        expect(chosen).to_be_visible()
        code = book(visitor)

        visitor.skip_to_content()
        visitor.follow_to("^Cancel$")
        visitor.skip_to_content()
        visitor.type("Why", "Something came up.")
        visitor.follow_to("^Cancel the session")
        visitor.sees("goes back to you")
        assert Booking.objects.get(code=code).status == Status.CANCELLED


def test_meeting_reviewing_and_moving(browser: Browser, site: str) -> None:
    """The room by both, a review of an earlier session, and a new time by either side."""
    with typing(browser, site) as mentor, typing(browser, site) as mentee:
        log_in(mentor, "mentor3")
        log_in(mentee, "mentee")
        meet(mentor, mentee)
        review(mentee)
        log_in(mentor, "mentor")
        upcoming = Booking.objects.get(
            mentee__email=people.MENTEE.email,
            status=Status.CONFIRMED,
            mentor__user__email=people.MENTOR.person.email,
        )
        move(mentee, upcoming, number=40)
        move(mentor, upcoming, number=30)


def test_what_a_mentor_does(browser: Browser, site: str) -> None:
    with typing(browser, site) as visitor:
        log_in(visitor, "mentee2")
        become_a_mentor(visitor)
        log_in(visitor, "mentor2")
        answer_requests(visitor)
        open_and_close_hours(visitor)


def log_in(visitor: Typist, name: str) -> None:
    visitor.context.clear_cookies()
    visitor.open("/demo/")
    visitor.follow_to(f"^Log in as {name}$")


def sign_up(visitor: Typist) -> None:
    """Once with a mistake: the summary has the focus, and leads to the field at fault."""
    visitor.open("/accounts/signup/")
    visitor.type("^Name", "Ada Lovelace")
    visitor.type("^E-mail", "ada@example.com")
    visitor.type("^Password", "12345")
    visitor.follow_to("^Create my account")
    correct(visitor, "Password", "password1", "a-long-enough-secret")
    visitor.follow_to("^Create my account")
    expect(visitor.page.get_by_text("Your account, Ada Lovelace")).to_be_visible()


def correct(visitor: Typist, label: str, name: str, text: str) -> None:
    """What was sent is refused: from the summary of the faults to the field, and type it anew."""
    expect(visitor.page.locator(".form-errors")).to_be_focused()
    visitor.enter(f"^{label}")
    expect(visitor.page.locator(f"[name={name}]")).to_be_focused()
    visitor.page.keyboard.press("ControlOrMeta+a")
    visitor.page.keyboard.type(text)
    assert [problem for problem in visitor.problems if "422" not in problem] == []
    visitor.problems.clear()  # the refused form's status is a line in the console


def take_a_time(visitor: Typist, number: int = 40) -> None:
    visitor.page.locator("a.slot").nth(number).focus()  # after as many Tabs, and as many looks
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.skip_to_content()


def book(visitor: Typist) -> str:
    """From the picker through the payment; gives the booking's code."""
    page = visitor.page
    take_a_time(visitor)
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


def meet(mentor: Typist, mentee: Typist) -> None:
    """The session that is open now, from the mentor's dashboard to its end."""
    mentor.open("/dashboard/")
    mentor.follow_to("^Go to the room$")
    mentor.skip_to_content()
    mentor.follow_to("^Start the session$")
    mentor.sees("You are in the room")
    mentee.open("/bookings/")
    mentee.follow_to("^Room Noor Haddad$")
    mentee.skip_to_content()
    mentee.follow_to("^Join the session$")
    mentee.sees("You are in the room")
    mentee.skip_to_content()
    mentee.follow_to("^Leave the room$")
    mentor.skip_to_content()
    mentor.follow_to("^End the session$")
    mentor.sees("The session is over")
    met = Session.objects.get(code=mentor.page.url.partition("#")[0].rstrip("/").split("/")[-1])
    assert met.status == Session.Status.COMPLETED
    assert met.presences.filter(left_at=None).count() == 0
    assert met.presences.count() == 2


def review(visitor: Typist) -> None:
    session = a_session_to_review()
    visitor.open(f"/sessions/{session.code}/review/")
    visitor.tab_to("star")
    for _ in range(5):  # a group of radio buttons is one stop, and the arrows choose
        if visitor.page.get_by_label("4 stars").is_checked():
            break
        visitor.page.keyboard.press("ArrowRight")
    visitor.type("What should others know", "Patient.")
    visitor.follow_to("^Send the review")
    assert Review.objects.get(session=session).rating == 4


def move(visitor: Typist, booking: Booking, *, number: int) -> None:
    before = booking.starts_at
    visitor.open(f"/bookings/{booking.code}/")
    visitor.follow_to("^Choose another time$")
    take_a_time(visitor, number)
    visitor.follow_to("^Move the session")
    visitor.sees("It's on.")
    booking.refresh_from_db()
    assert booking.starts_at != before
    assert booking.status == Status.CONFIRMED


def become_a_mentor(visitor: Typist) -> None:
    """Profile, hours and payouts; the price is too low first."""
    visitor.open("/dashboard/")
    visitor.follow_to("^Become a mentor$")
    visitor.skip_to_content()
    visitor.type("^Headline", "Calm reviews of your code")
    visitor.type("^About you", "I have read a lot of it.")
    visitor.enter("^Databases$", key="Space")
    visitor.type("^Price an hour", "0.10")
    visitor.follow_to("^Save$")
    correct(visitor, "Price an hour", "hourly_rate", "50")
    visitor.follow_to("^Save$")
    mentor = MentorProfile.objects.get(user__email=people.MENTEE2.email)
    assert (mentor.status, mentor.hourly_rate_minor) == (MentorProfile.Status.DRAFT, 5000)

    visitor.skip_to_content()
    visitor.follow_to("^Opening hours$")
    visitor.skip_to_content()
    open_saturday(visitor)
    assert mentor.availability.count() == 1
    visitor.skip_to_content()
    visitor.follow_to("^Payouts$")
    visitor.skip_to_content()
    visitor.follow_to("^Set up payouts$")
    visitor.follow_to("^Complete with test data$")
    visitor.sees("You can be paid")
    visitor.skip_to_content()
    visitor.follow_to("^Profile$")
    visitor.skip_to_content()
    visitor.follow_to("^Submit for review$")
    mentor.refresh_from_db()
    assert (mentor.status, mentor.is_payable) == (MentorProfile.Status.IN_REVIEW, True)


def answer_requests(visitor: Typist) -> None:
    asked = [
        ask(people.MENTOR2.person.email, person.email) for person in (people.MENTEE, people.MENTEE2)
    ]
    visitor.open("/dashboard/")
    visitor.follow_to("^Confirm.*Jamie Novak")
    visitor.sees("It's on.")
    visitor.open("/dashboard/")
    visitor.follow_to("^Decline.*Robin Tremblay")
    visitor.skip_to_content()
    visitor.type("Why", "I am away.")
    visitor.follow_to("^Decline the request$")
    visitor.sees("I am away.")
    for booking in asked:
        booking.refresh_from_db()
    assert [booking.status for booking in asked] == [Status.CONFIRMED, Status.CANCELLED]


def ask(mentor_email: str, mentee_email: str) -> Booking:
    """A request for a trial at the first time that is free for both."""
    mentor = MentorProfile.objects.select_related("user").get(user__email=mentor_email)
    mentee, now = User.objects.get(email=mentee_email), times.now()
    trial = {"duration_minutes": mentor.trial_minutes, "session_type": Booking.Type.TRIAL}
    free = calendar.offered(
        mentor, start=now + 2 * DAY, end=now + 9 * DAY, now=now, viewer=mentee, **trial
    )
    return book_slot(mentor=mentor, mentee=mentee, starts_at=free[0].starts_at, **trial)


def open_and_close_hours(visitor: Typist) -> None:
    visitor.open("/dashboard/availability/")
    open_saturday(visitor)
    saturday = AvailabilitySlot.objects.filter(
        mentor__user__email=people.MENTOR2.person.email, weekday=5
    )
    assert saturday.values_list("start_minute", "end_minute").get() == (600, 720)
    visitor.skip_to_content()
    visitor.follow_to("^Remove Saturday")
    assert not saturday.exists()


def open_saturday(visitor: Typist) -> None:
    visitor.tab_to("^Every")
    visitor.page.keyboard.type("Saturday")
    visitor.type("^From", "10:00")
    visitor.type("^Until", "12:00")
    visitor.follow_to("^Add")
