"""Names of the languages that a mentor can speak, in the language of the page."""

from django.utils.translation import gettext

from mentormatch.mentors.profile import LANGUAGES


def language_name(code: str) -> str:
    """`de` → German; an unknown code is its own name."""
    return gettext(LANGUAGES[code]) if code in LANGUAGES else code


def language_choices() -> list[tuple[str, str]]:
    """Every language as (code, name), by name."""
    return sorted(((code, language_name(code)) for code in LANGUAGES), key=lambda pair: pair[1])
