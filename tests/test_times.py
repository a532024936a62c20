"""The one clock, and instants as text."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentormatch import times

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))
INSTANTS = st.datetimes(
    dt.datetime(2000, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone itself
    dt.datetime(2100, 1, 1),  # noqa: DTZ001  # so here
    timezones=OFFSETS,
)


def test_now_is_aware_utc(now):
    assert times.now() == now
    assert times.now().tzinfo is dt.UTC


def test_the_demos_clock_moves_for_everyone_and_back(now):
    times.set_clock_offset(dt.timedelta(hours=48))
    assert times.now() == now + dt.timedelta(hours=48)
    assert times.real_now() == now
    times.set_clock_offset(dt.timedelta())
    assert times.now() == now


def test_the_clock_stands_outside_the_demo(settings, now):
    settings.DEMO_CLOCK_FILE.write_text("3600")
    settings.DEMO_CLOCK_FILE, moved = None, settings.DEMO_CLOCK_FILE
    assert times.now() == now
    with pytest.raises(RuntimeError, match="demo only"):
        times.set_clock_offset(dt.timedelta(hours=1))
    settings.DEMO_CLOCK_FILE = moved


@given(INSTANTS)
def test_an_instant_survives_its_text(instant):
    text = times.format_instant(instant)
    assert text.endswith("Z")
    assert times.parse_instant(text) == instant
    assert times.parse_instant(instant.isoformat()) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-06-01T10:00:00",
        "2026-06-01",
        "2026-02-30T10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T01:01:01Z",
        "9999-12-31T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        None,
    ],
)
def test_what_names_no_instant_is_none(text):
    assert times.parse_instant(text) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text):
    instant = times.parse_instant(text)
    assert instant is None or instant.tzinfo is dt.UTC


def test_an_unknown_zone_is_utc():
    assert times.zone("Europe/Berlin").key == "Europe/Berlin"
    assert times.zone("Mars/Olympus").key == "UTC"
    assert times.zone("../../etc/passwd").key == "UTC"


def test_what_is_no_place_cannot_be_chosen():
    assert {"Asia/Kathmandu", "Europe/Berlin", "UTC"} <= times.zone_names()
    assert not {"localtime", "posixrules"} & times.zone_names()
