"""The small parts a page is declared with."""

from dataclasses import dataclass

from django.db.models import Expression
from django.utils.safestring import SafeString

from pages.refusals import Refused


@dataclass(frozen=True)
class Action:
    """A button or an entry of the menu. `disabled_reason` keeps it in sight and says why it cannot be used now: with what
    the service would refuse, `reason(refusal_to_confirm(lot, on))`.

    Without the permission it is not shown at all. Exactly one may be `primary`.
    """

    label: str
    url: str
    disabled_reason: str = ""
    permission: str = ""
    primary: bool = False
    danger: bool = False


def reason(refusal: Refused | None) -> str:
    """What a service would refuse, as the reason of an action that is disabled."""
    return str(refusal) if refusal else ""


@dataclass(frozen=True)
class Badge:
    """A state in a word. Tones: neutral, info, good, warn, bad."""

    label: str
    tone: str = "neutral"


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str = ""


@dataclass(frozen=True)
class Figure:
    """One number of the strip under the title, a link to the rows behind it. Tones as for Badge."""

    label: str
    value: str | SafeString
    url: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Tab:
    """One tab of a detail page. Its data is read only when it is open, by the page's method `tab_<key>`."""

    key: str
    label: str
    template: str
    permission: str = ""


@dataclass(frozen=True)
class Total:
    """One sum above a list, per currency. `expression` is a field's name or a Django expression to be summed."""

    label: str
    expression: str | Expression
    kind: str = "money"
