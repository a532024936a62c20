"""What the search page weighs at a first visit, and that nothing on it moves."""

import gzip

import pytest
from playwright.sync_api import Browser, Response
from pytest_django.live_server_helper import LiveServer

from tests.factories import MentorFactory, TopicFactory, open_every_day

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_BYTES, MOST_REQUESTS = 150_000, 12
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


@pytest.fixture
def full_page():
    """As many mentors as the first page shows."""
    topics = [TopicFactory() for _ in range(3)]
    for _ in range(12):
        mentor = MentorFactory(topics=topics, review_count=3, rating_sum=14)
        open_every_day(mentor)


def sent(answer: Response) -> int:
    """Bytes on the wire, as a server sends them that compresses what isn't yet."""
    body = answer.body()
    is_packed = answer.url.endswith((".woff2", ".png", ".webp"))
    return len(body if is_packed else gzip.compress(body, 6))


def test_a_first_visit_of_the_search_is_light(browser: Browser, live_server: LiveServer, full_page):
    context = browser.new_context()
    page, answers = context.new_page(), []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  # it marks it
    page.goto(f"{live_server.url}/mentors/", wait_until="networkidle")
    weights = {answer.url: sent(answer) for answer in answers}
    context.close()
    assert any(url.endswith(".woff2") for url in weights)
    assert sum(weights.values()) <= MOST_BYTES, weights
    assert len(answers) <= MOST_REQUESTS, list(weights)


# In Tokyo the page is asked for once more, for its times there.
@pytest.mark.parametrize(("zone", "width"), [("UTC", 1280), ("Asia/Tokyo", 375)])
@pytest.mark.parametrize("path", ["/", "/mentors/"])
def test_nothing_moves_while_the_page_comes(
    browser: Browser, live_server: LiveServer, full_page, path, zone, width
):
    context = browser.new_context(viewport={"width": width, "height": 800}, timezone_id=zone)
    page = context.new_page()
    page.goto(live_server.url + path, wait_until="networkidle")
    assert page.evaluate(SHIFTS) == 0
    context.close()
