"""``manage.py up``: which processes make a stack, in which order it comes up, what it prints."""

from __future__ import annotations

from radassign.up.plan import Plan
from radassign.up.stack import StackError, run_stack

__all__ = ["Plan", "StackError", "run_stack"]
