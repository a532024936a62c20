"""People with a browser each, on the product as `manage.py serve` runs it, worker and all."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Response, expect

from mentormatch import times
from scripts.ports import free_port
from tests.background.processes import manage, wait_for

UP = "MentorMatch is at "


@contextmanager
def served_site(tmp_path: Path) -> Iterator[str]:
    """The demo, seeded and served on a Monday morning to come; gives its address."""
    now = times.real_now()
    monday = (now + dt.timedelta(days=7 - now.weekday())).replace(hour=8, minute=2, second=0)
    times.set_clock_offset(monday - now)
    call_command("seed_demo")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {"PORT": str(port), "SITE_URL": address}
    environment["DJANGO_SETTINGS_MODULE"] = "tests.watched_settings"
    with manage("serve", output=tmp_path / "log", **environment) as command:
        wait_for(lambda: UP in command.said() or command.process.poll() is not None)
        assert f"{UP}{address}/" in command.said()
        yield address
        assert command.end() == 0
    assert "Traceback" not in command.said(), command.said()


class Visitor:
    """A person with a browser of their own, in which nothing may go wrong."""

    def __init__(self, browser: Browser, site: str, **context: Any) -> None:
        self.context = browser.new_context(
            **{"base_url": site, "timezone_id": "Europe/Vienna"} | context
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.problems: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{self.page.url}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.url}")

    def go(self, path: str) -> None:
        self.page.goto(path)

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def press(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("main").get_by_text(text).first).to_be_visible()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What goes wrong in the block is shown with the page it went wrong on."""
        try:
            yield
        except (AssertionError, Error) as error:
            error.add_note(f"{self.page.url}\n{self.page.locator('body').inner_text()}")
            raise
        assert self.problems == []
        self.context.close()


@contextmanager
def visiting(browser: Browser, site: str, **context: Any) -> Iterator[Visitor]:
    """A visitor for the block."""
    visitor = Visitor(browser, site, **context)
    with visitor.watched():
        yield visitor


def sign_up(visitor: Visitor, email: str, name: str) -> None:
    visitor.go("/accounts/signup/")
    visitor.fill("E-mail address", email)
    visitor.fill("Name", name)
    visitor.fill("Password", "a-long-enough-secret")
    visitor.press("Create my account")
    expect(visitor.page.get_by_text(f"Your account, {name}")).to_be_visible()


def log_in_as(visitor: Visitor, name: str) -> None:
    visitor.go("/demo/")
    visitor.press(f"Log in as {name}")
    expect(visitor.page.locator("details.menu")).to_be_visible()


def find(visitor: Visitor, words: str, name: str) -> None:
    visitor.go("/")
    visitor.page.get_by_role("searchbox").fill(words)
    visitor.press("Find a mentor")
    visitor.page.get_by_role("link", name=name).first.click()
    expect(visitor.page.get_by_role("heading", name=name)).to_be_visible()


def pay(visitor: Visitor, number: str = "4242424242424242") -> None:
    visitor.press(re.compile("at Stripe$"))
    for field, value in {
        "card_number": number,
        "exp_month": "12",
        "exp_year": "2040",
        "cvc": "123",
        "name": "Ada",
    }.items():
        visitor.page.locator(f"[name={field}]").fill(value)
    visitor.page.locator("[name=action][value=pay]").click()


def book(visitor: Visitor, day: int = 0) -> str:
    """Take the first time of that day of the picker and pay; gives the booking's code."""
    visitor.page.locator(".slot-day").nth(day).locator("a.slot").first.click()
    visitor.page.get_by_label("I agree").check()
    visitor.press("Book and pay")
    pay(visitor)
    visitor.sees("It's on.")
    return visitor.page.url.rstrip("/").rpartition("/")[2]
