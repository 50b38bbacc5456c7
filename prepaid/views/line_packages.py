"""Packages of a line of an open quote or order: added and removed. Nothing is posted."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from pages.elements import Crumb
from pages.forms import PageForm
from pages.preview import Preview
from pages.views import ActionPage, FormPage
from prepaid.forms.packages import LinePackageForm
from prepaid.models import LineCommitment, SalesDocument
from prepaid.previews.packages import remove_from_line_and_describe
from prepaid.services.contracts.line_packages import add_package, refusal_to_add
from prepaid.views.document_entry import ABOVE, WRITE
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


class LinePackageRemove(ActionPage):
    """The package of a commitment of the line, with all that it says."""

    above = ABOVE
    permission_required = WRITE
    queryset = LineCommitment.objects.select_related("line__document__account", "line__product", "package")
    success_message = "The package is removed from the line."

    def get_breadcrumb(self) -> list[Crumb]:
        document = self.object.line.document
        return [*super().get_breadcrumb(), Crumb(str(document), document.get_absolute_url())]

    def get_title(self) -> str:
        line = self.object.line
        return f"Remove package {self.object.package_id} from line {line.line_no} of {line.document}"

    def get_cancel_url(self) -> str:
        return self.object.line.document.get_absolute_url()

    def get_success_url(self) -> str:
        return self.object.line.document.get_absolute_url()

    def run(self, form: PageForm) -> Preview:
        return remove_from_line_and_describe(self.object.line, self.object.package, actor=self.request.user)
