import datetime as dt
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from mentormatch import times

INSTANT = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)


def render(text, **context):
    return Template("{% load mentormatch %}" + text).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (6000, "eur", "€60.00"),
        (123456789, "usd", "$1,234,567.89"),
        (500, "jpy", "500\u00a0JPY"),
        (1050, "chf", "10.50\u00a0CHF"),
        (-250, "eur", "\u2212€2.50"),
        (0, "eur", "€0.00"),
        (None, "eur", ""),
    ],
)
def test_money(amount, currency, shown):
    assert render("{{ amount|money:currency }}", amount=amount, currency=currency) == shown


def test_money_in_german():
    with translation.override("de"):
        assert render("{{ 123456|money:'chf' }}") == "1.234,56\u00a0CHF"


def test_times_are_the_viewers_or_those_of_a_named_zone():
    with timezone.override(times.zone("Europe/Berlin")):
        assert render("{{ at|local_time }} {{ at|local_day }}", at=INSTANT) == (
            "02:30 GMT+02:00 Sunday, 25 October 2026"
        )
        later = INSTANT + dt.timedelta(hours=1)
        assert render("{{ at|local_time }}", at=later) == "02:30 GMT+01:00"
        assert render("{{ at|local_time }}", at=later + dt.timedelta(hours=1)) == "03:30"
        assert render("{{ at|local_time:'Asia/Tokyo' }}", at=INSTANT) == "09:30"
        assert render("{% zone_name %}") == "Europe/Berlin"
    assert render("{{ 'America/New_York'|zone_name }}") == "America/New York"
    assert render("{{ none|local_time }}{{ none|local_day }}{% time_tag none %}", none=None) == ""


def test_time_tag_tells_the_twice_told_hour_apart(now):
    tag = "{% time_tag at 'Europe/Berlin' %}"
    first, second = (render(tag, at=INSTANT + dt.timedelta(hours=n)) for n in (0, 1))
    assert 'datetime="2026-10-25T00:30:00Z"' in first
    assert ("CEST, GMT+02:00<" in first, "CET, GMT+01:00<" in second) == (True, True)
    assert "GMT+05:45" in render("{% time_tag at 'Asia/Kathmandu' %}", at=INSTANT)


def test_time_tag_names_the_year_when_it_is_another(now):
    assert "25 Oct 2025" in render("{% time_tag at 'UTC' %}", at=INSTANT.replace(year=2025))
    assert "2026</span>" not in render("{% time_tag at 'UTC' %}", at=INSTANT)


def test_stars_say_the_figure_and_fill_as_far():
    shown = render("{{ rating|stars }}", rating=Decimal("4.50"))
    assert 'aria-label="4.5 out of 5 stars"' in shown
    assert 'width="97.2"' in shown
    assert "No reviews yet" in render("{{ rating|stars }}", rating=None)


@pytest.mark.parametrize(
    ("minutes", "shown"), [(30, "30 min"), (60, "1 h"), (90, "1 h 30 min"), (0, "0 min")]
)
def test_duration(minutes, shown):
    assert render("{{ minutes|duration }}", minutes=minutes) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("", "?"),
        ("Mary Jane W", "MW"),
        ("🦄 Zoë 🚀 Ünlü 🇩🇪", "ZÜ"),
        ("🦄", "🦄"),
    ],
)
def test_initials(name, shown):
    assert render("{{ name|initials }}", name=name) == shown


def test_avatar_keeps_its_colour_and_escapes():
    assert render("{% avatar 'Ada' %}") == render("{% avatar 'Ada' %}")
    assert "&lt;" in render("{% avatar name %}", name="<")


def test_badge_escapes_and_shows_the_state():
    assert render("{% badge 'confirmed' label %}", label="<Yes>") == (
        '<span class="status status-confirmed">&lt;Yes&gt;</span>'
    )


def test_action_button_is_a_form_of_its_own():
    shown = render("{% action_button '/x/' label 'danger' %}", label="Stop <it>", csrf_token="abc")
    assert 'method="post"' in shown
    assert 'action="/x/"' in shown
    assert "Stop &lt;it&gt;" in shown
    assert 'name="csrfmiddlewaretoken" value="abc"' in shown


def test_pagination_keeps_the_other_filters():
    page = Paginator(range(100), 10).page(2)
    request = RequestFactory().get("/?q=sql&page=2")
    context = RequestContext(request, {"page": page})
    shown = Template('{% include "ui/_pagination.html" %}').render(context)
    assert 'href="/?q=sql&amp;page=3"' in shown
    assert shown.count('aria-current="page"') == 1
    assert "…" in shown


def test_pagination_of_one_page_is_nothing():
    page = Paginator(range(3), 10).page(1)
    assert (
        not Template('{% include "ui/_pagination.html" %}').render(Context({"page": page})).strip()
    )


def test_leaf_is_of_the_viewers_day():
    late = INSTANT.replace(day=31, hour=23)
    with timezone.override(times.zone("Asia/Tokyo")), translation.override("de"):
        shown = render("{% leaf at %}", at=late)
    assert '<span class="leaf-month">Nov' in shown
    assert '<span class="leaf-day">1<' in shown
    assert 'aria-hidden="true"' in shown


def test_what_is_kept_is_kept_for_each_language(settings):
    settings.DEMO = settings.STRIPE_EMULATED = True
    shown = []
    for language in ("en", "de", "en"):
        with translation.override(language):
            shown.append(render("{% fixed 'ui/_notices.html' %}{{ 1250|money:'eur' }}"))
    assert "Test payments" in shown[0] and "€12.50" in shown[0]
    assert "Testzahlungen" in shown[1] and "12,50" in shown[1]
    assert shown[2] == shown[0]
    settings.DEMO = settings.STRIPE_EMULATED = False
    assert "notice" not in render("{% fixed 'ui/_notices.html' %}")


def test_language_buttons_name_the_others_and_carry_the_token():
    shown = render("{% language_buttons %}", csrf_token="abc")
    assert 'name="language" value="de"' in shown
    assert 'name="csrfmiddlewaretoken" value="abc"' in shown
    assert "Deutsch" in shown and "English" not in shown
