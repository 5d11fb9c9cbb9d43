"""Every page of the product: what it needs, and how a record is made that it shows.

Whoever adds an address adds it here; ``test_every_url`` says so otherwise. The permissions are
written out a second time on purpose: a page that asks for less than is said here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.assignment.queries.states import study_state
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core import clock
from apps.core.access import Permission as Can
from apps.core.actor import Actor
from apps.intake.models import InboundMessage
from apps.orders.models import OrderSegments
from apps.outbound.models import Destination
from apps.roster.models import (
    CalendarFeed,
    Radiologist,
    RadiologistSite,
    RosterAssignment,
    RosterName,
    RosterOverride,
    Shift,
    ShiftSite,
)
from apps.roster.proof import Proof
from apps.roster.publishing import calendars
from apps.roster.services.documents import keep
from apps.rules.models import SlaPolicy
from tests.accounts import (
    draft_records,
    rota_records,
    rule_draft_records,
    shadow_records,
    share_records,
    trial_records,
)
from tests.factories import (
    AssignmentFactory,
    AssignmentRuleFactory,
    DestinationFactory,
    OrderFactory,
    OutboundMessageFactory,
    ProcedureFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftWorkTypeFactory,
    UnassignedFactory,
)
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory, UnknownCodeFactory
from tests.factories.orders import PatientMergeFactory
from tests.factories.sources import FeedFactory
from tests.factories.times import NOON

Values = dict[str, object]


class Where(StrEnum):
    """What a page asks of the place."""

    ANYWHERE = "the permission at any site"
    EVERYWHERE = "the permission at every site"
    AT_SITE = "the permission at the record's site"
    OWN = "the viewer's own record"


@dataclass(frozen=True)
class Scene:
    """Where a record is made, and for which reader."""

    site: Site
    reader: Radiologist


Maker = Callable[[Scene], Values]


def _nothing(_scene: Scene) -> Values:
    return {}


def _no_data(_values: Values) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Page:
    """What a page needs.

    Attributes:
        permission: what its viewer must be allowed.
        where: at which sites.
        make: makes the record and returns the values of the address.
        methods: GET, POST or both; any other is 405.
        data: what a POST sends, from the values of the address.
    """

    permission: Can
    where: Where = Where.ANYWHERE
    make: Maker = _nothing
    methods: str = "GET"
    data: Callable[[Values], dict[str, str]] = field(default=_no_data)


# -- records at a site -----------------------------------------------------------------------


def _shift(scene: Scene) -> Shift:
    shift = ShiftFactory.create(all_sites=False)
    ShiftSite.objects.create(shift=shift, site=scene.site)
    return shift


def _reader(scene: Scene) -> Radiologist:
    reader = RadiologistFactory.create()
    RadiologistSite.objects.create(radiologist=reader, site=scene.site)
    return reader


def _row(scene: Scene) -> RosterAssignment:
    return RosterAssignmentFactory.create(shift=_shift(scene), radiologist=_reader(scene))


def _override(scene: Scene) -> RosterOverride:
    day = NOON.date()
    return RosterOverride.objects.create(
        kind="leave", radiologist=_reader(scene), start_date=day, end_date=day
    )


def _own_order(scene: Scene) -> Values:
    """Return a study that the scene's reader has."""
    assignment = AssignmentFactory.create(order__site=scene.site, radiologist=scene.reader)
    return {"order_id": assignment.order_id}


def _order(scene: Scene) -> Values:
    return {"order_id": AssignmentFactory.create(order__site=scene.site).order_id}


def _taken_over(scene: Scene) -> Values:
    """Return the line of a take-over from somebody of the site, done by nobody who asks."""
    reader = _reader(scene)
    line = AuditEvent.objects.create(
        at=clock.now(),
        entity="roster_radiologist",
        entity_id=reader.pk,
        action="take_over",
        actor="user:somebody",
    )
    return {"event_id": line.pk}


def _waiting(scene: Scene) -> Values:
    row = UnassignedFactory.create(order__site=scene.site, order__received_at=clock.now())
    return {"order_id": row.order_id}


def _on_own_shift(scene: Scene) -> Values:
    """Return a study that waits for somebody on a shift that the scene's reader is on."""
    shift = _shift(scene)
    ShiftWorkTypeFactory.create(shift=shift, modality="MR")
    RosterAssignmentFactory.create(shift=shift, radiologist=scene.reader)
    return _waiting(scene)


def _token(values: Values) -> dict[str, str]:
    return {"token": study_state(int(str(values["order_id"]))).token}


def _online(_values: Values) -> dict[str, str]:
    return {"presence": "online"}


def _document(scene: Scene) -> Values:
    who = _reader(scene)
    return {"radiologist_id": who.pk, **_document_of(who)}


def _whatif(scene: Scene) -> Values:
    return {"whatif_id": trial_records.whatif(scene.site.pk).pk}


def _unit_table(_scene: Scene) -> Values:
    return share_records.unit_table()


def _credit(scene: Scene) -> Values:
    reader = _reader(scene)
    return {"radiologist_id": reader.pk, **share_records.credit(reader)}


def _own_credit(scene: Scene) -> Values:
    return share_records.credit(scene.reader)


def _own_document(scene: Scene) -> Values:
    """Return a document of the scene's reader."""
    return _document_of(scene.reader)


def _document_of(who: Radiologist) -> Values:
    proof = Proof("licence.pdf", content=b"%PDF-1.4 %%EOF")
    return {"document_id": keep(who, proof, at=clock.now()).pk}


def _source(scene: Scene) -> Values:
    return {"source_id": FeedFactory.create(site=scene.site).pk}


def _source_name(scene: Scene) -> Values:
    name = RosterName.objects.create(
        source=FeedFactory.create(site=scene.site), kind="person", text="OFF", is_ignored=True
    )
    return {"source_id": name.source_id, "name_id": name.pk}


def _published(feed: CalendarFeed) -> Values:
    made = calendars.make(feed, actor=Actor.system("test"), at=NOON)
    return {"calendar_id": made.feed.pk}


def _calendar_of_site(scene: Scene) -> Values:
    return _published(CalendarFeed(kind="team", site=scene.site))


def _own_calendar(scene: Scene) -> Values:
    return _published(CalendarFeed(kind="person", radiologist=scene.reader))


def _policy(scene: Scene) -> Values:
    policy, _made = SlaPolicy.objects.get_or_create(
        urgency="STAT", site=scene.site, defaults={"report_minutes": 60}
    )
    return {"policy_id": policy.pk}


def _shadow(_scene: Scene) -> Values:
    return shadow_records.shadow_id()


def _difference(scene: Scene) -> Values:
    return shadow_records.difference_at(scene.site)


def _rule(_scene: Scene) -> Values:
    return {"rule_id": AssignmentRuleFactory.create().pk}


def _procedure(_scene: Scene) -> Values:
    return {"procedure_id": ProcedureFactory.create().pk}


def _sender(_scene: Scene) -> Values:
    return {"profile_id": SenderProfileFactory.create().pk}


def _site(scene: Scene) -> Values:
    return {"site_id": scene.site.pk}


def _cluster(scene: Scene) -> Values:
    return {"cluster_id": scene.site.cluster_id}


def _with(make: Maker, **more: object) -> Maker:
    """Return the maker whose values have more in them."""
    return lambda scene: {**make(scene), **more}


def _key(name: str, make: Callable[[Scene], object]) -> Maker:
    """Return the maker of an address that names a record by its key."""
    return lambda scene: {name: make(scene).pk}  # type: ignore[attr-defined] # a model's


_code = _key("code_id", lambda _scene: UnknownCodeFactory.create())
_shift_id, _radiologist_id = _key("shift_id", _shift), _key("radiologist_id", _reader)
_row_id, _override_id = _key("row_id", _row), _key("override_id", _override)
_assignment_id = _key(
    "assignment_id", lambda scene: AssignmentFactory.create(order__site=scene.site)
)


def _placed_destination(scene: Scene) -> Destination:
    found: Destination = DestinationFactory.create()
    found.sites.add(scene.site)
    return found


def _received(scene: Scene) -> InboundMessage:
    return InboundMessageFactory.create(order_ids=[OrderFactory.create(site=scene.site).pk])


def _merge(_scene: Scene) -> Values:
    return {"merge_id": PatientMergeFactory.create().pk}


_destination = _key("destination_id", _placed_destination)


def _destination_and_order(scene: Scene) -> Values:
    order = OrderFactory.create(site=scene.site)
    OrderSegments.objects.create(order=order, header=b"MSH|^~\\&|A|B\r", group=b"OBR|1|1\r")
    return {**_destination(scene), "order_id": order.pk}


_message_in = _key("message_id", _received)
_message_out = _key(
    "message_id", lambda scene: OutboundMessageFactory.create(order__site=scene.site, state="dead")
)


def _rotation(scene: Scene) -> Values:
    return rota_records.rotation(scene.site)


def _gap(scene: Scene) -> Values:
    return rota_records.gap(scene.site)


def _asked(scene: Scene) -> Values:
    return rota_records.request(scene.site)


def _calendar(_scene: Scene) -> Values:
    return rota_records.calendar()


def _calendar_day(_scene: Scene) -> Values:
    return rota_records.calendar_day()


def _put_to(scene: Scene) -> Values:
    """Return a turn that somebody asks the scene's reader to take."""
    return rota_records.request(scene.site, to=scene.reader)


def _own_request(scene: Scene) -> Values:
    return rota_records.request(scene.site, of=scene.reader)


def _own_turn(scene: Scene) -> Values:
    return rota_records.own_turn(scene.site, scene.reader)


def _draft(scene: Scene) -> Values:
    return {"draft_id": draft_records.draft(_shift(scene), _reader(scene)).pk}


def _draft_day(scene: Scene) -> Values:
    person = _reader(scene)
    draft = draft_records.draft(_shift(scene), person)
    return {"draft_id": draft.pk, "radiologist_id": person.pk, "on": draft.start_date}


def _draft_run(scene: Scene) -> Values:
    shift = _shift(scene)
    draft = draft_records.draft(shift, _reader(scene))
    return {"draft_id": draft.pk, "shift_id": shift.pk, "on": draft.start_date}


# -- the pages -------------------------------------------------------------------------------

_BOTH = "GET POST"


def _edit(permission: Can, make: Maker) -> Page:
    return Page(permission, Where.AT_SITE, make, _BOTH)


def _show(permission: Can, make: Maker) -> Page:
    return Page(permission, Where.AT_SITE, make)


def _press(permission: Can, make: Maker) -> Page:
    return Page(permission, Where.AT_SITE, make, "POST")


PAGES: Mapping[str, Page] = {
    # catalogue
    "procedures": Page(Can.PROCEDURE_VIEW),
    "procedure-add": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "procedure": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _procedure, _BOTH),
    "procedure-delete": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _procedure, _BOTH),
    **dict.fromkeys(
        ("procedure-import", "procedure-import-check", "procedure-rvu", "procedure-rvu-check"),
        Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    ),
    "procedure-import-starter": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, methods="POST"),
    "procedure-export-csv": Page(Can.PROCEDURE_VIEW),
    "procedure-export-xlsx": Page(Can.PROCEDURE_VIEW),
    "codes": Page(Can.PROCEDURE_VIEW),
    **dict.fromkeys(
        ("codes-accept", "codes-set-aside", "codes-take-back"),
        Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, methods="POST"),
    ),
    "code": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _code),
    "code-new": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _code, _BOTH),
    "sites": Page(Can.SITE_VIEW),
    "site-add": Page(Can.SITE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "site": _edit(Can.SITE_CHANGE, _site),
    "site-delete": _edit(Can.SITE_CHANGE, _site),
    "site-switch": _press(Can.SITE_CHANGE, _site),
    "clusters": Page(Can.SITE_VIEW),
    "cluster-add": Page(Can.SITE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "calendars": Page(Can.SITE_VIEW),
    "calendar": Page(Can.SITE_VIEW, make=_calendar),
    "calendar-regions": Page(Can.SITE_VIEW),
    "calendar-add": Page(Can.SITE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "calendar-edit": Page(Can.SITE_CHANGE, Where.EVERYWHERE, _calendar, _BOTH),
    "calendar-delete": Page(Can.SITE_CHANGE, Where.EVERYWHERE, _calendar, _BOTH),
    "calendar-day-add": Page(Can.SITE_CHANGE, Where.EVERYWHERE, _calendar, _BOTH),
    "calendar-day": Page(Can.SITE_CHANGE, Where.EVERYWHERE, _calendar_day, _BOTH),
    "calendar-day-delete": Page(Can.SITE_CHANGE, Where.EVERYWHERE, _calendar_day, _BOTH),
    "cluster": _edit(Can.SITE_CHANGE, _cluster),
    "cluster-delete": _edit(Can.SITE_CHANGE, _cluster),
    # shifts and people
    "shifts": Page(Can.SHIFT_VIEW),
    "shift-add": Page(Can.SHIFT_CHANGE, methods=_BOTH),
    "shift": _show(Can.SHIFT_VIEW, _shift_id),
    "shift-edit": _edit(Can.SHIFT_CHANGE, _shift_id),
    "shift-switch": _press(Can.SHIFT_CHANGE, _shift_id),
    "shift-delete": _edit(Can.SHIFT_CHANGE, _shift_id),
    "radiologists": Page(Can.RADIOLOGIST_VIEW),
    "radiologist-add": Page(Can.RADIOLOGIST_CHANGE, methods=_BOTH),
    "radiologist": _show(Can.RADIOLOGIST_VIEW, _radiologist_id),
    "radiologist-document": _press(Can.RADIOLOGIST_VIEW, _document),
    "radiologist-presence": Page(
        *(Can.RADIOLOGIST_CHANGE, Where.AT_SITE, _radiologist_id, "POST"), _online
    ),
    "expiring": Page(Can.RADIOLOGIST_VIEW),
    "radiologist-expiring": _show(Can.RADIOLOGIST_VIEW, _radiologist_id),
    "radiologist-edit": _edit(Can.RADIOLOGIST_CHANGE, _radiologist_id),
    "radiologist-switch": _press(Can.RADIOLOGIST_CHANGE, _radiologist_id),
    "radiologist-delete": _edit(Can.RADIOLOGIST_CHANGE, _radiologist_id),
    # roster
    "roster": Page(Can.ROSTER_VIEW),
    "roster-run": _show(Can.ROSTER_VIEW, _with(_shift_id, on=NOON.date())),
    "roster-could-fill": _show(Can.ROSTER_VIEW, _with(_shift_id, on=NOON.date())),
    "roster-arrange": _edit(Can.ROSTER_CHANGE, _with(_shift_id, on=NOON.date(), act="assign")),
    "roster-choose": _show(Can.ROSTER_CHANGE, _with(_radiologist_id, on=NOON.date())),
    "roster-rows": Page(Can.ROSTER_VIEW),
    "roster-row-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "roster-row": _edit(Can.ROSTER_CHANGE, _row_id),
    "roster-row-off": _edit(Can.ROSTER_CHANGE, _row_id),
    "roster-row-delete": _edit(Can.ROSTER_CHANGE, _row_id),
    "roster-overrides": Page(Can.ROSTER_VIEW),
    "roster-override-add": Page(
        Can.ROSTER_CHANGE, make=_with(_nothing, kind="leave"), methods=_BOTH
    ),
    "roster-override": _edit(Can.ROSTER_CHANGE, _override_id),
    "roster-override-off": _edit(Can.ROSTER_CHANGE, _override_id),
    "roster-override-delete": _edit(Can.ROSTER_CHANGE, _override_id),
    "roster-override-many": Page(
        Can.ROSTER_CHANGE, make=_with(_nothing, kind="leave"), methods=_BOTH
    ),
    "rotations": Page(Can.ROSTER_VIEW),
    "rotation-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "rotation": _edit(Can.ROSTER_CHANGE, _rotation),
    "rotation-end": _edit(Can.ROSTER_CHANGE, _rotation),
    "rotation-delete": _edit(Can.ROSTER_CHANGE, _rotation),
    "planned-gaps": Page(Can.ROSTER_VIEW),
    "planned-gap-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "planned-gap": _edit(Can.ROSTER_CHANGE, _gap),
    "planned-gap-end": _edit(Can.ROSTER_CHANGE, _gap),
    "planned-gap-delete": _edit(Can.ROSTER_CHANGE, _gap),
    "swap-requests": Page(Can.ROSTER_VIEW),
    "swap-request-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "swap-request": _edit(Can.ROSTER_CHANGE, _asked),
    "swap-request-decline": Page(Can.ROSTER_CHANGE, Where.AT_SITE, _asked, "POST"),
    "swap-request-withdraw": Page(Can.ROSTER_CHANGE, Where.AT_SITE, _asked, "POST"),
    "swaps": Page(Can.STUDY_READ),
    "swap-turns": Page(Can.STUDY_READ),
    "swap-ask": Page(Can.STUDY_READ, Where.OWN, _own_turn, _BOTH),
    "swap-take": Page(Can.STUDY_READ, Where.OWN, _put_to, _BOTH),
    "swap-decline": Page(Can.STUDY_READ, Where.OWN, _put_to, "POST"),
    "swap-withdraw": Page(Can.STUDY_READ, Where.OWN, _own_request, "POST"),
    "roster-import": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "roster-feed-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    **dict.fromkeys(
        ("roster-source", "roster-source-edit", "roster-source-delete", "roster-source-reading"),
        _edit(Can.ROSTER_CHANGE, _source),
    ),
    **dict.fromkeys(
        (
            "roster-source-names",
            "roster-source-refresh",
            "roster-source-cancel",
            "roster-source-undo",
        ),
        _press(Can.ROSTER_CHANGE, _source),
    ),
    "roster-source-forget": _press(Can.ROSTER_CHANGE, _source_name),
    "roster-source-progress": _show(Can.ROSTER_CHANGE, _source),
    "roster-calendars": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "roster-calendar-renew": _press(Can.ROSTER_CHANGE, _calendar_of_site),
    "roster-calendar-revoke": _press(Can.ROSTER_CHANGE, _calendar_of_site),
    "my-calendars": Page(Can.STUDY_READ, methods=_BOTH),
    "my-calendar-renew": Page(Can.STUDY_READ, Where.OWN, _own_calendar, "POST"),
    "my-calendar-revoke": Page(Can.STUDY_READ, Where.OWN, _own_calendar, "POST"),
    "drafts": Page(Can.ROSTER_CHANGE),
    "draft-add": Page(Can.ROSTER_CHANGE, methods=_BOTH),
    "draft": _show(Can.ROSTER_CHANGE, _draft),
    "draft-ask": _edit(Can.ROSTER_CHANGE, _draft),
    "draft-again": _press(Can.ROSTER_CHANGE, _draft),
    "draft-stop": _press(Can.ROSTER_CHANGE, _draft),
    "draft-publish": _edit(Can.ROSTER_CHANGE, _draft),
    "draft-discard": _edit(Can.ROSTER_CHANGE, _draft),
    "draft-day": _edit(Can.ROSTER_CHANGE, _draft_day),
    "draft-run": _show(Can.ROSTER_CHANGE, _draft_run),
    # rules
    "rules": Page(Can.RULE_VIEW),
    "rule-schema": Page(Can.RULE_VIEW),
    "rule-add": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "rule-check": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods="POST"),
    "rule-codes": Page(Can.RULE_CHANGE, Where.EVERYWHERE),
    "rule": Page(Can.RULE_VIEW, make=_rule),
    "rule-version": Page(Can.RULE_VIEW, make=_with(_rule, number=1)),
    "rule-edit": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _rule, _BOTH),
    "rule-move": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _rule, "POST"),
    "rule-switch": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _rule, "POST"),
    "rule-delete": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _rule, _BOTH),
    "rule-versions": Page(Can.RULE_VIEW),
    "rule-versions-back": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "rule-version-back": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _with(_rule, number=1), _BOTH),
    "rule-drafts": Page(Can.RULE_VIEW),
    "rule-draft-add": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "rule-draft": Page(Can.RULE_VIEW, make=rule_draft_records.of_draft),
    "rule-draft-name": Page(Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, _BOTH),
    "rule-draft-submit": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-agree": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-open": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-live": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-drop": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-rules": Page(Can.RULE_VIEW, make=rule_draft_records.of_draft),
    "rule-draft-new": Page(Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, _BOTH),
    "rule-draft-move": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_draft, "POST"
    ),
    "rule-draft-rule": Page(Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_rule, _BOTH),
    "rule-draft-delete": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_rule, "POST"
    ),
    "rule-draft-change": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_new_rule, _BOTH
    ),
    "rule-draft-leave": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_new_rule, "POST"
    ),
    "rule-draft-settle": Page(
        Can.RULE_CHANGE, Where.EVERYWHERE, rule_draft_records.of_new_rule, _BOTH
    ),
    "shadows": Page(Can.RULE_VIEW),
    "shadow-start": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods="POST"),
    "shadow": Page(Can.RULE_VIEW, make=_shadow),
    "shadow-stop": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _shadow, "POST"),
    "shadow-promote": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _shadow, _BOTH),
    "shadow-drop": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _shadow, _BOTH),
    "shadow-difference": _show(Can.RULE_VIEW, _difference),
    "policies": Page(Can.RULE_VIEW),
    "decisions": Page(Can.RULE_VIEW),
    "decision-policy": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "scoring-weights": Page(Can.RULE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    # shares of the work
    "units": Page(Can.PROCEDURE_VIEW),
    "unit-table": Page(Can.PROCEDURE_VIEW, make=_unit_table),
    "unit-table-add": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "unit-table-edit": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _unit_table, _BOTH),
    "unit-table-delete": Page(Can.PROCEDURE_CHANGE, Where.EVERYWHERE, _unit_table, _BOTH),
    "shares": Page(Can.RADIOLOGIST_VIEW),
    "radiologist-share": _show(Can.RADIOLOGIST_VIEW, _radiologist_id),
    "credit-add": _edit(Can.RADIOLOGIST_CHANGE, _radiologist_id),
    "credit": _edit(Can.RADIOLOGIST_CHANGE, _credit),
    "credit-delete": _edit(Can.RADIOLOGIST_CHANGE, _credit),
    "my-share": Page(Can.STUDY_READ),
    "my-credit-add": Page(Can.STUDY_READ, methods=_BOTH),
    "my-credit": Page(Can.STUDY_READ, Where.OWN, _own_credit, _BOTH),
    "my-credit-delete": Page(Can.STUDY_READ, Where.OWN, _own_credit, "POST"),
    "rule-try": Page(Can.RULE_VIEW, methods=_BOTH),
    "what-ifs": Page(Can.RULE_VIEW),
    "what-if-add": Page(Can.RULE_CHANGE, methods=_BOTH),
    "what-if": Page(Can.RULE_VIEW, Where.AT_SITE, _whatif),
    "what-if-moves": Page(Can.RULE_VIEW, Where.AT_SITE, _whatif),
    "what-if-moves-csv": Page(Can.RULE_VIEW, Where.AT_SITE, _whatif),
    "what-if-cancel": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _whatif, "POST"),
    "what-if-again": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _whatif, "POST"),
    "what-if-delete": Page(Can.RULE_CHANGE, Where.EVERYWHERE, _whatif, _BOTH),
    "policy-add": Page(Can.RULE_CHANGE, methods=_BOTH),
    "policy": _edit(Can.RULE_CHANGE, _policy),
    "policy-delete": _edit(Can.RULE_CHANGE, _policy),
    # studies
    "coverage": Page(Can.ROSTER_VIEW),
    "coverage-then": Page(Can.ROSTER_VIEW),
    "assignments": Page(Can.STUDY_VIEW),
    "unassigned": Page(Can.STUDY_VIEW),
    "why": _show(Can.STUDY_VIEW, _assignment_id),
    "why-unassigned": _show(Can.STUDY_VIEW, _waiting),
    "why-more": _show(Can.STUDY_VIEW, _assignment_id),
    "why-unassigned-more": _show(Can.STUDY_VIEW, _waiting),
    "replay-checks": Page(Can.RULE_VIEW),
    "study-find": Page(Can.STUDY_VIEW, methods="POST"),
    "study": _show(Can.STUDY_VIEW, _order),
    "study-act": _edit(Can.STUDY_ASSIGN, _with(_order, action="unassign")),
    "study-reassign": Page(Can.STUDY_ASSIGN, methods=_BOTH),
    "take-over": Page(Can.STUDY_ASSIGN, methods=_BOTH),
    "take-over-done": _show(Can.STUDY_ASSIGN, _taken_over),
    "take-over-back": _press(Can.STUDY_ASSIGN, _taken_over),
    "ordered": Page(Can.ORDERED_VIEW),
    # interfaces
    "destinations": Page(Can.DESTINATION_VIEW),
    "destination-add": Page(Can.DESTINATION_CHANGE, methods=_BOTH),
    "destination": _show(Can.DESTINATION_VIEW, _destination),
    "destination-edit": _edit(Can.DESTINATION_CHANGE, _destination),
    "destination-written": Page(Can.DESTINATION_VIEW, Where.AT_SITE, _destination, _BOTH),
    "destination-written-new": Page(Can.DESTINATION_CHANGE, methods=_BOTH),
    "destination-written-open": _press(Can.MESSAGE_OPEN, _destination_and_order),
    "destination-switch": _press(Can.DESTINATION_CHANGE, _destination),
    "destination-delete": _edit(Can.DESTINATION_CHANGE, _destination),
    "destination-try": _press(Can.MESSAGE_RUN, _destination),
    "destination-resend": _edit(Can.MESSAGE_RUN, _destination),
    "senders": Page(Can.SENDER_VIEW),
    "senders-export": Page(Can.SENDER_VIEW),
    "senders-import": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "sender": Page(Can.SENDER_VIEW, make=_sender),
    "sender-export": Page(Can.SENDER_VIEW, make=_sender),
    "sender-add": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, methods=_BOTH),
    "sender-add-preview": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, methods="POST"),
    "sender-edit": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, _sender, _BOTH),
    "sender-preview": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, _sender, "POST"),
    "sender-delete": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, _sender, _BOTH),
    "sender-restore": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, _with(_sender, version=1), _BOTH),
    "sender-of-message": Page(Can.SENDER_CHANGE, Where.EVERYWHERE, _message_in),
    "messages": Page(Can.MESSAGE_VIEW),
    "messages-out": Page(Can.MESSAGE_VIEW),
    "message-in": _show(Can.MESSAGE_VIEW, _message_in),
    "message-in-open": _press(Can.MESSAGE_OPEN, _message_in),
    "messages-find": Page(Can.MESSAGE_VIEW, methods="POST"),
    "messages-out-find": Page(Can.MESSAGE_VIEW, methods="POST"),
    "messages-run": Page(Can.MESSAGE_RUN, methods=_BOTH),
    "message-in-state": _show(Can.MESSAGE_VIEW, _message_in),
    "message-in-copy": _press(Can.MESSAGE_OPEN, _message_in),
    "message-in-run": _edit(Can.MESSAGE_RUN, _message_in),
    "message-out": _show(Can.MESSAGE_VIEW, _message_out),
    "message-out-open": _press(Can.MESSAGE_OPEN, _message_out),
    "message-out-resend": _press(Can.MESSAGE_RUN, _message_out),
    "message-out-skip": _edit(Can.MESSAGE_RUN, _message_out),
    "merges": Page(Can.PATIENT_VIEW, Where.EVERYWHERE),
    "merge": Page(Can.PATIENT_VIEW, Where.EVERYWHERE, _merge),
    "merge-open": Page(Can.PATIENT_VIEW, Where.EVERYWHERE, _merge, "POST"),
    "merge-undo": Page(Can.PATIENT_VIEW, Where.EVERYWHERE, _merge, _BOTH),
    "merge-again": Page(Can.PATIENT_VIEW, Where.EVERYWHERE, _merge, _BOTH),
    # a reader's own
    "my-list": Page(Can.STUDY_READ),
    "my-list-next": Page(Can.STUDY_READ, methods="POST"),
    "my-list-presence": Page(Can.STUDY_READ, methods="POST", data=_online),
    "my-competencies": Page(Can.STUDY_READ),
    "my-document": Page(Can.STUDY_READ, Where.OWN, _own_document, "POST"),
    "my-list-activity": Page(Can.STUDY_READ, methods="POST"),
    "my-list-hand-back": Page(Can.STUDY_READ, Where.OWN, _own_order, _BOTH),
    "my-list-act": Page(
        Can.STUDY_READ, Where.OWN, _with(_own_order, action="acknowledge"), "POST", _token
    ),
    "my-list-take": Page(Can.STUDY_READ, Where.OWN, _on_own_shift, "POST", _token),
}

PUBLIC = frozenset(
    {
        *("login", "logout", "health", "health-db", "health-queue", "metrics", "refresh-hook"),
        "published-calendar",
    }
)
"""Open without a sign-in; each has tests of its own that say what it tells."""
OWN = frozenset({"board", "undo"})
"""Open to who is signed in: leads everybody to their place; takes back what they did."""


def order_of_nobody() -> Values:
    """Return an order that has no site yet: only who may everywhere sees it."""
    return {"order_id": OrderFactory.create(site=None, status="unassigned").pk}
