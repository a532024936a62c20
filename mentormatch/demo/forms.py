from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from mentormatch.demo.clock import Move
from mentormatch.demo.people import Person
from mentormatch.ui.forms import ActionForm


class LogInForm(ActionForm):
    """Log in as one of the demo's people by one click."""

    email = forms.EmailField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, person: Person | None = None) -> None:
        initial = {"email": person.email} if person else None
        name = person.email.partition("@")[0] if person else ""
        super().__init__(
            data,
            initial=initial,
            action=reverse("demo:login"),
            submit=_("Log in as %(name)s") % {"name": name},
            kind="secondary",
        )
        self.auto_id = f"id_{name}_%s"


class WhoseMailForm(forms.Form):
    """To whom; nobody in particular where that is empty, or what no address can be."""

    to = forms.CharField(required=False)


class ClockForm(ActionForm):
    """One move of the clock."""

    to = forms.ChoiceField(choices=Move.choices, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, to: Move | None = None) -> None:
        super().__init__(
            data,
            initial={"to": to.value} if to else None,
            action=reverse("demo:clock"),
            submit=to.label if to else "",
            kind="primary" if to == Move.SESSION else "secondary",
        )
        self.auto_id = f"id_{to.value if to else ''}_%s"
