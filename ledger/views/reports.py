"""A report over days: a form that is asked by GET, the figures, and the same figures as a file.

    class KnowledgePage(ReportPage):
        form_class = KnowledgeForm
        template_name = "ledger/knowledge.html"         # {% extends "ledger/report.html" %}
        file_name = "what-became-known"

        def defaults(self): ...     # what is asked where the address says nothing
        def read(self, **asked): ...    # what the form was told, to one report
        def lines(self): ...        # the rows of the file, its header first

        document = "ledger/knowledge.typ"       # where there is a PDF of it (pages/pdf.py)
        def document_data(self): ...    # what the PDF is made of

What the form refuses gets its sentence, and no figures.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from django.views.generic.detail import SingleObjectMixin

from ledger.dates import business_date, ledger_setup
from ledger.models import Currency
from ledger.money import round_to
from pages import exports
from pages.filters import dress
from pages.pdf import as_pdf
from pages.views import Page


class ReportPage(Page, TemplateView):
    permission_required: str | tuple[str, ...] = "ledger.view_journalentry"
    form_class: type[forms.Form]
    file_name = ""
    empty = ""  # said where there is nothing to report
    document = ""

    report: Any = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        self.today = business_date()
        self.form = self.form_class(self.defaults() | request.GET.dict())
        for name, field in self.form.fields.items():
            dress(name, field)
        if self.form.is_valid():
            self.report = self.read(**self.form.cleaned_data)
        if self.report and (file := self.file(request.GET.get("export", ""), f"{self.file_name}-{self.today}")):
            return file
        return self.render_to_response(self.get_context_data())

    def file(self, kind: str, name: str) -> HttpResponseBase | None:
        """The report as a file, where that kind is offered."""
        if kind == "pdf" and self.document:
            return as_pdf(self.document, self.document_data(), name)
        export = exports.FORMATS.get(kind)
        return export(self.lines(), name) if export else None

    def defaults(self) -> dict[str, Any]:
        return {"on": self.today}

    def read(self, **asked: Any) -> Any:
        raise NotImplementedError

    def lines(self) -> Iterator[list]:
        raise NotImplementedError

    def document_data(self) -> dict[str, Any]:
        raise NotImplementedError

    @cached_property
    def lcy(self) -> Currency:
        return ledger_setup().lcy

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"known_on": self.form.cleaned_data["known_on"], "since": self.since()} if self.has_known_on() else {}
        if self.report:
            shown["lcy"] = self.lcy
        return super().get_context_data(form=self.form, report=self.report, nothing=self.empty, **shown, **kwargs)

    def has_known_on(self) -> bool:
        return self.form.is_valid() and bool(self.form.cleaned_data.get("known_on"))

    def since(self) -> str:
        """Where it is told what has become known since the day that the form was told; nothing for a day to come."""
        told = self.form.cleaned_data
        if told["known_on"] >= self.today:
            return ""
        asked = {"on": told.get("on") or told["last"], "known_first": told["known_on"], "known_later": self.today}
        return f"{reverse('ledger:knowledge')}?{urlencode(asked)}"

    def asked(self, *names: str) -> dict[str, str]:
        """What the form was told, as it stands in an address; what it was not told is left out."""
        told = {name: self.form.cleaned_data.get(name) for name in names or self.form.fields}
        return {name: written(value) for name, value in told.items() if value not in (None, "")}


def written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def figures(amounts: Any, columns: Any, currency: Currency) -> list[Decimal]:
    """Numbers for a file, with the decimals of their currency."""
    return [round_to(getattr(amounts, column), currency.decimals) for column in columns]


class ReportOfOne(SingleObjectMixin, ReportPage):
    """A report about one object, which the address names."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        self.object = self.get_object()
        return super().get(request, *args, **kwargs)
