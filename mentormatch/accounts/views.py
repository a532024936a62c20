"""The pages on which people look after their account."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mentormatch.accounts.forms import SettingsForm
from mentormatch.accounts.services import update_settings
from mentormatch.auth import LoggedInRequest
from mentormatch.errors import InvalidInput
from mentormatch.ui.forms import posted, render_invalid
from payments.models import SavedCard

FIELDS = ("full_name", "time_zone", "language")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: LoggedInRequest) -> HttpResponse:
    """Name, time zone and language."""
    user = request.user
    initial = {name: getattr(user, name) for name in FIELDS}
    form = SettingsForm(posted(request), initial=initial)
    context = {"form": form, "card": SavedCard.objects.kept_by(user)}
    if request.method != "POST":
        return render(request, "accounts/settings.html", context)
    if not form.is_valid():
        return render_invalid(request, "accounts/settings.html", context)
    try:
        update_settings(user=user, **form.cleaned_data)
    except InvalidInput as error:
        form.add_error(error.field, str(error))
        return render_invalid(request, "accounts/settings.html", context)
    with translation.override(user.language):
        messages.success(request, _("Saved."))
    return redirect("accounts:settings")
