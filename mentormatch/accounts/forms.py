"""Forms for accounts."""

from allauth.account import forms as allauth_forms


class LoginForm(allauth_forms.LoginForm):
    pass


class SignupForm(allauth_forms.SignupForm):
    pass


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    pass


class AddEmailForm(allauth_forms.AddEmailForm):
    pass
