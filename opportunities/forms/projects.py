from typing import Any

from opportunities.forms.fields import AccountField
from opportunities.models import Project
from pages.forms import PageModelForm


class ProjectForm(PageModelForm):
    """Without a currency the account's is taken."""

    account = AccountField(label="Account", help_text="Its number or name.")

    layout = (("name", "account"), ("currency",))

    class Meta:
        model = Project
        fields = ("name", "account", "currency")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency: Any = self.fields["currency"]
        currency.required, currency.empty_label = False, "The account's"
        currency.help_text = "Only credits in it can pay for the project."

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if "account" in cleaned and not cleaned.get("currency"):
            cleaned["currency"] = cleaned["account"].currency
        self._check_once(cleaned)
        return cleaned

    def _check_once(self, cleaned: dict[str, Any]) -> None:
        key = {name: cleaned.get(name) for name in ("account", "currency", "name")}
        if all(key.values()) and (same := Project.objects.filter(**key).exclude(pk=self.instance.pk).first()):
            self.add_error(
                "name", f"{same.number} of this account has the same name and currency. Choose another name."
            )
