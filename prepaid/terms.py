"""How long a commitment runs: its initial term, by how much it goes on, and how long before its end it has to be cancelled.
Pure arithmetic, counted from the first day and never chained."""

import datetime
from dataclasses import dataclass

from prepaid.periods import DAY, Term


@dataclass(frozen=True)
class Agreed:
    """Each a single term, or none."""

    initial: Term | None = None
    extension: Term | None = None
    notice: Term | None = None

    @classmethod
    def parse(cls, initial: str = "", extension: str = "", notice: str = "") -> "Agreed":
        return cls(*(Term.parse(text) if text else None for text in (initial, extension, notice)))

    def fixed_end(self, starts_on: datetime.date) -> datetime.date | None:
        """The last day of what ends by itself: an initial term that is not extended."""
        return self.term_end(starts_on, 0) if self.initial and not self.extension else None

    def term_end(self, starts_on: datetime.date, extensions: int) -> datetime.date | None:
        """The last day of the term after so many extensions; none where no term is agreed."""
        if self.initial is None:
            return None
        first_end = self.initial.after(starts_on, 1)
        if not extensions or self.extension is None:
            return first_end - DAY
        if self.initial.months and self.extension.months:  # from the first day, so that the 31st stays the 31st
            whole = Term(months=self.initial.months + self.extension.months * extensions)
            return whole.after(starts_on, 1) - DAY
        return self.extension.after(first_end, extensions) - DAY

    def runs_until(self, starts_on: datetime.date, on: datetime.date) -> datetime.date | None:
        """The last day of the term that holds the day; none where no term is agreed."""
        return self._first_end(starts_on, on)

    def earliest_end(self, starts_on: datetime.date, on: datetime.date) -> datetime.date:
        """The first last day for which a notice on the day is in time. Without a term: the notice period from the day on."""
        after_notice = self.notice.after(on, 1) if self.notice else on
        return self._first_end(starts_on, max(after_notice, starts_on)) or max(after_notice, starts_on)

    def last_notice(self, end: datetime.date) -> datetime.date:
        """The last day on which a notice for that end is in time."""
        if self.notice is None:
            return end
        day = Term(months=-self.notice.months, days=-self.notice.days).after(end, 1)
        while self.notice.after(day, 1) > end:  # a short month cut it
            day -= DAY
        while self.notice.after(day + DAY, 1) <= end:  # several days lead to the end of a short month
            day += DAY
        return day

    def _first_end(self, starts_on: datetime.date, not_before: datetime.date) -> datetime.date | None:
        """The first end of a term on or after the day; the last one there is, where it is not extended."""
        end, extensions = self.term_end(starts_on, 0), 0
        while end is not None and end < not_before and self.extension is not None:
            extensions += 1
            end = self.term_end(starts_on, extensions)
        return end
