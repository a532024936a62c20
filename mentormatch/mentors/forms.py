"""Forms of the search page and of a mentor's own profile."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from crispy_forms.bootstrap import InlineCheckboxes
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from mentormatch import money
from mentormatch.accounts.models import User
from mentormatch.errors import DomainError
from mentormatch.mentors.languages import language_choices
from mentormatch.mentors.models import SESSION_LENGTHS, MentorProfile, MentorSort, Topic
from mentormatch.mentors.profile import MAX_LANGUAGES, MAX_TOPICS, RANGES
from mentormatch.mentors.regions import COUNTRIES
from mentormatch.ui.forms import LinesField, PriceField, TimeZoneField, helper

ANY = [("", _("Any"))]
FILTERS = ("topic", "language", "min_price", "max_price", "currency", "sort")


def currency_choices() -> list[tuple[str, str]]:
    """What prices can be in: the currencies that the platform settles in."""
    return [(code, code.upper()) for code in settings.SETTLEMENT_CURRENCIES]


def topic_choices() -> list[tuple[str, Any]]:
    """Every topic by its slug, after "any"."""
    return [*ANY, *((topic.slug, topic.name) for topic in Topic.objects.all())]


def more_language_choices() -> list[tuple[str, Any]]:
    """Every language, after "none"."""
    return [("", _("none")), *language_choices()]


class SearchForm(forms.Form):
    q = forms.CharField(label=_("What do you want help with?"), required=False, max_length=200)
    topic = forms.ChoiceField(label=_("Topic"), required=False, choices=topic_choices)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [*ANY, *language_choices()]
    )
    min_price = PriceField(label=_("Price from"), required=False)
    max_price = PriceField(label=_("Price up to"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False, choices=currency_choices)
    sort = forms.ChoiceField(label=_("Sort by"), required=False, choices=MentorSort.choices)

    def filters(self) -> list[forms.BoundField]:
        """The fields that stand behind the question."""
        return [self[name] for name in FILTERS]

    def is_narrowed(self) -> bool:
        """Whether a filter says something, beside the currency and the order, which always do."""
        return any(self.data.get(name) for name in FILTERS if name not in {"currency", "sort"})

    def is_filtered(self) -> bool:
        """Whether it may leave somebody out."""
        return bool(self.data.get("q")) or self.is_narrowed()

    def criteria(self) -> dict[str, Any]:
        """What of the form is valid, as `MentorQuerySet.matching` takes it."""
        valid = self.cleaned_data
        currency = valid.get("currency") or settings.SETTLEMENT_CURRENCIES[0]
        prices = {
            name: money.to_minor(valid[field], currency)
            for name, field in (("least", "min_price"), ("most", "max_price"))
            if valid.get(field) is not None
        }
        return {
            "text": valid.get("q", ""),
            "topic": valid.get("topic", ""),
            "language": valid.get("language", ""),
            # A currency alone says in what to read prices, not whom to leave out.
            "currency": currency if prices else "",
            "sort": valid.get("sort", ""),
            **prices,
        }


# Later: a bare `%` fills in, and so translates, a lazy text at import, in English for everyone.
def _fill(text: Any, number: int) -> str:
    return str(text) % number


_filled = lazy(_fill, str)


def _choices(values: dict[int, Any], label: Any, **kwargs: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=list(values.items()), coerce=int, **kwargs)


def _minutes(*values: int) -> dict[int, Any]:
    return {minutes: _filled(_("%d min"), minutes) for minutes in values}


NOTICES = {
    0: _("none"),
    30: _("30 minutes"),
    60: _("1 hour"),
    120: _("2 hours"),
    240: _("4 hours"),
    720: _("12 hours"),
    1440: _("1 day"),
    2880: _("2 days"),
    10080: _("1 week"),
}
HORIZONS = {
    7: _("1 week"),
    14: _("2 weeks"),
    30: _("30 days"),
    60: _("60 days"),
    90: _("90 days"),
    180: _("180 days"),
    365: _("a year"),
}
BUFFERS = (0, 5, 10, 15, 30, 45, 60)
# The form's names of what the service calls differently.
FIELDS = {
    "hourly_rate_minor": "hourly_rate",
    "trial_rate_minor": "trial_rate",
    "languages": "language_1",
}


class BookedForm(forms.Form):
    """How a mentor is booked, as the profile and the form beside the opening hours have it."""

    step_minutes = _choices(_minutes(5, 10, 15, 20, 30, 60), _("A start every"))
    notice_minutes = _choices(NOTICES, _("Notice you need"))
    horizon_days = _choices(HORIZONS, _("Bookable ahead"))
    buffer_before_minutes = _choices(_minutes(*BUFFERS), _("Kept free before"))
    buffer_after_minutes = _choices(_minutes(*BUFFERS), _("Kept free after"))
    daily_cap = forms.IntegerField(
        label=_("Sessions a day at most"),
        required=False,
        min_value=RANGES["daily_cap"][0],
        max_value=RANGES["daily_cap"][1],
        help_text=_("Empty: as many as fit."),
    )
    requires_approval = forms.BooleanField(
        label=_("I confirm each request myself"),
        required=False,
        help_text=_("Cards are authorised first, and charged once you say yes."),
    )

    def _keep_what_is_set(self) -> None:
        """A number set elsewhere (by staff, by data) stays choosable, so that saving keeps it."""
        for name, field in self.fields.items():
            if not isinstance(field, forms.TypedChoiceField | forms.TypedMultipleChoiceField):
                continue
            choices = list(cast("Iterable[tuple[int, Any]]", field.choices))
            values = self.initial[name]
            values = values if isinstance(values, list) else [values]
            unknown = sorted(set(values) - {value for value, _label in choices})
            field.choices = [*choices, *((value, str(value)) for value in unknown)]


class RulesForm(BookedForm):
    """How a mentor is booked, beside their opening hours; takes what `ProfileFields` calls so."""

    def __init__(self, *args: Any, mentor: MentorProfile, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(mentor, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self.auto_id = "rules_%s"
        self._keep_what_is_set()
        self.helper = helper(
            submit=_("Save"), action=reverse("bookings:rules"), kind="secondary", layout=_booked()
        )


class ProfileForm(BookedForm):
    full_name = forms.CharField(
        label=_("Your name"), max_length=User.NAME_LENGTH, help_text=_("As mentees will see it.")
    )
    headline = forms.CharField(
        label=_("Headline"), max_length=120, help_text=_("What you help with, in one line.")
    )
    bio = LinesField(
        label=_("About you"),
        max_length=MentorProfile.BIO_LENGTH,
        rows=8,
    )
    # By choices and not by a queryset, which would ask a database for any number that was sent.
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        choices=lambda: [(topic.pk, topic.name) for topic in Topic.objects.all()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_filled(_("Up to %d."), MAX_TOPICS),
    )
    language_1 = forms.ChoiceField(label=_("Language"), choices=language_choices)
    language_2 = forms.ChoiceField(
        label=_("Second language"), required=False, choices=more_language_choices
    )
    language_3 = forms.ChoiceField(
        label=_("Third language"), required=False, choices=more_language_choices
    )
    country = forms.ChoiceField(
        label=_("Country you are paid in"),
        choices=sorted(COUNTRIES.items(), key=lambda pair: str(pair[1])),
        help_text=_("Where our payment service can send money."),
    )
    time_zone = TimeZoneField(help_text=_("Your opening hours are on this clock."))
    currency = forms.ChoiceField(label=_("Currency"), choices=currency_choices)
    hourly_rate = PriceField()
    trial_rate = PriceField()
    trial_minutes = _choices(_minutes(15, 20, 30, 45, 60), _("Length of a trial"))
    lengths = forms.TypedMultipleChoiceField(
        label=_("Lengths offered"),
        choices=list(_minutes(*SESSION_LENGTHS).items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, user: User, mentor: MentorProfile | None, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(user, mentor)
        super().__init__(*args, **kwargs)
        self._keep_what_is_set()
        self._price_in(self["currency"].value())
        self.helper = helper(submit=_("Save"), layout=_layout())

    def _price_in(self, currency: str) -> None:
        self.fields["hourly_rate"] = PriceField(
            currency=currency,
            label=_("Price an hour"),
            help_text=_("Other lengths cost their share of it."),
        )
        self.fields["trial_rate"] = PriceField(
            currency=currency,
            label=_("Price of a trial"),
            required=False,
            help_text=_("0 is free; empty: no trial."),
        )

    def profile(self) -> dict[str, Any]:
        """What was typed, as `create_or_update_profile` takes it."""
        fields = dict(self.cleaned_data)
        currency = fields["currency"]
        fields["hourly_rate_minor"] = money.to_minor(fields.pop("hourly_rate"), currency)
        trial = fields.pop("trial_rate")
        fields["trial_rate_minor"] = None if trial is None else money.to_minor(trial, currency)
        spoken = [fields.pop(f"language_{n}") for n in (1, 2, 3)]
        unseen = self.initial.get("languages", [])[3:MAX_LANGUAGES]
        fields["languages"] = list(dict.fromkeys([code for code in spoken if code] + unseen))
        fields["topics"] = list(Topic.objects.filter(pk__in=fields["topics"]))
        return fields

    def refuse(self, error: DomainError) -> None:
        """Put what the service refused beside the fields it names."""
        for fault in error.errors or [{"field": "", "message": str(error)}]:
            field = FIELDS.get(fault["field"], fault["field"])
            self.add_error(field if field in self.fields else None, str(fault["message"]))


def _initial(user: User, mentor: MentorProfile | None) -> dict[str, Any]:
    """A profile as the form shows it; the model's own defaults for a new one."""
    shown = mentor or MentorProfile(time_zone=user.time_zone, languages=["en"])
    currency = shown.currency
    places = Decimal(1).scaleb(-money.decimals(currency))
    spoken = [*shown.languages, "", "", ""]
    initial: dict[str, Any] = {
        field: getattr(shown, field)
        for field in (
            "headline", "bio", "languages", "country", "time_zone", "currency", "trial_minutes",
            "lengths", "step_minutes", "notice_minutes", "horizon_days", "buffer_before_minutes",
            "buffer_after_minutes", "daily_cap", "requires_approval",
        )
    }  # fmt: skip
    initial |= {f"language_{n + 1}": spoken[n] for n in range(3)}
    initial["full_name"] = user.full_name
    initial["topics"] = [topic.pk for topic in mentor.topics.all()] if mentor else []
    if mentor:
        initial["hourly_rate"] = money.to_major(mentor.hourly_rate_minor, currency).quantize(places)
        if mentor.trial_rate_minor is not None:
            trial = money.to_major(mentor.trial_rate_minor, currency)
            initial["trial_rate"] = trial.quantize(places)
    return initial


def _layout() -> Layout:
    grid = "form-grid"
    return Layout(
        Fieldset(
            _("Who you are"),
            "full_name",
            "headline",
            "bio",
            InlineCheckboxes("topics"),
            Div("language_1", "language_2", "language_3", css_class=grid),
            Div("country", "time_zone", css_class=grid),
        ),
        Fieldset(
            _("What it costs"),
            Div("hourly_rate", "currency", css_class=grid),
            Div("trial_rate", "trial_minutes", css_class=grid),
            InlineCheckboxes("lengths"),
        ),
        Fieldset(
            _("How you are booked"),
            *_booked(),
        ),
    )


def _booked() -> Layout:
    grid = "form-grid"
    return Layout(
        Div("step_minutes", "notice_minutes", "horizon_days", css_class=grid),
        Div("buffer_before_minutes", "buffer_after_minutes", "daily_cap", css_class=grid),
        "requires_approval",
    )
