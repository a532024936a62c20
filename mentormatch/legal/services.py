"""Finding a legal page, and publishing a new version of it."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from mentormatch import times
from mentormatch.accounts.models import User
from mentormatch.errors import Conflict
from mentormatch.legal.models import LegalPage, LegalVersion


def find_page(*, slug: str, language: str) -> LegalPage:
    """The page in that language; in the site's first one where it isn't written in that."""
    languages = dict.fromkeys([language, settings.LANGUAGE_CODE])
    found = {page.language: page for page in LegalPage.objects.filter(slug=slug)}
    for code in languages:
        page = found.get(code) or starting_page(slug, code)
        if page is not None:
            return page
    raise LegalPage.DoesNotExist(slug)


def starting_page(slug: str, language: str) -> LegalPage | None:
    """The template that comes with the software, not saved; `None` for other languages.

    It is `locale/<language>/legal/<slug>.md`, whose first line is the title.
    """
    for folder in settings.LOCALE_PATHS:
        path = Path(folder, language, "legal", f"{slug}.md")
        if path.is_file():
            title, _, text = path.read_text().partition("\n")
            return LegalPage(
                slug=slug, language=language, title=title.strip("# "), text=text.strip()
            )
    return None


def add_missing_pages() -> int:
    """Save every template that has no page yet, for staff to edit; safe to repeat."""
    slugs, languages = LegalPage.Slug.values, [code for code, _name in settings.LANGUAGES]
    templates = [starting_page(slug, language) for slug in slugs for language in languages]
    there = set(LegalPage.objects.values_list("slug", "language"))
    missing = [page for page in templates if page and (page.slug, page.language) not in there]
    LegalPage.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


@transaction.atomic
def publish(*, page: LegalPage, title: str, text: str, by: User) -> LegalVersion:
    """Make this the page's text from now on, and keep it as a version.

    Raises `Conflict` if the page has another version by now than the one that was read.
    """
    version = page.version + 1
    changed = LegalPage.objects.filter(pk=page.pk, version=page.version).update(
        title=title, text=text, version=version, updated_at=times.now()
    )
    if not changed:
        raise Conflict
    page.refresh_from_db()
    return LegalVersion.objects.create(
        page=page, version=version, title=title, text=text, published_by=by
    )
