"""Documents as PDF: a template that typst sets, and the data for it.

    as_pdf("credits/statement.typ", data, "statement-A00017")      a response with the file
    document("credits/statement.typ", data)                        its bytes, to be kept or sent

A template lies beside the HTML templates and starts with

    #import "/pages/document.typ": *
    #show: paper.with(title: data.title, sender: data.sender)

which gives it `data`, the paper with page numbers and the look of tables (templates/pages/document.typ says what there is).
Data reaches the template as JSON and never as markup, so that `#`, `$` or `*` in a customer's text are only characters.
Numbers and money are put into it as they are read (`pages.formats`); dates may be dates and are read as on the pages. A
float is refused.

The file is tagged, so that it can be read aloud, unless it is very long: tags take more time than all the rest.

Fonts are those that typst brings along; what they lack, such as Chinese, is set in the machine's own. Nothing is loaded from
anywhere: a template imports only files beside it, no packages.
"""

import datetime
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.http import HttpResponse
from django.template import engines
from django.template.exceptions import TemplateDoesNotExist

from pages import formats

PDF_TYPE = "application/pdf"
TAGGED = 100_000  # characters of data: some six hundred rows, two seconds


def as_pdf(template: str, data: Mapping[str, Any], name: str) -> HttpResponse:
    """The document as a file to be downloaded."""
    response = HttpResponse(document(template, data), content_type=PDF_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def document(template: str, data: Mapping[str, Any], *, form: Any = "pdf") -> bytes:
    """The document's bytes. As `form` "html" it is only what is read in it, in order: for tests."""
    root, text = folder_of(template), json.dumps(as_json(data), ensure_ascii=False)
    return typst.compile(
        root / template,
        root=root,
        font_paths=fonts(),
        sys_inputs={"data": text},
        format=form,
        pdf_tags=len(text) <= TAGGED,
    )


def as_json(value: Any) -> Any:
    """The data with its dates as they are read; what has no one way to be read is refused."""
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return formats.day(value)
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError(f"{value!r} goes into a document as text: how it is read is decided before.")


def folder_of(template: str) -> Path:
    """The folder of templates in which the template lies, the root of everything that it may import."""
    for folder in engines["django"].dirs:
        if Path(folder, template).is_file():
            return Path(folder)
    raise TemplateDoesNotExist(template)


@cache
def fonts() -> typst.Fonts:
    """Looked for once; those that typst brings along come first."""
    return typst.Fonts()
