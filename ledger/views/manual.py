"""Manual entries: the list, one of them, drafting and editing."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from ledger.actions.manual import WRITE, actions_of
from ledger.dates import business_date, ledger_setup
from ledger.forms.manual import ManualForm
from ledger.forms.manual_lines import ManualLineForms
from ledger.models import Currency, ManualEntry
from ledger.reports.company import zone_of
from ledger.reports.manual import dimension_names, makers_of, manual_entries
from ledger.services.manual import create_draft, edit_draft
from ledger.services.manual_lines import stored_lines
from ledger.tables.manual import ManualEntryFilter, ManualEntryTable, state_badge
from ledger.views.changes import change_log_action
from pages import markup
from pages.elements import Action, Badge, Crumb, Figure, Total
from pages.lines import next_row
from pages.views import Allowed, DetailPage, FormPage, ListPage

VIEW = "ledger.view_manualentry"
ABOVE = ("Manual entries", "ledger:manual-entry-list")


class ManualEntryList(ListPage):
    permission_required = VIEW
    title = "Manual entries"
    filterset_class = ManualEntryFilter
    table_class = ManualEntryTable
    totals = (Total("Debits = credits", "amount"),)
    empty = "What no business event posts, such as bank charges, is drafted here and approved by a second person."

    def get_queryset(self) -> QuerySet[ManualEntry]:
        return manual_entries()

    def get_actions(self) -> list[Action]:
        return [Action("New manual entry", reverse("ledger:manual-entry-create"), permission=WRITE, primary=True)]


class ManualEntryPage(DetailPage):
    permission_required = VIEW
    template_name = "ledger/manual_entry.html"
    slot = "manual-entry"

    def get_queryset(self) -> QuerySet[ManualEntry]:
        return manual_entries()

    def get_breadcrumb(self) -> list[Crumb]:
        return [Crumb(ABOVE[0], reverse(ABOVE[1]))]

    def get_badge(self) -> Badge:
        return state_badge(self.object)

    def get_actions(self) -> list[Action]:
        return [*actions_of(self.object, self.request.user), change_log_action(self.object)]

    def get_figures(self) -> list[Figure]:
        entry, posted = self.object, self.object.entry
        booked = {"url": reverse("ledger:entry", args=[posted.pk]), "note": str(posted)} if posted else {}
        return [
            Figure("Debits", markup.money(entry.amount or 0, entry.currency), "#lines"),
            Figure("Effective", markup.day(entry.effective_on)),
            Figure("Posted", markup.day(posted and posted.posting_date), **booked),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = stored_lines(self.object)
        names = dimension_names(lines)
        for line in lines:
            line.named = [names[pair] for pair in sorted(line.dimensions.items())]  # type: ignore[attr-defined]
        people = {"makers": makers_of(self.object), "zone": zone_of(self.object)}
        credit = sum(line.credit for line in lines)
        return super().get_context_data(lines=lines, credit=credit, **people, **kwargs)


class ManualEntryCreate(FormPage):
    above = ABOVE
    permission_required = WRITE
    form_class = ManualForm
    template_name = "ledger/manual_form.html"
    title = "New manual entry"
    submit_label = "Save draft"
    success_message = "The draft is there. It is posted once it was submitted and approved."

    def get_initial(self) -> dict[str, Any]:
        return {"effective_on": business_date(), "currency": ledger_setup().lcy_id}

    def save(self, form: ManualForm) -> ManualEntry:
        return create_draft(form.terms(), lines=form.lines.terms(), actor=self.request.user)


class ManualEntryEdit(FormPage):
    above = ABOVE
    permission_required = WRITE
    form_class = ManualForm
    queryset = ManualEntry.objects.select_related("currency")
    template_name = "ledger/manual_form.html"
    title = "Edit manual entry"
    submit_label = "Save draft"
    success_message = "The draft is saved."

    def get_initial(self) -> dict[str, Any]:
        entry = self.object
        head = {name: getattr(entry, name) for name in ("effective_on", "description", "reason")}
        return head | {"currency": entry.currency_id}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"stored": stored_lines(self.object), "decimals": self.object.currency.decimals}

    def save(self, form: ManualForm) -> ManualEntry:
        return edit_draft(self.object, form.terms(), lines=form.lines.terms(), actor=self.request.user)


class ManualEntryLines(Allowed, View):
    """What the lines come to while they are typed, and another empty one. Writes nothing."""

    permission_required = WRITE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        lines = ManualLineForms(request.POST)
        if not lines.management_form.is_valid():
            return HttpResponse(status=204)
        debit, credit = lines.sums()
        currency = Currency.objects.filter(pk=request.POST.get("currency") or "").first()
        added = "add" in request.POST and next_row(ManualLineForms, len(lines.forms))
        sums = {"debit": debit, "credit": credit, "difference": abs(debit - credit), "currency": currency}
        context = sums | {"added": added, "count": len(lines.forms) + 1}
        return render(request, "ledger/manual_lines_answer.html", context)
