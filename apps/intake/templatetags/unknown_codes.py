"""The way to the unknown codes, with their number, for the pages of other rooms."""

from __future__ import annotations

from django import template

from apps.intake.queries.codes import COUNTED_MOST, unknown_count

register = template.Library()


@register.inclusion_tag("intake/_codes_link.html")
def unknown_codes_link() -> dict[str, object]:
    """Show a link to the codes that wait to be mapped, with how many there are."""
    number = unknown_count()
    return {"number": number, "shown": f"{number:,}{'+' if number >= COUNTED_MOST else ''}"}
