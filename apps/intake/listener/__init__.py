"""The MLLP listener: frames in, rows committed, answers out; AA is sent after the commit only.

Layers, from the wire inwards: ``server`` accepts, ``connection`` frames and answers in order,
``reception`` reads a message and prepares row and answer, ``writer`` groups rows into commits,
``store`` is where they go, ``effects`` holds the answer
of a merge until it took effect. ``attendant`` does what must not be in a commit: it wakes the
decider, shows a sign of life and keeps the sender profiles fresh.
"""
