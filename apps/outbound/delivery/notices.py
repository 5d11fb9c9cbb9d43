"""What is said over the deliverer's channel: that something waits, or whom to try at once."""

from __future__ import annotations

_TRY_NOW = "try-now:"


def try_now_notice(destination_id: int) -> str:
    """Return the payload that ends a destination's rest."""
    return f"{_TRY_NOW}{destination_id}"


def destination_to_try(payload: str) -> int:
    """Return the destination that a payload names, 0 where it only says that something waits."""
    number = payload.removeprefix(_TRY_NOW)
    return int(number) if number != payload and number.isdecimal() else 0
