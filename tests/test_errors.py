import pytest

from firstsign.errors import did_you_mean


@pytest.mark.parametrize(
    ("word", "words", "expected"),
    [
        ("weibul", ["weibull", "gamma"], " (did you mean 'weibull'?)"),
        ("Route", ["stage", "route"], " (did you mean 'route'?)"),
        ("route", ["Stage", "ROUTE"], " (did you mean 'ROUTE'?)"),
        ("xyz", ["route"], ""),
        ("", ["route"], ""),
        ("route", [], ""),
        ("10", [10, 20], " (did you mean 10?)"),  # columns may be numbers
        (3, ["stage"], ""),
    ],
)
def test_names_the_nearest_word_or_nothing(word, words, expected):
    assert did_you_mean(word, words) == expected


def test_takes_any_words_once():
    assert did_you_mean("symptm", (word for word in ("sign", "symptom"))) == " (did you mean 'symptom'?)"
    assert did_you_mean("exct", {"exact": 1, "wilson": 2}) == " (did you mean 'exact'?)"
