"""The pages of bookings, without JavaScript: what each shows, and to whom."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from bookings import services
from bookings.models import Booking
from mentormatch.mentors.models import MentorProfile
from tests.conftest import NOW
from tests.factories import (
    AvailabilityFactory,
    BookingFactory,
    MentorFactory,
    SessionFactory,
    UserFactory,
    open_every_day,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
HOUR = dt.timedelta(hours=1)
SLOT = NOW + 48 * HOUR
TIME = "2026-06-03T08:00:00Z"
WANTED = {"starts_at": TIME, "duration_minutes": "60", "session_type": "one_on_one"}
TRIAL = WANTED | {"duration_minutes": "30", "session_type": "trial"}


@pytest.fixture
def mentor():
    mentor = MentorFactory(user__full_name="Ada Vogel", slug="ada")
    open_every_day(mentor)
    return mentor


@pytest.fixture
def mentee():
    return UserFactory(full_name="Bo Lind", time_zone="America/New_York")


@pytest.fixture
def booking(mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, starts_at=SLOT, notes="My deploy")
    SessionFactory(booking=booking)
    return booking


@pytest.fixture
def request_(mentee):
    mentor = MentorFactory(requires_approval=True)
    open_every_day(mentor)
    return services.book_slot(
        mentor=mentor,
        mentee=mentee,
        starts_at=SLOT + 24 * HOUR,
        duration_minutes=30,
        session_type="trial",
    )


def page(name, booking):
    return reverse(f"bookings:{name}", args=[booking.code])


BOOK = reverse("bookings:book", args=["ada"])


def test_what_will_be_booked_is_shown_before(login, mentor, mentee):
    response = login(mentee).get(BOOK, WANTED)
    assertContains(response, "Wednesday, 3 June 2026")
    assertContains(response, "04:00–05:00")
    assertContains(response, "For Ada Vogel: 10:00, Europe/Berlin")
    assertContains(response, "Book and pay €60.00")
    assertContains(response, "35 minutes")
    assertContains(response, "full refund until")
    assert not Booking.objects.exists()


def test_a_paid_slot_leads_to_the_payment(login, mentor, mentee):
    response = login(mentee).post(BOOK, WANTED | {"notes": "My deploy"})
    booking = Booking.objects.get()
    assert (booking.status, booking.mentee, booking.notes) == ("pending", mentee, "My deploy")
    assert response.status_code == 302
    assert response.url == reverse("payments:pay", args=[booking.code])


def test_a_free_trial_is_booked_in(login, mentor, mentee):
    response = login(mentee).post(BOOK, TRIAL, follow=True)
    booking = Booking.objects.get()
    assert booking.status == "confirmed"
    assertRedirects(response, page("detail", booking))
    assertContains(response, "You&#x27;re booked in.")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_taken_slot_offers_the_nearest_and_keeps_the_notes(login, mentor, mentee, method):
    BookingFactory(mentor=mentor, starts_at=SLOT)
    response = getattr(login(mentee), method)(BOOK, WANTED | {"notes": "My <deploy>"})
    assert response.status_code == 409
    assertContains(response, 'value="2026-06-03T09:00:00Z"', status_code=409)
    assertContains(response, 'type="radio"', 3, status_code=409)
    if method == "post":
        assertContains(response, "My &lt;deploy&gt;", status_code=409)
        again = WANTED | {"starts_at": "2026-06-03T09:00:00Z", "notes": "My <deploy>"}
        assert login(mentee).post(BOOK, again).status_code == 302
        assert Booking.objects.get(mentee=mentee).starts_at == SLOT + HOUR


def test_what_is_refused_for_another_reason_says_so(login, mentor, mentee):
    services.book_slot(
        mentor=mentor, mentee=mentee, starts_at=SLOT, duration_minutes=30, session_type="trial"
    )
    later = TRIAL | {"starts_at": "2026-06-04T08:00:00Z"}
    for method in ("get", "post"):
        response = getattr(login(mentee), method)(BOOK, later)
        assertContains(response, "already had your trial", status_code=409)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"starts_at": "2026-06-03T10:00:00"}, "time with its offset"),
        ({"starts_at": "2026-05-03T08:00:00Z"}, "has passed"),
        ({"starts_at": "0001-01-01T01:00:00Z"}, "time with its offset"),
        ({"starts_at": ""}, "Choose a time"),
        ({"duration_minutes": "14"}, "greater than or equal to 15"),
        ({"duration_minutes": "45"}, "doesn&#x27;t offer"),
        ({"session_type": "group"}, "Group sessions"),
        ({"notes": "x" * 2001}, "at most 2000"),
    ],
)
def test_bad_input_is_said_and_kept(login, mentor, mentee, change, words):
    response = login(mentee).post(BOOK, WANTED | {"notes": "My deploy"} | change)
    assertContains(response, words, status_code=422)
    assert not Booking.objects.exists()
    if "notes" not in change:
        assertContains(response, "My deploy", status_code=422)
    assert login(mentee).get(BOOK, WANTED | change | {"notes": ""}).status_code == 400 or (
        "notes" in change
    )


def test_whoever_is_not_logged_in_comes_back_after(client, mentor):
    response = client.get(BOOK, WANTED)
    assert response.status_code == 302
    back = parse_qs(urlsplit(response.url).query)["next"][0]
    assert back.startswith(BOOK)
    assert parse_qs(urlsplit(back).query)["starts_at"] == [TIME]


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"status": "suspended"}])
def test_whoever_is_not_listed_has_no_booking_page(login, mentee, hidden):
    MentorFactory(slug="ada", **hidden)
    assert login(mentee).get(BOOK, WANTED).status_code == 404
    assert login(mentee).post(BOOK, WANTED).status_code == 404


def test_mentors_cannot_book_themselves(login, mentor):
    assert login(mentor.user).get(BOOK, WANTED).status_code == 400
    assertContains(login(mentor.user).post(BOOK, WANTED), "book yourself", status_code=422)


def test_the_list_has_tabs_and_roles(login, booking, mentee):
    BookingFactory(mentee=mentee, completed=True, mentor__user__full_name="Past Mentor")
    client, url = login(mentee), reverse("bookings:list")
    assertContains(client.get(url), "Ada Vogel")
    assertNotContains(client.get(url), "Past Mentor")
    assertContains(client.get(url, {"tab": "past"}), "Past Mentor")
    assertNotContains(client.get(url, {"tab": "past"}), "Ada Vogel")
    assertNotContains(client.get(url), "where I mentor")
    mentors = login(booking.mentor.user)
    assertContains(mentors.get(url, {"role": "mentor"}), "Bo Lind")
    assertNotContains(mentors.get(url, {"role": "mentee"}), "Bo Lind")
    assertNotContains(login(UserFactory()).get(url), "Bo Lind")


@pytest.mark.parametrize("tab", ["upcoming", "past"])
def test_the_list_costs_the_same_however_long(login, mentee, tab, django_assert_num_queries):
    def add(n):
        kind = {"completed": True} if tab == "past" else {}
        for i in range(n):
            booking = BookingFactory(
                mentee=mentee, mentor__lengths=[60], **kind, starts_at=_nth(tab, i + add.made)
            )
            SessionFactory(booking=booking)
        add.made += n

    add.made = 0
    client, url = login(mentee), f"{reverse('bookings:list')}?tab={tab}"
    add(1)
    client.get(url)
    with django_assert_num_queries(5) as first:
        client.get(url)
    add(2)
    with django_assert_num_queries(len(first)):
        assertContains(client.get(url), "row-item", 3)


def _nth(tab, n):
    return SLOT + 2 * n * HOUR if tab == "upcoming" else SLOT - (100 + 2 * n) * HOUR


def test_the_list_is_paged(login, mentee):
    for n in range(11):
        BookingFactory(mentee=mentee, starts_at=SLOT + 2 * n * HOUR)
    client, url = login(mentee), reverse("bookings:list")
    assertContains(client.get(url), "row-item", 10)
    assertContains(client.get(url, {"page": 2}), "row-item", 1)


def test_one_booking_shows_both_zones_and_what_can_be_done(login, booking, mentee):
    response = login(mentee).get(page("detail", booking))
    assertContains(response, "04:00–05:00")
    assertContains(response, "For Ada Vogel: 10:00, Europe/Berlin")
    assertContains(response, "My deploy")
    for name in ("cancel", "reschedule"):
        assertContains(response, page(name, booking))
    assertContains(response, reverse("sessions:room", args=[booking.seat.session.code]))
    mentors = login(booking.mentor.user).get(page("detail", booking))
    assertContains(mentors, "For Bo Lind: 04:00, America/New York")


def test_once_begun_the_room_is_open(login, booking, mentee, freeze):
    assertContains(login(mentee).get(page("detail", booking)), "The room opens 10 minutes before")
    freeze(SLOT)
    assertContains(login(mentee).get(page("detail", booking)), "The room is open.")


def test_a_late_mentee_cannot_move_it_any_more(login, booking, mentee, freeze):
    freeze(SLOT - HOUR)
    response = login(mentee).get(page("detail", booking))
    assertNotContains(response, page("reschedule", booking))
    assertContains(response, "nothing comes back")
    assert login(mentee).get(page("reschedule", booking)).status_code == 409
    mentors = login(booking.mentor.user).get(page("detail", booking))
    assertContains(mentors, page("reschedule", booking))


@pytest.mark.parametrize(
    "state", ["to_pay", "requested", "cancelled", "completed", "trial", "no_show", "expired"]
)
@pytest.mark.parametrize("side", ["mentee", "mentor"])
def test_every_state_has_a_page_for_both(login, state, side):
    made = {
        "no_show": {"completed": True, "status": "no_show"},
        "expired": {
            "cancelled": True,
            "cancellation_code": "expired",
            "cancelled_by": "system",
        },
    }.get(state, {state: True})
    booking = BookingFactory(**made)
    user = booking.mentee if side == "mentee" else booking.mentor.user
    response = login(user).get(page("detail", booking))
    assert response.status_code == 200
    pays = side == "mentee" and state == "to_pay"
    assert (reverse("payments:pay", args=[booking.code]) in response.content.decode()) == pays
    answers = side == "mentor" and state == "requested"
    assert (page("confirm", booking) in response.content.decode()) == answers


def test_a_completed_session_can_be_reviewed_by_the_mentee(login):
    session = SessionFactory(completed=True)
    booking = session.seats.get().booking
    review = reverse("reviews:write", args=[session.code])
    assertContains(login(booking.mentee).get(page("detail", booking)), review)
    assertNotContains(login(booking.mentor.user).get(page("detail", booking)), review)


def test_the_cancel_page_says_what_comes_back_and_changes_nothing(login, booking, mentee):
    response = login(mentee).get(page("cancel", booking))
    assertContains(response, "You get everything back: <strong>€60.00</strong>")
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_a_late_cancellation_says_that_nothing_comes_back(login, booking, mentee, freeze):
    freeze(SLOT - HOUR)
    response = login(mentee).get(page("cancel", booking))
    assertContains(response, "Nothing comes back")
    mentors = login(booking.mentor.user).get(page("cancel", booking))
    assertContains(mentors, "Bo Lind gets everything back: <strong>€60.00</strong>")


def test_cancelling_over_the_page(login, booking, mentee):
    response = login(mentee).post(page("cancel", booking), {"reason": "Ill"}, follow=True)
    assertRedirects(response, page("detail", booking))
    booking.refresh_from_db()
    assert (booking.status, booking.cancellation_reason) == ("cancelled", "Ill")
    assert booking.refund_minor == 6000
    again = login(mentee).post(page("cancel", booking), {"reason": "Ill"})
    assertRedirects(again, page("detail", booking), fetch_redirect_response=False)
    assertContains(login(mentee).get(page("cancel", booking)), "already cancelled")


def test_a_long_reason_is_refused_and_kept(login, booking, mentee):
    response = login(mentee).post(page("cancel", booking), {"reason": "x" * 501})
    assertContains(response, "x" * 501, status_code=422)
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_another_time_is_chosen_from_the_free_ones(login, booking, mentee):
    client, url = login(mentee), page("reschedule", booking)
    assertContains(client.get(url), f"{url}?starts_at=2026-06-03T08%3A30%3A00Z")
    sure = client.get(url, {"starts_at": "2026-06-03T09:00:00Z"})
    assertContains(sure, "05:00–06:00")
    booking.refresh_from_db()
    assert booking.starts_at == SLOT
    response = client.post(url, {"starts_at": "2026-06-03T09:00:00Z"})
    assertRedirects(response, page("detail", booking), fetch_redirect_response=False)
    booking.refresh_from_db()
    assert (booking.starts_at, booking.sequence) == (SLOT + HOUR, 1)


def test_a_taken_time_is_not_moved_into(login, booking, mentee):
    BookingFactory(mentor=booking.mentor, starts_at=SLOT + 2 * HOUR)
    response = login(mentee).post(
        page("reschedule", booking), {"starts_at": "2026-06-03T10:00:00Z"}
    )
    assertContains(response, 'type="radio"', 3, status_code=409)
    bad = login(mentee).post(page("reschedule", booking), {"starts_at": "tomorrow"})
    assertContains(bad, "time with its offset", status_code=422)
    past = login(mentee).post(page("reschedule", booking), {"starts_at": "2026-05-03T10:00:00Z"})
    assertContains(past, "has passed", status_code=422)
    nothing = login(mentee).post(page("reschedule", booking))
    assertContains(nothing, "Choose a time.", status_code=422)
    assertContains(nothing, "?starts_at=", status_code=422)


def test_the_mentor_confirms_a_request(login, request_):
    mentor = login(request_.mentor.user)
    response = mentor.post(page("confirm", request_))
    assertRedirects(response, page("detail", request_), fetch_redirect_response=False)
    request_.refresh_from_db()
    assert request_.status == "confirmed"
    assert mentor.get(page("confirm", request_)).status_code == 405


def test_the_mentor_declines_a_request(login, request_):
    mentor = login(request_.mentor.user)
    assertContains(mentor.get(page("decline", request_)), "Decline the request")
    response = mentor.post(page("decline", request_), {"reason": "On holiday"})
    assertRedirects(response, page("detail", request_), fetch_redirect_response=False)
    request_.refresh_from_db()
    assert (request_.cancellation_code, request_.cancellation_reason) == ("declined", "On holiday")


@pytest.mark.parametrize("name", ["confirm", "decline"])
def test_the_mentee_does_not_answer(login, request_, name):
    assert login(request_.mentee).post(page(name, request_)).status_code == 403


@pytest.mark.parametrize("name", ["detail", "cancel", "reschedule", "confirm", "decline"])
def test_strangers_find_nothing_and_visitors_log_in(login, client, booking, name):
    method = "post" if name == "confirm" else "get"
    for stranger in (UserFactory(), MentorFactory().user, UserFactory(staff=True)):
        assert getattr(login(stranger), method)(page(name, booking)).status_code == 404
    response = getattr(client, method)(page(name, booking))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_the_dashboard_says_what_is_next(login, booking, request_):
    mentor = login(booking.mentor.user).get(reverse("bookings:dashboard"))
    assertContains(mentor, "Bo Lind")
    assertContains(mentor, "You are all set")
    assertNotContains(mentor, "Waiting for your answer")
    asked = login(request_.mentor.user).get(reverse("bookings:dashboard"))
    assertContains(asked, "Waiting for your answer")
    assertContains(asked, page("confirm", request_))


def test_the_dashboard_says_what_is_still_to_do(login):
    mentor = MentorFactory(draft=True, is_payable=False)
    client, url = login(mentor.user), reverse("bookings:dashboard")
    assertContains(client.get(url), ">to do<", 3)
    AvailabilityFactory(mentor=mentor)
    assertContains(client.get(url), ">to do<", 2)
    assertContains(client.get(url), "send it for review")
    MentorProfile.objects.update(status=MentorProfile.Status.IN_REVIEW)
    assertContains(client.get(url), "We are looking at it")


def test_the_dashboard_invites_who_is_no_mentor(login, client):
    url = reverse("bookings:dashboard")
    assertContains(login(UserFactory()).get(url), reverse("mentors:edit"))
    assert client.get(url).status_code == 302


def test_the_dashboard_costs_the_same_however_much(login, mentor, django_assert_num_queries):
    def add(n):
        SessionFactory(booking=BookingFactory(mentor=mentor, starts_at=SLOT + 2 * n * HOUR))
        BookingFactory(mentor=mentor, requested=True, starts_at=SLOT + (2 * n + 1) * HOUR)

    client, url = login(mentor.user), reverse("bookings:dashboard")
    add(0)
    with django_assert_num_queries(8) as first:
        client.get(url)
    add(1)
    add(2)
    with django_assert_num_queries(len(first)):
        client.get(url)


def test_giving_up_takes_no_words(login):
    booking = BookingFactory()
    answer = login(booking.mentee).post(reverse("bookings:cancel", args=[booking.code]))
    booking.refresh_from_db()
    assert (answer.status_code, booking.status) == (302, Booking.Status.CANCELLED)


@pytest.mark.parametrize(
    ("by", "code", "words"),
    [
        ("mentee", "cancelled", "You cancelled this session"),
        ("mentor", "cancelled", "Cancelled by the mentor"),
        ("staff", "cancelled", "Cancelled by our staff"),
        ("mentor", "declined", "Declined by the mentor"),
        ("system", "expired", "Not paid in time"),
    ],
)
def test_the_end_of_a_booking_is_told_as_it_was(login, by, code, words):
    ended = {"cancelled_by": by, "cancellation_code": code}
    booking = BookingFactory(cancelled=True, refund_minor=6000, **ended)
    page = login(booking.mentee).get(reverse("bookings:detail", args=[booking.code]))
    assertContains(page, f"<strong>{words}")
    assertContains(page, "€60.00 goes back to you.")


def test_a_declined_request_was_never_charged(login):
    ended = {"cancelled_by": "mentor", "cancellation_code": "declined", "confirmed_at": None}
    booking = BookingFactory(cancelled=True, needs_answer=True, price_minor=6000, **ended)
    address = reverse("bookings:detail", args=[booking.code])
    assertContains(login(booking.mentee).get(address), "Nothing was charged.")
    assertNotContains(login(booking.mentor.user).get(address), "Nothing was charged.")
    kept = BookingFactory(cancelled=True, needs_answer=True, price_minor=6000)
    address = reverse("bookings:detail", args=[kept.code])
    assertNotContains(login(kept.mentee).get(address), "Nothing was charged.")


def test_the_terms_fit_the_state(login, freeze):
    to_pay = BookingFactory(to_pay=True, price_minor=6000)
    address = reverse("bookings:detail", args=[to_pay.code])
    assertContains(login(to_pay.mentee).get(address), "Nothing is paid yet")
    begun = BookingFactory(price_minor=6000)
    freeze(begun.starts_at + dt.timedelta(minutes=1))
    address = reverse("bookings:detail", args=[begun.code])
    assertContains(login(begun.mentee).get(address), "It has begun")
