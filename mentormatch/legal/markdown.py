"""Staff's simple text as HTML: what isn't listed here stays text, HTML included."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

# https://markdown-it-py.readthedocs.io/en/latest/security.html: without the rules for HTML, all of
# it is escaped; a link's address is checked (no `javascript:`, no `data:`).
RULES = (
    *("heading", "lheading", "list", "blockquote", "newline"),
    *("emphasis", "link", "autolink", "backticks"),
)
MOST_NESTED = 20
OPTIONS = {"maxNesting": MOST_NESTED, "breaks": True}  # a line of an address stays a line
parser = MarkdownIt("zero", OPTIONS).enable([*RULES, "escape", "entity"])


def to_html(text: str) -> str:
    """Safe HTML of `text`. Its highest headings are of the second level, under the page's own."""
    tokens = parser.parse(text)
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((_level(heading) for heading in headings), default=1)
    for heading in headings:
        heading.tag = f"h{min(_level(heading) - highest + 2, 6)}"
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def _level(heading: Token) -> int:
    return int(heading.tag[1])
