"""What was removed comes back by one button, through the form that made it."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from bookings.models import AvailabilitySlot, TimeOff
from tests import factories
from tests.conftest import NOW
from tests.pages import assert_clean

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]
PAGE = reverse("bookings:availability")
FORM = re.compile(r'<div class="message message-success">.*?</form>', re.DOTALL)


@pytest.fixture
def mentor():
    return factories.MentorFactory()


def remove(client, name, row):
    return client.post(reverse(f"bookings:{name}_remove", args=[row.pk]), follow=True)


def undo(client, page):
    """Press the button as a browser does: with the fields that are in its form."""
    form = FORM.search(page.text)[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return client.post(re.search(r'action="([^"]+)"', form)[1], fields, follow=True)


@pytest.mark.parametrize("day", [{"weekday": 2}, {"weekday": None, "date": NOW.date()}])
def test_a_window_comes_back_as_it_was(login, mentor, day):
    window = factories.AvailabilityFactory(mentor=mentor, end_minute=1440, **day)
    client = login(mentor.user)
    page = remove(client, "availability", window)
    assertContains(page, "Undo")
    assert_clean(page)
    assert not AvailabilitySlot.objects.exists()
    assertContains(undo(client, page), "09:00 – 24:00")
    back = AvailabilitySlot.objects.get()
    for field in ("mentor", "weekday", "date", "start_minute", "end_minute"):
        assert getattr(back, field) == getattr(window, field)


def test_time_off_comes_back_as_it_was(login, mentor):
    last = NOW.date() + dt.timedelta(days=3)
    days_off = factories.TimeOffFactory(mentor=mentor, last_day=last)
    client = login(mentor.user)
    page = remove(client, "time_off", days_off)
    assert not TimeOff.objects.exists()
    undo(client, page)
    back = TimeOff.objects.get()
    assert (back.first_day, back.last_day) == (days_off.first_day, last)


def test_the_button_is_there_once_and_for_nobody_else(login, mentor):
    client = login(mentor.user)
    remove(client, "availability", factories.AvailabilityFactory(mentor=mentor))
    assertNotContains(client.get(PAGE), "Undo")
    factories.AvailabilityFactory(mentor=mentor)
    other = factories.AvailabilityFactory()
    assert client.post(reverse("bookings:availability_remove", args=[other.pk])).status_code == 404
    assertNotContains(client.get(PAGE), "Undo")


def test_what_stands_in_the_way_meanwhile_is_told(login, mentor):
    client = login(mentor.user)
    page = remove(client, "availability", factories.AvailabilityFactory(mentor=mentor))
    factories.AvailabilityFactory(mentor=mentor, start_minute=600)
    answer = undo(client, page)
    assertContains(answer, "That overlaps with 10:00 to 17:00", status_code=422)
    assert AvailabilitySlot.objects.count() == 1


def test_a_second_press_puts_nothing_back_twice(login, mentor):
    client = login(mentor.user)
    page = remove(client, "availability", factories.AvailabilityFactory(mentor=mentor))
    undo(client, page)
    assert undo(client, page).status_code == 422
    assert AvailabilitySlot.objects.count() == 1


def test_other_messages_have_no_button(login, mentor):
    sent = {"weekday": "0", "start_time": "09:00", "end_time": "17:00"}
    page = login(mentor.user).post(PAGE, sent, follow=True)
    assertContains(page, "Added. Mentees can book")
    assertNotContains(page, "Undo")
