"""A change of the settings, run and described: from what to what, and what stays."""

from ledger.models import PostingSetup
from pages.preview import Change, Preview
from prepaid.models import PrepaidSetup
from prepaid.reports.settings import every
from prepaid.services.setup import Settings, change_setup

LATER = {
    "deferral_group": "what is deferred already stays on its account",
    "dimension": "services that exist keep the value they carry",
    "insert_dimension_value": "services that exist stay as they are",
    "post_manual_dissolution": "what waits for review goes on waiting",
    "post_automatic_dissolution": "what waits for review goes on waiting",
    "revenue_from": "what is posted stays",
    "approve_amounts_above": "requests that exist stay as they were stamped",
    "approve_quantities_above": "requests that exist stay as they were stamped",
    "automatic_billing": "from the next night on",
    "release_day": "deferrals that exist keep their due days",
    "by_equal_months": "deferrals that exist keep their parts",
}


def change_and_describe(settings: Settings, *, actor) -> Preview:
    """Changes the setup, and tells setting by setting what becomes different."""
    related = ("deferral_group", "dimension")
    before = PrepaidSetup.objects.select_related(*related).first() or PrepaidSetup()
    after = change_setup(settings, actor=actor)
    changes = [
        Change(now.label, then.value, now.value, note=LATER[now.field])
        for then, now in zip(every(before), every(after), strict=True)
        if then.value != now.value or before._state.adding
    ]
    return Preview(changes=changes, warnings=warnings(settings), confirm_label="Save the settings")


def warnings(settings: Settings) -> list[str]:
    """What does not keep the setup from being saved, but should be known."""
    texts = []
    if settings.insert_dimension_value and settings.dimension is None:
        texts.append("No dimension is named: nothing is inserted for new services.")
    cells = PostingSetup.objects.filter(product_group=settings.deferral_group)
    if not cells.exclude(deferral=None).exists():
        texts.append(
            f"{settings.deferral_group} has no deferral account in the general posting setup yet: a top-up is refused until"
            " it has one."
        )
    return texts
