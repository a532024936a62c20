"""Staff's simple text as HTML: what isn't listed here stays text, HTML included."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

# https://markdown-it-py.readthedocs.io/en/latest/security.html: without the rules for HTML, all of
# it is escaped; a link's address is checked (no `javascript:`, no `data:`).
RULES = ("heading", "lheading", "list", "emphasis", "link", "autolink", "blockquote", "newline")
MOST_NESTED = 20
OPTIONS = {"maxNesting": MOST_NESTED, "breaks": True}  # a line of an address stays a line
parser = MarkdownIt("zero", OPTIONS).enable([*RULES, "escape", "entity"])


def to_html(text: str) -> str:
    """Safe HTML of `text`. Its headings begin at the second level: the page has its own first."""
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = _one_lower(token)
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html


def _one_lower(heading: Token) -> str:
    return f"h{min(int(heading.tag[1]) + 1, 6)}"
