"""Free slots are those of a minute-by-minute reading, wherever a clock is changed."""

import dataclasses
import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings

from bookings import slots
from bookings.slots import Slot, Taken, free_slots
from tests.bookings import slots_oracle
from tests.bookings.slots_oracle import KINDS, MINUTE, ZONES, examples, oracle, places, questions
from tests.budget import budget

UTC = ZoneInfo("UTC")


def test_the_zones_have_every_kind_of_change():
    assert len(set(ZONES)) >= 40
    some_day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    offsets = {some_day.astimezone(ZoneInfo(zone)).utcoffset() % (60 * MINUTE) for zone in ZONES}
    assert offsets == {0 * MINUTE, 30 * MINUTE, 45 * MINUTE}
    having = {kind: {zone for zone in ZONES if kind in examples(zone)} for kind in KINDS}
    assert len(having["gap"]) >= 40
    assert len(having["overlap"]) >= 40
    assert len(having["midnight gap"]) >= 10
    assert len(having["midnight overlap"]) >= 10
    assert {"Australia/Lord_Howe", "Asia/Pyongyang"} <= having["30 minutes"]
    assert "America/Guyana" in having["45 minutes"]
    assert {"Pacific/Apia", "Pacific/Kwajalein"} <= having["a day left out"]
    in_berlin = [turn for turn in examples("Europe/Berlin")["gap"] if turn.year == 2026]
    assert in_berlin == [dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)]


@pytest.mark.stress
def test_slots_are_those_of_the_wall_clock(figure):
    of_kind, across = Counter(), Counter()

    def check(zone, kind):
        @settings(max_examples=budget(2, 60))
        @given(questions((zone, kind)))
        def are_the_same(question):
            instant, rules, asked = question
            expected = oracle(rules, **asked)
            assert list(free_slots(rules, **asked)) == expected
            of_kind[kind] += 1
            is_across = expected and expected[0].starts_at < instant <= expected[-1].ends_at
            across[kind] += bool(is_across)

        are_the_same()

    for zone, kind in places():
        check(zone, kind)
    figure("free slots, found as by the minute: questions", f"{of_kind.total():,}")
    figure("free slots, found as by the minute: time zones", str(len(ZONES)))
    for kind in KINDS:
        figure(
            f"free slots, with some on both sides: {kind}", f"{across[kind]:,} of {of_kind[kind]:,}"
        )
    assert all(across[kind] for kind in KINDS), across


def on_the_wall(rules, *, start, end, duration_minutes, now, taken):
    """Reckons with wall-clock times as if there were no changes."""

    def wall(instant):
        return instant.astimezone(rules.zone).replace(tzinfo=UTC, fold=0)

    found = free_slots(
        dataclasses.replace(rules, zone=UTC),
        start=wall(start),
        end=wall(end),
        duration_minutes=duration_minutes,
        now=wall(now),
        taken=Taken(
            mentor=[(wall(since), wall(until)) for since, until in taken.mentor],
            people=[(wall(since), wall(until)) for since, until in taken.people],
            full_days=taken.full_days,
        ),
    )
    for slot in found:
        starts_at = slot.starts_at.replace(tzinfo=rules.zone).astimezone(dt.UTC)
        yield Slot(starts_at, starts_at + duration_minutes * MINUTE)


def without(**changes):
    """Overlooks a rule."""
    return lambda rules, **asked: free_slots(dataclasses.replace(rules, **changes), **asked)


def not_taken(**changes):
    """Overlooks a part of what is taken."""

    def broken(rules, *, taken, **asked):
        return free_slots(rules, taken=dataclasses.replace(taken, **changes), **asked)

    return broken


def buffers_swapped(rules, **asked):
    swapped = {"buffer_before": rules.buffer_after, "buffer_after": rules.buffer_before}
    return free_slots(dataclasses.replace(rules, **swapped), **asked)


def dates_replace_weekdays(rules, **asked):
    dated = {window.date.weekday() for window in rules.windows if window.date}
    kept = [window for window in rules.windows if window.date or window.weekday not in dated]
    return free_slots(dataclasses.replace(rules, windows=kept), **asked)


BROKEN = {
    "reckons on the wall": on_the_wall,
    "no buffer before": without(buffer_before=dt.timedelta()),
    "no buffer after": without(buffer_after=dt.timedelta()),
    "buffers swapped": buffers_swapped,
    "no notice": without(notice=dt.timedelta()),
    "no horizon": without(horizon=dt.timedelta(days=60)),
    "no days off": without(days_off=()),
    "no cap a day": not_taken(full_days=frozenset()),
    "the mentor's time isn't taken": not_taken(mentor=()),
    "other people's time isn't taken": not_taken(people=()),
    "dates replace weekdays": dates_replace_weekdays,
}


def caught(broken):
    """A question that this function answers otherwise; `NoSuchExample` if none is found."""
    return find(
        questions(),
        lambda question: (
            list(broken(question[1], **question[2])) != oracle(question[1], **question[2])
        ),
        settings=settings(max_examples=1000, phases=[Phase.generate]),
    )


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_that_is_overlooked_is_noticed(name):
    caught(BROKEN[name])


def a_length_added(day, start_minute, end_minute, zone):
    """Converts the beginning only."""
    first = slots_oracle.instant_of(day, start_minute, zone)
    return [(first, first + (end_minute - start_minute) * MINUTE)]


def the_first_of_two(day, start_minute, end_minute, zone):
    """Knows nothing of times that occur twice, or not at all."""
    span = tuple(slots_oracle.instant_of(day, m, zone) for m in (start_minute, end_minute))
    return [span] if span[0] < span[1] else []


@pytest.mark.parametrize("spans", [a_length_added, the_first_of_two])
def test_a_window_that_is_turned_into_other_instants_is_noticed(monkeypatch, spans):
    monkeypatch.setattr(slots, "spans", spans)
    caught(free_slots)


def test_a_day_that_ends_at_midnight_is_noticed(monkeypatch):
    monkeypatch.setattr(slots, "_run_ends", lambda pieces: [piece[1] for piece in pieces])
    caught(free_slots)
