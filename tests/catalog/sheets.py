"""Files as people send them: CSV by hand, workbooks with whatever is in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from openpyxl import Workbook

HEADER = "code,description,modality"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def csv_of(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *lines]).encode()


def xlsx_of(*rows: Sequence[object]) -> bytes:
    """Return a workbook as openpyxl writes it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def made_up(sheet: str, **parts: str) -> bytes:
    """Return a workbook put together by hand, the sheet's rows as XML."""
    return zipped(
        {
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
            f'Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>'
            '<sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="rId1" Type="{_RELS}/worksheet" Target="worksheets/one.xml"/>'
            f'<Relationship Id="rId2" Type="{_RELS}/externalLink" TargetMode="External" '
            'Target="file:///etc/passwd"/>'
            f'<Relationship Id="rId3" Type="{_RELS}/sharedStrings" Target="texts.xml"/>'
            "</Relationships>",
            "xl/texts.xml": parts.get("texts", f'<sst xmlns="{_MAIN}"/>'),
            "xl/worksheets/one.xml": parts.get("prolog", "")
            + f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        }
    )


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
