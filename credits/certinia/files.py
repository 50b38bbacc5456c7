"""What was brought: a folder, a ZIP, a workbook with a sheet for each object, or single files, by the object each is about.

Whatever has another name is passed over: an export holds much that this product does not keep.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from credits.certinia.objects import FILE_NAMES
from pages.imports import FileRefused, Problem
from pages.imports.xlsx_files import LARGEST_UNPACKED, SIGNATURE, sheet_names

ENDINGS = (".csv", ".xlsx")
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError)
SHEET, ROW = re.compile(r"xl/worksheets/[^/]+\.xml"), re.compile(rb"<(?:\w+:)?row[\s>/]")
KNOWN = {name.casefold(): name for name in FILE_NAMES}


@dataclass(frozen=True)
class Brought:
    """A table of the export; `name` is how a refusal calls it."""

    name: str
    content: bytes
    sheet: str = ""


Files = dict[str, Brought]


def from_path(path: Path, *, largest: int) -> Files:
    """The known files of a folder, or a single file. Refused (FileRefused): one that is larger than `largest` bytes, before
    it is read, and none at all."""
    found = [path]
    if path.is_dir():
        found = [each for each in sorted(path.iterdir()) if each.is_file() and _object(each.name)]
    for each in found:
        if (size := each.stat().st_size) > largest:
            raise FileRefused([too_large(each.name, size, largest)])
    return by_object((each.name, each.read_bytes()) for each in found)


def lines_in(files: Files) -> int:
    """About how many lines the files have, counted without reading what they say."""
    contents = {each.content for each in files.values()}
    return sum(_rows_in(content) if content.startswith(SIGNATURE) else _ends_in(content) for content in contents)


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
    except BROKEN as error:
        raise FileRefused(
            [Problem("The archive cannot be opened. Pack it again without a password.", file=name)]
        ) from error


def _ends_in(content: bytes) -> int:
    return max(content.count(b"\n"), content.count(b"\r")) + 1


def _rows_in(workbook: bytes) -> int:
    """Of all its sheets. None of one that cannot be opened or is too large, which is refused when it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
            sheets = [member for member in archive.infolist() if SHEET.fullmatch(member.filename)]
            if sum(sheet.file_size for sheet in sheets) > LARGEST_UNPACKED:
                return 0
            return sum(len(ROW.findall(part)) for sheet in sheets for part in _parts(archive.open(sheet)))
    except BROKEN:
        return 0


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(2**20):
        yield part
