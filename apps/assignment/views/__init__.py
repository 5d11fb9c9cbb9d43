"""The pages of studies: lists, one study, why, and what is done by hand."""

from __future__ import annotations
