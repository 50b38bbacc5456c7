"""Where columns stand: beside each other, in sight, and in the pattern that they ask for."""

from decimal import Decimal
from itertools import pairwise

from pages.charts import Column, Part, Stack, columns, stacks


def of(count: int, text: str = "1,200", pattern: str = "") -> list[Stack]:
    return [Stack("Nov 26", text, [Part("Forecast", Decimal(at), text, pattern)]) for at in range(count)]


def test_a_few_columns_stand_wide_and_many_with_short_texts_close():
    assert (stacks(of(13))["width"], stacks(of(13))["breadth"]) == (13 * 88, 40)
    assert (stacks(of(25))["width"], stacks(of(25))["breadth"]) == (25 * 44, 28)
    assert stacks(of(25, "USD 1,200.00"))["width"] == 25 * 88
    assert columns([Column("Nov 26", Decimal(1), "1")] * 25)["width"] == 25 * 44


def test_columns_do_not_overlap_and_stay_in_the_drawing():
    for data in (of(5), of(25)):
        chart = stacks(data)
        left = [pile["x"] for pile in chart["stacks"]]
        assert all(after - before >= chart["breadth"] for before, after in pairwise(left))
        assert left[0] >= 0 and left[-1] + chart["breadth"] <= chart["width"]


def test_a_series_keeps_the_pattern_that_says_what_is_meant():
    (series,) = stacks(of(2, pattern="lot-available"))["legend"]
    assert (series["name"], series["pattern"]) == ("Forecast", "lot-available")
    assert stacks(of(2))["legend"][0]["pattern"] == "lot-consumed"
    assert {box["pattern"] for pile in stacks(of(2, pattern="lot-available"))["stacks"] for box in pile["boxes"]} == {
        "lot-available"
    }
