import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import include, path, resolve, reverse

from mentormatch import urls
from mentormatch.errors import Conflict, Forbidden, TryAgain
from mentormatch.ui.backends import ViewerBackend
from mentormatch.ui.middleware import way_back
from tests.factories import BookingFactory, MentorFactory, UserFactory
from tests.pages import assert_clean

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def _raise(error: Exception) -> object:
    def view(request: HttpRequest) -> None:
        raise error

    return view


def keep_something(request: HttpRequest) -> HttpResponse:
    """A page that writes into its session."""
    request.session["something"] = 1
    return HttpResponse("kept")


def ask_for_nothing(request: HttpRequest) -> HttpResponse:
    """A page whose migration is missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    return HttpResponse()


urlpatterns = [
    path("", include("mentormatch.urls")),
    path("boom/403/", _raise(PermissionDenied())),
    path("boom/400/", _raise(SuspiciousOperation())),
    path("boom/500/", _raise(ZeroDivisionError())),
    path("boom/away/", _raise(OperationalError("password=secret"))),
    path("api/boom/away/", _raise(OperationalError("password=secret"))),
    path("boom/lost/", _raise(InterfaceError("connection already closed"))),
    path("boom/domain/503/", _raise(TryAgain())),
    path("boom/session/", keep_something),
    path("boom/table/", ask_for_nothing),
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
handler400, handler500 = urls.handler400, urls.handler500
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


def test_refusal_leads_back_to_the_booking(login):
    booking = BookingFactory(cancelled=True)
    answer = login(booking.mentee).get(reverse("bookings:reschedule", args=[booking.code]))
    assert answer.status_code == 409
    assert f'href="{reverse("bookings:detail", args=[booking.code])}"' in answer.text
    assert_clean(answer)


def test_mentors_page_leads_others_to_where_mentors_begin(login):
    answer = login(UserFactory()).get(reverse("payments:earnings"))
    assert answer.status_code == 403
    assert f'class="btn btn-primary" href="{reverse("bookings:dashboard")}"' in answer.text
    assert_clean(answer)


def test_no_time_at_all_leads_to_the_mentors_times(login):
    mentor = MentorFactory()
    answer = login(UserFactory()).get(reverse("bookings:book", args=[mentor.slug]))
    assert answer.status_code == 400
    assert f'href="{reverse("mentors:detail", args=[mentor.slug])}"' in answer.text


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/bookings/abc/reschedule/", "/bookings/abc/"),
        ("/bookings/abc/pay/saved/", "/bookings/abc/"),
        ("/group-sessions/abc/book/", "/group-sessions/abc/"),
        ("/dashboard/group-sessions/abc/cancel/", "/dashboard/group-sessions/abc/"),
        ("/sessions/abc/start/", "/sessions/abc/"),
        ("/sessions/abc/tip/", "/sessions/abc/"),
        ("/sessions/abc/review/delete/", "/sessions/abc/"),
        ("/subscriptions/abc/resume/", "/subscriptions/"),
        ("/subscriptions/plans/abc/", "/subscriptions/"),
        ("/dashboard/plans/abc/close/", "/dashboard/plans/abc/"),
        ("/dashboard/subscriptions/abc/end/", "/dashboard/plans/"),
        ("/dashboard/availability/7/remove/", "/dashboard/"),
        ("/mentors/ada/book/", "/mentors/ada/"),
        ("/receipts/abc/", None),
        ("/bookings/abc/", None),
        ("/settings/", None),
    ],
)
def test_refusal_leads_back_to_what_the_page_is_about(rf, address, back):
    request = rf.get(address)
    request.resolver_match = resolve(address)
    assert way_back(request).get("back_url") == back


def test_coming_back_to_a_button_by_address_is_a_page(login):
    booking = BookingFactory()
    answer = login(booking.mentor.user).get(reverse("bookings:confirm", args=[booking.code]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert f'href="{reverse("bookings:detail", args=[booking.code])}"' in answer.text
    assert_clean(answer)


@broken
def test_own_fault_is_a_page_that_needs_nothing():
    client = Client(raise_request_exception=False)
    answer = client.get("/boom/500/")
    assert answer.status_code == 500
    assert_clean(answer)


@broken
@pytest.mark.parametrize("where", ["away", "lost", "domain/503"])
def test_database_that_is_away_is_a_page_that_says_when_to_come_back(where):
    answer = Client(raise_request_exception=False).get(f"/boom/{where}/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "again" in answer.text
    assert "secret" not in answer.text
    assert_clean(answer)


@broken
def test_database_that_is_away_is_a_problem_of_the_api():
    answer = Client(raise_request_exception=False).get("/api/boom/away/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == TryAgain.code
    assert answer.json()["detail"] == str(TryAgain.message)


@broken
@pytest.mark.parametrize(
    ("trouble", "status"), [(OperationalError("the server is away"), 503), (None, 200)]
)
def test_session_that_cannot_be_kept_is_not_the_visitors_fault(login, trouble, status):
    """Django says 400 then: it takes it for a session that was deleted meanwhile."""
    client = login(UserFactory())
    client.raise_request_exception = False

    def answer_or_fail(execute, sql, params, many, context):
        if trouble and sql.startswith("UPDATE"):
            raise trouble
        return execute(sql, params, many, context)

    with connection.execute_wrapper(answer_or_fail):
        assert client.get("/boom/session/").status_code == status


@broken
def test_missing_table_is_our_own_fault_not_an_outage():
    answer = Client(raise_request_exception=False).get("/boom/table/")
    assert answer.status_code == 500


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


@pytest.mark.parametrize("name", ["400", "403", "404", "405", "429", "500", "503", "403_csrf"])
def test_error_page_needs_no_context(name):
    assert_clean(render_to_string(f"{name}.html"))


def test_nobody_is_logged_in_with_a_number_that_is_gone():
    assert ViewerBackend().get_user(987654) is None
