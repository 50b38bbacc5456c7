"""What is typed of a sales document: its header, a line, a balance line, what of an invoice is credited."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from ledger.models import Currency
from ledger.money import round_to
from opportunities.forms.fields import AccountField, ProjectField
from opportunities.models import Account, Product
from pages import formats
from pages.forms import PageForm
from prepaid.models import CreditScope, PrepaidService, SalesDocument, SalesLine
from prepaid.reports.crediting import CreditRow
from prepaid.reports.documents import services_for
from prepaid.services.cover import shown
from prepaid.services.document_lines import LineTerms
from prepaid.services.documents import Header, bills_project_work

ONE = "A prepaid service is topped up in a quantity of 1."
OF_INVOICE = "A credit memo stays with what its invoice says."
HEADER = ("bill_to", "currency", "document_on", "posted_on", "due_on", "external_reference", "text", "project")


class HeaderForm(PageForm):
    """Without a bill-to account whoever pays for the account is billed; without a currency it is the account's."""

    account = AccountField(label="Sell-to account", help_text="Its number or name.")
    bill_to = AccountField(
        label="Bill-to account", required=False, help_text="Empty: whoever pays for the sell-to account."
    )
    currency = forms.ModelChoiceField(
        Currency.objects.all(), required=False, empty_label="The account's", help_text="Of every line."
    )
    external_reference = forms.CharField(
        label="External reference", max_length=60, required=False, help_text="The customer's own number."
    )
    document_on = forms.DateField(label="Document date")
    posted_on = forms.DateField(
        label="Posting date", help_text="The day in the books, and of what prepaid services cover."
    )
    due_on = forms.DateField(
        label="Due date",
        required=False,
        help_text="Empty: the payment days of the bill-to account after the document date.",
    )
    project = ProjectField(label="Project", required=False, help_text="Its number or name.")
    text = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="Printed above the lines."
    )

    layout = (
        ("account", "bill_to"),
        ("currency", "external_reference"),
        ("document_on", "posted_on"),
        ("due_on", "project"),
        "text",
    )

    def header(self) -> Header:
        values = {name: self.cleaned_data[name] for name in HEADER}
        account: Account = self.cleaned_data["account"]
        return Header(account=account, **values | {"currency": values["currency"] or account.currency})


def header_of(document: SalesDocument) -> dict[str, Any]:
    """As the form shows it."""
    return {name: getattr(document, name) for name in ("account", *HEADER)}


def locks_of(document: SalesDocument) -> dict[str, str]:
    """What stays of a header, and why."""
    if document.corrects_id is not None:
        return dict.fromkeys(("account", "bill_to", "currency"), OF_INVOICE)
    locked = {}
    if document.lines.exists():
        locked["currency"] = "The prices of the lines are in it. Delete the lines first."
    if bills_project_work(document):
        locked |= dict.fromkeys(
            ("account", "project"), "Lines are time and material of the project. Delete them first."
        )
    elif document.billing_run_id is not None:
        locked["account"] = "It bills contracts of the account, and stays with it."
    elif document.lines.filter(prepaid_service__isnull=False).exists():
        locked["account"] = "Lines use its prepaid services. Delete them first."
    elif document.made_from_id is not None or document.made_into.exists() or document.deliveries.exists():
        locked["account"] = "It stays with the account of the documents that it was made from or into."
    return locked


class ServiceField(forms.ModelChoiceField):
    """With what can be used of each on the posting date of the document."""

    document: SalesDocument

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(PrepaidService.objects.none(), label="Prepaid service", **kwargs)

    def label_from_instance(self, service: Any) -> str:
        left = service.usable if service.is_amount else service.usable_quantity
        return f"{service} – {shown(service, left, self.document)} left"

    def fit(self, document: SalesDocument, product: Product | None = None, chosen: int | None = None) -> None:
        self.document, self.queryset = document, services_for(document, product, chosen)


class LineForm(PageForm):
    """A line. `filled` remembers the product whose terms stand in it."""

    filled = forms.CharField(required=False, widget=forms.HiddenInput)
    product = forms.ModelChoiceField(Product.objects.select_related("currency"))
    description = forms.CharField(max_length=250, required=False, help_text="Empty: the name of the product.")
    quantity = forms.DecimalField(max_digits=15, decimal_places=4)
    unit_of_measure = forms.CharField(label="Unit of measure", max_length=10, required=False)
    unit_price = forms.DecimalField(label="Unit price", max_digits=18, decimal_places=3, required=False)
    discount_percent = forms.DecimalField(label="Discount %", max_digits=6, decimal_places=3, required=False)
    prepaid_service = ServiceField()

    def __init__(
        self, *args: Any, document: SalesDocument, line: SalesLine | None = None, locked: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, locked=locked, **kwargs)
        self.document, self.line = document, line
        self.chosen = self._product()
        self._fit_service()
        if self.chosen is not None and self.chosen.tops_up_once:
            self.initial["quantity"] = 1
            self.locked["quantity"] = ONE
            self.fields["quantity"].disabled = True

    def _product(self) -> Product | None:
        field: Any = self.fields["product"]
        try:
            return field.clean(self["product"].value())
        except forms.ValidationError:
            return None

    def _fit_service(self) -> None:
        field: Any = self.fields["prepaid_service"]
        stored = self.line.prepaid_service_id if self.line else None
        field.fit(self.document, self.chosen, stored)
        account = self.document.account
        if self.chosen is not None and self.chosen.prepaid_service:
            field.empty_label = "Choose before it is posted"
            kind = "one-time" if self.chosen.tops_up_once else "periodic"
            field.help_text = f"What it tops up: an open {kind} prepaid service of {account}."
        else:
            field.empty_label = "None: the customer pays"
            field.help_text = f"What pays for it, as far as it reaches: an open prepaid service of {account}."
        field.error_messages["invalid_choice"] = f"That is not one of them: {field.help_text}"

    def terms(self) -> LineTerms:
        cleaned = self.cleaned_data
        return LineTerms(
            product=cleaned["product"],
            quantity=cleaned["quantity"],
            unit_price=cleaned["unit_price"],
            discount_percent=cleaned["discount_percent"] or Decimal(0),
            description=cleaned["description"],
            unit_of_measure=cleaned["unit_of_measure"],
            prepaid_service=cleaned["prepaid_service"],
        )


def proposed(product: Product, currency: Currency) -> dict[str, Any]:
    """What choosing a product proposes. A price only in the currency of the document: one converted at some day's rate
    would be one that nobody has set."""
    own = product.currency_id == currency.pk
    return {
        "filled": str(product.pk),
        "product": product,
        "description": product.name,
        "unit_of_measure": product.unit_of_measure,
        "unit_price": round_to(product.unit_price, currency.decimals) if own else None,
    }


def line_of(line: SalesLine) -> dict[str, Any]:
    """A stored line as the form shows it."""
    return {
        "filled": str(line.product_id),
        "product": line.product_id,
        "description": line.description,
        "quantity": formats.exact(line.quantity),
        "unit_of_measure": line.unit_of_measure,
        "unit_price": round_to(line.unit_price, line.document.currency.decimals),
        "discount_percent": formats.exact(line.discount_percent),
        "prepaid_service": line.prepaid_service_id,
    }


class BalanceLineForm(PageForm):
    """How much a prepaid service pays of its lines, instead of as much as it can."""

    prepaid_service = ServiceField(required=True, empty_label="Choose")
    units = forms.DecimalField(
        label="Amount or quantity",
        max_digits=18,
        decimal_places=4,
        help_text="What it pays of its lines, net, and no more; of a quantity, how many of them.",
    )

    def __init__(self, *args: Any, document: SalesDocument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["prepaid_service"]
        field.fit(document)
        field.error_messages["invalid_choice"] = f"Choose an open prepaid service of {document.account}."

    def terms(self) -> dict[str, Any]:
        service, typed = self.cleaned_data["prepaid_service"], self.cleaned_data["units"]
        return {"service": service, "amount" if service.is_amount else "quantity": typed}


class CreditForm(PageForm):
    """How much of which line is credited: a quantity, of a top-up an amount. Preset: everything that is left. Of a line that
    bills a period of a contract it is said for all of them what is taken back, and of each whether it is."""

    scope = forms.ChoiceField(
        label="Credit of contract lines",
        choices=[
            (CreditScope.FUTURE.value, "What is not released: what was earned stays earned"),
            (CreditScope.EVERYTHING.value, "Everything: what was released is taken back as well"),
        ],
        initial=CreditScope.FUTURE.value,
    )
    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Kept with the credit memo and its posting."
    )

    def __init__(self, *args: Any, rows: Sequence[CreditRow], currency: Currency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        if not any(row.contract for row in rows):
            del self.fields["scope"]
        elif not any(row.contract.is_left(CreditScope.FUTURE) for row in rows if row.contract):
            self.initial.setdefault("scope", CreditScope.EVERYTHING.value)
        for row in rows:
            name = f"line_{row.line.pk}"
            label = f"Credit of line {row.line.line_no}"
            if row.contract:
                self.fields[name] = forms.BooleanField(label=label, required=False, disabled=not row.is_something)
                self.initial.setdefault(name, row.is_something)
                continue
            self.fields[name] = field = forms.DecimalField(label=label, required=False, max_digits=20, decimal_places=4)
            field.widget = forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off", "class": "form-control num"}
            )
            self.initial.setdefault(name, _typed(row, currency))

    def lines_of(self, contract: bool) -> list[tuple[CreditRow, forms.BoundField]]:
        return [(row, self[f"line_{row.line.pk}"]) for row in self.rows if (row.contract is not None) == contract]

    @property
    def lines(self) -> list[tuple[CreditRow, forms.BoundField]]:
        return self.lines_of(contract=False)

    @property
    def contract_lines(self) -> list[tuple[CreditRow, forms.BoundField]]:
        return self.lines_of(contract=True)

    def default_layout(self) -> list[Any]:
        return [name for name in ("scope", "reason") if name in self.fields]  # the lines stand in tables of their own

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for row in self.rows:
            name = f"line_{row.line.pk}"
            if row.contract and cleaned.get(name) and "scope" in cleaned and not row.contract.is_left(cleaned["scope"]):
                self.add_error(
                    name, f"Line {row.line.line_no}: all of it is released. Credit everything, or leave it out."
                )
        return cleaned

    def credit(self) -> dict[int, Decimal]:
        """Units by line; of a contract line all that the scope takes back."""
        found = {}
        for row in self.rows:
            typed = self.cleaned_data[f"line_{row.line.pk}"]
            if typed:
                found[row.line.pk] = row.contract.amount(self.chosen_scope()) if row.contract else typed
        return found

    def chosen_scope(self) -> str:
        return self.cleaned_data.get("scope", CreditScope.FUTURE.value)


def _typed(row: CreditRow, currency: Currency) -> str:
    if row.by_amount:
        return f"{round_to(row.left, currency.decimals):f}"
    return formats.exact(row.left)
