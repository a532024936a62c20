"""Forms of group sessions: offering one, and taking a seat."""

from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.forms.availability import DateInput, WallTimeField
from bookings.forms.bookings import BookForm
from bookings.forms.consent import ConsentField
from bookings.group_models import DESCRIPTION_LENGTH, MOST_SEATS, TITLE_LENGTH, GroupSession
from bookings.wallclock import instants
from mentormatch import money
from mentormatch.errors import DomainError
from mentormatch.mentors.models import LONGEST, SHORTEST, MentorProfile
from mentormatch.ui.forms import LinesField, PriceField, helper

# The form's names of what the services call differently.
FIELDS = {"price_minor": "price", "starts_at": "date"}


class GroupForm(forms.Form):
    """What a mentor says of a group session, whenever it is."""

    title = forms.CharField(label=_("Title"), max_length=TITLE_LENGTH)
    description = LinesField(
        label=_("What you will do together"),
        max_length=DESCRIPTION_LENGTH,
        rows=5,
        help_text=_("Say for whom it is, and what they should bring."),
    )
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=MOST_SEATS, initial=6)
    price = PriceField()

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["price"] = PriceField(
            currency=currency,
            label=_("Price of a seat"),
            help_text=gettext("In %(currency)s. 0 is free for everyone.")
            % {"currency": currency.upper()},
        )

    def said(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        cleaned = dict(self.cleaned_data)
        cleaned["price_minor"] = money.to_minor(cleaned.pop("price"), self.currency)
        return cleaned

    def refuse(self, error: DomainError) -> None:
        """Show a service's refusal at the field that it names."""
        name = FIELDS.get(error.field or "", error.field)
        self.add_error(name if name in self.fields else None, str(error))


class OfferForm(GroupForm):
    """A new one, at a time of the mentor's own wall clock."""

    date = forms.DateField(label=_("Day"), widget=DateInput())
    start_time = WallTimeField(label=_("Begins at"), initial="18:00")
    duration_minutes = forms.IntegerField(
        label=_("Minutes"), min_value=SHORTEST, max_value=LONGEST, initial=60
    )
    field_order = ("title", "description", "date", "start_time", "duration_minutes")

    def __init__(self, *args: Any, mentor: MentorProfile, **kwargs: Any) -> None:
        super().__init__(*args, currency=mentor.currency, **kwargs)
        self.zone = mentor.zone
        self.helper = helper(
            submit=_("Offer it"),
            action=reverse("bookings:group_dashboard"),
            layout=Layout(
                "title",
                "description",
                Div("date", "start_time", css_class="form-grid"),
                Div("duration_minutes", "seats", css_class="form-grid"),
                "price",
            ),
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        day, minute = cleaned.pop("date", None), cleaned.pop("start_time", None)
        if day is not None and minute is not None:
            found = instants(day, minute, self.zone)
            if not found:
                self.add_error(
                    "start_time", _("The clocks are put forward then: that time doesn't exist.")
                )
            else:
                # Of a time that the clock shows twice, the first.
                cleaned["starts_at"] = found[0]
        return cleaned


class ChangeForm(GroupForm):
    """What of one can be changed; its time can't."""

    def __init__(self, *args: Any, group: GroupSession, **kwargs: Any) -> None:
        said = {
            "title": group.title,
            "description": group.description,
            "seats": group.seats,
            "price": money.to_major(group.price_minor, group.currency),
        }
        super().__init__(*args, currency=group.currency, initial=said, **kwargs)
        self.helper = helper(
            layout=Layout("title", "description", Div("seats", "price", css_class="form-grid"))
        )


class SeatForm(forms.Form):
    notes = BookForm.base_fields["notes"]
    consent = ConsentField()

    def __init__(self, *args: Any, submit: str, back_url: str, rule: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rule:
            self.fields["consent"].label = rule
        else:
            del self.fields["consent"]
        self.helper = helper(submit=submit, cancel_url=back_url, cancel_label=_("Back"))
