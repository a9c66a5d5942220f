"""A workbook (.xlsx) of one sheet, written as its rows come: texts are texts.

Source: ECMA-376 Part 1 (SpreadsheetML) and Part 2 (packages). Texts stand in their
cells, so that nothing is collected, and nothing in them is a formula or markup.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape  # nosec B406 # writes XML, and reads none

Cell = str | int | None

LEVEL = 2  # of packing: much faster than 6, and XML so repetitive gets small anyway
CHUNK = 256 * 1024  # characters that are packed at a time
# What XML cannot hold stands as _x000D_ and the like, and what only looks so gets an
# escape of its own (ECMA-376 Part 1, section 22.9.2.19). U+FFFE and U+FFFF count, too.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
# One set of characters, which is found much faster, has all of these and few others.
SPECIAL = re.compile(r"[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff]")

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONS = f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
PARTS = {
    "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    f'ContentType="{TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'{RELATIONS}<Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{RELATIONS}<Relationship Id="rId1" '
    f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/styles.xml": f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="2">'
    '<font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2">'
    '<fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1">'
    "<border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '</cellStyleXfs><cellXfs count="2">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>",
}
SHEET = "xl/worksheets/sheet1.xml"
# The headers stay in view, and columns are wide enough to tell what is in them.
BEGIN = (
    f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    '</sheetView></sheetViews><cols><col min="1" max="{width}" width="28" '
    'customWidth="1"/></cols><sheetData>'
)
END = "</sheetData></worksheet>"


def write_book(
    file: IO[bytes],
    rows: Iterable[Iterable[Cell]],
    *,
    title: str,
    headers: Sequence[str],
) -> None:
    """Write a workbook whose first row is the headers; None is an empty cell."""
    package = zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL, allowZip64=True
    )
    with package:
        for name, part in PARTS.items():
            package.writestr(name, part.replace("{title}", escaped(title)))
        with package.open(SHEET, "w", force_zip64=True) as sheet:
            for chunk in sheet_of(rows, headers):
                sheet.write(chunk)


def sheet_of(rows: Iterable[Iterable[Cell]], headers: Sequence[str]) -> Iterator[bytes]:
    """Yield the XML of the sheet."""
    letters = [chr(ord("A") + n) for n in range(len(headers))]
    xml = [BEGIN.replace("{width}", str(len(headers))), row_of(1, headers, letters, 1)]
    size = 0
    for number, row in enumerate(rows, 2):
        line = row_of(number, row, letters)
        xml.append(line)
        size += len(line)
        if size > CHUNK:
            yield "".join(xml).encode()
            xml.clear()
            size = 0
    yield "".join([*xml, END]).encode()


def row_of(
    number: int, cells: Iterable[Cell], letters: Sequence[str], style: int = 0
) -> str:
    xml = [f'<row r="{number}">']
    for letter, cell in zip(letters, cells, strict=True):
        if isinstance(cell, str):
            found = escaped(cell) if SPECIAL.search(cell) else cell
            xml.append(
                f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is>'
                f'<t xml:space="preserve">{found}</t></is></c>'
            )
        elif cell is not None:
            xml.append(f'<c r="{letter}{number}" s="{style}"><v>{cell}</v></c>')
    xml.append("</row>")
    return "".join(xml)


def escaped(text: str) -> str:
    return escape(UNPRINTABLE.sub(as_number, text))


def as_number(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"
