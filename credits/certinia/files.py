"""What was brought: a folder, a ZIP, a workbook with a sheet for each object, or single files, by the object each is about.

Whatever has another name is passed over: an export holds much that this product does not keep.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from credits.certinia.objects import FILE_NAMES
from pages.imports import FileRefused, Problem
from pages.imports.xlsx_files import LARGEST_UNPACKED, SIGNATURE, sheet_names

ENDINGS = (".csv", ".xlsx")
KNOWN = {name.casefold(): name for name in FILE_NAMES}


@dataclass(frozen=True)
class Brought:
    """A table of the export; `name` is how a refusal calls it."""

    name: str
    content: bytes
    sheet: str = ""


Files = dict[str, Brought]


def from_folder(folder: Path, *, largest: int) -> Files:
    """The known files of a folder. Refused (FileRefused): one that is larger than `largest` bytes, and none at all."""
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and _object(path.name)]
    for path in found:
        if (size := path.stat().st_size) > largest:
            raise FileRefused([too_large(path.name, size, largest)])
    return by_object((path.name, path.read_bytes()) for path in found)


def by_object(files: Iterable[tuple[str, bytes]]) -> Files:
    """Files by the object that each is about; archives and workbooks of several sheets are opened. Refused (FileRefused):
    two of one object, and nothing that is known."""
    brought: Files = {}
    for name, content in files:
        for object_name, each in _opened(name, content):
            if object_name in brought:
                there = brought[object_name].name
                sentence = f"{each.name} and {there} are both about {object_name}. Leave one of them."
                raise FileRefused([Problem(sentence)])
            brought[object_name] = each
    if not brought:
        names = ", ".join(f"{name}.csv" for name in FILE_NAMES)
        raise FileRefused([Problem(f"There is nothing to import: none of the files is called {names} (or .xlsx).")])
    return brought


def unpacked(content: bytes) -> list[tuple[str, bytes]]:
    """What `packed` packed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(member.filename, archive.read(member)) for member in archive.infolist()]


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Several files as one, to be kept until they are imported."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files:
            archive.writestr(name, each)
    return content.getvalue()


def too_large(name: str, size: int, largest: int) -> Problem:
    megabytes = f"{size / 1024**2:.1f} MB; at most {largest // 1024**2:,} MB are read (UPLOAD_MAX_MB)"
    return Problem(f"The file has {megabytes}. Split the export, or raise the limit.", file=name)


def _object(name: str) -> str:
    """The object of a file of that name; "" for none."""
    path = PurePosixPath(name)
    return KNOWN.get(path.stem.casefold(), "") if path.suffix.casefold() in ENDINGS else ""


def _opened(name: str, content: bytes) -> list[tuple[str, Brought]]:
    if object_name := _object(name):
        return [(object_name, Brought(PurePosixPath(name).name, content))]
    if content.startswith(SIGNATURE) and name.casefold().endswith(".xlsx"):
        sheets = [(KNOWN.get(sheet.casefold(), ""), sheet) for sheet in _named(name, content)]
        return [(known, Brought(f"{name}, {sheet}", content, sheet)) for known, sheet in sheets if known]
    if content.startswith(SIGNATURE):
        return [each for member, unpacked in _members(name, content) for each in _opened(member, unpacked)]
    return []


def _named(name: str, content: bytes) -> list[str]:
    try:
        return sheet_names(content)
    except FileRefused as refused:
        raise FileRefused([Problem(problem.sentence, file=name) for problem in refused.problems]) from refused


def _members(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """The known files of an archive, in whatever folder. No more is unpacked than its directory says."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
                raise FileRefused([Problem("The archive is too large when it is unpacked. Split it.", file=name)])
            known = [member for member in archive.infolist() if _object(member.filename)]
            return [(member.filename, archive.read(member)) for member in known]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise FileRefused(
            [Problem("The archive cannot be opened. Pack it again without a password.", file=name)]
        ) from error
