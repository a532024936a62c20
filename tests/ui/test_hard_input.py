"""Names of eighty letters, other directions, no words and too many: the layout holds.

What can be measured; `scripts/screenshots.py --hard FOLDER` shows the same pages to look at.
"""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.conftest import PASSWORD
from tests.ui import hard

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (320, 375, 1280)
# Boxes that something sticks out of sideways, but for those that mean to cut it off.
SPILLS = """() => [...document.querySelectorAll("main *")].filter((box) => {
  const style = getComputedStyle(box);
  return style.overflowX === "visible" && style.display !== "inline" && box.clientWidth > 1
    && box.scrollWidth > box.clientWidth + 1
    && !box.closest("svg, select, thead, .visually-hidden");
}).map((box) => `${box.tagName}.${box.className}: ${box.scrollWidth} in ${box.clientWidth}`)"""
EXCESS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def log_in(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/bookings/**")


def test_nothing_spills_over_at_any_width(browser: Browser, live_server: LiveServer):
    built = hard.build()
    for who in sorted({page[2] for page in built.pages}):
        context = browser.new_context()
        page = context.new_page()
        if who:
            log_in(page, live_server.url, who)
        for name, path, whose in built.pages:
            if whose != who:
                continue
            page.goto(live_server.url + path)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(EXCESS) == 0, (name, width)
                assert page.evaluate(SPILLS) == [], (name, width)
        context.close()
