"""What is the same on every page is made once."""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.utils.translation import get_language

P = ParamSpec("P")
T = TypeVar("T")


def per_language(function: Callable[P, T]) -> Callable[P, T]:
    """Keep what a function makes of its arguments in each language.

    For pure functions of few and small values: an amount, a length, a day, a line of a list. What
    they make is never behind: it is kept under all that it tells.
    """

    @lru_cache(maxsize=2048)
    def made(language: str | None, *args: Hashable, **kwargs: Hashable) -> T:
        return function(*args, **kwargs)  # type: ignore[arg-type]  # what `asked` was given

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        return made(get_language(), *args, **kwargs)  # type: ignore[arg-type]  # hashable, as said above

    return asked
