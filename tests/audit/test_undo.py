"""Taking back what one request changed: all of it or nothing, and never somebody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.accounts.queries.access import access_of
from apps.audit.exceptions import UndoError
from apps.audit.models import AuditEvent
from apps.audit.services.undo import undo
from apps.catalog.models import Cluster, Procedure, ProcedureAlias, Site, SiteAlias
from apps.core.access import FULL_ACCESS, Access, Permission, Scope
from apps.core.actor import Actor, acting_as
from apps.roster.models import Shift, ShiftSite
from tests.factories import (
    ClusterFactory,
    DestinationFactory,
    OrderFactory,
    ProcedureFactory,
    ShiftFactory,
    SiteFactory,
    UserFactory,
)
from tests.support.people import client_of, person

pytestmark = pytest.mark.db

ANN = Actor("user", "ann")
BOB = Actor("user", "bob")
NOT_YOURS = "There is nothing of yours to take back here."


def _undo(request_id: str = "r1", *, access: Access = FULL_ACCESS) -> int:
    with acting_as(ANN, "undo of " + request_id):
        return undo(request_id, actor=str(ANN), access=access)


def test_what_was_added_is_gone() -> None:
    with acting_as(ANN, "r1"):
        site = SiteFactory.create()
        SiteAlias.objects.create(site=site, value="Robina")
    assert _undo() == 3
    assert (Cluster.objects.count(), Site.objects.count(), SiteAlias.objects.count()) == (0, 0, 0)


def test_what_was_edited_has_its_old_values() -> None:
    procedure = ProcedureFactory.create(description="Old", required_credentials=["A", "B"])
    with acting_as(ANN, "r1"):
        Procedure.objects.filter(pk=procedure.pk).update(
            description="New", required_credentials=[]
        )
    assert _undo() == 1
    procedure.refresh_from_db()
    assert (procedure.description, procedure.required_credentials) == ("Old", ["A", "B"])


def test_what_was_deleted_comes_back_with_its_parts_and_keys() -> None:
    shift = ShiftFactory.create(all_sites=False)
    rows = [ShiftSite.objects.create(shift=shift, site=SiteFactory.create()) for _ in range(2)]
    before = list(Shift.objects.values())
    with acting_as(ANN, "r1"):
        shift.delete()
    assert _undo() == 3
    assert list(Shift.objects.values()) == before
    assert list(ShiftSite.objects.order_by("pk")) == rows


def test_a_site_that_a_destination_was_given_or_lost_is_taken_back() -> None:
    kept, added = SiteFactory.create(), SiteFactory.create()
    destination = DestinationFactory.create()
    destination.sites.set([kept])
    with acting_as(ANN, "r1"):
        destination.sites.set([added])
    here, both = (
        Access(
            {Permission.DESTINATION_CHANGE: Scope(site_ids=frozenset(site.pk for site in sites))}
        )
        for sites in ([added], [kept, added])
    )
    with pytest.raises(UndoError, match="cannot be taken back"):
        _undo(access=here)
    assert _undo(access=both) == 2
    assert list(destination.sites.all()) == [kept]


def test_a_row_changed_twice_in_one_request_goes_all_the_way_back() -> None:
    cluster = ClusterFactory.create(name="First")
    with acting_as(ANN, "r1"):
        Cluster.objects.update(name="Second")
        Cluster.objects.update(name="Third")
    assert _undo() == 2
    cluster.refresh_from_db()
    assert cluster.name == "First"


def test_somebodys_later_change_is_never_written_over_and_nothing_else_is_taken_back() -> None:
    one, two = ClusterFactory.create(name="One"), ClusterFactory.create(name="Two")
    with acting_as(ANN, "r1"):
        Cluster.objects.filter(pk=one.pk).update(name="Ann's")
        Cluster.objects.filter(pk=two.pk).update(name="Ann's too")
    with acting_as(Actor("user", "bob"), "r2"):
        Cluster.objects.filter(pk=one.pk).update(code="BOB")
    with pytest.raises(UndoError, match="changed again since"):
        _undo()
    assert list(Cluster.objects.order_by("pk").values_list("name", flat=True)) == [
        "Ann's",
        "Ann's too",
    ]


def test_what_something_refers_to_by_now_stays() -> None:
    with acting_as(ANN, "r1"):
        site = SiteFactory.create()
    OrderFactory.create(site=site)
    with pytest.raises(UndoError, match="Something else refers to it"):
        _undo()
    assert Site.objects.filter(pk=site.pk).exists()


def test_a_deleted_row_whose_name_is_taken_by_now_does_not_come_back() -> None:
    cluster = ClusterFactory.create(code="NORTH")
    with acting_as(ANN, "r1"):
        cluster.delete()
    with acting_as(Actor("user", "bob"), "r2"):
        ClusterFactory.create(code="NORTH")
    with pytest.raises(UndoError, match="took its place"):
        _undo()


def test_somebody_elses_change_is_not_theirs_to_take_back() -> None:
    with acting_as(Actor("user", "bob"), "r1"):
        ClusterFactory.create()
    with pytest.raises(UndoError, match=NOT_YOURS):
        _undo()


def test_an_undo_is_undone_and_then_again() -> None:
    cluster = ClusterFactory.create(name="Old")
    with acting_as(ANN, "r1"):
        Cluster.objects.update(name="New")
    _undo("r1")
    assert _undo("undo of r1") == 1
    cluster.refresh_from_db()
    assert cluster.name == "New"
    _undo("undo of undo of r1")
    cluster.refresh_from_db()
    assert cluster.name == "Old"


def test_who_may_no_longer_change_such_rows_takes_nothing_back() -> None:
    with acting_as(ANN, "r1"):
        procedure = ProcedureFactory.create()
    looks = Access({Permission.PROCEDURE_VIEW: Scope(everywhere=True)})
    with pytest.raises(UndoError, match="cannot be taken back"):
        _undo(access=looks)
    assert Procedure.objects.filter(pk=procedure.pk).exists()


def test_a_row_that_has_come_to_another_site_since_is_not_taken_back_from_here() -> None:
    here, elsewhere = SiteFactory.create(), SiteFactory.create()
    shift = ShiftFactory.create(all_sites=False, is_active=True)
    ShiftSite.objects.create(shift=shift, site=here)
    with acting_as(ANN, "r1"):
        Shift.objects.filter(pk=shift.pk).update(is_active=False)
    of_here = Access({Permission.SHIFT_CHANGE: Scope(site_ids=frozenset({here.pk}))})
    with acting_as(BOB, "r2"):
        ShiftSite.objects.create(shift=shift, site=elsewhere)

    with pytest.raises(UndoError, match="cannot be taken back"):
        _undo(access=of_here)
    with acting_as(BOB, "r3"):
        ShiftSite.objects.filter(site=elsewhere).delete()
    assert _undo(access=of_here) == 1
    shift.refresh_from_db()
    assert shift.is_active is True


def test_a_deleted_record_is_still_its_sites() -> None:
    here = SiteFactory.create()
    shift = ShiftFactory.create(all_sites=False)
    ShiftSite.objects.create(shift=shift, site=here)
    with acting_as(ANN, "r1"):
        shift.delete()
    of_another = Access({Permission.SHIFT_CHANGE: Scope(site_ids=frozenset({here.pk + 1}))})
    of_here = Access({Permission.SHIFT_CHANGE: Scope(site_ids=frozenset({here.pk}))})

    with pytest.raises(UndoError, match="cannot be taken back"):
        _undo(access=of_another)
    assert _undo(access=of_here) >= 2
    assert ShiftSite.objects.get().site_id == here.pk


def test_history_and_tables_that_nobody_guards_are_never_taken_back() -> None:
    event = {"at": AuditEvent.objects.none(), "actor": str(ANN), "request_id": "r1"}
    for table in ("orders_order", "auth_group"):
        AuditEvent.objects.create(
            **event | {"at": "2999-01-01T00:00Z"},
            entity=table,
            entity_id="1",
            action="delete",
            old_values={"id": 1},
        )
        with pytest.raises(UndoError, match="cannot be taken back"):
            _undo()


def test_roles_are_not_taken_back_by_an_old_address() -> None:
    user = UserFactory.create()
    with acting_as(ANN, "r1"):
        grant = RoleGrant.objects.create(user=user, role=Role.ADMINISTRATOR)
    with pytest.raises(UndoError, match="cannot be taken back"):
        _undo()
    assert RoleGrant.objects.filter(pk=grant.pk).exists()


class TestPage:
    def _delete(self, client: Client, procedure: Procedure) -> str:
        answer = client.post(f"/procedures/{procedure.pk}/delete/")
        assert answer.status_code == 302
        return str(answer["X-Request-ID"])

    def test_the_next_page_offers_it_and_the_button_does_it(self) -> None:
        client = client_of(person(Role.MANAGER))
        procedure = ProcedureFactory.create(code="MRI KNEE")
        ProcedureAlias.objects.create(procedure=procedure, local_code="MRK")
        changed_in = self._delete(client, procedure)
        page = client.get("/procedures/").content.decode()
        assert f'action="/undo/{changed_in}/"' in page
        answer = client.post(f"/undo/{changed_in}/", {"next": "/procedures/"}, follow=True)
        assert "Taken back." in answer.content.decode()
        assert list(ProcedureAlias.objects.values_list("procedure", "local_code")) == [
            (procedure.pk, "MRK")
        ]

    def test_another_person_with_the_address_gets_nothing(self) -> None:
        changed_in = self._delete(client_of(person(Role.MANAGER)), ProcedureFactory.create())
        answer = client_of(person(Role.MANAGER)).post(f"/undo/{changed_in}/", follow=True)
        assert "Not taken back." in answer.content.decode()
        assert Procedure.objects.count() == 0

    def test_it_never_leads_to_another_site_nor_works_by_a_link(self) -> None:
        client = client_of(person(Role.MANAGER))
        answer = client.post("/undo/nothing/", {"next": "https://evil.example/"})
        assert answer["Location"] == "/"
        assert client.get("/undo/nothing/").status_code == 405
        assert Client().post("/undo/nothing/")["Location"] == "/login/?next=/undo/nothing/"


def test_access_is_asked_at_the_moment_of_undoing() -> None:
    ann = person(Role.MANAGER, username="ann")
    with acting_as(ANN, "r1"):
        ProcedureFactory.create()
    assert _undo(access=access_of(ann)) == 1
