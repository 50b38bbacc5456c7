"""Exchange rates from a file: brought, looked at, imported."""

from typing import Any

from ledger.services.rate_import import ImportedRates, import_rates
from ledger.services.rate_lines import COLUMNS, ImportedRate
from pages import formats
from pages.preview import Change, LeftOut, Preview, shortened
from pages.views import ReviewPage, UploadPage

PERMISSIONS = ("ledger.add_exchangerate", "ledger.change_exchangerate")
ABOVE = ("Exchange rates", "ledger:rate-list")
KIND = "rates"


class RateImport(UploadPage):
    permission_required = PERMISSIONS
    above = ABOVE
    title = "Import exchange rates"
    lead = "Rates of days that have none are entered, others are corrected; what is posted stays as it is."
    kind = KIND
    review = "ledger:rate-import-review"
    columns = COLUMNS


class RateImportReview(ReviewPage):
    permission_required = PERMISSIONS
    above = ABOVE
    title = "Import exchange rates"
    lead = "All of the file is imported, or nothing of it."
    kind = KIND
    upload = "ledger:rate-import"

    def run(self, form: Any) -> Preview:
        brought = {"file_name": self.object.file_name, "actor": self.request.user}
        self.imported = import_rates(bytes(self.object.content), **brought)
        return described(self.imported)

    def get_success_message(self, preview: Preview) -> str:
        return self.imported.said


def described(imported: ImportedRates) -> Preview:
    """Corrections first: they change what postings of those days take from now on."""
    changes = [_change(each) for each in (*imported.corrected, *imported.new)]
    unchanged = [
        LeftOut(_label(each), f"{formats.exact(each.rate)} is stored already (line {each.line})")
        for each in imported.unchanged
    ]
    label = f"Import {formats.counted(len(changes), 'rates')}" if changes else "Finish without a change"
    return shortened(Preview(changes=changes, left_out=unchanged, confirm_label=label))


def _change(each: ImportedRate) -> Change:
    before = "" if each.before is None else formats.exact(each.before)
    return Change(_label(each), before, formats.exact(each.rate), note=f"line {each.line}")


def _label(each: ImportedRate) -> str:
    return f"{each.currency} from {formats.day(each.starting_on)}"
