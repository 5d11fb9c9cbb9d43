from __future__ import annotations

import asyncio

import pytest

from apps.intake.choices import ANSWERED_BEFORE_EFFECT
from apps.intake.listener.postgres_effects import PostgresEffects
from apps.intake.listener.receipts import Written
from apps.intake.models import InboundMessage, MessageKey
from tests.factories import InboundMessageFactory

pytestmark = pytest.mark.django_db(transaction=True)

KEY = b"k" * 16


@pytest.mark.parametrize(
    ("state", "after"), [("refused", ("quarantined", "AA")), ("waiting", ("waiting", "AE"))]
)
def test_only_what_was_refused_stands_by_the_answer_that_went_out(
    state: str, after: tuple[str, str]
) -> None:
    row = InboundMessageFactory.create(
        state=state, ack=b"MSA|AE", ack_code="AE", error="MRG-1: circle"
    )
    MessageKey.objects.create(key=KEY, message_id=row.pk)

    async def stand_by() -> None:
        effects = PostgresEffects()
        await effects.stand_by(KEY, Written(b"MSA|AA", "AA"))
        await effects.close()

    asyncio.run(stand_by())

    found = InboundMessage.objects.get()
    assert (found.state, found.ack_code) == after
    assert bytes(found.ack or b"") == f"MSA|{after[1]}".encode()
    is_moved = state == "refused"
    assert (found.flags, found.error) == (
        [ANSWERED_BEFORE_EFFECT] if is_moved else [],
        "MRG-1: circle",
    )
