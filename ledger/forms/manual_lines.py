"""The lines of a manual entry as they are typed, with one choice per dimension. They convert; the rules are the service's
(`ledger.services.manual_lines`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from ledger.exceptions import BadManualEntry
from ledger.forms.dimension_fields import NONE, PREFIX, chosen_values, values_of
from ledger.models import (
    Currency,
    Dimension,
    LedgerAccount,
    ManualEntryLine,
    ProductPostingGroup,
)
from ledger.money import ZERO, round_to
from ledger.services.dimensions import field_name
from ledger.services.manual_lines import ManualLine, check_line
from pages.forms import PageForm


@dataclass(frozen=True)
class Offered:
    """What the lines may choose from, read once for all of them."""

    accounts: dict[str, LedgerAccount]
    groups: dict[str, ProductPostingGroup]
    dimensions: list[Dimension]


def offered(lines: Sequence[ManualEntryLine] = ()) -> Offered:
    """What entries by hand may use, and the accounts that these lines use already, so that they stay to be seen."""
    used = {line.account_id for line in lines}
    accounts = LedgerAccount.objects.filter(Q(blocked=False, direct_posting=True) | Q(pk__in=used))
    dimensions = Dimension.objects.prefetch_related("values")
    return Offered(accounts.in_bulk(), ProductPostingGroup.objects.in_bulk(), list(dimensions))


def choice(of: dict[str, Any], empty: str, **kwargs: Any) -> forms.TypedChoiceField:
    rows = [("", empty), *((code, str(row)) for code, row in sorted(of.items()))]
    return forms.TypedChoiceField(choices=rows, coerce=of.get, empty_value=None, **kwargs)


class ManualLineForm(PageForm):
    def __init__(self, *args: Any, offered: Offered, currency: Currency | None, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)
        self.fields["account"] = choice(offered.accounts, "Choose an account")
        for side in ("debit", "credit"):
            widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"})
            self.fields[side] = forms.DecimalField(required=False, max_digits=60, widget=widget)
        self.fields["product_group"] = choice(offered.groups, "None", label="Product group", required=False)
        for dimension in offered.dimensions:
            name = field_name(dimension.code)
            values = [NONE, *values_of(dimension, self.initial.get(name, ""))]
            self.fields[name] = forms.ChoiceField(choices=values, label=dimension.name, required=False)

    @property
    def dimension_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.currency and not self.errors and self.cleaned_data.get("account"):
            try:
                check_line(self.terms(), self.currency)
            except BadManualEntry as refused:
                self.add_error(refused.field, refused.message)
        return self.cleaned_data

    def terms(self) -> ManualLine:
        cleaned = self.cleaned_data
        return ManualLine(
            account=cleaned["account"],
            debit=cleaned["debit"] or ZERO,
            credit=cleaned["credit"] or ZERO,
            product_group=cleaned["product_group"],
            dimensions=chosen_values(cleaned),
        )


class ManualLineFormSet(forms.BaseFormSet):
    """`currency` is the entry's, to be set before the lines are read."""

    currency: Currency | None = None

    def __init__(self, *args: Any, stored: Sequence[ManualEntryLine] = (), **kwargs: Any) -> None:
        self.offered = offered(stored)
        super().__init__(*args, **kwargs | {"prefix": "lines"})

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"offered": self.offered, "currency": self.currency}

    def add_fields(self, form: ManualLineForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Remove this line"

    def terms(self) -> list[ManualLine]:
        """The lines that are filled in, without those to be removed."""
        kept = [form for form in self.forms if form not in self.deleted_forms]
        return [form.terms() for form in kept if form.cleaned_data.get("account")]

    def sums(self) -> tuple[Decimal, Decimal]:
        """Debits and credits as far as they can be read."""
        kept = [form.cleaned_data for form in self.forms if form.is_valid() or form.cleaned_data]
        amounts = [row for row in kept if not row.get("DELETE")]
        debit, credit = ([row.get(side) or ZERO for row in amounts] for side in ("debit", "credit"))
        return sum(debit, ZERO), sum(credit, ZERO)


ManualLineForms: Any = forms.formset_factory(ManualLineForm, formset=ManualLineFormSet, extra=2, can_delete=True)


def line_values(line: ManualEntryLine, decimals: int) -> dict[str, Any]:
    """A stored line as the form shows it."""
    values: dict[str, Any] = {"account": line.account_id, "product_group": line.product_group_id}
    side = "debit" if line.debit else "credit"
    values[side] = round_to(getattr(line, side), decimals)
    return values | {field_name(dimension): code for dimension, code in line.dimensions.items()}
