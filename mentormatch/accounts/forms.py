"""Log-in, sign-up and the rest of allauth's forms in our look, and the settings."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mentormatch import times
from mentormatch.accounts.models import User, site_languages
from mentormatch.ui.forms import TimeZoneField, helper

PASSWORD_RULES = _("At least 8 characters, not only digits, and not one that everyone uses.")


def _plain(form: forms.Form) -> None:
    """Labels instead of placeholders, which vanish as soon as one types."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        if isinstance(field.widget, forms.PasswordInput) and field.help_text:
            field.help_text = ""
    if "password1" in form.fields:
        form.fields["password1"].help_text = PASSWORD_RULES


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["login"].label = _("E-mail address")
        self.fields["remember"].label = _("Stay logged in on this device")
        self.fields["password"].help_text = format_html(
            '<a href="{}">{}</a>', reverse_lazy("account_reset_password"), _("Forgot it?")
        )
        self.helper = helper(submit=_("Log in"))


class PersonFields(forms.Form):
    """What a person says about themselves, at sign-up and in the settings."""

    full_name = forms.CharField(
        label=_("Name"),
        max_length=User.NAME_LENGTH,
        help_text=_("What the people you meet will call you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = TimeZoneField(help_text=_("Every time you see here is in this zone."))
    language = forms.ChoiceField(label=_("Language"), choices=site_languages)


class SignupForm(allauth_forms.SignupForm):
    """An address that has an account is answered by a mail to it, not by this page."""

    field_order = ("full_name", "email", "password1", "time_zone", "language")
    full_name = PersonFields.base_fields["full_name"]
    time_zone = TimeZoneField(
        guess=True, required=False, help_text=PersonFields.base_fields["time_zone"].help_text
    )
    language = forms.ChoiceField(label=_("Language"), choices=site_languages, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["email"].label = _("E-mail address")
        self.fields["language"].initial = get_language()
        self.helper = helper(submit=_("Create my account"))

    def validate_unique_email(self, value: str) -> str:
        self.account_already_exists = bool(filter_users_by_email(value))
        return value

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        chosen = self.cleaned_data["time_zone"] or request.COOKIES.get("time_zone", "")
        user.full_name = self.cleaned_data["full_name"]
        user.time_zone = chosen if chosen in times.zone_names() else "UTC"
        user.language = self.cleaned_data["language"] or get_language() or settings.LANGUAGE_CODE
        user.save(update_fields=["full_name", "time_zone", "language"])

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new account; or, where the address has one, that page which says "look at your mail".

        allauth itself would name the conflict here, because booking needs no verified address.
        """
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return self.save(request), None
            except IntegrityError:
                self.account_already_exists = True  # the same address, sent twice at once
        address = EmailAddress(user=None, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, address, signup=True)
        return None, get_adapter().respond_email_verification_sent(request, None)


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["email"].label = _("E-mail address")
        self.helper = helper(
            submit=_("Send me a link"),
            cancel_url=reverse_lazy("account_login"),
            cancel_label=_("Back to the log-in"),
        )


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("The same again")
        self.helper = helper(submit=_("Set the new password"))


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["oldpassword"].label = _("Current password")
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("The new one again")
        self.helper = helper(
            submit=_("Change the password"), cancel_url=reverse_lazy("accounts:settings")
        )


class SetPasswordForm(allauth_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["password2"].label = _("The same again")
        self.helper = helper(
            submit=_("Set the password"), cancel_url=reverse_lazy("accounts:settings")
        )


class AddEmailForm(allauth_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.fields["email"].label = _("Another e-mail address")
        self.helper = helper(submit=_("Add it"), name="action_add", value="yes", kind="secondary")


class EmailActionForm(forms.Form):
    """One address of the account, and one thing to do with it (allauth reads the button's name)."""

    email = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *, email: str, action: str, submit: str, kind: str) -> None:
        super().__init__(initial={"email": email}, auto_id=f"id_{action}_{email}_%s")
        self.helper = helper(
            submit=submit,
            kind=kind,
            name=action,
            value="yes",
            action=reverse_lazy("account_email"),
            css_class="action-form",
        )


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
        self.helper = helper(submit=_("Go on"))


class SettingsForm(PersonFields):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(submit=_("Save"))
