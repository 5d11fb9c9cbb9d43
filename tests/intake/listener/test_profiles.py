from __future__ import annotations

import pytest

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import glance
from apps.intake.listener.profiles import DEFAULT_PROFILE, Profile, Profiles
from tests.intake.listener.samples import message

STRICT = Profile(
    is_strict=True,
    accepted_types=["ORM^O01", "ADT"],
    accepted_versions=["2.5.1"],
    accepted_processing_ids=["P"],
)


@pytest.mark.parametrize(
    ("application", "facility", "name"),
    [
        ("PACS", "Robina", "both"),
        ("RIS", "Robina", "facility"),
        ("PACS", "Tweed", "application"),
        ("RIS", "Tweed", "all"),
    ],
)
def test_the_most_specific_profile_counts(application: str, facility: str, name: str) -> None:
    profiles = Profiles.of(
        [
            Profile("", "", issuer="all"),
            Profile("PACS", "", issuer="application"),
            Profile("", "Robina", issuer="facility"),
            Profile("PACS", "Robina", issuer="both"),
        ]
    )

    assert profiles.find(application, facility).issuer == name


def test_a_sender_without_any_profile_gets_the_default() -> None:
    assert Profiles().find("PACS", "Robina") == DEFAULT_PROFILE


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        (message(kind="ORU^R01"), 9, ErrorCode.UNSUPPORTED_MESSAGE_TYPE),
        (message(kind="ORM^O99"), 9, ErrorCode.UNSUPPORTED_EVENT),
        (message(processing_id="T"), 11, ErrorCode.UNSUPPORTED_PROCESSING_ID),
        (message(version="2.3"), 12, ErrorCode.UNSUPPORTED_VERSION),
    ],
    ids=["type", "event", "processing id", "version"],
)
def test_a_strict_profile_refuses_with_the_place_and_the_code(
    raw: bytes, field: int, code: ErrorCode
) -> None:
    refusal = STRICT.refusal(glance(raw), is_used=True)

    assert isinstance(refusal, FieldError)
    assert (refusal.segment, refusal.field, refusal.code) == ("MSH", field, code)


@pytest.mark.parametrize(
    "raw", [message(), message(kind="ADT^A08")], ids=["type with event", "any event of a type"]
)
def test_a_strict_profile_takes_what_its_lists_name(raw: bytes) -> None:
    assert STRICT.refusal(glance(raw), is_used=True) is None


def test_an_empty_list_of_a_strict_profile_binds_nothing() -> None:
    raw = message(kind="ORU^R01", version="2.1", processing_id="T")

    assert Profile(is_strict=True).refusal(glance(raw), is_used=True) is None


def test_a_strict_profile_refuses_what_is_not_used() -> None:
    refusal = Profile(is_strict=True).refusal(glance(message(kind="SIU^S12")), is_used=False)

    assert refusal is not None
    assert refusal.code == ErrorCode.UNSUPPORTED_MESSAGE_TYPE


def test_lists_of_a_profile_that_is_not_strict_bind_nothing() -> None:
    profile = Profile(accepted_versions=["2.3"])

    assert profile.refusal(glance(message()), is_used=False) is None
