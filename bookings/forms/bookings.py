"""Forms around one booking: taking a slot, another time, giving it up."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.absence_models import TEXT_LENGTH
from bookings.forms.consent import ConsentField
from bookings.group_models import REASON_LENGTH
from bookings.models import Booking
from bookings.slots import Slot
from mentormatch import times
from mentormatch.mentors.models import LONGEST, SHORTEST
from mentormatch.ui.forms import LinesField, helper
from mentormatch.ui.templatetags.mentormatch import time_tag


class InstantField(forms.Field):
    """RFC 3339 with an offset, as a link to a slot carries it; hidden, since it was clicked."""

    widget = forms.HiddenInput
    default_error_messages = {  # Django's way to give a field its words
        "required": _("Choose a time."),
        "invalid": _("That isn't a time with its offset, like 2030-01-31T18:00:00Z."),
    }

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        instant = times.parse_instant(value)
        if instant is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return instant

    def prepare_value(self, value: Any) -> Any:
        return times.format_instant(value) if isinstance(value, dt.datetime) else value


class StartForm(forms.Form):
    """A form with the start of a slot in it; refused, it offers other times instead."""

    starts_at = InstantField(label=_("Time"))

    def offer(self, slots: Sequence[Slot]) -> None:
        """Let one of these times be chosen in place of the one that is gone."""
        self.fields["starts_at"] = forms.ChoiceField(
            label=_("Free times nearby"),
            widget=forms.RadioSelect,
            choices=[
                (times.format_instant(slot.starts_at), time_tag(slot.starts_at)) for slot in slots
            ],
        )
        if slots:
            self.initial["starts_at"] = times.format_instant(slots[0].starts_at)


class BookForm(StartForm):
    duration_minutes = forms.IntegerField(
        label=_("Length"), min_value=SHORTEST, max_value=LONGEST, widget=forms.HiddenInput
    )
    session_type = forms.ChoiceField(
        label=_("Kind"), choices=Booking.Type.choices, widget=forms.HiddenInput
    )
    notes = LinesField(
        label=_("What do you want to talk about?"),
        help_text=_("Your mentor reads this before you meet. It can be empty."),
        max_length=Booking.NOTES_LENGTH,
        required=False,
        rows=4,
    )
    pay_with = forms.ChoiceField(
        label=_("You pay with"),
        choices=[("credit", ""), ("money", "")],
        required=False,
        widget=forms.RadioSelect,
    )
    consent = ConsentField()

    def __init__(self, *args: Any, cancel_url: str, submit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=submit, cancel_url=cancel_url, cancel_label=_("Choose another time")
        )

    def offer_credit(self, labels: Mapping[str, str]) -> None:
        """Ask with what to pay, where a credit is there; otherwise nothing is asked."""
        if labels:
            self.fields["pay_with"].choices = list(labels.items())  # type: ignore[attr-defined]  # a choice field
            self.initial.setdefault("pay_with", "credit")
        else:
            del self.fields["pay_with"]

    def ask_consent(self, label: str) -> None:
        """Show the rule to agree to; without a rule, nothing is asked."""
        if label:
            # Of the bound field: one that was checked already keeps the words it had then.
            self["consent"].label = label
        else:
            del self.fields["consent"]


class RescheduleForm(StartForm):
    def __init__(self, *args: Any, cancel_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=_("Move the session"), cancel_url=cancel_url, cancel_label=_("Another time")
        )


class ReasonForm(forms.Form):
    """Why a booking is given up or declined: for the other side to read."""

    reason = LinesField(
        label=_("Why? (the other side reads this)"),
        max_length=REASON_LENGTH,
        required=False,
        rows=3,
    )

    def __init__(self, *args: Any, submit: str, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            submit=submit, kind="danger", cancel_url=back_url, cancel_label=_("Keep it")
        )


class AbsenceForm(forms.Form):
    """What happened, in the words of the side that came."""

    note = LinesField(
        label=_("What happened? (the other side and our staff read this)"),
        max_length=TEXT_LENGTH,
        required=False,
        rows=3,
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(submit=_("Report it"), kind="danger", cancel_url=back_url)


class ObjectionForm(forms.Form):
    """The same, in the words of who is said not to have come."""

    objection = LinesField(
        label=_("What happened? (our staff read this)"),
        max_length=TEXT_LENGTH,
        rows=4,
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(submit=_("Object"), cancel_url=back_url)
