"""The web app manifest: how the site sits on a home screen. https://www.w3.org/TR/appmanifest/"""

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

# The sheet's --paper in light, as base.html has it: `tests/ui/test_manifest.py` compares them.
PAPER = "#f6f7fb"
# (file, sizes, type, purpose); `make icons` draws the files.
ICONS = (
    ("img/icon-192.png", "192x192", "image/png", "any"),
    ("img/icon-512.png", "512x512", "image/png", "any"),
    ("img/icon-maskable-512.png", "512x512", "image/png", "maskable"),
    ("img/mark.svg", "any", "image/svg+xml", "any"),
)


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """In the viewer's language; the browser asks for it with their cookies."""
    home = reverse("home")
    shown = {
        "id": home,
        "name": _("MentorMatch: an hour with someone who has done it before"),
        "short_name": "MentorMatch",
        "description": _("Find a mentor and meet them this week"),
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": [
            {"src": static(name), "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in ICONS
        ],
        "shortcuts": [
            {"name": _("Mentors"), "url": reverse("mentors:list")},
            {"name": _("My bookings"), "url": reverse("bookings:list")},
        ],
    }
    return JsonResponse(shown, content_type="application/manifest+json")
