"""Terms, privacy and imprint, one text for each language, every published version kept."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mentormatch.db import TimestampedModel


class LegalPage(TimestampedModel):
    """One page in one language, as visitors read it.

    Version 0 is the text that comes with the software: a template, which staff replace.
    """

    class Slug(models.TextChoices):
        TERMS = "terms", _("Terms")
        PRIVACY = "privacy", _("Privacy")
        IMPRINT = "imprint", _("Imprint")

    slug = models.CharField(_("page"), max_length=16, choices=Slug, editable=False)
    language = models.CharField(_("language"), max_length=8, editable=False)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(
        _("text"),
        max_length=100_000,
        help_text=_("Markdown: # heading, **bold**, - list, [link](https://example.org)."),
    )
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)

    class Meta:
        verbose_name = _("legal page")
        verbose_name_plural = _("legal pages")
        ordering = ["slug", "language"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "language"], name="legal_page_once_a_language"),
        ]

    def __str__(self) -> str:
        return f"{self.get_slug_display()} ({self.language})"

    @property
    def is_template(self) -> bool:
        """Whether it is still the text that no operator has made their own."""
        return self.version == 0


class LegalVersion(TimestampedModel):
    """A page as it was published once: what people agreed to can be read again."""

    page = models.ForeignKey(LegalPage, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("published by"),
    )

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["page", "version"], name="legal_version_once_a_page"),
        ]

    def __str__(self) -> str:
        return f"{self.page}, {self.version}"
