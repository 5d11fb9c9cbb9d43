"""What may be kept as proof: told by content, never by name."""

from __future__ import annotations

import pytest

from apps.roster.choices import DocumentType
from apps.roster.proof import proof_of, safe_name, type_of

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40) + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, DocumentType.PDF),
        (PNG, DocumentType.PNG),
        (JPEG, DocumentType.JPEG),
        (b"", None),
        (b"<html><script>alert(1)</script>%PDF-1.4 %%EOF", None),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', None),
        (b"GIF89a" + bytes(40), None),
        (b"PK\x03\x04" + bytes(40), None),
        (PDF[:20], None),
        (PNG[:30], None),
        (PNG.replace(b"IHDR", b"XXXX"), None),
        (JPEG[:-2], None),
    ],
    ids=[
        *("pdf", "png", "jpeg", "nothing", "html before pdf", "svg", "gif", "zip"),
        *("half a pdf", "half a png", "no png", "half a jpeg"),
    ],
)
def test_content_says_what_a_file_is(content: bytes, kind: DocumentType | None) -> None:
    assert type_of(content) is kind
    assert (proof_of("licence.pdf", content) is None) is (kind is None)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("licence.pdf", "licence.pdf"),
        ("licence.pdf.html", "licence.pdf.pdf"),
        ("evil.svg", "evil.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\scans\\QLD 2026.PDF", "QLD 2026.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ("fdp\u202egnp.exe", "fdpgnp.pdf"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
        ("Approbation Müller.pdf", "Approbation Müller.pdf"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
    ],
)
def test_a_name_is_made_safe_and_ends_as_its_content_says(name: str, safe: str) -> None:
    assert safe_name(name, DocumentType.PDF) == safe


def test_equal_content_has_one_digest() -> None:
    one, two = proof_of("a.pdf", PDF), proof_of("b.pdf", PDF)
    assert one is not None
    assert two is not None
    assert one.digest == two.digest
    assert (str(one), one.content_type) == ("a.pdf", DocumentType.PDF)
