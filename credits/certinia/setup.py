"""What a purchase says in the words of this product's setup, in columns that Certinia does not have: its product posting
group, and its value of each dimension.

Our own export writes them, and an import reads them where they are there. Without a column the group of the credits setup
and the values of the customer are taken; an empty cell is that group, and no value.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from credits.certinia.objects import PRODUCT_GROUP
from credits.certinia.reading import Reader, Row, Values, one_of, optional
from ledger.models import Dimension, DimensionValue, ProductPostingGroup
from pages.imports import Problems

NO_GROUP = "There is no product posting group of that code."
NO_VALUE = "The dimension has no such value: take it out, or set it up."


def column_of(dimension: str) -> str:
    """Dimension_REGION__c"""
    return f"Dimension_{dimension}__c"


def dimension_columns() -> dict[str, str]:
    """The column of each dimension, by its code."""
    return {code: column_of(code) for code in Dimension.objects.values_list("code", flat=True)}


def in_columns(group: str, dimensions: Mapping[str, str], columns: Mapping[str, str]) -> Values:
    """Of a stored purchase."""
    return {PRODUCT_GROUP: group} | {column: dimensions.get(code, "") for code, column in columns.items()}


class SetupColumns:
    """The columns as the setup is for the length of an import; `default_group` is that of the credits setup."""

    def __init__(self, default_group: ProductPostingGroup) -> None:
        self.default_group = default_group
        self.groups = ProductPostingGroup.objects.in_bulk()
        self.of_dimensions = dimension_columns()
        self.values: dict[str, dict[str, bool]] = defaultdict(dict)  # code: blocked
        for dimension, code, blocked in DimensionValue.objects.values_list("dimension", "code", "blocked"):
            self.values[dimension][code] = blocked

    @property
    def names(self) -> list[str]:
        return [PRODUCT_GROUP, *self.of_dimensions.values()]

    def readers(self) -> dict[str, Reader]:
        group = optional(one_of(self.groups, "the code of a product posting group", NO_GROUP))
        readers: dict[str, Reader] = {PRODUCT_GROUP: lambda cell: group(cell) or self.default_group.pk}
        for dimension, column in self.of_dimensions.items():
            readers[column] = self._value_of(dimension)
        return readers

    def refuse_blocked(self, rows: list[Row], problems: Problems) -> None:
        """A blocked value is kept by what carries it, and given to nothing new."""
        for row in rows:
            for dimension, column in self.of_dimensions.items():
                code = row.values.get(column)
                if code and self.values[dimension][code]:
                    problems.add(f"The value {code} of {dimension} is blocked.", row.line, column)

    def group_of(self, values: Values) -> str:
        return values.get(PRODUCT_GROUP, self.default_group.pk)

    def dimensions_of(self, values: Values, proposed: Mapping[str, str]) -> dict[str, str]:
        """Those of the line, and the customer's where it has no column of a dimension."""
        said = {code: values[column] for code, column in self.of_dimensions.items() if column in values}
        return {code: value for code, value in {**proposed, **said}.items() if value}

    def _value_of(self, dimension: str) -> Reader:
        known = optional(one_of(self.values[dimension], "the code of a value", NO_VALUE))

        def read(cell: Any) -> str:
            return known(cell) or ""

        return read
