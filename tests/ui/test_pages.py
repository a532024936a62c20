"""The check that other tests lean on finds what it says it finds."""

import pytest

from tests.pages import assert_clean

PAGE = '<html lang="en"><head><title>x</title></head><body><main><h1>x</h1>{}</main></body></html>'


def test_a_good_page_passes():
    assert_clean(PAGE.format('<label for="a">A</label><input id="a"><a href="/x/">x</a>'))


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">x</p>',
        '<p onclick="x()">x</p>',
        "<script>alert(1)</script>",
        "<style>p {}</style>",
        '<a href="javascript:x()">x</a>',
        '<a href="#">x</a>',
        '<a href="#nowhere">x</a>',
        "<a>x</a>",
        "<input name=a>",
        "<select name=a></select>",
        "<h1>again</h1>",
        '<p id="a"></p><p id="a"></p>',
        '<img src="/x.png">',
        '<script src="https://cdn.example/x.js"></script>',
        "<form></form>",
    ],
)
def test_a_bad_page_fails(bad):
    with pytest.raises(AssertionError):
        assert_clean(PAGE.format(bad))


def test_a_page_without_language_fails():
    with pytest.raises(AssertionError):
        assert_clean(PAGE.replace(' lang="en"', "").format(""))
