"""The box that a browser wants ticked before anything is to be paid."""

import datetime as dt

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mentormatch.ui.templatetags.mentormatch import time_tag


class ConsentField(forms.BooleanField):
    """Required by the browser, and not by us (`0014-consent-is-asked-and-kept.md`)."""

    def __init__(self, label: str = "") -> None:
        box = forms.CheckboxInput({"required": True})
        super().__init__(required=False, label=label, widget=box)


def rule(until: dt.datetime | None, now: dt.datetime) -> SafeString:
    """The rule of cancelling as one agrees to it; no `until` while a time is to be chosen."""
    if until is None:
        said = _(
            "I agree: until 24 hours before the start I can cancel for a full refund, after that "
            "nothing comes back. The {terms} apply."
        )
    elif until > now:
        said = _(
            "I agree: until {time} I can cancel for a full refund, after that nothing comes back. "
            "The {terms} apply."
        )
    else:
        said = _(
            "I agree: the session starts in less than 24 hours, so nothing comes back if I cancel. "
            "The {terms} apply."
        )
    terms = format_html('<a href="{}">{}</a>', reverse("legal:terms"), _("terms of use"))
    return format_html(said, time=time_tag(until), terms=terms)
