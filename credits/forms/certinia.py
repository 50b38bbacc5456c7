"""The form that takes the files of a data export."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from credits.certinia.files import by_object
from pages.forms import PageForm
from pages.imports import FileRefused


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Its value is a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, list) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class ExportFilesForm(PageForm):
    """Refuses files that are together larger than UPLOAD_MAX_BYTES, and such that hold nothing known."""

    export = ManyFilesField(
        label="Files",
        max_length=200,
        allow_empty_file=True,  # its own sentence names it among the others
        help_text="All CSV or XLSX files of the export at once; or a ZIP of them, or one workbook with a sheet for each.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["export"].widget.attrs["accept"] = ".csv,.xlsx,.zip"

    def clean_export(self) -> list[tuple[str, bytes]]:
        files, most = self.cleaned_data["export"], settings.UPLOAD_MAX_BYTES
        if (size := sum(file.size for file in files)) > most:
            sizes = f"{filesizeformat(size)}; at most {filesizeformat(most)} are taken"
            raise forms.ValidationError(f"Together they have {sizes}. Split the export, or have UPLOAD_MAX_MB raised.")
        brought = [(file.name, file.read()) for file in files]
        try:
            by_object(brought)
        except FileRefused as refused:
            raise forms.ValidationError([str(problem) for problem in refused.problems]) from refused
        return brought
