"""Assignments, snapshot, unassigned queue, reassign, escalate, SLA watch."""
