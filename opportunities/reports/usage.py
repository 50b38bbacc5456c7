"""What upper apps have built on a record: found through the references to it, so that nothing here knows those apps."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import Model, QuerySet

from opportunities.models import Opportunity, OpportunityLine

_narrowed: dict[type[Model], Callable[[QuerySet[Any]], QuerySet[Any]]] = {}


def narrow(model: type[Model], still_using: Callable[[QuerySet[Any]], QuerySet[Any]]) -> None:
    """Told by an upper app when the apps are ready: which of the rows that refer to a record use it still."""
    _narrowed[model] = still_using


def using(model: type[Model]) -> QuerySet[Any]:
    """The rows of an upper model that use what they refer to."""
    rows = model._default_manager.all()
    return _narrowed[model](rows) if model in _narrowed else rows


def users_of(model: type[Model], ids: Iterable[int]) -> dict[int, list[str]]:
    """Per record that is used: the names of what uses it. One query per upper model, whatever the number of records."""
    users: dict[int, list[str]] = {}
    for key, rows in _references(model, list(ids)):
        for row in rows:
            users.setdefault(getattr(row, key), []).append(str(row))
    return users


def first_user_of(record: Model, *, ever: bool = False) -> str:
    """The name of one thing that uses the record, or `ever` did; empty when nothing does."""
    first = (rows.first() for _, rows in _references(type(record), [record.pk], ever=ever))
    return next((str(row) for row in first if row is not None), "")


def buyers_of(opportunity: Opportunity) -> dict[int, list[str]]:
    """Per line that was bought: what it became. Such a line is fixed."""
    return users_of(OpportunityLine, opportunity.lines.values_list("pk", flat=True))


def _references(model: type[Model], ids: list[int], *, ever: bool = False) -> Iterator[tuple[str, QuerySet[Any]]]:
    for relation in model._meta.related_objects:
        if relation.related_model._meta.app_label != model._meta.app_label:
            used_by = relation.related_model
            found = used_by._default_manager.all() if ever else using(used_by)
            rows = found.filter(**{f"{relation.field.name}__in": ids})
            yield relation.field.attname, rows.order_by("pk")
