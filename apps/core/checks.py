"""System checks of the ground: settings that must not meet."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def no_test_clock_in_production(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 -- Django's signature
    **_kwargs: object,
) -> list[CheckMessage]:
    """Refuse a clock that can be set where patients are served."""
    if settings.RADASSIGN_TEST_CLOCK and settings.HTTPS_ONLY:
        return [
            Error(
                "RADASSIGN_TEST_CLOCK is set on a stack that serves HTTPS.",
                hint="Unset RADASSIGN_TEST_CLOCK: decisions must not follow a made-up time.",
                id="radassign.E001",
            )
        ]
    return []
