"""A profile as an earlier version of it was: looked at first, then saved like any edit."""

from __future__ import annotations

from apps.catalog.models import Site
from apps.intake.models import SenderProfile
from apps.intake.queries.sender_plain import version_of
from apps.intake.services.profiles.exchange import filled


def as_of(profile: SenderProfile, version: int) -> SenderProfile | None:
    """Return an unsaved copy of the profile as the version has it, None where there is none.

    A site that is gone by now is left out; it keeps the profile's key, so saving it restores.
    """
    plain = version_of(profile.pk, version)
    if plain is None:
        return None
    return filled(profile, plain, {site.code: site for site in Site.objects.all()})
