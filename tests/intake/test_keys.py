from __future__ import annotations

import pytest

from apps.intake.keys import digest_of, issuer_for, message_key, order_keys


@pytest.mark.parametrize(
    ("profile_issuer", "facility", "application", "issuer"),
    [
        ("GC_HEALTH", "Robina", "PACS", "GC_HEALTH"),
        ("", "Robina", "PACS", "Robina"),
        ("", "", "PACS", "PACS"),
        ("", "", "", ""),
    ],
    ids=["profile", "facility", "application", "nobody"],
)
def test_the_issuer_is_the_first_that_is_named(
    profile_issuer: str, facility: str, application: str, issuer: str
) -> None:
    found = issuer_for(profile_issuer=profile_issuer, facility=facility, application=application)

    assert found == issuer


def test_order_keys_name_issuer_kind_and_value_once_each() -> None:
    identities = [("study_uid", "1.2.3"), ("accession", "A1"), ("accession", "A1")]

    assert order_keys("Robina", identities) == ("Robina|study_uid|1.2.3", "Robina|accession|A1")


def test_a_number_that_may_be_shown_as_accession_shares_a_key_with_that_accession() -> None:
    with_filler = order_keys("Robina", [("filler", "A1")])
    with_placer = order_keys("Robina", [("placer", "A1")])
    with_accession = order_keys("Robina", [("accession", "A1")])

    assert set(with_filler) & set(with_accession) == {"Robina|accession|A1"}
    assert set(with_placer) & set(with_accession) == {"Robina|accession|A1"}


def test_equal_numbers_of_two_issuers_share_no_key() -> None:
    assert not set(order_keys("Robina", [("filler", "1")])) & set(
        order_keys("Tweed", [("filler", "1")])
    )


_KEY = {"application": b"PACS", "facility": b"Robina", "control_id": b"7", "digest": b"d" * 16}


@pytest.mark.parametrize(
    "other",
    [
        {"application": b"RIS"},
        {"facility": b"Tweed"},
        {"control_id": b"8"},
        {"control_id": b""},
        {"digest": b"e" * 16},
        {"application": b"PACSR", "facility": b"obina"},
    ],
    ids=["application", "facility", "control id", "no control id", "bytes", "shifted border"],
)
def test_a_resend_is_the_same_sender_control_id_and_bytes(other: dict[str, bytes]) -> None:
    assert message_key(**_KEY) == message_key(**_KEY)
    assert message_key(**_KEY) != message_key(**{**_KEY, **other})


def test_digest_is_sixteen_bytes_of_the_content() -> None:
    assert len(digest_of(b"MSH")) == 16
    assert digest_of(b"MSH") != digest_of(b"MSH\r")
