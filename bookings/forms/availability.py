"""Forms of a mentor's opening hours and days off."""

import datetime as dt
from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.urls import reverse_lazy
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from bookings.wallclock import parse_minutes
from mentormatch.ui.forms import helper


class WallTimeField(forms.Field):
    """`HH:MM` on the mentor's wall as minutes since midnight; `24:00` ends the day."""

    default_error_messages = {
        "invalid": _("Write the time as HH:MM, like 09:00. The end of the day is 24:00.")
    }

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        # People write 9:00 as well.
        minutes = parse_minutes(text.zfill(5))
        if minutes is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return minutes

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"autocomplete": "off", "maxlength": "5"}


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class WindowForm(forms.Form):
    """What a weekly window and one for a date share."""

    start_time = WallTimeField(label=_("From"), initial="09:00")
    end_time = WallTimeField(label=_("Until"), initial="17:00")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=_("Add"),
            action=str(reverse_lazy("bookings:availability")),
            kind="secondary",
            layout=Layout(
                Div(*(Div(name, css_class="col-sm-4") for name in self.fields), css_class="row")
            ),
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.data.get("weekday") and self.data.get("date"):
            raise forms.ValidationError(_("Choose a weekday or a date, one of the two."))
        return cleaned

    def window(self) -> dict[str, Any]:
        """What was typed, as `add_window` takes it."""
        cleaned = dict(self.cleaned_data)
        cleaned["start_minute"] = cleaned.pop("start_time")
        cleaned["end_minute"] = cleaned.pop("end_time")
        return cleaned


class WeeklyForm(WindowForm):
    weekday = forms.TypedChoiceField(
        label=_("Every"), choices=list(WEEKDAYS.items()), coerce=int, empty_value=None
    )
    field_order = ("weekday", "start_time", "end_time")


class DatedForm(WindowForm):
    date = forms.DateField(label=_("On"), widget=DateInput())
    field_order = ("date", "start_time", "end_time")


class TimeOffForm(forms.Form):
    first_day = forms.DateField(label=_("First day"), widget=DateInput())
    last_day = forms.DateField(
        label=_("Last day"), widget=DateInput(), required=False, help_text=_("Empty: that one day.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=_("Add time off"),
            action=str(reverse_lazy("bookings:time_off")),
            kind="secondary",
            layout=Layout(Div(*self.fields, css_class="form-grid")),
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, dt.date | None] = super().clean() or {}
        cleaned["last_day"] = cleaned.get("last_day") or cleaned.get("first_day")
        return cleaned
