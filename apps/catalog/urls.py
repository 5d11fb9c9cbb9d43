"""The addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import path

from apps.catalog.choices import ImportKind
from apps.catalog.views import calendars, clusters, imports, procedures, sites, units

_PROCEDURES = {"kind": ImportKind.PROCEDURES}
_RVU = {"kind": ImportKind.RVU}

urlpatterns = [
    path("units/", units.units, name="units"),
    path("units/new/", units.add, name="unit-table-add"),
    path("units/<int:table_id>/", units.unit_table, name="unit-table"),
    path("units/<int:table_id>/edit/", units.edit, name="unit-table-edit"),
    path("units/<int:table_id>/delete/", units.delete, name="unit-table-delete"),
    path("procedures/", procedures.procedures, name="procedures"),
    path("procedures/new/", procedures.add, name="procedure-add"),
    path("procedures/<int:procedure_id>/", procedures.edit, name="procedure"),
    path("procedures/<int:procedure_id>/delete/", procedures.delete, name="procedure-delete"),
    path("procedures/import/", imports.upload, _PROCEDURES, name="procedure-import"),
    path("procedures/import/starter/", imports.starter, name="procedure-import-starter"),
    path("procedures/import/check/", imports.check, _PROCEDURES, name="procedure-import-check"),
    path("procedures/rvu/", imports.upload, _RVU, name="procedure-rvu"),
    path("procedures/rvu/check/", imports.check, _RVU, name="procedure-rvu-check"),
    path("procedures/export.csv", imports.export_csv, name="procedure-export-csv"),
    path("procedures/export.xlsx", imports.export_xlsx, name="procedure-export-xlsx"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.add, name="site-add"),
    path("sites/<int:site_id>/", sites.edit, name="site"),
    path("sites/<int:site_id>/delete/", sites.delete, name="site-delete"),
    path("sites/<int:site_id>/switch/", sites.switch, name="site-switch"),
    path("clusters/", clusters.clusters, name="clusters"),
    path("clusters/new/", clusters.add, name="cluster-add"),
    path("clusters/<int:cluster_id>/", clusters.edit, name="cluster"),
    path("clusters/<int:cluster_id>/delete/", clusters.delete, name="cluster-delete"),
    path("calendars/", calendars.calendars, name="calendars"),
    path("calendars/new/", calendars.add, name="calendar-add"),
    path("calendars/regions/", calendars.regions, name="calendar-regions"),
    path("calendars/<int:calendar_id>/", calendars.calendar, name="calendar"),
    path("calendars/<int:calendar_id>/edit/", calendars.edit, name="calendar-edit"),
    path("calendars/<int:calendar_id>/delete/", calendars.delete, name="calendar-delete"),
    path("calendars/<int:calendar_id>/days/new/", calendars.add_day, name="calendar-day-add"),
    path(
        "calendars/<int:calendar_id>/days/<int:day_id>/",
        calendars.edit_day,
        name="calendar-day",
    ),
    path(
        "calendars/<int:calendar_id>/days/<int:day_id>/delete/",
        calendars.delete_day,
        name="calendar-day-delete",
    ),
]
