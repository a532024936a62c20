import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import include, path

from mentormatch.errors import Conflict, Forbidden
from mentormatch.ui.backends import ViewerBackend
from tests.pages import assert_clean

pytestmark = pytest.mark.django_db


def _raise(error: Exception) -> object:
    def view(request: HttpRequest) -> None:
        raise error

    return view


urlpatterns = [
    path("", include("mentormatch.urls")),
    path("boom/403/", _raise(PermissionDenied())),
    path("boom/400/", _raise(SuspiciousOperation())),
    path("boom/500/", _raise(ZeroDivisionError())),
    path("boom/domain/", _raise(Forbidden())),
    path(
        "boom/taken/",
        _raise(
            Conflict(
                "That time is <taken>.",
                code="slot_unavailable",
                extra={"nearest": ["2026-06-01T08:00:00Z", {"starts_at": "2026-06-02T08:00:00Z"}]},
            )
        ),
    ),
]
broken = pytest.mark.urls(__name__)


@broken
@pytest.mark.parametrize(("where", "status"), [("403", 403), ("400", 400), ("domain", 403)])
def test_refusal_is_a_page(client, where, status):
    answer = client.get(f"/boom/{where}/")
    assert answer.status_code == status
    assert_clean(answer)


@broken
def test_conflict_names_the_nearest_times(client):
    answer = client.get("/boom/taken/")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "That time is &lt;taken&gt;." in page
    assert 'datetime="2026-06-01T08:00:00Z"' in page
    assert 'datetime="2026-06-02T08:00:00Z"' in page
    assert_clean(answer)


@broken
def test_own_fault_is_a_page_that_needs_nothing():
    client = Client(raise_request_exception=False)
    answer = client.get("/boom/500/")
    assert answer.status_code == 500
    assert_clean(answer)


def test_missing_page(client):
    answer = client.get("/nothing-here/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert_clean(answer)


def test_form_without_its_token():
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert answer.status_code == 403
    assert "nothing was changed" in answer.content.decode()
    assert_clean(answer)


@override_settings(ACCOUNT_RATE_LIMITS={"login": "1/m/ip"})
def test_too_many_log_ins(client):
    client.get("/accounts/login/")
    sent = {"login": "ada@example.com", "password": "no"}
    answers = [client.post("/accounts/login/", sent) for _ in range(2)]
    assert answers[-1].status_code == 429
    assert_clean(answers[-1])


@pytest.mark.parametrize("name", ["400", "403", "404", "429", "500", "403_csrf"])
def test_error_page_needs_no_context(name):
    assert_clean(render_to_string(f"{name}.html"))


def test_nobody_is_logged_in_with_a_number_that_is_gone():
    assert ViewerBackend().get_user(987654) is None
