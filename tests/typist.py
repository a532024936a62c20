"""Somebody without a mouse, in a browser: what the stories by keyboard alone are told with."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from tests.visitors import Visitor

# What has the focus: what it is called, whether it can be seen to have it, and where it stands.
FOCUSED = r"""() => {
  const element = document.activeElement;
  // A link that covers its card shows its outline around the card.
  const shows = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  const label = element.labels?.[0]?.innerText;
  const name = element.getAttribute("aria-label") || label || element.innerText || element.value;
  const box = element.getBoundingClientRect();
  return {
    name: (name || element.name || "").trim().replace(/\s+/g, " "),
    isShown: shows(getComputedStyle(element)) || shows(getComputedStyle(element, "::after")),
    isInView: box.bottom > 0 && box.top < innerHeight,
    order: [...document.querySelectorAll("*")].indexOf(element),
  };
}"""
MOST_TABS = 150


class Typist(Visitor):
    """Somebody who has no mouse: every step is a key, and what has the focus must be seen."""

    def tab_to(self, name: str | re.Pattern[str]) -> None:
        """Press Tab until that has the focus; the way there goes down the page."""
        place = -1
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(FOCUSED)
            if focus["order"] == place:
                continue  # within a date: the browser shows which part of it
            assert focus["isShown"], f"The focus on {focus['name']!r} can't be seen."
            assert focus["isInView"], f"{focus['name']!r} has the focus out of sight."
            if re.search(name, focus["name"]):
                return
            assert focus["order"] > place, f"{focus['name']!r} comes too late."
            place = focus["order"]
        raise AssertionError(f"No Tab leads to {name!r}.")

    def open(self, path: str) -> None:
        """That page, past its head."""
        self.go(path)
        self.skip_to_content()

    def skip_to_content(self) -> None:
        """The first thing on each page is the way past its head."""
        self.page.keyboard.press("Tab")
        assert self.page.evaluate(FOCUSED)["name"] == "Skip to the content"
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.id") == "main"

    def enter(self, name: str | re.Pattern[str], key: str = "Enter") -> None:
        self.tab_to(name)
        self.page.keyboard.press(key)

    def follow_to(self, name: str | re.Pattern[str]) -> None:
        """Press Enter on that, and be on the next page."""
        self.tab_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, name: str | re.Pattern[str], text: str) -> None:
        self.tab_to(name)
        self.page.keyboard.type(text)


@contextmanager
def typing(browser: Browser, site: str) -> Iterator[Typist]:
    """A typist for the block."""
    typist = Typist(browser, site, reduced_motion="reduce")  # nothing scrolls slowly
    with typist.watched():
        yield typist
