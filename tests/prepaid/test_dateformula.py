"""Date formulas: what each term gives, how formulas are read, and what is refused at which character."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaid.dateformula import BadDateFormula, DateFormula, end_of_validity

DAY = timedelta(days=1)
# A February with 29 days and one with 28.
AROUND_LEAP_DAYS = [date(2023, 12, 25) + n * DAY for n in range(450)]
QUICK = settings(max_examples=40, deadline=None)


def worked_cases():
    with Path(__file__).with_name("dateformulas.csv").open(encoding="utf-8", newline="") as file:
        return [(row["formula"], date.fromisoformat(row["date"]), row["result"]) for row in csv.DictReader(file)]


def given_by(formula, day):
    return DateFormula.parse(formula).apply(day)


def refused(call, *arguments):
    with pytest.raises(BadDateFormula) as refusal:
        call(*arguments)
    assert str(refusal.value) == refusal.value.message
    return refusal.value


def first(days, wanted):
    return next(day for day in days if wanted(day))


def after(day):
    return (day + n * DAY for n in range(1, 63))


def before(day):
    return (day - n * DAY for n in range(1, 63))


def ends_its_month(day):
    return (day + DAY).day == 1


class TestWhatItGives:
    @pytest.mark.parametrize(("formula", "day", "result"), worked_cases())
    def test_the_worked_cases(self, formula, day, result):
        if result == "refused":
            refused(given_by, formula, day)
        else:
            assert given_by(formula, day) == date.fromisoformat(result)

    @pytest.mark.parametrize("number", [1, 15, 28, 29, 30, 31])
    def test_the_next_and_the_previous_day_of_a_month_are_never_the_day_itself(self, number):
        """Against a walk from day to day; where the month is too short, its last day counts."""

        def is_it(day):
            return day.day == number or (day.day < number and ends_its_month(day))

        ahead, back = DateFormula.parse(f"D{number}"), DateFormula.parse(f"-D{number}")
        for day in AROUND_LEAP_DAYS:
            assert ahead.apply(day) == first(after(day), is_it)
            assert back.apply(day) == first(before(day), is_it)

    @pytest.mark.parametrize(
        ("formula", "day", "result"),
        [
            ("D31", date(2026, 1, 31), date(2026, 2, 28)),
            ("D31", date(2026, 2, 27), date(2026, 2, 28)),
            ("D31", date(2026, 2, 28), date(2026, 3, 31)),
            ("D30", date(2024, 2, 28), date(2024, 2, 29)),
            ("D29", date(2024, 2, 29), date(2024, 3, 29)),
            ("-D31", date(2026, 3, 31), date(2026, 2, 28)),
            ("-D31", date(2026, 3, 1), date(2026, 2, 28)),
            ("-D31", date(2026, 2, 28), date(2026, 1, 31)),
            ("-D29", date(2024, 3, 1), date(2024, 2, 29)),
            ("-D31", date(2026, 1, 15), date(2025, 12, 31)),
        ],
    )
    def test_the_last_days_in_short_months(self, formula, day, result):
        assert given_by(formula, day) == result

    @pytest.mark.parametrize("number", range(1, 8))
    def test_the_next_and_the_previous_weekday_are_never_the_day_itself(self, number):
        """1 is Monday."""
        ahead, back = DateFormula.parse(f"WD{number}"), DateFormula.parse(f"-WD{number}")
        for day in AROUND_LEAP_DAYS[:60]:
            assert ahead.apply(day) == first(after(day), lambda day: day.isoweekday() == number)
            assert back.apply(day) == first(before(day), lambda day: day.isoweekday() == number)

    def test_the_current_week_month_quarter_and_year_from_start_to_end(self):
        """Each day of a unit has the same start and the same end, which are themselves in it."""
        units = {
            "D": lambda day: day,
            "W": lambda day: day.isocalendar()[:2],
            "M": lambda day: (day.year, day.month),
            "Q": lambda day: (day.year, (day.month + 2) // 3),
            "Y": lambda day: day.year,
        }
        for unit, name in units.items():
            start, end = DateFormula.parse(f"-C{unit}"), DateFormula.parse(f"C{unit}")
            for day in AROUND_LEAP_DAYS:
                began, ended = start.apply(day), end.apply(day)
                assert began <= day <= ended
                assert name(began) == name(day) == name(ended)
                assert name(began - DAY) != name(day) != name(ended + DAY)

    @pytest.mark.parametrize(
        ("formula", "day", "result"),
        [
            ("1Y", date(2024, 2, 29), date(2025, 2, 28)),
            ("4Y", date(2024, 2, 29), date(2028, 2, 29)),
            ("-1Y", date(2024, 2, 29), date(2023, 2, 28)),
            ("1Y+1Y", date(2023, 2, 28), date(2025, 2, 28)),
            ("-1M", date(2024, 3, 31), date(2024, 2, 29)),
            ("365D", date(2024, 1, 1), date(2024, 12, 31)),
            ("1Y", date(1899, 2, 28), date(1900, 2, 28)),
            ("CM", date(1900, 2, 1), date(1900, 2, 28)),
            ("CM", date(2000, 2, 1), date(2000, 2, 29)),
        ],
    )
    def test_leap_days(self, formula, day, result):
        assert given_by(formula, day) == result

    def test_the_order_of_the_terms_matters(self):
        """From left to right: what is cut to the end of a month stays cut."""
        assert given_by("1M+1D", date(2026, 1, 30)) == date(2026, 3, 1)
        assert given_by("1D+1M", date(2026, 1, 30)) == date(2026, 2, 28)
        day = date(2026, 1, 31)
        assert given_by("1M+1M", day) == date(2026, 3, 28)
        assert given_by("2M", day) == date(2026, 3, 31)
        assert given_by("CM+1M", date(2026, 2, 1)) == date(2026, 3, 28)
        assert given_by("1M+CM", date(2026, 2, 1)) == date(2026, 3, 31)


class TestTheCalendarEnds:
    @pytest.mark.parametrize(
        ("formula", "day", "result"),
        [
            ("9998Y", date(1, 12, 31), date(9999, 12, 31)),
            ("119987M", date(1, 1, 31), date(9999, 12, 31)),
            ("3652058D", date.min, date.max),
            ("-3652058D", date.max, date.min),
            ("-CW", date.min, date.min),
            ("CY", date.max, date.max),
            ("-CY", date(1, 5, 5), date.min),
        ],
    )
    def test_its_first_and_its_last_day_are_within(self, formula, day, result):
        assert given_by(formula, day) == result

    @pytest.mark.parametrize(
        ("formula", "day", "position"),
        [
            ("1D", date.max, 1),
            ("1W", date(9999, 12, 25), 1),
            ("1M", date(9999, 12, 1), 1),
            ("CW", date.max, 1),
            ("D1", date(9999, 12, 1), 1),
            ("WD7", date(9999, 12, 30), 1),
            ("1y + 8000y - 8000y", date(2026, 1, 1), 3),
        ],
    )
    def test_past_the_year_9999_is_refused_also_in_between(self, formula, day, position):
        refusal = refused(given_by, formula, day)
        assert "past the year 9999" in refusal.message
        assert refusal.position == position

    @pytest.mark.parametrize(
        ("formula", "day"),
        [("-1D", date.min), ("-1Y", date(1, 12, 31)), ("-D1", date.min), ("-D15", date(1, 1, 15)), ("-WD7", date.min)],
    )
    def test_before_the_year_1_is_refused(self, formula, day):
        refusal = refused(given_by, formula, day)
        assert "before the year 1" in refusal.message
        assert refusal.position == 1

    def test_the_refusal_quotes_the_normal_form_and_points_into_it(self):
        refusal = refused(given_by, "< 1m + 9000y >", date(2026, 1, 31))
        assert refusal.message == "“1M+9000Y”: at character 3, +9000Y leads from 2026-02-28 past the year 9999."

    @pytest.mark.parametrize("unit", "DWMQY")
    def test_a_number_that_fits_no_day_is_refused_when_it_is_read(self, unit):
        number = "9999999999"
        ahead, back = refused(DateFormula.parse, f"CM + {number}{unit}"), refused(DateFormula.parse, f"-{number}{unit}")
        assert (ahead.position, back.position) == (6, 2)
        assert ahead.message == (
            f"“CM + {number}{unit}”: at character 6, +{number}{unit} leads past the year 9999 from every day."
        )
        assert "to before the year 1 from every day" in back.message

    @pytest.mark.parametrize("formula", ["3652059D", "-3652059D", "9999Y", "119988M", "9999999999999999999D"])
    def test_the_smallest_and_the_largest_of_them(self, formula):
        assert "from every day" in refused(DateFormula.parse, formula).message


class TestHowItIsRead:
    @pytest.mark.parametrize(
        ("typed", "normal"),
        [
            ("1y", "1Y"),
            ("  1 m\t+ c m ", "1M+CM"),
            ("1\u00a0M", "1M"),
            ("< - w d 2 >", "-WD2"),
            (" <1M> ", "1M"),
            ("+1M", "1M"),
            ("<+CM-1D>", "CM-1D"),
            ("007D+D01", "7D+D1"),
            ("1 2M", "12M"),
            ("1D+1D+1D+1D+1D+1D+1D", "1D+1D+1D+1D+1D+1D+1D"),
        ],
    )
    def test_case_blanks_brackets_a_plus_in_front_and_zeros_in_front_do_not_matter(self, typed, normal):
        formula = DateFormula.parse(typed)
        assert str(formula) == normal
        assert formula == DateFormula.parse(normal)
        assert hash(formula) == hash(DateFormula.parse(normal))

    @pytest.mark.parametrize(
        ("typed", "position", "reason"),
        [
            ("1", 2, "a unit (D, W, M, Q or Y) is expected where the formula ends"),
            ("1X", 2, "a unit (D, W, M, Q or Y) is expected, not “X”"),
            ("1ß", 2, "a unit (D, W, M, Q or Y) is expected, not “ß”"),
            ("1.5M", 2, "a unit (D, W, M, Q or Y) is expected, not “.”"),
            ("CC", 2, "a unit (D, W, M, Q or Y) is expected, not “C”"),
            ("C", 2, "a unit (D, W, M, Q or Y) is expected where the formula ends"),
            ("0D", 1, "a number of 1 or more is expected, not “0”"),
            ("1M + 000W", 6, "a number of 1 or more is expected, not “000”"),
            ("D", 2, "a day of a month, 1 to 31, is expected where the formula ends"),
            ("D0", 2, "a day of a month, 1 to 31, is expected, not “0”"),
            ("D32", 2, "a day of a month, 1 to 31, is expected, not “32”"),
            ("WD0", 3, "a weekday, 1 (Monday) to 7 (Sunday), is expected, not “0”"),
            ("- W D 8", 7, "a weekday, 1 (Monday) to 7 (Sunday), is expected, not “8”"),
            ("WD", 3, "a weekday, 1 (Monday) to 7 (Sunday), is expected where the formula ends"),
            ("W2", 2, "D for a weekday (WD1 to WD7; weeks are written as in 2W) is expected, not “2”"),
            ("M", 1, "a term as in 1M, CM, D15 or WD1 is expected, not “M”"),
            ("M1", 1, "a term as in 1M, CM, D15 or WD1 is expected, not “M”"),
            ("1M++1D", 4, "a term as in 1M, CM, D15 or WD1 is expected, not “+”"),
            ("--1D", 2, "a term as in 1M, CM, D15 or WD1 is expected, not “-”"),
            ("+-1D", 2, "a term as in 1M, CM, D15 or WD1 is expected, not “-”"),
            ("-", 2, "a term as in 1M, CM, D15 or WD1 is expected where the formula ends"),
            ("1M+  ", 4, "a term as in 1M, CM, D15 or WD1 is expected where the formula ends"),
            ("< 1M- >", 7, "a term as in 1M, CM, D15 or WD1 is expected where the formula ends"),
            ("1M CM 2", 4, "+ or - before a further term is expected, not “C”"),
            ("1M;2D", 3, "+ or - before a further term is expected, not “;”"),
            ("1WD", 3, "+ or - before a further term is expected, not “D”"),
            ("CWD1", 3, "+ or - before a further term is expected, not “D”"),
            ("D15D", 4, "+ or - before a further term is expected, not “D”"),
            ("1M–1D", 3, "+ or - before a further term is expected, not “–”"),
            ("1M\u200b", 3, "+ or - before a further term is expected, not “U+200B”"),
            ("<1M", 1, "“<” is not closed by “>” at the end"),
            ("<", 1, "“<” is not closed by “>” at the end"),
            ("<1M>+1D", 1, "“<” is not closed by “>” at the end"),
            ("1M>", 3, "“>” is not opened by “<” at the beginning"),
            (">1M<", 1, "a term as in 1M, CM, D15 or WD1 is expected, not “>”"),
            ("<<1M>>", 2, "a term as in 1M, CM, D15 or WD1 is expected, not “<”"),
            ("<1M>+<1D>", 4, "+ or - before a further term is expected, not “>”"),
            ("<1M+<1D>", 5, "a term as in 1M, CM, D15 or WD1 is expected, not “<”"),
            ("(1M)", 1, "a term as in 1M, CM, D15 or WD1 is expected, not “(”"),
        ],
    )
    def test_anything_else_is_refused_at_its_character(self, typed, position, reason):
        refusal = refused(DateFormula.parse, typed)
        assert refusal.position == position
        assert f": at character {position}, {reason}." in refusal.message

    def test_the_refusal_is_one_sentence_about_what_was_typed(self):
        assert refused(DateFormula.parse, "1X").message == (
            "“1X”: at character 2, a unit (D, W, M, Q or Y) is expected, not “X”."
        )
        assert refused(DateFormula.parse, "1\nx").message.startswith("“1 x”: at character 3, ")

    @pytest.mark.parametrize("typed", ["", "   ", "<>", " < > "])
    def test_the_empty_formula_is_refused(self, typed):
        assert refused(DateFormula.parse, typed).message == "The date formula is empty. Write one as in 1Y or 1M+CM."

    def test_no_character_outside_of_ascii_is_part_of_a_formula(self):
        """Not the digits of other scripts or raised ones, no wide letters, no letter whose upper case is one of ours."""
        for number in range(128, 0x20000):
            char = chr(number)
            if char.isdigit() or char.isnumeric() or (char.upper() + char.casefold()).isascii():
                assert refused(DateFormula.parse, f"1{char}").position == 2
                assert refused(DateFormula.parse, f"{char}D").position == 1
        for typed in ("²D", "٣D", "\uff13D", "1Ｍ", "ＣＭ", "＋1M", "−1M", "＜1M＞"):
            assert refused(DateFormula.parse, typed).position in (1, 2)

    def test_twenty_characters_are_allowed_blanks_and_brackets_not_counted(self):
        longest = "1D+1W+1M+1Q+1Y+CM+D1"
        assert len(longest) == 20
        assert str(DateFormula.parse(f" < {' '.join(longest)} > ")) == longest
        assert refused(DateFormula.parse, longest + "5").position == 21
        assert refused(DateFormula.parse, f"<+{longest}>").position == 22
        assert refused(DateFormula.parse, "123456789012345678901D").message == (
            "“123456789012345678901D”: at character 21, the formula passes 20 characters, blanks and brackets not counted."
        )

    def test_a_very_long_text_is_refused_and_cut_in_the_sentence(self):
        refusal = refused(DateFormula.parse, "9" * 100_000 + "D")
        assert refusal.position == 21
        assert refusal.message.startswith(f"“{'9' * 39}…”: at character 21, ")


class TestTheEndOfValidity:
    @pytest.mark.parametrize("typed", ["", " ", "\t"])
    def test_empty_is_unlimited(self, typed):
        assert end_of_validity(typed, date(2026, 1, 1)) is None

    def test_the_same_day_is_allowed_and_an_earlier_one_is_not(self):
        day = date(2026, 2, 28)
        assert end_of_validity("CM", day) == end_of_validity("1M-28D", day) == end_of_validity("CD", day) == day
        assert end_of_validity("1Y-1D", day) == date(2027, 2, 27)
        refusal = refused(end_of_validity, "1m - 29d", day)
        assert refusal.position is None
        assert refusal.message == (
            "“1M-29D” leads from 2026-02-28 back to 2026-02-27: nothing is valid until before its posting date."
        )

    @pytest.mark.parametrize("typed", ["<>", "1X", "8000Y"])
    def test_what_is_no_formula_or_leaves_the_calendar_is_refused(self, typed):
        refused(end_of_validity, typed, date(2026, 1, 1))


signs = st.sampled_from("+-")
amounts = st.builds("{}{}".format, st.integers(1, 99), st.sampled_from("DWMQY"))
others = st.sampled_from(["CD", "CW", "CM", "CQ", "CY", "D1", "D15", "D29", "D30", "D31", "WD1", "WD4", "WD7"])
terms = st.tuples(signs, amounts | others).map("".join)
formulas = st.lists(terms, min_size=1, max_size=4).map("".join)
days = st.dates(date(1000, 1, 1), date(9000, 12, 31))


class TestInGeneral:
    @QUICK
    @given(formulas, days)
    def test_the_normal_form_is_read_as_the_same_formula(self, typed, day):
        formula = DateFormula.parse(typed)
        again = DateFormula.parse(str(formula))
        assert again == formula
        assert str(again) == str(formula) == typed.removeprefix("+")
        assert again.apply(day) == formula.apply(day)

    @QUICK
    @given(formulas, st.data())
    def test_blanks_case_and_brackets_change_nothing(self, typed, data):
        blanks = data.draw(st.lists(st.sampled_from(["", " ", "  "]), min_size=len(typed), max_size=len(typed)))
        spaced = "".join(map(str.__add__, typed.lower(), blanks))
        assert DateFormula.parse(f"<{spaced}>") == DateFormula.parse(spaced) == DateFormula.parse(typed)

    @QUICK
    @given(st.lists(terms, min_size=2, max_size=4), days)
    def test_terms_are_applied_from_left_to_right(self, several, day):
        one_by_one = day
        for term in several:
            one_by_one = given_by(term, one_by_one)
        assert given_by("".join(several), day) == one_by_one

    @QUICK
    @given(signs, st.integers(1, 999), st.sampled_from([("M", 1), ("Q", 3), ("Y", 12)]), days)
    def test_months_never_drift_over_the_end_of_the_month(self, sign, number, unit, day):
        """The month is the one counted to; the day is kept, or the month's last where it has no such day."""
        name, length = unit
        result = given_by(f"{sign}{number}{name}", day)
        moved = number * length if sign == "+" else -number * length
        assert (result.year - day.year) * 12 + result.month - day.month == moved
        assert result.day == day.day or (result.day < day.day and ends_its_month(result))

    @QUICK
    @given(amounts | others, days, st.integers(0, 400))
    def test_a_later_day_never_gives_an_earlier_one(self, term, day, more):
        for sign in "+-":
            assert given_by(sign + term, day) <= given_by(sign + term, day + more * DAY)

    @QUICK
    @given(amounts | others, days)
    def test_plus_leads_on_and_minus_leads_back(self, term, day):
        """Only what is current may stay on the day."""
        ahead, back = given_by(term, day), given_by(f"-{term}", day)
        assert back <= day <= ahead
        if not term.startswith("C"):
            assert back < day < ahead

    @QUICK
    @given(st.text("0123456789DWMQYCdwmqyc+-<> \n.²ß", max_size=24))
    def test_every_text_is_a_formula_or_refused_with_a_position_in_it(self, typed):
        try:
            formula = DateFormula.parse(typed)
        except BadDateFormula as refusal:
            assert 1 <= refusal.position <= len(typed) + 1
            assert refusal.message.endswith(".")
        else:
            assert len(str(formula)) <= 20
            assert DateFormula.parse(str(formula)) == formula
