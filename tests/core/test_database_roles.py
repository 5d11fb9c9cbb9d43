"""The two roles, as the whole suite uses them."""

from __future__ import annotations

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.db


def _refused(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as error,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    cause = error.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return cause.sqlstate or ""


def test_tests_run_as_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("radassign_app",)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE auth_group CASCADE",
        "DROP TABLE auth_group",
        "ALTER TABLE auth_group DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
        "SET ROLE radassign_owner",
    ],
)
def test_the_application_role_may_not_change_the_schema_or_empty_a_table(statement: str) -> None:
    assert _refused(statement) == "42501"  # insufficient_privilege


def test_the_application_role_reads_and_writes_rows() -> None:
    Group.objects.create(name="readers")
    Group.objects.update(name="radiologists")
    assert list(Group.objects.values_list("name", flat=True)) == ["radiologists"]
    assert Group.objects.all().delete()[0] == 1


@pytest.mark.django_db(transaction=True)
class TestTransactional:
    @pytest.mark.parametrize("run", [1, 2])
    def test_tables_are_emptied_between_transactional_tests(self, run: int) -> None:
        assert Group.objects.count() == 0
        Group.objects.create(name=f"run {run}")
