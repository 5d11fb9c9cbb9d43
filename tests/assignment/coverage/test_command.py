"""``manage.py coverage``: words for people, JSON for machines, errors that name their cause."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from apps.roster.models import PlannedGap
from tests.assignment.coverage.scene import WEDNESDAY, day_shift, on, place
from tests.factories.times import NOON

pytestmark = pytest.mark.db


def told(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("coverage", *arguments, stdout=out)
    return out.getvalue().splitlines()


def data(*arguments: str) -> dict[str, Any]:
    return json.loads("\n".join(told(*arguments, "--json")))  # type: ignore[no-any-return] # JSON


def test_a_moment_says_who_may_be_given_which_work_and_until_when() -> None:
    place("ROBINA")
    on(day_shift(), "SMITH", given_name="Jo")
    day_shift(code="CT_DAY", work="CT")
    assert told("--at", "2026-02-04 09:30") == [
        "At Wednesday 4 February 2026 09:30 in Australia/Brisbane:",
        "WORK  SITES   COVER      UNTIL  WHO, OR WHY NOBODY",
        "CT    ROBINA  uncovered  16:00  nobody is rostered on Ct_Day",
        "MR    ROBINA  covered    16:00  DR Jo Smith",
    ]


@time_machine.travel(NOON, tick=False)
def test_without_a_moment_it_is_now() -> None:
    place("ROBINA")
    day_shift()
    assert told()[0] == "At Wednesday 4 February 2026 12:00 in Australia/Brisbane:"


class _ReaderGone(StringIO):
    """A pipe whose reader, such as head, has seen enough after some lines."""

    def __init__(self, lines: int, fd: int) -> None:
        super().__init__()
        self._left, self._fd = lines, fd

    def write(self, text: str, /) -> int:
        self._left -= 1
        if self._left < 0:
            raise BrokenPipeError
        return super().write(text)

    def fileno(self) -> int:
        return self._fd


@pytest.mark.parametrize(("lines", "arguments"), [(0, ()), (1, ()), (0, ("--json",))])
def test_a_reader_that_has_seen_enough_is_no_fault(
    lines: int, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    place("ROBINA")
    day_shift()
    with (tmp_path / "out").open("wb") as file:
        call_command("coverage", *arguments, stdout=_ReaderGone(lines, file.fileno()))
        # What Python still flushes as it ends goes nowhere.
        os.write(file.fileno(), b"late")
    assert (tmp_path / "out").read_bytes() == b""


def test_a_moment_with_an_offset_is_that_moment() -> None:
    place("ROBINA")
    day_shift()
    assert told("--at", "2026-02-04T00:00+00:00")[0] == (
        "At Wednesday 4 February 2026 10:00 in Australia/Brisbane:"
    )


def test_days_are_told_stretch_by_stretch() -> None:
    place("ROBINA")
    PlannedGap.objects.create(
        shift=day_shift(), start_date=WEDNESDAY, end_date=WEDNESDAY, reason="Upgrade"
    )
    assert told("--from", "2026-02-04", "--to", "2026-02-05") == [
        "Wed 4 Feb 00:00 to Fri 00:00 in Australia/Brisbane:",
        "WORK  SITES   WHEN                          LENGTH  COVER",
        "    WHO, OR WHY NOBODY",
        "MR    ROBINA  Wed 4 Feb 00:00 to 08:00      8 h     nobody, as planned",
        "    no shift is planned then",
        "MR    ROBINA  Wed 4 Feb 08:00 to 16:00      8 h     nobody, as planned",
        "    Day is meant to be empty: Upgrade",
        "MR    ROBINA  Wed 4 Feb 16:00 to Thu 08:00  16 h    nobody, as planned",
        "    no shift is planned then",
        "MR    ROBINA  Thu 5 Feb 08:00 to 16:00      8 h     uncovered",
        "    nobody is rostered on Day",
        "MR    ROBINA  Thu 5 Feb 16:00 to Fri 00:00  8 h     nobody, as planned",
        "    no shift is planned then",
    ]


def test_many_long_names_fit_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(6):
        place(f"SITE_WITH_A_LONG_NAME_{number}")
    shift = day_shift()
    for number in range(6):
        on(shift, f"LONG{number}", given_name="Maximiliane-Theodora")
    with caplog.at_level("INFO"):
        lines = told("--at", "2026-02-04 09:30")
    assert max(map(len, lines)) <= 100
    words = " ".join(" ".join(lines).split())
    assert "SITE_WITH_A_LONG_NAME_4 and 1 more" in " ".join(line[6:82].strip() for line in lines)
    assert "DR Maximiliane-Theodora Long4 and 1 more" in words
    # Whoever asked at a terminal reads the answer alone.
    assert caplog.records == []


def test_gaps_are_only_what_nobody_means() -> None:
    place("ROBINA")
    empty = day_shift()
    lines = told("--from", "2026-02-04", "--to", "2026-02-04", "--gaps")
    assert [line.split("  ")[0] for line in lines[2:]] == ["MR"]
    on(day_shift(code="MORE"), "SMITH")
    PlannedGap.objects.create(shift=empty, start_date=WEDNESDAY, reason="Closed")
    assert told("--from", "2026-02-04", "--to", "2026-02-04", "--gaps")[1:] == [
        "No gap: everything that is planned is covered."
    ]


def test_it_is_narrowed_by_site_and_modality() -> None:
    one, two = place("ONE"), place("TWO")
    day_shift(one, code="A", work="CT")
    day_shift(two, code="B", work="MR")
    assert [lane["sites"] for lane in data("--site", "ONE")["lanes"] if lane["shifts"]] == [
        ["ONE"]
    ]
    assert [lane["modality"] for lane in data("--modality", "mr")["lanes"]] == ["MR", "MR"]


def test_a_machine_gets_codes_ids_and_words() -> None:
    place("ROBINA")
    on(day_shift(readers_wanted=2), "SMITH")
    found = data("--from", "2026-02-04", "--to", "2026-02-04", "--gaps")
    assert found == {
        "from": "2026-02-04T00:00:00+10:00",
        "to": "2026-02-05T00:00:00+10:00",
        "zone": "Australia/Brisbane",
        "skipped": [],
        "lanes": [
            {
                "modality": "MR",
                "body_part": "",
                "subspecialty": "",
                "urgencies": ["STAT", "URGENT", "ROUTINE"],
                "sites": ["ROBINA"],
                "shifts": ["DAY"],
                "stretches": [
                    {
                        "from": "2026-02-04T08:00:00+10:00",
                        "to": "2026-02-04T16:00:00+10:00",
                        "cover": "thin",
                        "eligible": ["SMITH"],
                        "causes": [{"code": "thin", "shift": "DAY", "figures": [1, 2]}],
                        "words": ["1 of 2 readers on Day"],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--site", "NOWHERE"), "--site: no site has the code 'NOWHERE'."),
        (("--zone", "Mars/Base"), "--zone: the time zone database knows no 'Mars/Base'."),
        (("--at", "soon"), "--at: 'soon' is no moment; write it as 2026-02-04 22:00."),
        (("--at", "2026-13-04 10:00"), "--at: '2026-13-04 10:00' is no moment"),
        (("--from", "2026-02-04"), "--from and --to go together."),
        (("--from", "x", "--to", "2026-02-04"), "--from: 'x' is no day"),
        (("--from", "2026-02-30", "--to", "2026-03-04"), "--from: '2026-02-30' is no day"),
        (
            ("--from", "2026-02-04", "--to", "2026-02-03"),
            "--to: 2026-02-03 lies before 2026-02-04",
        ),
        (("--from", "2026-02-04", "--to", "2029-02-03"), "--to: at most 371 days"),
        (("--at", "2026-02-04 10:00", "--to", "2026-02-04"), "choose one"),
    ],
)
def test_what_it_cannot_do_it_says_with_the_place_and_the_cause(
    arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError) as raised:
        told(*arguments)
    assert words in str(raised.value)


def test_names_steer_no_terminal() -> None:
    place("ROBINA")
    day_shift(name="Red\x1b[31m\nShift")
    assert not any("\x1b" in line for line in told("--at", "2026-02-04 09:30"))
