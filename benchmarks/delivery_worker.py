"""A deliver process for the benchmark: slices one after the other, as the cluster runs them."""

from __future__ import annotations

import os

import django


def main() -> None:
    """Deliver until killed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    from apps.outbound.tasks import deliver_slice  # noqa: PLC0415 -- after the settings

    while True:
        deliver_slice()


if __name__ == "__main__":
    main()
