from typing import Any

from opportunities.forms.fields import AccountField
from opportunities.forms.lines import LineForms, line_values
from opportunities.models import Opportunity
from opportunities.reports.usage import buyers_of
from opportunities.services.opportunities import OpportunityTerms
from pages.forms import PageModelForm
from pages.lines import WithLines

FIXED = "Fixed: {buyers} came from this opportunity."


class OpportunityForm(WithLines, PageModelForm):
    """The head, and with it the lines. Lines that were bought are not in the form: they are shown as text."""

    account = AccountField(label="Account", help_text="Its number or name.")

    layout = (("name", "account"), ("currency", "stage"), ("closes_on",))

    class Meta:
        model = Opportunity
        fields = ("name", "account", "currency", "stage", "closes_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        self.bought = buyers_of(instance) if instance else {}
        buyers = ", ".join(name for names in self.bought.values() for name in names)
        locked = {name: FIXED.format(buyers=buyers) for name in ("account", "currency")} if buyers else {}
        super().__init__(*args, locked=locked, **kwargs)
        currency: Any = self.fields["currency"]
        currency.required, currency.empty_label = False, "The account's"
        currency.help_text = "The currency of every line."
        self.own_lines = list(instance.lines.select_related("product", "opportunity__currency")) if instance else []
        free = [line_values(line) for line in self.own_lines if line.pk not in self.bought]
        self.lines = LineForms(self.data if self.is_bound else None, initial=free)

    @property
    def bought_lines(self) -> list[Any]:
        return [(line, ", ".join(self.bought[line.pk])) for line in self.own_lines if line.pk in self.bought]

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if "account" in cleaned and not cleaned.get("currency"):
            cleaned["currency"] = cleaned["account"].currency
        self.lines.currency = cleaned.get("currency")
        return cleaned

    def terms(self) -> OpportunityTerms:
        return OpportunityTerms(**{name: self.cleaned_data[name] for name in OpportunityTerms.__dataclass_fields__})
