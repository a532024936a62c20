"""A group session's life, shuffled: three who want its two seats, and a mentor who may give it up.

The story of one booking (`test_money_story.py`) with the same good and bad days.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import initialize, invariant, precondition, rule

from bookings.group_models import GroupSession
from bookings.models import Booking
from bookings.services.seats import book_seat
from mentormatch import times
from payments import services
from sessions_app.models import Session
from tests.bookings.race_guards import broken
from tests.budget import budget
from tests.factories import GroupSessionFactory, MentorFactory, UserFactory
from tests.payments.conftest import onboarded
from tests.test_money_story import (
    AHEAD,
    Kill,
    MoneyStory,
    Status,
    cards,
    kill,
    seldom,
    tell_stories,
    trouble,
)

MOST_SEATS_BOOKED = 5
# How the stories ended: the group, and how many of its seats were kept.
ENDINGS: Counter[tuple[str, int]] = Counter()


class GroupStory(MoneyStory):
    """What is done to one booking there is done to one of the seats here."""

    @initialize(
        ahead=st.sampled_from(AHEAD), minutes=st.sampled_from([15, 60]), cards=cards, silent=seldom
    )
    def people_meet(
        self, ahead: dt.timedelta, minutes: int, cards: list[str], silent: bool
    ) -> None:
        self.mentor = MentorFactory(is_payable=False)
        onboarded(self.mentor)
        self.mentees = [UserFactory() for _ in range(3)]
        self.work_until_quiet()
        self.group = GroupSessionFactory(
            mentor=self.mentor,
            seats=2,
            price_minor=1025,
            starts_at=times.now() + ahead,
            duration_minutes=minutes,
        )
        self.booked: list[Booking] = []
        self.which = 0
        self.book(0, ahead, minutes)
        assert self.booked
        self.go_to_stripe(None, cards)
        if silent:
            self.time.shift(dt.timedelta(minutes=45))

    @property
    def booking(self) -> Booking:
        """The seat that it is about just now."""
        booking = self.booked[self.which % len(self.booked)]
        booking.refresh_from_db()
        return booking

    @rule(who=st.sampled_from([0, 1, 2]), ahead=st.just(dt.timedelta()), minutes=st.just(0))
    def book(self, who: int, ahead: dt.timedelta, minutes: int) -> None:
        if len(self.booked) >= MOST_SEATS_BOOKED:
            return
        made = self.attempt(lambda: book_seat(group=self.group, mentee=self.mentees[who]))
        if isinstance(made, Booking):
            self.booked.append(made)
            self.which = len(self.booked) - 1

    @rule(which=st.integers(0, MOST_SEATS_BOOKED - 1))
    def another_seat(self, which: int) -> None:
        self.which = which

    @precondition(lambda self: self.booked)
    @rule(by_mentor=st.booleans(), hours=st.sampled_from([30, 60]))
    def reschedule(self, by_mentor: bool, hours: int) -> None:
        before = self.booking.starts_at
        super().reschedule(by_mentor, hours)
        assert self.booking.starts_at == before

    @precondition(lambda self: self.booked)
    @rule(outage=trouble, kill=kill, really=st.sampled_from([False] * 5 + [True]))
    def the_whole_is_called_off(self, outage: str | None, kill: Kill, really: bool) -> None:
        if really:
            self.attempt(
                lambda: services.call_off_group(group=self.group, by=self.mentor.user),
                outage,
                kill,
            )

    @invariant()
    def no_seat_is_sold_twice(self) -> None:
        assert broken() == {}

    def check_rest(self, *, long_after: bool = False) -> None:
        super().check_rest(long_after=long_after)
        self.group.refresh_from_db()
        kept = self.group.bookings.exclude(status=Status.CANCELLED)
        assert self.group.seats_taken == kept.count()
        assert self.group.calendar_entry.is_live == (self.group.status != "cancelled")
        if self.group.status == GroupSession.Status.CANCELLED:
            assert not kept.exists()
        if long_after:
            assert self.group.status != GroupSession.Status.SCHEDULED
            ENDINGS[self.group.status, kept.count()] += 1

    def check_time(self, booking: Booking) -> None:
        """One room for all, which follows the seats that are kept."""
        session = Session.objects.filter(seats__booking=booking).first()
        assert (session is not None) == (booking.confirmed_at is not None)
        if session is None:
            return
        assert session.group_session == self.group
        assert session.starts_at == booking.starts_at
        if booking.status == Status.COMPLETED:
            assert session.status == Session.Status.COMPLETED
        elif booking.status == Status.CONFIRMED:
            assert session.status in Session.LIVE
        elif not self.group.bookings.exclude(status=Status.CANCELLED).exists():
            assert session.status == Session.Status.CANCELLED


@pytest.mark.slow
@pytest.mark.stress
@pytest.mark.django_db
def test_seats_and_balance_agree_whatever_happens(figure: Callable[[str, str], None]) -> None:
    count = budget(3, 200)
    tell_stories(count, GroupStory)
    assert len({status for status, _kept in ENDINGS}) >= budget(1, 2)
    assert max(kept for _status, kept in ENDINGS) >= 1
    figure("a group session's events in random orders", f"{count:,} stories, all agree")
