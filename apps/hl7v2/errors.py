"""What is wrong with a message, in the words of HL7 table 0357."""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """Message error condition codes. Source: HL7 table 0357."""

    SEGMENT_SEQUENCE = 100
    REQUIRED_FIELD_MISSING = 101
    DATA_TYPE = 102
    TABLE_VALUE = 103
    VALUE_TOO_LONG = 104
    UNSUPPORTED_MESSAGE_TYPE = 200
    UNSUPPORTED_EVENT = 201
    UNSUPPORTED_PROCESSING_ID = 202
    UNSUPPORTED_VERSION = 203
    UNKNOWN_KEY = 204
    DUPLICATE_KEY = 205
    RECORD_LOCKED = 206
    INTERNAL = 207

    @property
    def words(self) -> str:
        """Return the table's own wording."""
        return _WORDS[self]


_WORDS = {
    ErrorCode.SEGMENT_SEQUENCE: "Segment sequence error",
    ErrorCode.REQUIRED_FIELD_MISSING: "Required field missing",
    ErrorCode.DATA_TYPE: "Data type error",
    ErrorCode.TABLE_VALUE: "Table value not found",
    ErrorCode.VALUE_TOO_LONG: "Value too long",
    ErrorCode.UNSUPPORTED_MESSAGE_TYPE: "Unsupported message type",
    ErrorCode.UNSUPPORTED_EVENT: "Unsupported event code",
    ErrorCode.UNSUPPORTED_PROCESSING_ID: "Unsupported processing id",
    ErrorCode.UNSUPPORTED_VERSION: "Unsupported version id",
    ErrorCode.UNKNOWN_KEY: "Unknown key identifier",
    ErrorCode.DUPLICATE_KEY: "Duplicate key identifier",
    ErrorCode.RECORD_LOCKED: "Application record locked",
    ErrorCode.INTERNAL: "Application internal error",
}


class FieldError(Exception):
    """A message that cannot be taken, with the place that says why; becomes MSA-3 and ERR.

    An empty ``segment`` means that no place in the message is to blame. ``sequence`` says which
    segment of that name it is, counted from 1.
    """

    def __init__(
        self, segment: str, field: int, reason: str, code: ErrorCode, *, sequence: int = 1
    ) -> None:
        self.segment = segment
        self.field = field
        self.reason = reason
        self.code = code
        self.sequence = sequence
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.segment}-{self.field}: {self.reason}" if self.segment else self.reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldError) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, int, int, str, ErrorCode]:
        return self.segment, self.sequence, self.field, self.reason, self.code
