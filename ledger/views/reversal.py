"""Reversing an entry by hand, and starting anew from what was reversed."""

from typing import Any

from django.urls import reverse

from ledger.actions.manual import WRITE
from ledger.dates import business_date
from ledger.forms.manual import ReverseForm
from ledger.models import JournalEntry, ManualEntry
from ledger.previews import manual as previews
from ledger.reports.journal import entries
from pages.elements import Crumb
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage


class ReverseEntry(ActionPage):
    above = ("Journal", "ledger:journal")
    permission_required = WRITE
    form_class = ReverseForm
    model = JournalEntry
    success_message = "The entry is reversed."
    reversal: JournalEntry

    def get_object(self, queryset: Any = None) -> JournalEntry:
        return super().get_object(entries())

    def get_title(self) -> str:
        return f"Reverse {self.object}"

    def get_breadcrumb(self) -> list[Crumb]:
        return [*super().get_breadcrumb(), Crumb(str(self.object), self.get_cancel_url())]

    def get_cancel_url(self) -> str:
        return reverse("ledger:entry", args=[self.object.pk])

    def get_initial(self) -> dict[str, Any]:
        return {"on": max(business_date(), self.object.effective_on)}

    def run(self, form: ReverseForm) -> Preview:
        who = {"actor": self.request.user}
        self.reversal, preview = previews.reverse_and_describe(self.object, **who, **form.cleaned_data)
        return preview

    def get_success_url(self) -> str:
        return reverse("ledger:entry", args=[self.reversal.pk])


class CopyManualEntry(ActionPage):
    """Of one that was reversed: a draft with the same lines, to be corrected."""

    above = ("Manual entries", "ledger:manual-entry-list")
    permission_required = WRITE
    queryset = ManualEntry.objects.select_related("currency", "entry__reversed_by")
    success_message = "The draft is there: correct it, then submit it."
    copy: ManualEntry

    def get_title(self) -> str:
        return f"Copy {self.object} to a new draft"

    def run(self, form: PageForm) -> Preview:
        self.copy, preview = previews.copy_and_describe(self.object, actor=self.request.user)
        return preview

    def get_success_url(self) -> str:
        return self.copy.get_absolute_url()
