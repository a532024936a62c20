"""Bar charts as numbers: where each bar and line goes. Pure; `ui/_chart.html` draws them as SVG.

Everything is in whole units of the drawing's own grid, so that no language writes a comma into it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 180
LEFT, RIGHT, TOP, BOTTOM = 80, 14, 10, 22
LINES = 2  # above the ground line
STEPS = (1, 2, 5)
MOST_NAMES = 5  # have room


@dataclass(frozen=True, slots=True)
class Point:
    """One column: its name, its value, and the value as people read it."""

    label: str
    value: int
    shown: str


@dataclass(frozen=True, slots=True)
class Bar:
    point: Point
    x: int
    y: int
    width: int
    height: int
    middle: int
    has_label: bool


@dataclass(frozen=True, slots=True)
class Line:
    y: int
    shown: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`title` and `total` say in words what the drawing shows; `column` heads the table's names."""

    title: str
    total: str
    column: str
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    ground: int = HEIGHT - BOTTOM

    @property
    def is_empty(self) -> bool:
        return not any(bar.height for bar in self.bars)


def bar_chart(
    *,
    title: str,
    total: str,
    column: str,
    points: Sequence[Point],
    shown: Callable[[int], str] = str,
) -> Chart:
    """Upright bars from zero, in the order given; `shown` writes the values of the lines."""
    top = ceiling(max((point.value for point in points), default=0))
    lines = tuple(
        Line(_y(top * n // LINES, top), shown(top * n // LINES)) for n in range(LINES + 1)
    )
    return Chart(title, total, column, tuple(_bars(points, top)), lines)


def ceiling(most: int) -> int:
    """The round number at the chart's top: 2, 4, 10, 20, 40, 100, …; halves are whole as well."""
    power = 1
    while True:
        for step in STEPS:
            if 2 * step * power >= most:
                return 2 * step * power
        power *= 10


def _y(value: int, top: int) -> int:
    room = HEIGHT - TOP - BOTTOM
    return HEIGHT - BOTTOM - round(room * value / top)


def _bars(points: Sequence[Point], top: int) -> list[Bar]:
    room, count = WIDTH - LEFT - RIGHT, len(points)
    every = 1 + (count - 1) // MOST_NAMES
    bars = []
    for n, point in enumerate(points):
        start, end = LEFT + room * n // count, LEFT + room * (n + 1) // count
        gap = max(1, (end - start) // 6)
        # What is there is seen, however small beside the rest.
        y = min(_y(point.value, top), HEIGHT - BOTTOM - 2) if point.value else HEIGHT - BOTTOM
        bars.append(
            Bar(
                point,
                x=start + gap,
                y=y,
                width=max(1, end - start - 2 * gap),
                height=HEIGHT - BOTTOM - y,
                middle=(start + end) // 2,
                has_label=(count - 1 - n) % every == 0,
            )
        )
    return bars
