"""Group sessions as pages: a mentor offers one, others find it and take seats."""

import datetime as dt

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from bookings.forms.groups import OfferForm
from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.seats import book_seat
from mentormatch import times
from mentormatch.mentors.models import MentorProfile
from tests.factories import GroupSessionFactory, MentorFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST, OWN = reverse("bookings:group_list"), reverse("bookings:group_dashboard")
OFFER = {
    "title": "Read a <query> plan",
    "description": "Bring a slow one.",
    "start_time": "18:00",
    "duration_minutes": "90",
    "seats": "4",
    "price": "10.25",
}


def offer(**changes):
    day = (times.now() + dt.timedelta(days=3)).date().isoformat()
    return OFFER | {"date": day} | changes


def page_of(group):
    return reverse("bookings:group", args=[group.code])


def book_page(group):
    return reverse("bookings:group_book", args=[group.code])


def test_a_mentor_offers_one_on_their_own_clock(login, client):
    mentor = MentorFactory(user__full_name="Grace Hopper", time_zone="America/New_York")
    assertRedirects(login(mentor.user).post(OWN, offer()), OWN)
    group = GroupSession.objects.get()
    local = group.starts_at.astimezone(mentor.zone)
    assert (local.isoformat()[:10], local.hour) == (offer()["date"], 18)
    assert (group.price_minor, group.seats, group.duration_minutes) == (1025, 4, 90)
    mentors_page = reverse("mentors:detail", args=[mentor.slug])
    for page in (LIST, page_of(group), mentors_page):
        response = client.get(page)
        assertContains(response, "Read a &lt;query&gt; plan")
        assertContains(response, "4 seats left")
        assertContains(response, "€10.25")
    assertContains(client.get(LIST), "Grace Hopper")
    assertContains(login(mentor.user).get(OWN), "0 of 4 seats taken")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "This field is required"),
        ({"seats": "101"}, "less than or equal to 100"),
        ({"price": "0.20"}, "costs at least 0.50 EUR"),
        ({"price": "10.255"}, "no more than 2 decimal"),
        ({"date": "2020-01-01"}, "has passed"),
        ({"date": "2027-03-28", "start_time": "02:30"}, "put forward"),
        ({"start_time": "6pm"}, "HH:MM"),
    ],
)
def test_an_offer_that_makes_no_sense_is_said_and_kept(login, changes, words):
    response = login(MentorFactory().user).post(OWN, offer(**changes))
    assertContains(response, words, status_code=422)
    assertContains(response, "Bring a slow one.", status_code=422)
    assert not GroupSession.objects.exists()


@pytest.mark.parametrize(("currency", "fits"), [("usd", True), ("jpy", False)])
def test_a_seats_price_is_typed_as_the_mentors_currency_has_it(currency, fits):
    form = OfferForm(offer(price="1200.50"), mentor=MentorFactory(currency=currency))
    assert ("price" not in form.errors) == fits


def test_an_offer_over_something_else_is_said_at_the_day(login):
    mentor = MentorFactory()
    login(mentor.user).post(OWN, offer())
    response = login(mentor.user).post(OWN, offer(title="Another"))
    assertContains(response, "something at that time already", status_code=422)


def test_only_mentors_have_the_dashboard_page(login, client):
    assert login(UserFactory()).get(OWN).status_code == 403
    assertRedirects(client.get(OWN), f"/accounts/login/?next={OWN}")
    assertContains(login(MentorFactory(draft=True).user).get(OWN), "Once your profile is listed")


def test_a_seat_is_booked_and_then_paid(login):
    group, mentee = GroupSessionFactory(), UserFactory()
    browser = login(mentee)
    assertContains(browser.get(page_of(group)), book_page(group))
    assertContains(browser.get(book_page(group)), "Book and pay €15.00")
    answer = browser.post(book_page(group), {"notes": "Mine is <slow>", "consent": "on"})
    booking = Booking.objects.get()
    assertRedirects(answer, reverse("payments:pay", args=[booking.code]))
    assert (booking.mentee, booking.group_session) == (mentee, group)
    assert booking.consented_at
    assert booking.notes == "Mine is <slow>"
    page = browser.get(page_of(group))
    assertContains(page, "You have a seat.")
    assertContains(page, "2 seats left")
    assertNotContains(page, book_page(group))


def test_a_free_seat_needs_no_consent_and_is_confirmed(login):
    group, mentee = GroupSessionFactory(price_minor=0), UserFactory()
    assertNotContains(login(mentee).get(book_page(group)), "I agree")
    answer = login(mentee).post(book_page(group), {"notes": ""})
    booking = Booking.objects.get()
    assertRedirects(answer, reverse("bookings:detail", args=[booking.code]))
    assert booking.status == Booking.Status.CONFIRMED


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_seat_that_is_gone_is_said(login, method):
    group = GroupSessionFactory(seats=1)
    book_seat(group=group, mentee=UserFactory())
    answer = getattr(login(UserFactory()), method)(book_page(group))
    assertContains(answer, "last seat was just taken", status_code=409)
    assertContains(login(UserFactory()).get(page_of(group)), "Sold out")
    assertContains(login(UserFactory()).get(LIST), "sold out")


def test_notes_that_are_too_long_are_said_and_kept(login):
    group = GroupSessionFactory()
    answer = login(UserFactory()).post(book_page(group), {"notes": "x" * 2001})
    assertContains(answer, "at most 2000", status_code=422)
    assert not Booking.objects.exists()


def test_who_looks_without_a_login_comes_back_to_book(client):
    group = GroupSessionFactory()
    assertContains(client.get(page_of(group)), book_page(group))
    assertRedirects(client.get(book_page(group)), f"/accounts/login/?next={book_page(group)}")


def test_the_mentor_is_led_to_their_own_list(login):
    group = GroupSessionFactory()
    page = login(group.mentor.user).get(page_of(group))
    assertContains(page, OWN)
    assertNotContains(page, book_page(group))


def test_nobody_sees_one_of_a_mentor_who_is_not_listed(login):
    group = GroupSessionFactory(mentor__draft=True)
    for address in (page_of(group), book_page(group)):
        assert login(UserFactory()).get(address).status_code == 404
    assertContains(login(UserFactory()).get(LIST), "No group session is planned")


def test_nobody_else_is_named_on_the_public_page(login, client):
    group = GroupSessionFactory()
    mentee = UserFactory(full_name="Ada Lovelace", email="ada@example.com")
    book_seat(group=group, mentee=mentee)
    for browser in (client, login(UserFactory())):
        page = browser.get(page_of(group))
        assertNotContains(page, "Ada")
        assertNotContains(page, "ada@")


def own_page(group, name="group_edit"):
    return reverse(f"bookings:{name}", args=[group.code])


CHANGE = {"title": "Read two", "description": "Bring two.", "seats": "4", "price": "15.00"}


def test_the_mentor_sees_who_comes_and_changes_the_words(login):
    group = GroupSessionFactory()
    mentee = UserFactory(full_name="Ada Lovelace", email="ada@example.com")
    book_seat(group=group, mentee=mentee, notes="Mine is <slow>")
    browser = login(group.mentor.user)
    page = browser.get(own_page(group))
    for words in ("Ada Lovelace", "Mine is &lt;slow&gt;", "to pay", "1 of 3 seats taken"):
        assertContains(page, words)
    assertNotContains(page, "ada@example.com")
    assertRedirects(browser.post(own_page(group), CHANGE), own_page(group))
    group.refresh_from_db()
    assert (group.title, group.description, group.seats) == ("Read two", "Bring two.", 4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": "14.00"}, "The price stays"),
        ({"seats": "1"}, "2 seats are taken already"),
        ({"title": ""}, "This field is required"),
    ],
)
def test_a_change_that_is_refused_is_said_and_kept(login, changes, words):
    group = GroupSessionFactory()
    for _ in range(2):
        book_seat(group=group, mentee=UserFactory())
    answer = login(group.mentor.user).post(own_page(group), CHANGE | changes)
    assertContains(answer, words, status_code=422)
    assertContains(answer, "Bring two.", status_code=422)


def test_who_has_a_seat_still_reads_of_a_group_whose_mentor_is_suspended(login):
    group = GroupSessionFactory(price_minor=0)
    seat = book_seat(group=group, mentee=UserFactory())
    MentorProfile.objects.update(status="suspended")
    mentor_page = reverse("mentors:detail", args=[group.mentor.slug])
    mentee = login(seat.mentee)
    for address in (page_of(group), reverse("bookings:detail", args=[seat.code])):
        page = mentee.get(address)
        assertContains(page, group.title)
        assertNotContains(page, mentor_page)
    assert login(group.mentor.user).get(page_of(group)).status_code == 200
    assert login(UserFactory()).get(page_of(group)).status_code == 404


def test_calling_it_off_says_first_what_goes_back(login):
    group = GroupSessionFactory(price_minor=0)
    seat = book_seat(group=group, mentee=UserFactory())
    Booking.objects.update(price_minor=1500)
    browser = login(group.mentor.user)
    page = browser.get(own_page(group, "group_cancel"))
    assertContains(page, "1 person has a seat")
    assertContains(page, "€15.00")
    answer = browser.post(own_page(group, "group_cancel"), {"reason": "I am ill"}, follow=True)
    assertContains(answer, "It was called off.")
    assertContains(answer, "I am ill")
    seat.refresh_from_db()
    assert (seat.status, seat.refund_minor, seat.cancelled_by) == ("cancelled", 1500, "mentor")
    assert browser.get(own_page(group, "group_cancel")).status_code == 409
    assertContains(browser.get(page_of(group)), "It was called off.")
    assertNotContains(browser.get(LIST), group.title)


@pytest.mark.parametrize("name", ["group_edit", "group_cancel"])
def test_nobody_but_its_mentor_has_these_pages(login, client, name):
    group = GroupSessionFactory()
    mentee = book_seat(group=group, mentee=UserFactory()).mentee
    for user in (mentee, MentorFactory().user, UserFactory(staff=True)):
        for method in ("get", "post"):
            assert getattr(login(user), method)(own_page(group, name)).status_code == 404
    assert client.get(own_page(group, name)).status_code == 302
    group.refresh_from_db()
    assert group.is_on


def test_the_pages_of_a_seat_name_the_group(login):
    group = GroupSessionFactory(title="Read a <query> plan")
    seat = book_seat(group=group, mentee=UserFactory())
    for name in ("detail", "cancel"):
        page = login(seat.mentee).get(reverse(f"bookings:{name}", args=[seat.code]))
        assertContains(page, "Read a &lt;query&gt; plan")
    for user in (seat.mentee, group.mentor.user):
        assertContains(login(user).get(reverse("bookings:list")), "Read a &lt;query&gt; plan")
    moved = login(seat.mentee).get(reverse("bookings:reschedule", args=[seat.code]))
    assertContains(moved, "A seat in a group session can", status_code=409)


def test_the_people_of_one_cost_the_same_for_one_and_for_three(login, django_assert_num_queries):
    group = GroupSessionFactory()
    browser = login(group.mentor.user)
    for count in (1, 2, 3):
        book_seat(group=group, mentee=UserFactory())
        if count != 2:
            with django_assert_num_queries(5):
                browser.get(own_page(group))


@pytest.mark.parametrize(("address", "queries"), [(LIST, 4), (OWN, 4)])
def test_a_list_costs_the_same_for_one_and_for_three(
    login, address, queries, django_assert_num_queries
):
    mentor = MentorFactory()
    browser, start = login(mentor.user), times.now() + dt.timedelta(days=4)
    for day in (0, 1, 2):
        GroupSessionFactory(mentor=mentor, starts_at=start + dt.timedelta(days=day))
        if day != 1:
            with django_assert_num_queries(queries):
                browser.get(address)
