"""What staff see of bookings and calendars, and the one thing that they do."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from bookings.group_models import GroupSession
from bookings.services.seats import book_seat
from tests.factories import BookingFactory, GroupSessionFactory, UserFactory

pytestmark = pytest.mark.django_db
BOOKINGS = reverse("admin:bookings_booking_changelist")
GROUPS = reverse("admin:bookings_groupsession_changelist")
ENTRIES = reverse("admin:bookings_calendarentry_changelist")


@pytest.fixture
def staff(login):
    return login(UserFactory(staff=True))


def cancel(client, booking, reason):
    sent = {"action": "cancel", "reason": reason, "_selected_action": [booking.pk]}
    return client.post(BOOKINGS, sent, follow=True)


def test_staff_cancel_with_a_reason_for_a_full_refund(staff):
    booking = BookingFactory()
    assertContains(cancel(staff, booking, ""), "Give a reason")
    booking.refresh_from_db()
    assert booking.status == "confirmed"
    assertContains(cancel(staff, booking, "The mentor is ill"), "Cancelled: The mentor is ill")
    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by, booking.refund_minor) == (
        "cancelled",
        "staff",
        6000,
    )
    history = staff.get(reverse("admin:bookings_booking_history", args=[booking.pk]))
    assertContains(history, "The mentor is ill")


def test_a_row_shows_all_it_holds_and_amounts_as_money(staff):
    booking = BookingFactory(cancelled=True, cancelled_by="mentor", refund_minor=4500)
    page = staff.get(reverse("admin:bookings_booking_change", args=[booking.pk]))
    for text in ("Status", "cancelled", "Starts", "Cancelled by", "€45.00", "Given back"):
        assertContains(page, text)
    assertNotContains(page, "4500")


def call_off(client, group, reason):
    sent = {"action": "cancel", "reason": reason, "_selected_action": [group.pk]}
    return client.post(GROUPS, sent, follow=True)


def test_staff_call_a_whole_group_off_with_a_reason(staff):
    group = GroupSessionFactory(price_minor=0, title="Read a query plan")
    seat = book_seat(group=group, mentee=UserFactory())
    assertContains(call_off(staff, group, ""), "Give a reason")
    assertContains(call_off(staff, group, "The mentor is ill"), "Cancelled: The mentor is ill")
    group.refresh_from_db()
    seat.refresh_from_db()
    assert (group.status, group.cancelled_by) == ("cancelled", "staff")
    assert (seat.status, seat.cancelled_by) == ("cancelled", "staff")
    history = staff.get(reverse("admin:bookings_groupsession_history", args=[group.pk]))
    assertContains(history, "The mentor is ill")


def test_staff_see_a_group_and_who_has_a_seat_and_edit_nothing(staff):
    group = GroupSessionFactory()
    seat = book_seat(group=group, mentee=UserFactory())
    assertContains(staff.get(GROUPS, {"q": "query plan"}), group.title)
    change = reverse("admin:bookings_groupsession_change", args=[group.pk])
    assertContains(staff.get(change), seat.code)
    assert staff.post(change, {"status": "completed"}).status_code == 403
    GroupSession.objects.update(status="completed")
    assertContains(call_off(staff, group, "Too late"), "It has taken place")


def test_what_is_over_is_refused_in_words(staff):
    booking = BookingFactory(completed=True)
    assertContains(cancel(staff, booking, "Too late"), "This session is over")


def test_staff_find_bookings_and_edit_nothing(staff):
    booking, other = BookingFactory(), BookingFactory()
    found = staff.get(BOOKINGS, {"q": booking.mentee.email})
    assertContains(found, booking.code)
    assertNotContains(found, other.code)
    assertContains(staff.get(BOOKINGS, {"status__exact": "confirmed"}), booking.code)
    change = reverse("admin:bookings_booking_change", args=[booking.pk])
    assert staff.get(change).status_code == 200
    assert staff.post(change, {"status": "completed"}).status_code == 403


def test_the_calendar_is_to_look_at(staff):
    entry = BookingFactory().calendar_entry
    assertContains(staff.get(ENTRIES), entry.booking.code)
    change = reverse("admin:bookings_calendarentry_change", args=[entry.pk])
    assert staff.get(change).status_code == 200
    assert staff.post(change, {"is_live": ""}).status_code == 403
    assert staff.get(reverse("admin:bookings_calendarentry_add")).status_code == 403


@pytest.mark.parametrize("url", [BOOKINGS, ENTRIES])
def test_only_staff_come_in(login, client, url):
    assert login(UserFactory()).get(url).status_code == 302
    assert client.get(url).status_code == 302
