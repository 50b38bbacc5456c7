"""The form that takes a file."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from pages.forms import PageForm


class UploadForm(PageForm):
    """Refuses a file that is larger than UPLOAD_MAX_BYTES, by the size of what came in and before any of it is read."""

    file = forms.FileField(label="File", max_length=255, help_text="CSV (UTF-8, commas or semicolons) or XLSX.")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ".csv,.xlsx"

    def clean_file(self) -> UploadedFile:
        file, most = self.cleaned_data["file"], settings.UPLOAD_MAX_BYTES
        if file.size > most:
            sizes = f"{filesizeformat(file.size)}; at most {filesizeformat(most)} are taken"
            raise forms.ValidationError(f"{file.name} has {sizes}. Split it into several files.")
        return file
