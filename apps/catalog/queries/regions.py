"""The countries and regions whose public holidays are known, in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import holidays
from holidays.registry import COUNTRIES

_LONGEST = 8
"""Signs that a region's code may have here; the one that is longer is left out."""


@cache
def countries() -> Mapping[str, str]:
    """Return the countries by their ISO 3166-1 code, by name."""
    names = {codes[1]: _words(key) for key, codes in COUNTRIES.items()}
    return dict(sorted(names.items(), key=lambda one: one[1]))


@cache
def regions(country: str) -> Mapping[str, str]:
    """Return a country's regions by their ISO 3166-2 code without the country, by name."""
    if country not in countries():
        return {}
    known = holidays.country_holidays(country)
    aliases = known.get_subdivision_aliases()
    names = {
        code: next(iter(aliases.get(code, ())), code)
        for code in known.subdivisions
        if len(code) <= _LONGEST
    }
    return dict(sorted(names.items(), key=lambda one: one[1]))


def region_words(country: str, subdivision: str) -> str:
    """Return a region as ``Australia, Queensland``; empty where no country is named."""
    if not country:
        return ""
    name = countries().get(country, country)
    return f"{name}, {regions(country).get(subdivision, subdivision)}" if subdivision else name


def _words(key: str) -> str:
    small = {"and", "of", "the", "da"}
    words = key.replace("_", " ").split()
    return " ".join(word if word in small else word.title() for word in words)
