"""Packages of a line of an open quote or order: added and removed. Nothing is posted."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, FormPage
from prepaid.forms.packages import LinePackageForm
from prepaid.models import CommitmentPackage, SalesDocument
from prepaid.previews.packages import remove_from_line_and_describe
from prepaid.services.contracts.line_packages import add_package, refusal_to_add
from prepaid.views.document_entry import ABOVE
from prepaid.views.document_lines import OfLine


class LinePackageNew(OfLine, FormPage):
    above = ABOVE
    form_class = LinePackageForm
    submit_label = "Add package"
    success_message = "The package is added to the line."

    def get_title(self) -> str:
        return f"Add a package to line {self.object.line_no} of {self.object.document}"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refusal := refusal_to_add(self.get_object()):
            raise refusal
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {"line": self.object}

    def save(self, form: LinePackageForm) -> SalesDocument:
        return add_package(self.object, form.cleaned_data["package"], actor=self.request.user).document


class LinePackageRemove(OfLine, ActionPage):
    above = ABOVE
    success_message = "The package is removed from the line."

    def get_object(self, queryset: Any = None) -> Any:
        self.package = get_object_or_404(CommitmentPackage, pk=self.kwargs["package"])
        return super().get_object(queryset)  # type: ignore[misc]

    def get_title(self) -> str:
        return f"Remove package {self.package.pk} from line {self.object.line_no} of {self.object.document}"

    def get_success_url(self) -> str:
        return self.object.document.get_absolute_url()

    def run(self, form: PageForm) -> Preview:
        return remove_from_line_and_describe(self.object, self.package, actor=self.request.user)
