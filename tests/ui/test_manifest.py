"""The site on a telephone's home screen."""

import re
import struct
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse
from pytest_django.asserts import assertContains

from mentormatch.ui.manifest import PAPER
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
MANIFEST = reverse("manifest")
TOKEN = re.compile(r"--paper: light-dark\((#\w+), (#\w+)\)")


def size_of(path):
    """Width and height of a PNG, from its first chunk."""
    head = Path(path).read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", head[16:24])


def test_every_page_names_it_with_the_icon_of_an_apple(client):
    page = client.get("/")
    link = f'<link rel="manifest" href="{MANIFEST}" crossorigin="use-credentials">'
    assertContains(page, link, html=True)
    touch = re.search(r'rel="apple-touch-icon"\s+href="/static/([^"]+)"', page.text)[1]
    assert size_of(finders.find(touch)) == (180, 180)


def test_it_has_what_a_browser_asks_for_before_it_offers_to_install(client):
    answer = client.get(MANIFEST)
    assert answer["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert told["short_name"] == "MentorMatch"
    assert told["display"] == "standalone"
    for address in (told["start_url"], told["scope"]):
        assert client.get(address).status_code == 200
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
    assert {"any", "maskable"} == {icon["purpose"] for icon in told["icons"]}


def test_each_icon_is_there_in_the_size_that_it_is_said_to_have(client):
    for icon in client.get(MANIFEST).json()["icons"]:
        path = finders.find(icon["src"].removeprefix("/static/"))
        if icon["type"] == "image/png":
            assert "{}x{}".format(*size_of(path)) == icon["sizes"]
        else:
            assert Path(path).read_text().startswith("<svg")


def test_it_speaks_the_viewers_language(client, login):
    german = "MentorMatch: eine Stunde mit jemandem, der es schon gemacht hat"
    assert client.get(MANIFEST).json()["lang"] == "en"
    asked = client.get(MANIFEST, headers={"accept-language": "de"}).json()
    known = login(UserFactory(language="de")).get(MANIFEST).json()
    for told in (asked, known):
        assert (told["lang"], told["name"]) == ("de", german)


def test_its_colours_are_the_sheets(client):
    light, dark = TOKEN.search((settings.BASE_DIR / "static/css/app.css").read_text()).groups()
    told = client.get(MANIFEST).json()
    assert told["theme_color"] == told["background_color"] == PAPER == light
    page = client.get("/")
    for scheme, colour in (("light", light), ("dark", dark)):
        media = f"(prefers-color-scheme: {scheme})"
        assertContains(
            page, f'<meta name="theme-color" media="{media}" content="{colour}">', html=True
        )


@pytest.mark.browser
def test_the_icons_can_be_drawn_anew(tmp_path, browser):
    from scripts import icons

    mark = finders.find("img/mark.svg")
    (tmp_path / "mark.svg").write_text(Path(mark).read_text())
    icons.draw(browser, tmp_path)
    for name, size, _ in icons.ICONS:
        assert size_of(tmp_path / name) == (size, size)
