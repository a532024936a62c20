"""Pictures of the main pages, in both themes and two widths, into `docs/screenshots/`.

They are of a demo of their own, in a folder and on a port that go away. `--hard FOLDER` takes those
of people and texts that strain a layout (`tests/ui/hard.py`) instead. Needs a Chromium.
"""

import argparse
import base64
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.ports import free_port
from tests import browser

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
THEMES = ("light", "dark")
# Wide and narrow, with the most of a page's height that a picture shows.
WIDTHS = {1280: 1500, 375: 1100}
LEAST_HEIGHT = 800
QUALITY = 82
STARTS_WITHIN = 90  # seconds, on a busy machine


@dataclass(frozen=True)
class Shot:
    """One page as someone sees it; `who` is an e-mail address, or nobody's."""

    name: str
    path: str
    who: str = ""


def set_up(folder: str, port: int) -> None:
    """A demo of its own, in this process's environment and so in that of the server as well."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "mentormatch.settings", "MENTORMATCH_DEMO": "1"}
    os.environ |= {"VAR_DIR": folder, "DATABASE_URL": "", "CACHE_URL": "", "SITE_URL": ""}
    os.environ |= {"DEBUG": "", "HOST": "127.0.0.1", "PORT": str(port)}
    import django  # noqa: PLC0415  # the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # so does it here

    call_command("prepare")


def main_pages() -> list[Shot]:
    """The ten that tell the story, from the search to the mentor's money."""
    from django.urls import reverse  # noqa: PLC0415  # after the set-up

    from bookings.models import Booking  # noqa: PLC0415  # after the set-up
    from mentormatch import times  # noqa: PLC0415  # after the set-up

    mentee, mentor = "mentee@example.com", "mentor@example.com"
    mine = Booking.objects.filter(mentee__email=mentee).select_related("mentor", "seat__session")
    ahead = mine.filter(mentor__user__email=mentor).upcoming(times.now())[0]
    now = mine.filter(mentor__user__email="mentor3@example.com").latest("starts_at")
    past = mine.filter(status=Booking.Status.COMPLETED, seat__session__reviews=None)[0]
    wanted = times.format_instant(ahead.starts_at + dt.timedelta(days=1))
    query = f"?starts_at={wanted}&duration_minutes=60&session_type=one_on_one"
    book = reverse("bookings:book", args=[ahead.mentor.slug]) + query
    return [
        Shot("home", reverse("home")),
        Shot("search", reverse("mentors:list")),
        Shot("picker", reverse("mentors:detail", args=[ahead.mentor.slug]), mentee),
        Shot("book", book, mentee),
        Shot("booking", reverse("bookings:detail", args=[ahead.code]), mentee),
        Shot("bookings", reverse("bookings:list"), mentee),
        Shot("room", reverse("sessions:room", args=[now.seat.session.code]), mentee),
        Shot("review", reverse("reviews:write", args=[past.seat.session.code]), mentee),
        Shot("dashboard", reverse("bookings:dashboard"), mentor),
        Shot("earnings", reverse("payments:earnings"), mentor),
    ]


def hard_pages() -> list[Shot]:
    """Those of `tests/ui/hard.py`, which are added to the demo."""
    from tests.ui import hard  # noqa: PLC0415  # after the set-up

    return [Shot(*page) for page in hard.build().pages]


def session_of(email: str) -> dict[str, Any]:
    """The cookie of someone who is logged in."""
    from django.conf import settings  # noqa: PLC0415  # after the set-up
    from django.test import Client  # noqa: PLC0415  # after the set-up

    from mentormatch.accounts.models import User  # noqa: PLC0415  # after the set-up

    client = Client()
    client.force_login(User.objects.get(email=email))
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": settings.SITE_URL}


@contextmanager
def served(port: int) -> Iterator[str]:
    """The site, up from here to the end of the block."""
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(ROOT / "manage.py"), "serve"]
    with subprocess.Popen(command, cwd=ROOT) as server:  # noqa: S603  # ours
        try:
            wait_for(f"{address}/healthz", server)
            yield address
        finally:
            server.terminate()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while server.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  # our own
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit("The site didn't come up, so there is nothing to take pictures of.")


def take(page: Any, target: Path, width: int) -> None:
    """A WebP of the page's upper part: Chromium makes those itself."""
    page.set_viewport_size({"width": width, "height": LEAST_HEIGHT})
    whole = page.evaluate("document.documentElement.scrollHeight")
    # The window is as high as the picture: what sticks to its edge is where it belongs.
    page.set_viewport_size({"width": width, "height": min(whole, WIDTHS[width])})
    settings = {"format": "webp", "quality": QUALITY}
    taken = page.context.new_cdp_session(page).send("Page.captureScreenshot", settings)
    target.write_bytes(base64.b64decode(taken["data"]))


def take_in_each_way(page: Any, folder: Path, name: str) -> None:
    """In both themes and widths; the page is loaded but once."""
    page.wait_for_load_state("networkidle")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            take(page, folder / f"{name}-{theme}-{width}.webp", width)


def take_all(shots: list[Shot], address: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # a dev dependency

    # Before Playwright's loop runs: Django's ORM would refuse within it.
    cookies: dict[str, Any] = {
        shot.who: [session_of(shot.who)] if shot.who else [] for shot in shots
    }
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser.launch_arguments())
        for who, cookie in cookies.items():
            # Still: a colour that fades into the other theme's would be caught on its way.
            context = chromium.new_context(
                locale="en-GB", timezone_id="Europe/Prague", reduced_motion="reduce"
            )
            context.add_cookies(cookie)
            page = context.new_page()
            for shot in shots:
                if shot.who == who:
                    page.goto(address + shot.path)
                    take_in_each_way(page, folder, shot.name)
        chromium.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hard", type=Path, metavar="FOLDER", help="of hard input, into FOLDER")
    hard: Path | None = parser.parse_args().hard
    if not browser.executable():
        sys.exit(f"Pictures need a browser: {browser.MISSING}")
    folder, port = hard or TARGET, free_port()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mentormatch-screenshots-") as var_dir:
        set_up(var_dir, port)
        shots = hard_pages() if hard else main_pages()
        with served(port) as address:
            take_all(shots, address, folder)
    print(f"{len(shots) * len(THEMES) * len(WIDTHS)} pictures are in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
