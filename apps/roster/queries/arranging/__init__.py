"""What becomes of the roster's records when somebody is put on a turn, moved, or taken off.

Each wish is turned into stored records that go and records that come in their place, so that
the same answer is previewed, saved and taken back. A row is cut for the dates concerned and
goes on around them; an extra turn adds somebody; where one person stands in for another it is a
swap. A rotation is never broken up for a date: who is taken off it is away for those hours.
"""
