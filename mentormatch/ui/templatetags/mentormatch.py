"""`{% load mentormatch %}`: amounts, instants, stars and the like, the same on every page."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from crispy_forms.utils import render_crispy_form
from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.core.paginator import Page
from django.template.context import Context
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _

from mentormatch import money as amounts
from mentormatch import times
from mentormatch.ui.forms import ActionForm, LanguageForm, Text
from mentormatch.ui.undo import undo_form

register = template.Library()
AVATAR_TONES = 6
STAR = "M{x} 1.6l2.6 5.5 6 .8-4.4 4.2 1.1 6-5.3-2.9-5.3 2.9 1.1-6L{left} 7.9l6-.8z"
STARS_PATH = "".join(STAR.format(x=10 + 22 * n, left=f"{1.4 + 22 * n:.1f}") for n in range(5))


def _zone(zone: str | dt.tzinfo | None) -> dt.tzinfo:
    if zone is None or zone == "":
        return timezone.get_current_timezone()
    return times.zone(zone) if isinstance(zone, str) else zone


@register.filter
def money(amount_minor: int | str | None, currency: str) -> str:
    """`booking.price_minor|money:booking.currency` → €60.00; nothing for no amount."""
    if amount_minor is None or amount_minor == "":
        return ""
    places = amounts.decimals(currency)
    major = amounts.to_major(int(amount_minor), currency)
    number = formats.number_format(abs(major), places, use_l10n=True, force_grouping=True)
    symbol = amounts.SYMBOLS.get(currency)
    shown = _("%(symbol)s%(number)s") if symbol else "%(number)s\u00a0%(symbol)s"
    text = shown % {"symbol": symbol or currency.upper(), "number": number}
    return f"\u2212{text}" if major < 0 else text


@register.filter
def local_time(instant: dt.datetime | None, zone: str | dt.tzinfo | None = None) -> str:
    """An instant's time of day, 18:00, in the viewer's zone or the one named."""
    return "" if instant is None else instant.astimezone(_zone(zone)).strftime("%H:%M")


@register.filter
def local_day(instant: dt.datetime | None, zone: str | dt.tzinfo | None = None) -> str:
    """An instant's day, Monday, 1 June 2026, in the viewer's zone or the one named."""
    if instant is None:
        return ""
    # Translators: a day with its weekday, in Django's date format.
    return formats.date_format(instant.astimezone(_zone(zone)), _("l, j F Y"))


@register.filter(name="zone_name")
def zone_name_of(zone: str | dt.tzinfo | None) -> str:
    """`mentor.time_zone|zone_name` → America/New York."""
    return str(_zone(zone)).replace("_", " ")


@register.simple_tag
def zone_name() -> str:
    """`{% zone_name %}`: the zone in which this page tells the time."""
    return zone_name_of(None)


@register.simple_tag
def current_zone() -> str:
    """The same as IANA writes it, for scripts."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def time_tag(instant: dt.datetime | None, zone: str | dt.tzinfo | None = None) -> SafeString:
    """`{% time_tag booking.starts_at %}`: day, time and zone for people, UTC for machines."""
    if instant is None:
        return SafeString("")
    local = instant.astimezone(_zone(zone))
    # Translators: a short day with its weekday, with the year and without, in Django's date format.
    form = _("D, j M") if local.year == times.now().year else _("D, j M Y")
    return format_html(
        '<time class="instant" datetime="{}"><span class="instant-day">{}</span>, '
        '<span class="instant-time">{}</span> <span class="instant-zone">{}</span></time>',
        times.format_instant(instant),
        formats.date_format(local, form),
        local.strftime("%H:%M"),
        _abbreviation(local),
    )


@register.simple_tag
def leaf(instant: dt.datetime) -> SafeString:
    """`{% leaf booking.starts_at %}`: a calendar's leaf of that day, beside a date in words."""
    local = timezone.localtime(instant)
    return format_html(
        '<span class="leaf" aria-hidden="true"><span class="leaf-month">{}</span>'
        '<span class="leaf-day">{}</span></span>',
        formats.date_format(local, "M"),
        local.day,
    )


@register.simple_tag
def nearest_time(value: Any) -> SafeString:
    """One of a conflict's nearest slots, given as an instant, its text, or a slot's JSON."""
    if isinstance(value, Mapping):
        value = value.get("starts_at")
    return time_tag(times.parse_instant(value) if isinstance(value, str) else value)


def _abbreviation(local: dt.datetime) -> str:
    """CEST; GMT-03:00 where a zone has no letters of its own."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"GMT{local.strftime('%z')[:3]}:{local.strftime('%z')[3:5]}"


@register.filter
def duration(minutes: int | None) -> str:
    """90 → 1 h 30 min."""
    hours, rest = divmod(int(minutes or 0), 60)
    parts = [_("%d h") % hours] if hours else []
    return " ".join(parts + ([_("%d min") % rest] if rest or not hours else []))


@register.filter
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


@register.filter
def initials(name: str) -> str:
    """Ada Lovelace → AL."""
    words = str(name).split() or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
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


@register.simple_tag
def badge(status: str, label: Text = "") -> SafeString:
    """`{% badge booking.status booking.get_status_display %}`: a state in its colour."""
    return format_html('<span class="status status-{}">{}</span>', status, label or status)


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "clock" %}`: a drawing from `img/icons.svg`, hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def action_button(context: Context, url: str, label: Text, kind: str = "primary") -> str:
    """`{% action_button url label "danger" %}`: a form with only a button, sent by POST."""
    return _rendered(ActionForm(action=url, submit=label, kind=kind), context)


@register.simple_tag(takes_context=True)
def undo_button(context: Context, message: Message) -> str:
    """`{% undo_button message %}`: the button of a message that can be taken back, or nothing."""
    form = undo_form(message)
    return _rendered(form, context) if form else ""


@register.simple_tag(takes_context=True)
def come_back(context: Context) -> str:
    """`{% url 'account_login' %}{% come_back %}`: logged in, one is back at the present page.

    From the pages of the entrance one goes on to where the first of them was to lead.
    """
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    if request is None or match is None or request.method != "GET" or match.url_name == "home":
        return ""
    is_entrance = str(match.url_name).startswith("account_")
    address = request.GET.get("next", "") if is_entrance else request.get_full_path()
    return f"?{urlencode({'next': address})}" if address else ""


@register.simple_tag(takes_context=True)
def language_buttons(context: Context) -> str:
    """A button for each language but the present one, in that language's own name."""
    forms = [
        LanguageForm(code=code, name=get_language_info(code)["name_local"].capitalize())
        for code, _name in settings.LANGUAGES
        if code != get_language()
    ]
    return format_html_join("", "{}", ((_rendered(form, context),) for form in forms))


def _rendered(form: ActionForm, context: Context) -> str:
    html: str = render_crispy_form(form, context={"csrf_token": context.get("csrf_token")})
    return html


@register.filter
def pages_around(page: Page[Any]) -> list[int | str]:
    """The page numbers worth a link: the ends, the neighbours, and … between."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.filter
def review_count(count: int) -> str:
    return ngettext("%(n)d review", "%(n)d reviews", count) % {"n": count}
