"""The change log: who changed what of the setup, the customers and the documents, when, from what to what, and why."""

from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.urls import reverse

from ledger.filters.changes import ChangeLogFilter
from ledger.models import ChangeLogEntry
from ledger.tables.changes import ChangeLogTable
from pages.elements import Action
from pages.views import ListPage

VIEW = "ledger.view_changelogentry"


class ChangeLog(ListPage):
    permission_required = VIEW
    title = "Change log"
    lead = "What people changed, written by the database with each change. What is posted stands in the journal."
    filterset_class = ChangeLogFilter
    table_class = ChangeLogTable
    currency = None
    empty = "Every change of setup, customers and documents will be listed here."

    def get_queryset(self) -> QuerySet[ChangeLogEntry]:
        return ChangeLogEntry.objects.select_related("actor")


def change_log_action(record: Model) -> Action:
    """For the menu of a record's page: the rows that are about it."""
    asked = urlencode({"table": record._meta.db_table, "row": record.pk})
    return Action("Change log", f"{reverse('ledger:change-log')}?{asked}", permission=VIEW)
