"""What is drawn beside words: stars, an avatar, a state in its colour, an icon."""

from decimal import Decimal
from functools import lru_cache
from zlib import crc32

from django.templatetags.static import static
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mentormatch.ui.forms import Text
from mentormatch.ui.kept import per_language

AVATAR_TONES = 6
STAR = "M{x} 1.6l2.6 5.5 6 .8-4.4 4.2 1.1 6-5.3-2.9-5.3 2.9 1.1-6L{left} 7.9l6-.8z"
STARS_PATH = "".join(STAR.format(x=10 + 22 * n, left=f"{1.4 + 22 * n:.1f}") for n in range(5))


@per_language
def stars(rating: Decimal | float | None) -> SafeString:
    """`mentor.average_rating|stars`: five stars, filled as far as the rating goes."""
    if rating is None:
        return format_html('<span class="stars-none">{}</span>', _("No reviews yet"))
    label = _("%(rating)s out of 5 stars") % {
        "rating": formats.number_format(Decimal(str(rating)).normalize(), use_l10n=True)
    }
    return format_html(
        '<svg class="stars" viewBox="0 0 108 20" role="img" aria-label="{0}"><title>{0}</title>'
        '<path class="stars-empty" d="{1}"/>'
        '<svg width="{2}" height="20"><path class="stars-full" d="{1}"/></svg></svg>',
        label,
        STARS_PATH,
        round(float(rating) * 21.6, 1),
    )


def initials(name: str) -> str:
    """Ada Lovelace → AL. A word that begins with a sign counts only where there is no other."""
    words = str(name).split() or ["?"]
    words = [word for word in words if word[0].isalnum()] or words
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@lru_cache(maxsize=2048)
def avatar(name: str, size: str = "") -> SafeString:
    """`{% avatar mentor.name "lg" %}`: initials on a colour that stays with the name."""
    tone = crc32(str(name).encode()) % AVATAR_TONES + 1
    extra = f" avatar-{size}" if size else ""
    return format_html(
        '<span class="avatar avatar-tone-{}{}" aria-hidden="true">{}</span>',
        tone,
        extra,
        initials(name),
    )


def badge(status: str, label: Text = "") -> SafeString:
    """`{% badge booking.status booking.get_status_display %}`: a state in its colour."""
    return format_html('<span class="status status-{}">{}</span>', status, label or status)


def icon(name: str) -> SafeString:
    """`{% icon "clock" %}`: a drawing from `img/icons.svg`, hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )
