"""Dimensions and their values. Books: lines carry the codes that were chosen; what is posted keeps them."""

from collections.abc import Mapping

from django.db import transaction

from ledger.exceptions import BadDimension
from ledger.models import Dimension, DimensionValue
from ledger.services.changes import made_by


@transaction.atomic
def create_dimension(*, code: str, name: str, actor) -> Dimension:
    """Makes the dimension; its code stays for good. Refused (BadDimension): a code that is taken."""
    if Dimension.objects.filter(code=code).exists():
        raise BadDimension(f"There is a dimension {code} already.", field="code")
    made_by(actor, "Create dimension")
    return Dimension.objects.create(code=code, name=name)


@transaction.atomic
def create_value(dimension: Dimension, *, code: str, name: str, actor) -> DimensionValue:
    """Makes a value of the dimension; its code stays for good. Refused (BadDimension): a code that is taken."""
    if dimension.values.filter(code=code).exists():
        raise BadDimension(f"{dimension} has a value {code} already.", field="code")
    made_by(actor, "Create dimension value")
    return dimension.values.create(code=code, name=name)


@transaction.atomic
def edit_value(value: DimensionValue, *, name: str, blocked: bool, actor) -> DimensionValue:
    """Renames the value, or blocks it for new work. What carries it already keeps it and is posted with it."""
    made_by(actor, "Edit dimension value")
    value.name, value.blocked = name, blocked
    value.save(update_fields=["name", "blocked"])
    return value


def check_dimensions(chosen: Mapping[str, str], *, kept: Mapping[str, str] | None = None) -> None:
    """Refuses (BadDimension) a value that its dimension does not have, or that is blocked and not `kept` from before."""
    values = DimensionValue.objects.filter(dimension__in=chosen)
    blocked = {(value.dimension_id, value.code): value.blocked for value in values} if chosen else {}
    for dimension, code in chosen.items():
        if (dimension, code) not in blocked:
            raise BadDimension(f"Dimension {dimension} has no value {code}.", field=field_name(dimension))
        if blocked[dimension, code] and (kept or {}).get(dimension) != code:
            raise BadDimension(f"The value {code} of {dimension} is blocked.", field=field_name(dimension))


def field_name(dimension: str) -> str:
    """What a form calls the choice of a value of the dimension."""
    return f"dimension_{dimension}"
