"""Documents: what people write is text in them, whatever it looks like, and stands there once."""

import datetime
import html
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import typst
from django.conf import settings
from django.template.exceptions import TemplateDoesNotExist

from pages import pdf

TEMPLATE = """#import "/pages/document.typ": *
#show: paper.with(title: data.title, sender: "Lot & Sons")
#figures(columns: (text: 1fr, amount: auto), head: (text: "What", amount: "Amount"), rows: data.rows, sums: data.sums,
  numbers: ("amount",))
"""
NASTY = [
    "#import \"@preview/cetz:0.3.0\": *",
    "#read(\"/base.html\")",
    "$x^2$ costs * much * and _more_",
    "[brackets] {braces} (parentheses) <label> @ref",
    "back\\slash \\\\ twice, `raw`, \"double\" and 'single' quotes",
    "= heading // comment /* both */ ~ -- ---",
    "\u2028 line \u202e separators </td><script>",
    "{{ template }} {% tag %} {# comment #}",
]  # fmt: skip


@pytest.fixture
def template(tmp_path, monkeypatch) -> str:
    """A template of its own beside those of the product."""
    (tmp_path / "pages").mkdir()
    shared = Path(pdf.folder_of("pages/document.typ"), "pages/document.typ")
    (tmp_path / "pages" / "document.typ").write_text(shared.read_text())
    (tmp_path / "test.typ").write_text(TEMPLATE)
    folder_of = pdf.folder_of
    monkeypatch.setattr(pdf, "folder_of", lambda name: tmp_path if name == "test.typ" else folder_of(name))
    return "test.typ"


def cells(template: str, *texts: str, sums: tuple = ()) -> list[str]:
    """What is read in the table."""
    rows = [{"text": text, "amount": "1.00"} for text in texts]
    data = {"title": "A title", "rows": rows, "sums": [{"text": text} for text in sums]}
    found = re.findall(r"<td>(.*?)</td>", pdf.document(template, data, form="html").decode(), flags=re.S)
    return [html.unescape(re.sub(r"</?(strong|span)\b[^>]*>", "", cell)) for cell in found]


@pytest.mark.parametrize("text", NASTY)
def test_what_looks_like_markup_is_read_as_it_was_written(template, text):
    assert cells(template, text)[0] == text
    assert pdf.document(template, {"title": text, "rows": [], "sums": []}).startswith(b"%PDF")


def test_rows_and_sums_stand_in_their_order(template):
    assert cells(template, "first", "second", sums=("net", "gross"))[::2] == ["first", "second", "net", "gross"]


def test_the_head_is_repeated_and_the_pages_are_counted(template):
    """The pages as drawings: as many as the numbers at their feet say."""
    row = {"text": "Consumption", "amount": "4"}
    data = {"title": "Long", "rows": [row] * 150, "sums": []}
    root = pdf.folder_of(template)
    inputs = {"data": json.dumps(data)}
    (table,) = json.loads(typst.query(root / template, "table", root=root, sys_inputs=inputs))
    (head,) = [child for child in table["children"] if child["func"] == "header"]
    assert head.get("repeat", True) is True
    drawn = typst.compile(root / template, root=root, sys_inputs=inputs, format="svg")
    assert isinstance(drawn, list) and len(drawn) == 4


def test_a_document_is_tagged_for_reading_aloud_unless_it_is_very_long(template):
    rows = [{"text": "Consumption", "amount": "4"}]
    data = {"title": "Long", "rows": rows, "sums": []}
    assert b"/StructTreeRoot" in pdf.document(template, data)
    assert b"/StructTreeRoot" not in pdf.document(template, data | {"rows": rows * 3000})


def test_dates_are_read_as_on_the_pages():
    assert pdf.as_json({"on": datetime.date(2026, 11, 24), "rows": [(1, None)]}) == {
        "on": "24 Nov 2026",
        "rows": [[1, None]],
    }


@pytest.mark.parametrize("value", [0.1, Decimal("1.00"), datetime.datetime(2026, 11, 24, 12), object()])
def test_what_could_be_read_in_two_ways_is_refused(value):
    with pytest.raises(TypeError, match="goes into a document as text"):
        pdf.as_json({"amount": value})


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(TemplateDoesNotExist, match=r"nowhere\.typ"):
        pdf.document("nowhere.typ", {})


def test_no_template_looks_for_a_package():
    """Nothing is loaded from the network: what is imported lies beside it."""
    found = [path for folder in settings.TEMPLATES[0]["DIRS"] for path in Path(folder).rglob("*.typ")]
    assert found
    imports = [name for path in found for name in re.findall(r'#(?:import|include)\s+"([^"]+)"', path.read_text())]
    assert imports and all(name.startswith("/") for name in imports)
    assert not any("@preview" in path.read_text() or "@local" in path.read_text() for path in found)


def test_the_file_is_for_download_under_its_name(template):
    response = pdf.as_pdf(template, {"title": "A title", "rows": [], "sums": []}, "statement-A00017")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="statement-A00017.pdf"'
    assert response.content.startswith(b"%PDF")
