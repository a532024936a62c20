"""`{% load mentormatch %}`: amounts, instants, stars and the like, the same on every page."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from crispy_forms.utils import render_crispy_form
from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.core.paginator import Page
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _

from bookings.wallclock import occurs_twice
from mentormatch import money as amounts
from mentormatch import times
from mentormatch.ui import drawings
from mentormatch.ui.charts import Chart
from mentormatch.ui.forms import ActionForm, Text
from mentormatch.ui.kept import per_language
from mentormatch.ui.undo import undo_form

register = template.Library()
register.filter("stars", drawings.stars)
register.filter("initials", drawings.initials)
register.simple_tag(drawings.avatar, name="avatar")
register.simple_tag(drawings.badge, name="badge")
register.simple_tag(drawings.icon, name="icon")


def _zone(zone: str | dt.tzinfo | None) -> dt.tzinfo:
    if zone is None or zone == "":
        return timezone.get_current_timezone()
    return times.zone(zone) if isinstance(zone, str) else zone


@register.filter
@per_language
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
    """An instant's time of day, 18:00, in the viewer's zone or the one named.

    Of a time that the clock shows twice that day it says which: 02:30 GMT+01:00.
    """
    if instant is None:
        return ""
    local = instant.astimezone(_zone(zone))
    clock = local.strftime("%H:%M")
    return f"{clock} {_offset(local)}" if occurs_twice(local) else clock


@register.filter
def local_day(instant: dt.datetime | None, zone: str | dt.tzinfo | None = None) -> str:
    """An instant's day, Monday, 1 June 2026, in the viewer's zone or the one named."""
    return "" if instant is None else whole_day(instant.astimezone(_zone(zone)).date())


@register.filter
@per_language
def whole_day(date: dt.date) -> str:
    """A day: Monday, 1 June 2026."""
    # Translators: a day with its weekday, in Django's date format.
    return formats.date_format(date, _("l, j F Y"))


@register.filter
@per_language
def date_between(first: dt.date, last: dt.date) -> str:
    """`picker.first_day|date_between:picker.last_day` → 1 Jun – 7 Jun 2026."""
    return f"{formats.date_format(first, _('j M'))} – {formats.date_format(last, _('j M Y'))}"


@register.filter
def local_date(instant: dt.datetime) -> str:
    """An instant's day in the viewer's zone: 1 June 2026."""
    return _date(instant.astimezone(_zone(None)).date())


@per_language
def _date(date: dt.date) -> str:
    return formats.date_format(date, _("j F Y"))


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
    return instant_tag(instant, _zone(zone), times.now().year)


@per_language
def instant_tag(instant: dt.datetime, zone: dt.tzinfo, this_year: int) -> SafeString:
    """The same where it is known in which zone, and in which year it needs no year."""
    local = instant.astimezone(zone)
    return format_html(
        '<time class="instant" datetime="{}"><span class="instant-day">{}</span>, '
        '<span class="instant-time">{}</span> <span class="instant-zone">{}</span></time>',
        times.format_instant(instant),
        _short_day(local.date(), with_year=local.year != this_year),
        local.strftime("%H:%M"),
        abbreviation(local),
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


@per_language
def _short_day(date: dt.date, *, with_year: bool) -> str:
    # Translators: a short day with its weekday, with the year and without, in Django's date format.
    return formats.date_format(date, _("D, j M Y") if with_year else _("D, j M"))


@register.simple_tag
def nearest_time(value: Any) -> SafeString:
    """One of a conflict's nearest slots, given as an instant, its text, or a slot's JSON."""
    if isinstance(value, Mapping):
        value = value.get("starts_at")
    return time_tag(times.parse_instant(value) if isinstance(value, str) else value)


def abbreviation(local: dt.datetime) -> str:
    """CEST; GMT-03:00 where a zone has no letters of its own; both for a time that occurs twice."""
    name = local.tzname() or ""
    if not name.isalpha():
        return _offset(local)
    return f"{name}, {_offset(local)}" if occurs_twice(local) else name


def _offset(local: dt.datetime) -> str:
    offset = local.strftime("%z")
    return f"GMT{offset[:3]}:{offset[3:5]}"


@register.filter
@per_language
def duration(minutes: int | None) -> str:
    """90 → 1 h 30 min."""
    hours, rest = divmod(int(minutes or 0), 60)
    parts = [_("%d h") % hours] if hours else []
    return " ".join(parts + ([_("%d min") % rest] if rest or not hours else []))


@register.simple_tag
def fixed(template: str) -> SafeString:
    """`{% fixed "ui/_notices.html" %}`: a part that is the same for everyone, rendered once."""
    site = {"demo": settings.DEMO, "test_payments": settings.STRIPE_EMULATED}
    return _rendered_anew(template, **site) if settings.DEBUG else _rendered_once(template, **site)


def _rendered_anew(template: str, **site: bool) -> SafeString:
    return mark_safe(render_to_string(template, site))  # noqa: S308  # a template of ours


_rendered_once = per_language(_rendered_anew)


@register.simple_tag
def drawn_chart(chart: Chart) -> SafeString:
    """`{% drawn_chart chart %}`: a chart of `ui.charts`; the page links css/charts.css."""
    return _drawn(get_language(), chart)


@lru_cache(maxsize=256)
def _drawn(language: str | None, chart: Chart) -> SafeString:
    return mark_safe(render_to_string("ui/_chart.html", {"chart": chart}))  # noqa: S308  # a template of ours


@register.simple_tag(takes_context=True)
def action_button(
    context: Context,
    url: str,
    label: Text,
    kind: str = "primary",
    *,
    about: Text = "",
    **hidden: str,
) -> SafeString:
    """`{% action_button url label "danger" %}`: a form with only a button, sent by POST.

    Among several of one name, `about` says what it acts on to those who don't see where it stands.
    """
    told = format_html('<span class="visually-hidden"> {}</span>', about) if about else ""
    token = context.get("csrf_token")
    fields = hidden if token is None else {"csrfmiddlewaretoken": token, **hidden}
    # Without the helper of larger forms: one stands in the frame of every page.
    return format_html(
        '<form action="{}" class="action-form" method="post">{}<div class="form-actions">'
        '<button type="submit" class="btn btn-{}">{}{}</button></div></form>',
        url,
        format_html_join("", '<input type="hidden" name="{}" value="{}">', fields.items()),
        kind,
        label,
        told,
    )


@register.simple_tag
def slot_links(picker: Any, on: dt.date, choices: Iterable[Any]) -> SafeString:
    """Free times of one day, each a link that names its date, time, zone, length and price.

    Made here and not in the template: a page has a hundred of them.
    """
    price = money(picker.price_minor, picker.currency) if picker.price_minor else _("free")
    terms = conditional_escape(f"{duration(picker.duration_minutes)} · {price}")
    on_day = conditional_escape(whole_day(on))
    return format_html_join(
        "\n",
        '<li><a class="slot" href="{}"><span class="visually-hidden">{}, </span>'
        '<span class="slot-time">{} <span class="slot-note">{}</span></span> '
        '<span class="slot-note">{}</span></a></li>',
        ((choice.url, on_day, choice.time, choice.offset, terms) for choice in choices),
    )


@register.simple_tag
def told_reviews(reviews: Iterable[Any]) -> SafeString:
    """The reviews on a mentor's page, as `Review.objects.told` gives them: made here likewise."""
    zone = timezone.get_current_timezone()
    return format_html_join("\n", "{}", ((_review(told, zone),) for told in reviews))


@per_language
def _review(told: Any, zone: dt.tzinfo) -> SafeString:
    return format_html(
        '<li class="row-item"><article><p class="meta mb-1"><span>{}</span><span>{}</span>'
        '<span>{}</span></p><p class="mb-0" dir="auto">{}</p></article></li>',
        drawings.stars(told.rating),
        told.writer,
        _date(told.created_at.astimezone(zone).date()),
        _lines(told.comment),
    )


def _lines(text: str) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in text.splitlines()))


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
def language_buttons(context: Context) -> SafeString:
    """A button for each language but the present one, in that language's own name."""
    names = _other_languages(*(code for code, _name in settings.LANGUAGES))
    action = reverse("set_language")
    buttons = (action_button(context, action, names[code], "link", language=code) for code in names)
    return format_html_join("", "{}", ((button,) for button in buttons))


@per_language
def _other_languages(*codes: str) -> dict[str, str]:
    return {
        code: get_language_info(code)["name_local"].capitalize()
        for code in codes
        if code != get_language()
    }


def _rendered(form: ActionForm, context: Context) -> str:
    html: str = render_crispy_form(form, context={"csrf_token": context.get("csrf_token")})
    return html


@register.filter
def pages_around(page: Page[Any]) -> list[int | str]:
    """The page numbers worth a link: the ends, the neighbours, and … between."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.filter
@per_language
def review_count(count: int) -> str:
    return ngettext("%(n)d review", "%(n)d reviews", count) % {"n": count}


@register.filter
@per_language
def star_count(count: int) -> str:
    return ngettext("%(n)d star", "%(n)d stars", count) % {"n": count}


@register.filter
@per_language
def time_count(count: int) -> str:
    return ngettext("%(n)d time", "%(n)d times", count) % {"n": count}


@register.filter
@per_language
def day_count(count: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}
