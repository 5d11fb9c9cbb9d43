from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.core.models import ConfigVersion
from apps.roster.choices import PresenceChoices
from apps.roster.models import Workload
from apps.roster.services.presence import note_activity, set_presence
from tests import factories
from tests.support.department import Department, order, readers, reasons, send, settle

pytestmark = pytest.mark.db

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def workload(name: str = "DR_A") -> tuple[str, datetime | None]:
    return Workload.objects.values_list("presence", "last_activity_at").get(pk=name)


def test_presence_and_activity_are_the_readers_own() -> None:
    for name in ("DR_A", "DR_B"):
        factories.RadiologistFactory(id=name)

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.AWAY, at=AT)

    assert (workload("DR_A"), workload("DR_B")) == (("away", AT), ("unknown", None))


def test_activity_never_goes_back_in_time() -> None:
    factories.RadiologistFactory(id="DR_A")
    for minutes in (5, 0, 7, 6):
        note_activity(radiologist_id="DR_A", at=AT + timedelta(minutes=minutes))

    assert workload() == ("unknown", AT + timedelta(minutes=7))


def test_only_another_presence_wakes_the_deciders() -> None:
    factories.RadiologistFactory(id="DR_A")
    seen = []
    for presence in (PresenceChoices.ONLINE, PresenceChoices.ONLINE, PresenceChoices.OFFLINE):
        set_presence(radiologist_id="DR_A", presence=presence, at=AT)
        note_activity(radiologist_id="DR_A", at=AT)
        seen.append(ConfigVersion.objects.get(area="presence").version)

    assert [later - seen[0] for later in seen] == [0, 0, 1]


@pytest.mark.parametrize("service", [set_presence, note_activity])
def test_nobody_is_no_radiologist(service: object) -> None:
    extra = {"presence": PresenceChoices.ONLINE} if service is set_presence else {}

    with pytest.raises(Workload.DoesNotExist):
        service(radiologist_id="DR_NOBODY", at=AT, **extra)


def test_offline_reader_keeps_studies_and_gets_no_new_ones_until_back() -> None:
    department = Department()
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.OFFLINE, at=clock.now())
    send(*order(placer="P2"))
    assert (readers(), reasons()) == ({"P1": "DR_A"}, {"P2": "no_roster"})

    set_presence(radiologist_id="DR_A", presence=PresenceChoices.ONLINE, at=clock.now())
    settle()
    assert readers() == {"P1": "DR_A", "P2": "DR_A"}
