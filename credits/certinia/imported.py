"""What an import made, object by object, and what it found stored."""

from dataclasses import dataclass, field

from credits.certinia.objects import ACTUAL, MILESTONES
from credits.certinia.reading import Part
from ledger.models import BusinessPostingGroup
from ledger.services.rate_import import ImportedRates
from pages import formats


@dataclass
class Imported:
    rates: ImportedRates
    parts: list[Part] = field(default_factory=list)
    milestones: list[str] = field(default_factory=list)  # the Ids of the export, new or not
    new_group: BusinessPostingGroup | None = None

    @property
    def counts(self) -> str:
        """40 accounts, 320 purchases"""
        new = [(len(self.rates.new), "exchange rates"), *((len(part.new), part.about.noun) for part in self.parts)]
        return ", ".join(formats.counted(count, noun) for count, noun in new if count)

    @property
    def unchanged(self) -> int:
        return len(self.rates.unchanged) + sum(part.unchanged for part in self.parts)

    @property
    def claims(self) -> int:
        """New milestones that were completed according to the export."""
        return sum(
            row.values[ACTUAL] is not None for part in self.parts if part.about is MILESTONES for row in part.new
        )

    @property
    def said(self) -> str:
        """What was done, in a sentence."""
        stored = f"{formats.counted(self.unchanged, 'lines')} said what is stored already" if self.unchanged else ""
        if not self.counts:
            return f"Nothing is changed: {stored or 'the export holds no line'}."
        return f"Imported: {self.counts}.{f' {stored}.' if stored else ''}"
