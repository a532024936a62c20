"""Where bars go: pure."""

import re
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mentormatch.ui import charts
from mentormatch.ui.charts import Point, bar_chart, ceiling


def chart(*values, **more):
    points = [Point(f"day {n}", value, f"{value} of them") for n, value in enumerate(values)]
    return bar_chart(title="Things", total="6", column="Day", points=points, **more)


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (4, 4), (5, 10), (11, 20), (21, 40), (41, 100), (101, 200)],
)
def test_the_top_is_a_round_number(most, top):
    assert ceiling(most) == top


def test_bars_stand_on_the_ground_and_grow_with_their_value():
    made = chart(0, 1, 2, 4)
    heights = [bar.height for bar in made.bars]
    assert heights[0] == 0
    assert heights[1] * 4 == heights[2] * 2 == heights[3] == 148
    assert {bar.y + bar.height for bar in made.bars} == {made.ground}
    assert [line.shown for line in made.lines] == ["0", "2", "4"]


def test_a_small_value_beside_a_large_one_is_seen():
    assert [bar.height for bar in chart(1, 1_000_000).bars] == [2, 148]


def test_lines_are_told_as_the_caller_wants():
    assert [line.shown for line in chart(3, shown=lambda n: f"€{n}").lines] == ["€0", "€2", "€4"]


def test_nothing_at_all_is_a_chart_too():
    assert chart(0, 0).is_empty
    assert chart().bars == ()
    assert not chart(1).is_empty


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_every_bar_is_within_the_drawing_and_none_overlap(values):
    bars = chart(*values).bars
    for bar in bars:
        assert 0 <= bar.y <= bar.y + bar.height <= charts.HEIGHT
        assert bar.width >= 1
    for left, right in pairwise(bars):
        assert left.x + left.width <= right.x
    assert bars[-1].x + bars[-1].width <= charts.WIDTH
    assert bars[-1].has_label
    assert sum(bar.has_label for bar in bars) <= charts.MOST_NAMES


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_drawn_stands_in_a_table_and_no_comma_in_the_drawing(language):
    with translation.override(language):
        html = render_to_string("ui/_chart.html", {"chart": chart(1, 12345)})
    assert html.count("<td>") == 2
    assert "<td>12345 of them</td>" in html
    assert 'aria-label="Things: 6"' in html
    numbers = re.findall(r' (?:x|y|x1|x2|y1|y2|width|height)="([^"]*)"', html)
    assert len(numbers) > 20
    assert all(re.fullmatch(r"\d+", number) for number in numbers)
