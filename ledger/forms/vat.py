"""What is typed into the pages of the VAT posting setup. The rules are the service's (`ledger.services.vat`)."""

from typing import Any

from django import forms

from ledger.forms.setup import accounts_and
from ledger.models import LedgerAccount, VatPostingSetup
from ledger.services.vat import VatTerms
from pages import formats
from pages.forms import PageForm


class VatGroupForm(PageForm):
    code = forms.CharField(max_length=20, help_text="Stays for good: STANDARD, REDUCED, EU.")
    name = forms.CharField(max_length=120)

    layout = (("code", "name"),)


class VatForm(PageForm):
    percent = forms.DecimalField(label="VAT %", help_text="0 where nothing is owed.")
    account = forms.ModelChoiceField(
        LedgerAccount.objects, required=False, label="VAT account", help_text="Empty only where the rate is 0."
    )

    layout = (("percent", "account"),)

    def __init__(self, *args: Any, cell: VatPostingSetup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["account"]
        choice.queryset, choice.empty_label = accounts_and([cell.account_id]), "– not set –"

    def terms(self) -> VatTerms:
        return VatTerms(**self.cleaned_data)


def initial_of(cell: VatPostingSetup) -> dict[str, Any]:
    return {"percent": formats.exact(cell.percent), "account": cell.account_id} if cell.pk else {}
