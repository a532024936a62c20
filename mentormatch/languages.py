"""Which languages the site speaks: English, in which it is written, and that of each catalogue."""

from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, to_language

WRITTEN_IN = "en"


def languages_in(locales: Path) -> list[tuple[str, str | Promise]]:
    """As `settings.LANGUAGES` wants them: a language is a folder with a compiled catalogue in it.

    Named as Django names it (`de`, `pt_BR`); one that Django has no name for is left out.
    """
    found = {to_language(path.parts[-3]) for path in locales.glob("*/LC_MESSAGES/django.mo")}
    codes = [WRITTEN_IN, *sorted(found - {WRITTEN_IN})]
    named = ((code, LANG_INFO.get(code, {}).get("name")) for code in codes)
    return [(code, gettext_lazy(name)) for code, name in named if name]  # Django's own texts
