"""Consent to the rule of cancelling: asked where one books or pays, kept, never insisted on."""

import datetime as dt

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from bookings import services
from bookings.models import Booking
from mentormatch import times
from mentormatch.errors import Conflict, Forbidden
from mentormatch.legal.models import LegalPage
from mentormatch.legal.services import add_missing_pages, publish
from tests.conftest import NOW
from tests.factories import BookingFactory, MentorFactory, UserFactory, open_every_day
from tests.pages import assert_clean
from tests.payments.conftest import onboarded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
BOOK = reverse("bookings:book", args=["ada"])
SLOT = NOW + dt.timedelta(hours=48)
WANTED = {
    "starts_at": times.format_instant(SLOT),
    "duration_minutes": "60",
    "session_type": "one_on_one",
}
SOON = WANTED | {"starts_at": times.format_instant(NOW + dt.timedelta(hours=3))}
BOX = (
    '<input type="checkbox" name="consent" required id="id_consent"'
    ' class="checkboxinput form-check-input">'
)


@pytest.fixture
def mentor():
    made = MentorFactory(slug="ada")
    onboarded(made)
    open_every_day(made)
    return made


@pytest.fixture
def mentee():
    return UserFactory()


def pay(booking):
    return reverse("payments:pay", args=[booking.code])


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (WANTED, "Tue, 2 Jun</span>, <span class=\"instant-time\">10:00"),
        (SOON, "I agree: the session starts in less than 24 hours, so nothing comes back"),
    ],
)  # fmt: skip
def test_the_rule_to_agree_to_names_its_instant(login, mentor, mentee, wanted, rule):
    page = login(mentee).get(BOOK, wanted)
    assertContains(page, BOX, html=True)
    assertContains(page, rule)
    assertContains(page, f'<a href="{reverse("legal:terms")}">terms of use</a>')
    assert_clean(page)


def test_a_refused_form_still_says_what_is_agreed_to(login, mentor, mentee):
    answer = login(mentee).post(BOOK, WANTED | {"duration_minutes": "45"})
    assertContains(answer, "I agree: until", status_code=422)


def test_for_a_free_session_nothing_is_asked(login, mentor, mentee):
    trial = WANTED | {"duration_minutes": "30", "session_type": "trial"}
    client = login(mentee)
    assertNotContains(client.get(BOOK, trial), 'name="consent"')
    client.post(BOOK, trial | {"notes": ""})
    assert Booking.objects.get().consented_at is None


def test_where_other_times_are_offered_the_rule_is_told_without_an_instant(login, mentor, mentee):
    BookingFactory(mentor=mentor, starts_at=SLOT)
    page = login(mentee).post(BOOK, WANTED | {"consent": "on"})
    assert page.status_code == 409
    assertContains(page, "until 24 hours before the start", status_code=409)
    assertContains(page, BOX, status_code=409, html=True)  # not ticked: that was another instant


def test_a_tick_is_kept_with_what_it_was_for(login, mentor, mentee):
    add_missing_pages()
    terms = LegalPage.objects.get(slug="terms", language="en")
    publish(page=terms, title="Ours", text="Our own", by=UserFactory(staff=True))
    login(mentee).post(BOOK, WANTED | {"consent": "on"})
    booking = Booking.objects.get()
    assert booking.consented_at == NOW
    assert booking.metadata["consent"] == {
        "at": "2026-06-01T08:00:00Z",
        "free_cancellation_until": "2026-06-02T08:00:00Z",
        "terms": {"language": "en", "version": 1},
    }


def test_without_a_tick_the_booking_is_taken_and_paying_asks_again(login, mentor, mentee):
    client = login(mentee)
    assert client.post(BOOK, WANTED).status_code == 302
    booking = Booking.objects.get()
    assert booking.metadata == {}
    page = client.get(pay(booking))
    assertContains(page, BOX, html=True)
    assert_clean(page)
    assert client.post(pay(booking), {"consent": "on"}).status_code == 302
    booking.refresh_from_db()
    assert booking.consented_at == NOW


def test_paying_without_a_tick_goes_on(login, mentor, mentee):
    client = login(mentee)
    client.post(BOOK, WANTED)
    booking = Booking.objects.get()
    answer = client.post(pay(booking))
    assert "/_stripe/" in answer["Location"]
    booking.refresh_from_db()
    assert booking.consented_at is None


def test_who_has_agreed_is_not_asked_again(login, mentor, mentee):
    client = login(mentee)
    client.post(BOOK, WANTED | {"consent": "on"})
    page = client.get(pay(Booking.objects.get()))
    assertNotContains(page, 'name="consent"')
    assertContains(page, "You agreed to this on")


def test_the_api_books_without(api, mentor, mentee):
    body = {"mentor_id": mentor.pk, "scheduled_at": WANTED["starts_at"], "duration_minutes": 60}
    sent = body | {"session_type": "one_on_one"}
    made = api(mentee).post("/api/v1/bookings", sent, content_type="application/json")
    assert made.status_code == 201
    assert Booking.objects.get().consented_at is None


def test_the_first_consent_stays(mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee, to_pay=True)
    booking.metadata = {"other": 1}
    booking.save()
    services.record_consent(booking=booking, user=mentee)
    later = NOW + dt.timedelta(minutes=5)
    kept = services.record_consent(booking=booking, user=mentee, now=later)
    assert kept.consented_at == NOW
    assert kept.metadata["other"] == 1


def test_only_the_mentee_agrees_and_only_before_paying(mentor, mentee):
    booking = BookingFactory(mentor=mentor, mentee=mentee)
    with pytest.raises(Forbidden):
        services.record_consent(booking=booking, user=mentor.user)
    with pytest.raises(Conflict):
        services.record_consent(booking=booking, user=mentee)
    booking.refresh_from_db()
    assert booking.metadata == {}
