"""May they? One answer for pages, parts, the admin and services.

A role is a list of permissions (``apps.accounts.roles``); a person has roles at sites, in
clusters or everywhere. ``Access`` is what comes of it: for each permission the sites it holds
at. Nothing here reads the database, so that every app, down to the lowest, can ask.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db import models

_Model = TypeVar("_Model", bound=models.Model)


class Permission(StrEnum):
    """Something that a person may do."""

    BOARD_VIEW = "board_view"
    STUDY_VIEW = "study_view"
    STUDY_ASSIGN = "study_assign"
    STUDY_READ = "study_read"
    ORDERED_VIEW = "ordered_view"
    PATIENT_VIEW = "patient_view"
    MESSAGE_VIEW = "message_view"
    MESSAGE_OPEN = "message_open"
    MESSAGE_RUN = "message_run"
    DESTINATION_VIEW = "destination_view"
    DESTINATION_CHANGE = "destination_change"
    SENDER_VIEW = "sender_view"
    SENDER_CHANGE = "sender_change"
    PROCEDURE_VIEW = "procedure_view"
    PROCEDURE_CHANGE = "procedure_change"
    SITE_VIEW = "site_view"
    SITE_CHANGE = "site_change"
    SHIFT_VIEW = "shift_view"
    SHIFT_CHANGE = "shift_change"
    ROSTER_VIEW = "roster_view"
    ROSTER_CHANGE = "roster_change"
    RADIOLOGIST_VIEW = "radiologist_view"
    RADIOLOGIST_CHANGE = "radiologist_change"
    RULE_VIEW = "rule_view"
    RULE_CHANGE = "rule_change"
    USER_VIEW = "user_view"
    USER_CHANGE = "user_change"
    AUDIT_VIEW = "audit_view"
    SYSTEM_VIEW = "system_view"
    ADMIN_OPEN = "admin_open"


@dataclass(frozen=True, slots=True)
class Scope:
    """The sites at which something is allowed: all of them, or those listed.

    A record that belongs to several sites, such as a shift, is seen from any of them and changed
    only by who may at all of them. One that names no site belongs to every site: everybody with
    the permission sees it, and only who has it everywhere changes it.
    """

    everywhere: bool = False
    site_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Return whether there is any site at all."""
        return self.everywhere or bool(self.site_ids)

    def covers(self, site_id: int | None) -> bool:
        """Return whether the site lies within; a record without a site is everywhere's."""
        return self.everywhere or site_id in self.site_ids

    def sees(self, site_ids: Collection[int]) -> bool:
        """Return whether a record of these sites is seen; of none means of every site."""
        if not self or self.everywhere:
            return bool(self)
        return not site_ids or not self.site_ids.isdisjoint(site_ids)

    def changes(self, site_ids: Collection[int]) -> bool:
        """Return whether a record of these sites may be changed; of none means of every site."""
        return self.everywhere or (bool(site_ids) and self.site_ids.issuperset(site_ids))

    def limit(self, rows: models.QuerySet[_Model], path: str = "site") -> models.QuerySet[_Model]:
        """Return the rows whose site lies within; those without a site only to everywhere."""
        return rows if self.everywhere else rows.filter(**{f"{path}__in": self.site_ids})

    def limit_placed(self, rows: models.QuerySet[_Model], path: str) -> models.QuerySet[_Model]:
        """Return the rows that ``sees`` allows.

        Args:
            rows: records that may belong to several sites.
            path: from the record to its sites' ids, such as ``site_rows__site``.
        """
        if self.everywhere:
            return rows
        if not self.site_ids:
            return rows.none()
        of_no_site = models.Q(**{f"{path}__isnull": True})
        seen = rows.model._default_manager.filter(  # noqa: SLF001 -- Django's name for it
            of_no_site | models.Q(**{f"{path}__in": self.site_ids})
        )
        return rows.filter(pk__in=seen.values("pk"))


NOWHERE = Scope()
EVERYWHERE = Scope(everywhere=True)


@dataclass(frozen=True)
class Access:
    """What one person may do, and where; a permission that is missing is not allowed."""

    scopes: Mapping[Permission, Scope]

    def scope(self, permission: Permission) -> Scope:
        """Return the sites at which the person may."""
        return self.scopes.get(permission, NOWHERE)

    def may(self, permission: Permission) -> bool:
        """Return whether the person may at any site."""
        return bool(self.scope(permission))


NO_ACCESS = Access({})
FULL_ACCESS = Access(dict.fromkeys(Permission, EVERYWHERE))
"""A superuser's: to set the system up, before anybody has a role."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Who may look at a table's records, and who may change them; None: nobody by hand."""

    view: Permission
    change: Permission | None = None


def _guarded(view: Permission, change: Permission | None, *tables: str) -> dict[str, Guarded]:
    return dict.fromkeys(tables, Guarded(view, change))


_P = Permission
RECORDS: Mapping[str, Guarded] = {
    **_guarded(_P.SITE_VIEW, _P.SITE_CHANGE, "catalog_cluster", "catalog_site"),
    **_guarded(_P.SITE_VIEW, _P.SITE_CHANGE, "catalog_sitealias"),
    **_guarded(_P.SITE_VIEW, _P.SITE_CHANGE, "catalog_holidaycalendar", "catalog_calendarday"),
    **_guarded(_P.PROCEDURE_VIEW, _P.PROCEDURE_CHANGE, "catalog_procedure"),
    **_guarded(_P.PROCEDURE_VIEW, _P.PROCEDURE_CHANGE, "catalog_procedurealias"),
    **_guarded(_P.PROCEDURE_VIEW, _P.PROCEDURE_CHANGE, "intake_setasidecode"),
    **_guarded(_P.PROCEDURE_VIEW, _P.PROCEDURE_CHANGE, "catalog_unittable", "catalog_unitvalue"),
    **_guarded(_P.SYSTEM_VIEW, None, "catalog_waitingfile"),
    **_guarded(_P.SHIFT_VIEW, _P.SHIFT_CHANGE, "roster_shift", "roster_shiftworktype"),
    **_guarded(_P.SHIFT_VIEW, _P.SHIFT_CHANGE, "roster_shiftsite"),
    **_guarded(_P.ROSTER_VIEW, _P.ROSTER_CHANGE, "roster_rosterassignment"),
    **_guarded(_P.ROSTER_VIEW, _P.ROSTER_CHANGE, "roster_rosteroverride"),
    **_guarded(_P.ROSTER_VIEW, _P.ROSTER_CHANGE, "roster_rotation", "roster_rotationturn"),
    **_guarded(_P.ROSTER_VIEW, _P.ROSTER_CHANGE, "roster_plannedgap", "roster_swaprequest"),
    **_guarded(_P.ROSTER_CHANGE, _P.ROSTER_CHANGE, "roster_rosterdraft", "roster_draftturn"),
    **_guarded(_P.ROSTER_CHANGE, None, "roster_draftprogress"),
    **_guarded(_P.ROSTER_CHANGE, _P.ROSTER_CHANGE, "roster_rostersource", "roster_rostername"),
    **_guarded(_P.ROSTER_CHANGE, None, "roster_calendarfeed", "roster_calendaruse"),
    **_guarded(_P.SYSTEM_VIEW, None, "roster_rostersourcestate"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_radiologist"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_radiologistsite"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_radiologistcredential"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_licence", "roster_privilege"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_competencydocument"),
    **_guarded(_P.RADIOLOGIST_VIEW, _P.RADIOLOGIST_CHANGE, "roster_workcredit"),
    **_guarded(_P.RADIOLOGIST_VIEW, None, "roster_workload", "roster_documentcontent"),
    **_guarded(_P.RULE_VIEW, _P.RULE_CHANGE, "rules_assignmentrule", "rules_slapolicy"),
    **_guarded(_P.RULE_VIEW, _P.RULE_CHANGE, "rules_scoringweights", "rules_decisionpolicy"),
    **_guarded(_P.RULE_VIEW, _P.RULE_CHANGE, "rules_ruledraft", "rules_draftchange"),
    **_guarded(_P.RULE_VIEW, _P.RULE_CHANGE, "rules_shadow"),
    **_guarded(_P.RULE_VIEW, None, "rules_ruleversion"),
    **_guarded(_P.DESTINATION_VIEW, _P.DESTINATION_CHANGE, "outbound_destination"),
    **_guarded(_P.DESTINATION_VIEW, _P.DESTINATION_CHANGE, "outbound_destination_sites"),
    **_guarded(_P.DESTINATION_VIEW, None, "outbound_destinationlink"),
    **_guarded(_P.SENDER_VIEW, _P.SENDER_CHANGE, "intake_senderprofile"),
    **_guarded(
        _P.SENDER_VIEW,
        None,
        *("intake_senderprofileversion", "intake_sendercontact", "intake_unknowncode"),
    ),
    **_guarded(_P.RULE_VIEW, _P.RULE_CHANGE, "trials_putaway"),
    **_guarded(_P.RULE_VIEW, None, "trials_whatif"),
    **_guarded(_P.STUDY_VIEW, None, "trials_movedorder"),
    **_guarded(_P.USER_VIEW, _P.USER_CHANGE, "accounts_user", "accounts_rolegrant"),
    **_guarded(_P.STUDY_VIEW, None, "orders_order", "orders_orderidentifier"),
    **_guarded(_P.STUDY_VIEW, None, "assignment_assignment", "assignment_unassigned"),
    **_guarded(_P.STUDY_VIEW, None, "assignment_ledgerentry", "assignment_shiftturn"),
    **_guarded(_P.STUDY_VIEW, None, "assignment_shadowresult", "assignment_shadowtally"),
    **_guarded(_P.RULE_VIEW, None, "assignment_replaycheck"),
    **_guarded(_P.PATIENT_VIEW, None, "orders_patient"),
    **_guarded(_P.MESSAGE_OPEN, None, "orders_ordersegments", "intake_inboundmessage"),
    **_guarded(_P.MESSAGE_OPEN, None, "outbound_outboundmessage"),
    **_guarded(_P.MESSAGE_VIEW, None, "orders_unknowncancel", "intake_messagekey"),
    **_guarded(_P.MESSAGE_VIEW, None, "orders_patientmerge"),  # keys alone, no names
    **_guarded(_P.AUDIT_VIEW, None, "audit_auditevent", "axes_accesslog"),
    **_guarded(_P.AUDIT_VIEW, None, "axes_accessattempt", "axes_accessfailurelog"),
    **_guarded(_P.SYSTEM_VIEW, None, "core_configversion", "core_heartbeat", "core_duetime"),
    **_guarded(_P.SYSTEM_VIEW, None, "core_queuetask", "django_q_failure"),
    **_guarded(_P.SYSTEM_VIEW, None, "intake_batchmarker", "assignment_decisionbasis"),
}
"""Every table that a person can reach, by its name. What is not listed only a superuser sees."""


def guarded(model: type[models.Model]) -> Guarded | None:
    """Return who may see and change the model's records, None where no role may."""
    options: Any = model._meta  # noqa: SLF001 -- Django's public name for it
    return RECORDS.get(f"{options.app_label}_{options.model_name}")
