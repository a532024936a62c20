"""How every form of the site is rendered: one helper, one template (`ui/_form.html`)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mentormatch import money, times

Text = str | Promise
UNPROCESSABLE = 422


class Helper(FormHelper):
    """The site's one `FormHelper`: our form template with our row of buttons under the fields."""

    template = "ui/_form.html"

    def __init__(self) -> None:
        super().__init__()
        self.submit: Text = ""
        self.submit_name = ""
        self.submit_value = ""
        self.submit_class = ""
        self.submit_about: Text = ""
        self.cancel_url: Text = ""
        self.cancel_label: Text = ""


def helper(
    *,
    submit: Text = _("Save"),
    action: Text = "",
    cancel_url: Text = "",
    cancel_label: Text = _("Cancel"),
    method: str = "post",
    kind: str = "primary",
    name: str = "",
    value: str = "",
    css_class: str = "",
    layout: Layout | None = None,
) -> Helper:
    """What `{% crispy form %}` needs, as `form.helper`.

    `submit` is the button's text ("" for a form without one) and `kind` its look: `primary`,
    `secondary`, `danger`, `link`. `action` is an address ("" posts to the page's own).
    `cancel_url` adds a way back beside the button. `name` and `value` are sent by the button.
    """
    made = Helper()
    made.form_method = method
    made.form_action = action
    made.form_class = css_class
    made.layout = layout
    made.submit, made.submit_name, made.submit_value = submit, name, value
    made.submit_class = f"btn btn-{kind}"
    made.cancel_url, made.cancel_label = cancel_url, cancel_label
    made.include_media = False
    return made


class LinesField(forms.CharField):
    """A text of several lines. The end of a line is one character, as browsers count and as
    programs send it; in a form it travels as two."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class PriceField(forms.DecimalField):
    """A price in the main unit of a currency: as exact, and at most as much, as can be charged.

    Without a currency it is of one with cents.
    """

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(
            min_value=0,
            max_value=money.to_major(money.MAXIMUM_CHARGE, currency),
            decimal_places=money.decimals(currency),
            **kwargs,
        )


class ActionForm(forms.Form):
    """A form that is one button: every state change without questions.

    `ActionForm(action=reverse(…), submit=_("Confirm"))`, shown by `{% crispy form %}`. Hidden
    fields may be added by a subclass. In a template alone: `{% action_button url label %}`.
    Among several of one name, `about` says what it acts on to those who don't see where it stands.
    """

    def __init__(
        self,
        *args: Any,
        action: str = "",
        submit: Text = _("Go on"),
        kind: str = "primary",
        cancel_url: str = "",
        css_class: str = "action-form",
        about: Text = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=submit, action=action, kind=kind, cancel_url=cancel_url, css_class=css_class
        )
        self.helper.submit_about = about


class HiddenForm(ActionForm):
    """A button that sends these fields along."""

    def __init__(self, hidden: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(initial=hidden, auto_id=False, **kwargs)
        for name in hidden:
            self.fields[name] = forms.CharField(widget=forms.HiddenInput)


class SearchForm(forms.Form):
    """The start page's question; the list of mentors answers it."""

    q = forms.CharField(
        label=_("What do you want to get better at?"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=_("Find a mentor"),
            action=reverse("mentors:list"),
            method="get",
            css_class="search",
        )


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: a POST with nothing in it is an answer as well."""
    return request.POST if request.method == "POST" else None


def render_invalid(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The page again, with what was typed and what is wrong with it: 422."""
    return render(request, template, context, status=UNPROCESSABLE)


REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@lru_cache(maxsize=1)
def zones_by_region() -> dict[str, list[tuple[str, str]]]:
    """IANA's zones as a select shows them; aliases of older days are under the empty name."""
    regions: dict[str, list[tuple[str, str]]] = {region: [] for region in (*REGIONS, "")}
    for name in sorted(times.zone_names() - {"UTC"}):
        region = name.partition("/")[0]
        regions[region if region in REGIONS else ""].append((name, name.replace("_", " ")))
    return regions


class TimeZoneField(forms.ChoiceField):
    """A select of all zones; takes any name of IANA's. Starts with the browser's own by script."""

    def __init__(self, *, guess: bool = False, **kwargs: Any) -> None:
        attrs = {"data-guess-zone": "yes"} if guess else {}
        kwargs.setdefault("label", _("Time zone"))
        kwargs.setdefault("widget", forms.Select(attrs=attrs))
        kwargs.setdefault(
            "error_messages", {"invalid_choice": _("Choose a time zone from the list.")}
        )
        super().__init__(choices=self._all, **kwargs)

    @staticmethod
    def _all() -> list[tuple[Text, Any]]:
        groups = [(name or _("Other names"), zones) for name, zones in zones_by_region().items()]
        return [("", _("Choose…")), ("UTC", "UTC"), *groups]

    def valid_value(self, value: Any) -> bool:
        return value in times.zone_names()
