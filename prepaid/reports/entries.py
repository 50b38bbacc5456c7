"""Prepaid ledger entries, read: with what is left of them and their journal entry; what they used and were used for."""

from django.db.models import OuterRef, QuerySet, Subquery

from ledger.models import JournalEntry
from prepaid.models import Application, GiveBack, PrepaidEntry


def with_journal(entries: QuerySet[PrepaidEntry]) -> QuerySet[PrepaidEntry]:
    """`journal_entry`: the key of the journal entry of the same event, where it posted one."""
    posted = JournalEntry.objects.filter(event_key=OuterRef("event_key")).values("pk")[:1]
    related = ("service__account", "currency", "document", "created_by", "balance")
    return entries.select_related(*related).annotate(journal_entry=Subquery(posted))


def used_of(outflow: PrepaidEntry) -> QuerySet[Application]:
    """What an outflow took, of which inflow and for which line."""
    related = ("inflow", "used_line__document", "revenue_account")
    return outflow.applications.select_related(*related).order_by("pk")


def used_for(inflow: PrepaidEntry) -> QuerySet[Application]:
    """What an inflow was used for."""
    related = ("outflow__document", "used_line__document", "revenue_account")
    return inflow.applied.select_related(*related).order_by("pk")


def given_back(entry: PrepaidEntry) -> QuerySet[GiveBack]:
    """What credit memos gave back: of the inflow `entry`, or into it."""
    related = ("inflow", "application__outflow", "application__inflow", "line__document")
    found = GiveBack.objects.filter(inflow=entry) | GiveBack.objects.filter(application__inflow=entry)
    return found.select_related(*related).order_by("pk")
