"""Staff make the templates their own; each save is a version that stays."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mentormatch.auth import LoggedInRequest
from mentormatch.legal.models import LegalPage, LegalVersion
from mentormatch.legal.services import publish
from mentormatch.ui.staff import LookOnlyInline


class Templates(admin.SimpleListFilter):
    title = _("whose text")
    parameter_name = "template"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("still the template")), ("no", _("your own"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        own = queryset.filter(version__gt=0)
        return own if self.value() == "no" else queryset.filter(version=0)


class LegalPageForm(forms.ModelForm[LegalPage]):
    """Sends along which version was read: two of staff may be editing at once."""

    read_version = forms.IntegerField(label=_("version"), widget=forms.HiddenInput)

    class Meta:
        model = LegalPage
        fields = ("title", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["read_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("read_version") not in {None, self.instance.version}:
            said = _(
                "Somebody published another version meanwhile. Copy your text, and open it anew."
            )
            raise forms.ValidationError(said, code="superseded")
        return given


class VersionInline(LookOnlyInline[LegalVersion, LegalPage]):
    model = LegalVersion
    fields = ("version", "created_at", "published_by", "title", "text")
    readonly_fields = fields


@admin.register(LegalPage)
class LegalPageAdmin(admin.ModelAdmin[LegalPage]):
    list_display = ("slug", "language", "title", "version", "updated_at", "seen_by_visitors")
    list_filter = ("slug", "language", Templates)
    search_fields = ("title", "text")
    readonly_fields = ("slug", "language", "version", "updated_at")
    inlines = (VersionInline,)
    form = LegalPageForm

    def get_fields(self, request: HttpRequest, page: LegalPage | None = None) -> tuple[str, ...]:
        """All that it holds; whoever may only look has read nothing that they could overwrite."""
        shown = ("title", "text", *self.readonly_fields)
        return (*shown, "read_version") if self.has_change_permission(request, page) else shown

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LegalPage | None = None) -> bool:
        return False

    @admin.display(description=_("as visitors see it"))
    def seen_by_visitors(self, page: LegalPage) -> str:
        return format_html('<a href="{}">{}</a>', reverse(f"legal:{page.slug}"), page.title)

    def save_model(
        self,
        request: LoggedInRequest,  # type: ignore[override]  # nobody else comes here
        page: LegalPage,
        form: LegalPageForm,
        change: bool,
    ) -> None:
        text = page.text.replace("\r\n", "\n")  # a browser's line ends are no change
        if (page.title, text) != (form.initial["title"], form.initial["text"]):
            publish(page=page, title=page.title, text=text, by=request.user)
