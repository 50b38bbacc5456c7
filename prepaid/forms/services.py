"""The forms of the card. They convert what is typed; the rules are the service's (`prepaid.services.services`)."""

from typing import Any

from django import forms

from ledger.models import Currency, DimensionValue
from opportunities.forms.fields import AccountField
from opportunities.models import Project
from pages.forms import PageForm
from prepaid.forms.fields import FormulaField
from prepaid.models import PrepaidService, PrepaidSetup
from prepaid.services.services import Card, fixed_fields

FIXED = "Fixed: the service has ledger entries."
FIELDS = tuple(Card.__dataclass_fields__)


def help_of(name: str) -> str:
    field: Any = PrepaidService._meta.get_field(name)
    return str(field.help_text)


class ServiceForm(PageForm):
    account = AccountField(help_text="The customer: number or name. Fixed once there is a ledger entry.")
    description = forms.CharField(max_length=250, required=False, help_text=help_of("description"))
    accrual = forms.ChoiceField(
        choices=PrepaidService.Accrual.choices,
        help_text="One-time: sold once, deferred until it is used. Periodic: topped up by a contract.",
    )
    type = forms.ChoiceField(
        choices=PrepaidService.Type.choices,
        help_text="A one-time service is always an amount; a periodic one may be either.",
    )
    currency = forms.ModelChoiceField(Currency.objects, required=False, help_text=help_of("currency"))
    unit_of_measure = forms.CharField(
        max_length=10, required=False, label="Unit of measure", help_text=help_of("unit_of_measure")
    )
    starts_on = forms.DateField(required=False, label="Start date", help_text="To record the term.")
    ends_on = forms.DateField(
        required=False, label="End date", help_text="A posting outside the term is warned of, not refused."
    )
    valid_until_formula = FormulaField(
        label="Valid until dateformula", help_text=f"{help_of('valid_until_formula')} As in 1Y, 1M+CM or D15."
    )
    dimension_value = forms.ChoiceField(required=False, label="Dimension value", help_text=help_of("dimension_value"))

    layout: tuple = (
        ("account", "description"),
        ("accrual", "type"),
        ("currency", "unit_of_measure"),
        ("starts_on", "ends_on"),
        ("valid_until_formula", "dimension_value"),
    )

    def __init__(self, *args: Any, service: PrepaidService | None = None, **kwargs: Any) -> None:
        locked = dict.fromkeys(fixed_fields(service), FIXED) if service else {}
        super().__init__(*args, locked=locked, **kwargs)
        self.service = service
        self.offer_dimension(PrepaidSetup.objects.select_related("dimension").first())

    def offer_dimension(self, setup: PrepaidSetup | None) -> None:
        """The values of the dimension of the setup; without one there is nothing to choose."""
        if setup is None or setup.dimension is None:
            del self.fields["dimension_value"]
            self.layout = (*self.layout[:-1], ("valid_until_formula",))
            return
        chosen = self.service.dimension_value if self.service else ""
        own = self.service is None and setup.insert_dimension_value
        values = DimensionValue.objects.filter(dimension=setup.dimension)
        offered = [(value.code, str(value)) for value in values if not value.blocked or value.code == chosen]
        field: Any = self.fields["dimension_value"]
        field.label = f"Dimension value ({setup.dimension.name})"
        field.choices = [("", "Its own number, as a new value" if own else "None"), *offered]

    def card(self) -> Card:
        """What the form does not offer stays as it is."""
        kept = {} if self.service is None else {name: getattr(self.service, name) for name in FIELDS}
        return Card(**kept | self.cleaned_data)


class ProjectsForm(PageForm):
    """A tick for each project of the account."""

    def __init__(self, *args: Any, projects: list[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.projects = {f"project_{project.pk}": project for project in projects}
        for name, project in self.projects.items():
            self.fields[name] = forms.BooleanField(required=False, label=f"{project} ({project.currency_id})")
        self.layout = tuple(self.projects)

    def chosen(self) -> list[Project]:
        return [project for name, project in self.projects.items() if self.cleaned_data[name]]


def initial_of(service: PrepaidService) -> dict[str, Any]:
    return {name: getattr(service, name) for name in FIELDS}
