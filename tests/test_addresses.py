"""What may stand in an address."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import StringConverter

from tests.factories import UserFactory

# Django's, allauth's, and the emulator's, whose books are in SQLite whatever ours are in.
NOT_OURS = ("admin/", "accounts/", "_allauth/", "_stripe/")


def walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        else:
            yield route, entry


def test_a_code_in_an_address_is_of_letters_and_digits():
    """`<str:…>` takes a NUL as well, and PostgreSQL answers that with an error."""
    ours = [found for found in walk(get_resolver()) if not found[0].startswith(NOT_OURS)]
    assert len(ours) > 40
    loose = [
        route
        for route, entry in ours
        if any(type(kind) is StringConverter for kind in entry.pattern.converters.values())
    ]
    # A number that is none is refused by the API's own schema, before any question to a database.
    assert [route for route in loose if "mentor_id" not in route and "window_id" not in route] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/bookings/a%00b"),
        ("put", "/api/v1/bookings/a%00b/cancel"),
        ("post", "/api/v1/sessions/a%00b/start"),
        ("get", "/api/v1/reviews/session/a%00b"),
        ("delete", "/api/v1/reviews/a%00b"),
        ("get", "/sessions/a%00b/"),
        ("get", "/sessions/a%00b/review/"),
        ("get", "/demo/mail/a%00b/"),
    ],
)
def test_what_no_database_can_hold_is_nowhere(client, method, path):
    assert getattr(client, method)(path).status_code == 404


NUL_COOKIE = '"abcdefgh\\000"'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/demo/mail/?to=a%00b", 200),
        ("get", "/admin/bookings/booking/?status__exact=a%00b", 400),
        ("get", "/admin/bookings/booking/?starts_at__year=99999999999999999999", 400),
        ("get", "/admin/bookings/booking/?starts_at__gte=0001-01-01T00:00:00%2B23:59", 400),
        ("post", "/admin/bookings/booking/", 400),
        ("post", "/settings/card/remove/", 302),
    ],
)
def test_what_no_database_can_hold_is_asked_of_none(login, method, path, status):
    given = {"booking": "a\0"} if method == "post" else None
    answer = getattr(login(UserFactory(staff=True)), method)(path, given)
    # PostgreSQL's calendar begins before the year 1.
    is_before_christ = connection.vendor == "postgresql" and "0001-01-01" in path
    assert answer.status_code == (200 if is_before_christ else status)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["sessionid", "time_zone", "csrftoken", "django_language"])
def test_a_cookie_that_no_database_can_hold_is_none(client, name):
    client.cookies[name] = ""
    client.cookies[name].set(name, "", NUL_COOKIE)
    assert client.get("/").status_code == 200
