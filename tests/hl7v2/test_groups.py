from __future__ import annotations

from apps.hl7v2.groups import Group
from tests.hl7v2.samples import VENDOR, groups, order


def shape(found: list[Group]) -> list[str]:
    """Return each group as its segments with their second fields."""
    return [
        " ".join(f"{segment.name}{segment.get(2)}" for segment in group.segments)
        for group in found
    ]


def test_vendor_order_without_orc_is_one_group() -> None:
    [group] = groups(VENDOR)
    assert [segment.name for segment in group.header] == ["MSH", "PID"]
    assert [segment.name for segment in group.segments] == ["OBR", "OBX", "ZRD"]
    assert b"".join(raw + b"\r" for raw in group.raw_segments) == VENDOR[VENDOR.index(b"OBR") :]
    zrd = group.first("ZRD")
    assert zrd is not None
    assert (zrd.get(4), group.first("ZDS")) == ("STAT", None)


def test_each_orc_begins_a_group_and_takes_its_obr() -> None:
    found = groups(order("PV1|1", "ORC|NW|1", "OBR|1|1", "NTE|1|a", "ORC|NW|2", "OBR|1|2"))
    assert shape(found) == ["ORC1 OBR1 NTEa", "ORC2 OBR2"]
    assert [segment.name for segment in found[1].header] == ["MSH", "PID", "PV1"]


def test_further_obr_shares_the_orc_and_what_stood_before_the_first_obr() -> None:
    found = groups(
        order("ORC|NW|1", "TQ1|1|t", "OBR|1|a", "OBX|1|x", "OBR|2|b", "OBX|1|y", "OBR|3|c")
    )
    assert shape(found) == ["ORC1 TQ1t OBRa OBXx", "ORC1 TQ1t OBRb OBXy", "ORC1 TQ1t OBRc"]


def test_obr_alone_begins_a_group() -> None:
    assert shape(groups(order("OBR|1|a", "NTE|1|n", "OBR|2|b"))) == ["OBRa NTEn", "OBRb"]


def test_orc_without_obr_is_a_group() -> None:
    assert shape(groups(order("ORC|NW|1", "RXO|1|r", "ORC|NW|2"))) == ["ORC1 RXOr", "ORC2"]


def test_zds_at_the_end_speaks_for_all_steps() -> None:
    found = groups(
        order("ORC|NW|1", "OBR|1|a", "ORC|NW|2", "OBR|2|b", "ZDS|1.2.3^100^Application^DICOM")
    )
    assert shape(found) == ["ORC1 OBRa ZDS", "ORC2 OBRb ZDS"]
    assert [group.study_uid for group in found] == ["1.2.3", "1.2.3"]


def test_zds_of_their_own_stay_apart() -> None:
    found = groups(order("ORC|NW|1", "OBR|1", "ZDS|1.2.3", "ORC|NW|2", "OBR|2", "ZDS|1.2.4"))
    assert [group.study_uid for group in found] == ["1.2.3", "1.2.4"]
    first_only = groups(order("ORC|NW|1", "OBR|1", "ZDS|1.2.3", "ORC|NW|2", "OBR|2"))
    assert [group.study_uid for group in first_only] == ["1.2.3", ""]


def test_study_uid_of_ipc_goes_before_zds_and_null_is_none() -> None:
    [group] = groups(order("ORC|NW|1", "OBR|1", 'IPC|A||""', "IPC|B||1.2.5", "ZDS|1.2.3"))
    assert group.study_uid == "1.2.5"
    assert [segment.get(1) for segment in group.all("IPC")] == ["A", "B"]


def test_header_answers_for_what_the_group_lacks() -> None:
    [group] = groups(order("PV1|1|E", "ZRD|1|Robina", "OBR|1|a"))
    zrd = group.first("ZRD")
    assert zrd is not None
    assert zrd.get(2) == "Robina"
    assert [segment.get(2) for segment in group.all("PV1")] == ["E"]


def test_results_of_several_patients_keep_their_own_header() -> None:
    msh = r"MSH|^~\&|RIS|SITE|||2026||ORU^R01|1|P|2.4"
    found = groups(
        order("OBR|1|a", "OBX|1", "PID|2||MR-2", "PV1|1|I", "ORC|RE|2", "OBR|1|b", msh=msh)
    )
    assert shape(found) == ["OBRa OBX", "ORC2 OBRb"]
    patients = [group.first("PID") for group in found]
    assert [pid.get(3) for pid in patients if pid] == ["MR-1", "MR-2"]
    assert [segment.name for segment in found[1].header] == ["MSH", "PID", "PV1"]


def test_prior_results_are_no_orders() -> None:
    msh = r"MSH|^~\&|OE|SITE|||2026||OMG^O19|1|P|2.5"
    found = groups(
        order(
            "ORC|NW|1", "OBR|1|a", "PID|1||MR-1", "OBR|1|prior", "ORC|PR|9", "OBR|1|older",
            "ORC|NW|2", "OBR|1|b", msh=msh,
        )
    )  # fmt: skip
    assert shape(found) == ["ORC1 OBRa", "ORC2 OBRb"]


def test_message_without_orders_has_no_groups() -> None:
    assert groups(order("PV1|1")) == []
