"""Words that help the person who made a slip."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """ " (did you mean 'nearest'?)" when one of `words` is close to `word`, else nothing."""
    by_lower = {str(known).lower(): known for known in words}
    close = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {by_lower[close[0]]!r}?)" if close else ""
