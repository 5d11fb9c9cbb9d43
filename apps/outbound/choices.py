"""Closed vocabularies of delivery."""

from __future__ import annotations

from django.db import models


class OutboundState(models.TextChoices):
    """Where an outbound message is; SENT is written while its answer is awaited."""

    QUEUED = "queued", "Queued"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead letter"
    CANCELLED = "cancelled", "Withdrawn by hand"


class OnDeadLetter(models.TextChoices):
    """What a dead letter does to the later messages of its order."""

    HOLD = "hold", "Hold the order's later messages"
    SKIP = "skip", "Go on with the order's later messages"


class OutboundKind(models.TextChoices):
    """What an outbound message tells."""

    WAITING = "waiting", "Waits for a reader"
    ASSIGNED = "assigned", "Assigned"
    REASSIGNED = "reassigned", "Reassigned"
    UNASSIGNED = "unassigned", "Unassigned"
    CANCELLED = "cancelled", "Cancelled"


class MessageType(models.TextChoices):
    """MSH-9 of what a destination is told."""

    ORU = "ORU^R01", "ORU^R01, a result message"
    ORM = "ORM^O01", "ORM^O01, an order message: status changed"
    OMI = "OMI^O23", "OMI^O23, an imaging order message: status changed"


class Version(models.TextChoices):
    """MSH-12."""

    V23 = "2.3", "2.3"
    V231 = "2.3.1", "2.3.1"
    V24 = "2.4", "2.4"
    V25 = "2.5", "2.5"
    V251 = "2.5.1", "2.5.1"
    V26 = "2.6", "2.6"
    V27 = "2.7", "2.7"
    V271 = "2.7.1", "2.7.1"
    V28 = "2.8", "2.8"


class CharacterSet(models.TextChoices):
    """MSH-18. Source: HL7 table 0211."""

    ASCII = "ASCII", "ASCII: accents are left out"
    LATIN_1 = "8859/1", "8859/1, Western Europe"
    LATIN_2 = "8859/2", "8859/2, Central Europe"
    CYRILLIC = "8859/5", "8859/5, Cyrillic"
    ARABIC = "8859/6", "8859/6, Arabic"
    GREEK = "8859/7", "8859/7, Greek"
    HEBREW = "8859/8", "8859/8, Hebrew"
    TURKISH = "8859/9", "8859/9, Turkish"
    LATIN_9 = "8859/15", "8859/15, Western Europe with the euro"
    UTF_8 = "UNICODE UTF-8", "UNICODE UTF-8, everything"
    JAPANESE = "~ISO IR87", "~ISO IR87, Japanese (ISO-2022-JP)"
    JAPANESE_MORE = "~ISO IR87~ISO IR159", "~ISO IR87~ISO IR159, Japanese with more kanji"
    CHINESE = "GB 18030-2000", "GB 18030-2000, Chinese"
    CHINESE_TRADITIONAL = "BIG-5", "BIG-5, traditional Chinese"
    KOREAN = "KS X 1001", "KS X 1001, Korean"
