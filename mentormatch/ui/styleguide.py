"""/styleguide/: the tokens as the sheet has them now, and each component in its states.

For those who build pages, and so in English alone. Staff see it, and anyone under DEBUG.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mentormatch import times
from mentormatch.ui.forms import helper

COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")
SIZE = re.compile(r"--((?:text|title|gap|space|radius|lift|quick|calm|target)[\w-]*): ([^;]+);")
STATES = (
    "confirmed pending in_review in_progress scheduled completed cancelled failed no_show draft"
).split()


@dataclass
class Group:
    """Tokens that stand under one comment of the sheet."""

    name: str
    colours: list[tuple[str, str, str]] = field(default_factory=list)


def sheet() -> str:
    """The sheet's own text, wherever the static files are."""
    found = finders.find("css/app.css")
    path = found if isinstance(found, str) else str(Path(settings.STATIC_ROOT) / "css/app.css")
    return Path(path).read_text()


def colour_groups(css: str) -> list[Group]:
    """Each comment among the tokens with the (name, light, dark) that follow it."""
    tokens = css.partition("--- Tokens ---")[2].partition("--text:")[0]
    groups: list[Group] = []
    for line in tokens.splitlines():
        if note := re.fullmatch(r"\s*/\* (.+) \*/", line):
            groups.append(Group(note[1]))
        elif (colour := COLOUR.search(line)) and groups:
            groups[-1].colours.append((colour[1], colour[2], colour[3]))
    return [group for group in groups if group.colours]


def measures(css: str) -> list[tuple[str, str]]:
    """The scales of type, space, radius, elevation and motion: (name, value)."""
    tokens = css.partition("--- Tokens ---")[2].partition("--bs-")[0]
    return [(name, " ".join(value.split())) for name, value in SIZE.findall(tokens)]


class SampleForm(forms.Form):
    name = forms.CharField(label="Name", help_text="A field with a word of help.")
    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose…"), ("a", "One"), ("b", "Two")])
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    is_public = forms.BooleanField(label="Show it to others", required=False)

    def __init__(self, data: dict[str, str] | None = None, *, prefix: str) -> None:
        super().__init__(data, prefix=prefix)
        self.helper = helper(submit="Save", cancel_url="#forms", method="get")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    if not (settings.DEBUG or request.user.is_staff):
        raise Http404
    css, now = sheet(), times.now()
    context = {
        "groups": colour_groups(css),
        "measures": measures(css),
        "states": STATES,
        "form": SampleForm(prefix="fresh"),
        "refused": SampleForm({"refused-notes": "Kept as it was typed."}, prefix="refused"),
        "now": now,
        "later": now + dt.timedelta(hours=1),
        "page": Paginator(range(60), 10).get_page(3),
    }
    return render(request, "ui/styleguide.html", context)
