"""Every page for everyone: axe finds nothing, nothing is cut off, nothing jumps."""

import itertools
from functools import cache, partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from mentormatch.accounts.models import User
from tests.budget import IS_STRESS
from tests.ui import everywhere

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = Axe()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SERIOUS = {"error", "warning"}
SHIFTED = """() => new Promise(resolve => {
  let total = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) total += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(total), 100);
})"""
THEMES = ("light", "dark")
# In a sample every page is looked at in German, whose words are longest, on a telephone, and each
# of so many in English on a wide screen; light and dark by turns.
ENGLISH = 4


def browser_of(user: User | None, browser: Browser, url: str, language: str) -> BrowserContext:
    """That person's, logged in."""
    context = browser.new_context(
        locale=language,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",  # a colour on its way to another theme's would be measured
    )
    if user:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
    return context


def opened(context: BrowserContext) -> Page:
    """A tab; what it says in its console is kept."""
    tab = context.new_page()
    tab.said = []
    tab.on("console", lambda line: line.type in SERIOUS and tab.said.append(line.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    return tab


def faults(tab: Page, page: everywhere.Page) -> list[str]:
    """What axe finds, and what a narrow window cuts off."""
    # The admin's own pages are Django's; best practice is asked of ours alone.
    rules = WCAG[:-1] if page.name.startswith("admin:") else WCAG
    found = AXE.run(tab, options={"runOnly": rules, "resultTypes": ["violations"]})
    lines = [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    if tab.evaluate(EXCESS) > 0 and not page.name.startswith("admin:"):
        lines.append(f"{tab.viewport_size} is too narrow by {tab.evaluate(EXCESS)} px")
    return lines


def looks(language: str, number: int) -> list[tuple[str, int]]:
    """Themes and widths in which the page of that number is looked at: all in `make stress`."""
    if IS_STRESS:
        return list(itertools.product(THEMES, (375, 1280)))
    if language == "de":
        return [(THEMES[number % 2], 375)]
    return [(THEMES[number // ENGLISH % 2], 1280)] if number % ENGLISH == 0 else []


@pytest.mark.stress
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page(browser, live_server, language, figure):
    here, problems, seen = everywhere.world(language), {}, 0
    of = cache(partial(browser_of, browser=browser, url=live_server.url, language=language))
    for number, page in enumerate(everywhere.pages(here)):
        if not looks(language, number):
            continue
        tab = opened(of(page.user))
        tab.goto(live_server.url + page.path)
        for theme, width in looks(language, number):
            tab.emulate_media(color_scheme=theme)
            tab.set_viewport_size({"width": width, "height": 800})
            seen += 1
            if found := faults(tab, page):
                problems[page.name, page.path, theme, width] = found
        # A page that isn't there says so in the console too: that is its status.
        said = [line for line in tab.said if not line.startswith("Failed to load resource")]
        if said:
            problems[page.name, page.path, "console", 0] = said
        tab.close()
    assert not problems, "\n".join(f"{key}: {lines}" for key, lines in problems.items())
    figure(f"pages looked at by axe ({language})", str(seen))


@pytest.mark.django_db(transaction=True)
def test_axe_notices(browser, live_server):
    everywhere.world()
    tab = opened(browser_of(None, browser, live_server.url, "en"))
    # Not before the page has fetched its times in the browser's own zone.
    tab.goto(live_server.url, wait_until="networkidle")
    tab.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x>')")
    tab.evaluate("document.querySelector('main').style.minWidth = '3000px'")
    found = " ".join(faults(tab, everywhere.Page("home", "/")))
    assert "image-alt" in found
    assert "too narrow" in found
    tab.context.close()


@pytest.mark.django_db(transaction=True)
def test_nothing_jumps_while_it_loads(browser, live_server):
    here = everywhere.world()
    wanted = {"home", "mentors:list", "mentors:detail", "bookings:list"}
    for page in everywhere.pages(here):
        if page.name in wanted:
            tab = opened(browser_of(page.user, browser, live_server.url, "en"))
            tab.goto(live_server.url + page.path, wait_until="networkidle")
            assert tab.evaluate(SHIFTED) < 0.02, page
            tab.context.close()
