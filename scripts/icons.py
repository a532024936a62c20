"""Draw the icons of a telephone's home screen anew from `static/img/mark.svg`: `make icons`.

Chromium draws them, so they are made where there is one, looked at, and committed.
"""

import re
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import launch_arguments

IMAGES = Path(__file__).resolve().parent.parent / "static" / "img"
# Name, size in pixels, and how much of its width the mark takes. Whoever cuts the icon to a shape
# of their own leaves a circle of 80 % of it (https://www.w3.org/TR/appmanifest/#icon-masks): those
# icons are filled to their edges.
ICONS = (
    ("icon-192.png", 192, 1.0),
    ("icon-512.png", 512, 1.0),
    ("icon-maskable-512.png", 512, 0.8),
    ("apple-touch-icon.png", 180, 0.9),
)
PAGE = """<!doctype html><body style="margin:0;height:100vh;display:grid;place-items:center;
background:{ground}"><img src="data:image/svg+xml,{mark}" style="width:{share:.0%}"></body>"""


def page(mark: str, share: float) -> str:
    """The mark on nothing, or on its own ground where that has to reach the edges."""
    found = re.search(r'<rect[^>]*fill="(#\w+)"', mark)
    if found is None:
        raise SystemExit("mark.svg has no ground: a <rect> with its fill as #rrggbb.")
    ground = "transparent" if share == 1.0 else found[1]
    escaped = mark.replace("%", "%25").replace("#", "%23").replace('"', "'").replace("\n", "")
    return PAGE.format(ground=ground, mark=escaped, share=share)


def draw(browser: Browser, folder: Path) -> None:
    """Each of `ICONS` from the folder's mark."""
    mark = (folder / "mark.svg").read_text()
    for name, size, share in ICONS:
        tab = browser.new_page(viewport={"width": size, "height": size})
        tab.set_content(page(mark, share))
        tab.screenshot(path=folder / name, omit_background=True)
        tab.close()
        print(folder / name)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments())
        draw(browser, IMAGES)
        browser.close()


if __name__ == "__main__":
    main()
