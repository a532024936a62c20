from django.test import Client

BROWSER = {"Sec-Fetch-Mode": "navigate"}


def test_a_browser_is_sent_to_the_sites_own_name(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    response = Client(headers=BROWSER).get(
        "/mentors/?q=a", SERVER_NAME="localhost", SERVER_PORT="8000"
    )
    assert response.status_code == 302
    assert response["Location"] == "http://127.0.0.1:8000/mentors/?q=a"


def test_it_stays_where_it_is_right(settings, db):
    settings.SITE_URL = "http://127.0.0.1:8000"
    client = Client(headers=BROWSER)
    right = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}
    assert client.get("/mentors/", **right).status_code == 200


def test_programs_are_answered_under_any_name(settings, db):
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert Client().get("/mentors/", SERVER_NAME="localhost").status_code == 200


def test_another_port_is_anothers_business(settings, db):
    settings.SITE_URL = "http://127.0.0.1:8000"
    answer = Client(headers=BROWSER).get("/mentors/", SERVER_NAME="localhost", SERVER_PORT="9000")
    assert answer.status_code == 200
