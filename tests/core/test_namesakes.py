from __future__ import annotations

from apps.core.namesakes import told_apart


def test_only_those_who_share_a_name_bear_their_id() -> None:
    names = {"CHEN_1": "DR Wei Chen", "LEE": "DR Ann Lee", "CHEN_2": "DR Wei Chen"}

    assert told_apart(names) == {
        "CHEN_1": "DR Wei Chen (CHEN_1)",
        "LEE": "DR Ann Lee",
        "CHEN_2": "DR Wei Chen (CHEN_2)",
    }


def test_who_is_called_by_the_id_keeps_it() -> None:
    assert told_apart({"CHEN": "CHEN", "X": "CHEN"}) == {"CHEN": "CHEN", "X": "CHEN (X)"}
