"""Where columns stand: beside each other, in sight, and in the pattern that they ask for."""

from decimal import Decimal
from itertools import pairwise

from pages.charts import Column, Lane, Mark, Part, Stack, columns, stacks, timeline


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


def test_a_timeline_is_as_wide_as_the_page_and_its_marks_stand_in_their_time():
    lanes = [
        Lane("Invoices, 2", [Mark(Decimal(0), "1 Jan"), Mark(Decimal("0.5"), "2 Jul")]),
        Lane("Usage", [Mark(Decimal(1), "31 Dec")]),
    ]
    months = [Column(f"{at}", Decimal(at), f"USD {at}") for at in range(12)]
    chart = timeline(lanes, months)
    assert [mark["x"] for lane in chart["lanes"] for mark in lane["marks"]] == [0, 50, 100]
    assert chart["lanes"][0]["line"] < chart["lanes"][1]["above"] < chart["above"]
    lowest, highest = chart["bars"][0], chart["bars"][-1]
    assert (lowest["height"], highest["y"] + highest["height"]) == (0, chart["floor"])
    assert highest["y"] > chart["above"] and highest["x"] + chart["breadth"] <= 100
    assert all(after["x"] - before["x"] >= chart["breadth"] for before, after in pairwise(chart["bars"]))


def test_a_timeline_on_which_nothing_is_left_is_flat():
    assert {bar["height"] for bar in timeline([], [Column("Jan", Decimal(0), "–")] * 12)["bars"]} == {0}
