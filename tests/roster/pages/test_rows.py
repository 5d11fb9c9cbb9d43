"""People put on shifts and taken off them, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core.models import ConfigVersion
from apps.roster.forms import roster as roster_forms
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Shift,
    Workload,
)
from tests.factories.roster import ShiftWorkTypeFactory
from tests.roster.pages.support import (
    HTMX,
    THURSDAY,
    WEDNESDAY,
    address,
    effects,
    errors,
    overrides,
    placed_shift,
    reader,
    seat,
    signed_in,
    stored,
)

pytestmark = pytest.mark.db


def row_data(shift: Shift, person: Radiologist, start: str, end: str = "") -> dict[str, str]:
    return {
        "shift": str(shift.pk),
        "radiologist": person.pk,
        "start_date": start,
        "end_date": end,
        "status": "active",
    }


def test_somebody_is_put_on_and_it_can_be_taken_back(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    before = ConfigVersion.objects.get(area="roster").version
    url = address("roster-row-add", query="?back=/roster/%3Fon%3D2026-02-02")
    done = manager.post(url, row_data(shift, ann, "2026-02-05"), follow=True)
    assert done.redirect_chain == [("/roster/?on=2026-02-02", 302)]
    assert stored() == [("ANN", "2026-02-05", None, "active")]
    assert ConfigVersion.objects.get(area="roster").version > before
    event = AuditEvent.objects.get(entity="roster_rosterassignment")
    manager.post(reverse("undo", args=[event.request_id]))
    assert stored() == []


def test_the_preview_says_who_joins_what_they_lack_and_saves_nothing(
    manager: Client, site: Site
) -> None:
    Site.objects.update(requires_licence=True, jurisdiction="QLD")
    shift = placed_shift("MRI", site)
    ShiftWorkTypeFactory.create(shift=shift, modality="MR")
    data = row_data(shift, reader("ANN"), "2026-02-05", "2026-02-06") | {"preview": "1"}
    assert effects(manager.post(address("roster-row-add"), data, **HTMX)) == [
        (
            "warn",
            (
                "Ann may not read all of MRI's work: has no valid licence for QLD. "
                "Such studies go to others."
            ),
        ),
        ("calm", "Ann is on MRI on Thu 5 Feb and Fri 6 Feb."),
        ("calm", "MRI had nobody on Thu 5 Feb and Fri 6 Feb, and has somebody then."),
    ]
    assert stored() == []


def test_the_preview_says_that_leave_wins(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    RosterOverride.objects.create(
        kind="leave", radiologist=ann, start_date=THURSDAY, end_date=THURSDAY
    )
    data = row_data(shift, ann, "2026-02-05", "2026-02-05") | {"preview": "1"}
    assert effects(manager.post(address("roster-row-add"), data)) == [
        ("warn", "Ann is on leave 5 Feb 2026: leave wins."),
        ("calm", "Nobody's turns change from now on."),
    ]


def test_a_change_in_the_past_changes_nothing_from_now_on(manager: Client) -> None:
    data = row_data(placed_shift("MRI"), reader("ANN"), "2025-02-05", "2025-03-05")
    response = manager.post(address("roster-row-add"), data | {"preview": "1"})
    assert effects(response) == [("calm", "Nobody's turns change from now on.")]


def test_a_turn_under_way_and_the_open_studies_are_spoken_of(manager: Client) -> None:
    shift, ann, ben = placed_shift("MRI"), reader("ANN"), reader("BEN")
    row = seat(shift, ann)
    seat(shift, ben)
    Workload.objects.filter(radiologist=ann).update(open_stat=2, open_routine=1)
    data = row_data(shift, ann, "2026-01-01", "2026-02-03") | {"preview": "1"}
    assert effects(manager.post(address("roster-row", row), data)) == [
        ("calm", "Ann is no longer on MRI on Wed 4 Feb, Thu 5 Feb, Fri 6 Feb and 26 more turns."),
        ("calm", "MRI on Wed 4 Feb: Ben."),
        ("calm", "3 open studies stay with Ann until somebody moves them."),
        ("calm", "A turn under way changes: it counts from the next decision on."),
        ("calm", "Looked ahead until Wed 4 Mar; it goes on after that."),
    ]


def test_an_end_that_moves_far_ahead_is_followed_there(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    row = seat(shift, ann, end_date=date(2026, 12, 31))
    data = row_data(shift, ann, "2026-01-01", "2026-12-30") | {"preview": "1"}
    assert effects(manager.post(address("roster-row", row), data)) == [
        ("alarm", "Nobody is left on MRI on Thu 31 Dec."),
        ("calm", "Ann is no longer on MRI on Thu 31 Dec."),
    ]


def test_an_overlap_names_the_other_row(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    seat(shift, ann, end_date=date(2026, 2, 28))
    response = manager.post(address("roster-row-add"), row_data(shift, ann, "2026-02-28"))
    assert (response.status_code, errors(response)) == (
        422,
        {
            "start_date": [
                (
                    "Ann is on MRI 1 Jan 2026 to 28 Feb 2026 already. "
                    "Change that row, or choose days that it leaves free."
                )
            ]
        },
    )
    assert (
        manager.post(address("roster-row-add"), row_data(shift, ann, "2026-03-01")).status_code
        == 302
    )


def test_reversed_dates_and_people_switched_off_are_refused(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    off = reader("OFF", is_active=False)
    data = row_data(shift, ann, "2026-02-05", "2026-02-04")
    assert errors(manager.post(address("roster-row-add"), data)) == {
        "end_date": ["The last day lies before the first, 5 Feb 2026."]
    }
    data = row_data(shift, off, "2026-02-05")
    assert errors(manager.post(address("roster-row-add"), data)) == {
        "radiologist": ["Off is switched off and gets no work."]
    }
    assert stored() == []


def test_a_row_of_somebody_switched_off_can_still_be_ended(manager: Client) -> None:
    shift, off = placed_shift("MRI"), reader("OFF", is_active=False)
    row = seat(shift, off)
    manager.post(address("roster-row", row), row_data(shift, off, "2026-01-01", "2026-02-01"))
    assert stored() == [("OFF", "2026-01-01", "2026-02-01", "active")]


def test_a_row_cannot_be_put_on_a_foreign_shift(site: Site, foreign: Site) -> None:
    shift, ann = placed_shift("THEIRS", foreign), reader("ANN", site)
    client = signed_in(Role.MANAGER, site)
    assert (
        client.post(address("roster-row-add"), row_data(shift, ann, "2026-02-05")).status_code
        == 422
    )
    row = seat(placed_shift("MINE", site), ann)
    moved = client.post(address("roster-row", row), row_data(shift, ann, "2026-01-01"))
    assert (moved.status_code, RosterAssignment.objects.get().shift.code) == (422, "MINE")


def test_a_form_that_was_overtaken_is_refused(manager: Client) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    row = seat(shift, ann)
    seen = manager.get(address("roster-row", row)).context["seen"]
    RosterAssignment.objects.update(end_date=date(2026, 12, 31))
    data = row_data(shift, ann, "2026-01-01", "2026-06-30") | {"seen": str(seen)}
    response = manager.post(address("roster-row", row), data)
    assert (response.status_code, stored()) == (
        409,
        [("ANN", "2026-01-01", "2026-12-31", "active")],
    )


def test_an_overlap_committed_after_the_check_is_a_conflict(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift, ann = placed_shift("MRI"), reader("ANN")
    seat(shift, ann)
    monkeypatch.setattr(roster_forms, "overlapping", lambda _: None)
    monkeypatch.setattr(RosterAssignment, "validate_constraints", lambda *_, **__: None)
    response = manager.post(address("roster-row-add"), row_data(shift, ann, "2026-02-28"))
    assert (response.status_code, len(stored())) == (409, 1)


def test_a_row_shows_its_history_and_is_deleted_with_its_effect_and_undo(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"), end_date=THURSDAY)
    page = manager.get(address("roster-row", row))
    assert [entry.what for entry in page.context["history"]] == ["insert"]
    asked = manager.get(address("roster-row-delete", row))
    assert effects(asked)[0] == ("alarm", "Nobody is left on MRI on Wed 4 Feb and Thu 5 Feb.")
    assert RosterAssignment.objects.exists()
    manager.post(address("roster-row-delete", row))
    assert stored() == []
    event = AuditEvent.objects.filter(action="delete").get()
    manager.post(reverse("undo", args=[event.request_id]))
    assert stored() == [("ANN", "2026-01-01", "2026-02-05", "active")]


OPEN = ("2026-01-01", None)
SPAN = ("2026-01-01", "2026-02-28")


@pytest.mark.parametrize(
    ("dates", "first", "last", "left"),
    [
        (OPEN, "2026-02-05", "2026-02-05", [("2026-01-01", "2026-02-04"), ("2026-02-06", None)]),
        (OPEN, "2026-02-05", "", [("2026-01-01", "2026-02-04")]),
        (SPAN, "2026-01-01", "2026-01-31", [("2026-02-01", "2026-02-28")]),
        (SPAN, "2026-02-20", "2026-03-31", [("2026-01-01", "2026-02-19")]),
        (
            SPAN,
            "2026-02-05",
            "2026-02-06",
            [("2026-01-01", "2026-02-04"), ("2026-02-07", "2026-02-28")],
        ),
    ],
    ids=["a day", "for good", "the start", "past the end", "the middle"],
)
def test_somebody_is_taken_off_and_what_is_left_is_kept(
    manager: Client,
    dates: tuple[str, str | None],
    first: str,
    last: str,
    left: list[tuple[str, str | None]],
) -> None:
    start, end = dates
    row = seat(placed_shift("MRI"), reader("ANN"), start_date=start, end_date=end)
    url = address("roster-row-off", row)
    manager.post(url, {"first_on": first, "last_on": last})
    assert stored() == [("ANN", *span, "active") for span in left]
    assert RosterAssignment.objects.earliest("start_date").pk == row.pk
    request = AuditEvent.objects.exclude(request_id="").latest("id").request_id
    manager.post(reverse("undo", args=[request]))
    assert stored() == [("ANN", start, end, "active")]


def test_a_row_of_which_nothing_is_left_is_cancelled(manager: Client) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"), start_date=THURSDAY, end_date=THURSDAY)
    manager.post(address("roster-row-off", row), {"first_on": "2026-02-05", "last_on": ""})
    assert stored() == [("ANN", "2026-02-05", "2026-02-05", "cancelled")]


def test_taking_off_previews_the_gap_and_refuses_days_the_row_does_not_hold(
    manager: Client,
) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    url = address("roster-row-off", row)
    shown = manager.get(f"{url}?on=2026-03-12").content.decode()
    assert shown.count('value="2026-03-12"') == 2
    data = {"first_on": "2026-03-12", "last_on": "2026-03-12", "preview": "1"}
    assert effects(manager.post(url, data)) == [
        ("alarm", "Nobody is left on MRI on Thu 12 Mar."),
        ("calm", "Ann is no longer on MRI on Thu 12 Mar."),
    ]
    refused = manager.post(url, {"first_on": "2025-12-31", "last_on": ""})
    assert errors(refused) == {"first_on": ["It holds from 1 Jan 2026 on only."]}
    assert stored() == [("ANN", "2026-01-01", None, "active")]


def test_a_row_that_changed_while_it_was_cut_stays_as_the_other_left_it(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = seat(placed_shift("MRI"), reader("ANN"))
    cut = roster_forms.cut

    def overtaken(*args: object) -> object:
        RosterAssignment.objects.update(end_date=date(2026, 6, 30))
        return cut(*args)  # type: ignore[arg-type] # passed through as it came

    monkeypatch.setattr(roster_forms, "cut", overtaken)
    response = manager.post(
        address("roster-row-off", row), {"first_on": "2026-02-05", "last_on": ""}
    )
    assert response.status_code == 409
    assert len(stored()) == 1


def test_an_extra_turn_is_cut_like_a_row(manager: Client) -> None:
    extra = RosterOverride.objects.create(
        kind="extra",
        shift=placed_shift("MRI"),
        radiologist=reader("ANN"),
        start_date=WEDNESDAY,
        end_date=date(2026, 2, 8),
    )
    data = {"first_on": "2026-02-05", "last_on": "2026-02-06"}
    manager.post(address("roster-override-off", extra), data)
    assert overrides() == [
        ("extra", "ANN", None, "2026-02-04", "2026-02-04", "active"),
        ("extra", "ANN", None, "2026-02-07", "2026-02-08", "active"),
    ]
