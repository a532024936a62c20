"""Who is suggested instead of a mentor who said no: those with that very time free."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings import services
from bookings.models import Booking
from bookings.suggestions import instead_of
from mentormatch import times
from mentormatch.notifications.models import Mail
from mentormatch.notifications.rendering import write
from tests.factories import BookingFactory, MentorFactory, TopicFactory, open_every_day

pytestmark = pytest.mark.django_db
Type = Booking.Type


def open_mentor(**facts):
    mentor = MentorFactory(**facts)
    open_every_day(mentor, always=True)
    return mentor


@pytest.fixture
def declined():
    """An hour that its mentor, who helps with one topic, didn't want."""
    mentor = open_mentor(topics=[TopicFactory(name="Django")])
    booking = BookingFactory(
        mentor=mentor, requested=True, session_type=Type.ONE_ON_ONE, duration_minutes=60
    )
    return services.decline_booking(booking=booking, by=mentor.user)


def names(booking) -> list[int]:
    return [each.mentor.pk for each in instead_of(booking, now=times.now())]


def test_three_are_suggested_the_most_alike_first(declined):
    topic = declined.mentor.topics.get()
    plain = [open_mentor() for _ in range(3)]
    same = open_mentor(topics=[topic])
    assert names(declined) == [same.pk, plain[0].pk, plain[1].pk]


def test_only_who_has_that_time_free_and_for_sale(declined):
    booked, closed, dear = open_mentor(), MentorFactory(), open_mentor(lengths=[30])
    BookingFactory(mentor=booked, starts_at=declined.starts_at)
    open_mentor(is_payable=False)
    open_mentor(draft=True)
    late = open_mentor(notice_minutes=7 * 24 * 60)
    assert not {booked.pk, closed.pk, dear.pk, late.pk} & set(names(declined))
    assert names(declined) == []
    free = open_mentor()
    assert names(declined) == [free.pk]


def test_nobody_is_suggested_for_a_time_that_is_over_or_of_one_that_was_given_up(declined):
    open_mentor()
    assert instead_of(declined, now=declined.starts_at) == ()
    assert instead_of(declined, now=times.now())
    given_up = BookingFactory(cancelled=True)
    assert instead_of(given_up, now=times.now()) == ()


def test_where_there_is_nobody_else_nobody_is_suggested(declined):
    assert names(declined) == []


def test_a_mentee_who_is_elsewhere_by_then_is_offered_nothing(declined):
    open_mentor()
    BookingFactory(mentee=declined.mentee, starts_at=declined.starts_at)
    assert names(declined) == []


def test_a_trial_is_suggested_only_where_it_was_not_had(declined):
    mentor, other = open_mentor(), open_mentor(trial_minutes=20)
    trial = BookingFactory(mentee=declined.mentee, requested=True, starts_at=declined.ends_at)
    services.decline_booking(booking=trial, by=trial.mentor.user)
    trial.refresh_from_db()
    BookingFactory(
        mentor=mentor,
        mentee=declined.mentee,
        trial=True,
        starts_at=declined.starts_at + dt.timedelta(days=1),
    )
    lengths = {s.mentor.pk: s.duration_minutes for s in instead_of(trial, now=times.now())}
    assert lengths == {declined.mentor.pk: 30, other.pk: 20}


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_many(declined, count, django_assert_num_queries):
    for _ in range(count):
        open_mentor()
    with django_assert_num_queries(3):
        assert len(names(declined)) == count


def test_the_page_and_the_mail_name_them_with_the_way_to_book(declined, login):
    mentor = open_mentor()
    [suggestion] = instead_of(declined, now=times.now())
    mentee = login(declined.mentee)
    page = mentee.get(reverse("bookings:detail", args=[declined.code])).content.decode()
    address = f"{reverse('bookings:book', args=[mentor.slug])}?{suggestion.query}"
    assert address.replace("&", "&amp;") in page
    assert mentee.get(address).status_code == 200
    mail = Mail.objects.get(recipient=declined.mentee, kind="booking_declined")
    written = write(mail)
    assert address in written.text
    assert address.replace("&", "&amp;") in written.html
    theirs = login(declined.mentor.user).get(reverse("bookings:detail", args=[declined.code]))
    assert mentor.slug not in theirs.content.decode()
