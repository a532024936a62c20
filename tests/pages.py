"""What every rendered page keeps to: `assert_clean(response)` after the test's own assertions."""

from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser

from django.http import HttpResponseBase

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
LABELLED = frozenset({"input", "select", "textarea"})
UNLABELLED_TYPES = frozenset({"hidden", "submit", "button", "reset", "image"})


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.labels: set[str] = set()
        self.fields: list[tuple[str, dict[str, str]]] = []
        self.fragments: set[str] = set()
        self.lang = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self._check_attributes(tag, given)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids[given["id"]] += 1
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag == "label":
            self.labels.add(given.get("for", ""))
        if tag in LABELLED and given.get("type") not in UNLABELLED_TYPES:
            self.fields.append((tag, given))
        if tag == "form":
            self._check_form(given)
        if tag == "a":
            self._check_link(given.get("href"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"} and data.strip():
            self.problems.append(f"inline <{self.open[-1]}>: {data.strip()[:60]!r}")

    def _check_attributes(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.problems.append(f"<{tag} {name}=…>: the content policy refuses it")
            if value.strip().lower().startswith("javascript:"):
                self.problems.append(f"<{tag} {name}={value!r}>")
        if tag == "img" and "alt" not in given:
            self.problems.append("<img> without alt")
        source = given.get("src", "")
        if tag in {"script", "link", "img"} and (source + given.get("href", "")).startswith("http"):
            self.problems.append(f"<{tag}> from another host: {source or given.get('href')}")

    def _check_form(self, given: dict[str, str]) -> None:
        if given.get("method", "").lower() not in {"get", "post"}:
            self.problems.append("<form> without a method")

    def _check_link(self, href: str | None) -> None:
        if not href or href == "#":
            self.problems.append(f"<a href={href!r}>: not an address")
        elif href.startswith("#"):
            self.fragments.add(href[1:])

    def all_problems(self) -> list[str]:
        unlabelled = (
            f"<{tag} name={given.get('name')!r}> without a label"
            for tag, given in self.fields
            if given.get("id") not in self.labels
            and not {"aria-label", "aria-labelledby"} & given.keys()
        )
        return [*self.problems, *unlabelled, *self._whole()]

    def _whole(self) -> Iterable[str]:
        if self.tags["h1"] != 1:
            yield f"{self.tags['h1']} <h1> instead of one"
        if not self.lang:
            yield "<html> without lang"
        if self.tags["main"] != 1:
            yield f"{self.tags['main']} <main> instead of one"
        if not self.tags["title"]:
            yield "no <title>"
        yield from (f"id {name!r} stands {n} times" for name, n in self.ids.items() if n > 1)
        yield from (
            f"a link to #{name}, which isn't there" for name in self.fragments - {*self.ids}
        )


def assert_clean(page: str | bytes | HttpResponseBase) -> None:
    """Fails with the list of what is wrong with a whole page.

    No inline script, style or handler, exactly one h1 and one main, a language, a label for each
    field, links that lead somewhere, ids that stand once, nothing from another host.
    """
    html = getattr(page, "content", page)
    problems = _Page(html.decode() if isinstance(html, bytes) else html).all_problems()
    assert not problems, "\n".join(problems)
