from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection

from apps.core import actor, request_id
from apps.core.actor import Actor, acting_as

WORKER = Actor.system("worker")


def _told_to_database() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(current_setting('radassign.actor', true), ''),"
            " coalesce(current_setting('radassign.request_id', true), '')"
        )
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def test_an_actor_is_written_as_kind_and_name() -> None:
    person = get_user_model()(username="manager")
    assert [str(WORKER), str(Actor.user(person))] == ["system:worker", "user:manager"]


@pytest.mark.db
def test_the_database_knows_actor_and_request_inside_the_block() -> None:
    with acting_as(WORKER, "req-1"):
        assert (actor.current(), _told_to_database()) == (WORKER, ("system:worker", "req-1"))
    assert actor.current() is None


@pytest.mark.db
def test_the_running_request_is_named_unless_another_is_given() -> None:
    with request_id.new("req-2"), acting_as(WORKER):
        assert _told_to_database() == ("system:worker", "req-2")


@pytest.mark.db
def test_the_outer_actor_acts_again_after_an_inner_block() -> None:
    with request_id.new("req-3"), acting_as(WORKER):
        with acting_as(Actor.user(get_user_model()(username="manager"))):
            assert _told_to_database()[0] == "user:manager"
        assert (actor.current(), _told_to_database()) == (WORKER, ("system:worker", "req-3"))


@pytest.mark.django_db(transaction=True)
def test_the_connection_forgets_the_actor_with_the_transaction() -> None:
    with acting_as(WORKER, "req-4"):
        pass
    assert _told_to_database() == ("", "")


@pytest.mark.db
def test_rolling_back_undoes_the_blocks_changes() -> None:
    with acting_as(WORKER) as transaction:
        Group.objects.create(name="gone")
        transaction.roll_back()
    assert not Group.objects.exists()


@pytest.mark.db
def test_an_exception_undoes_the_blocks_changes_and_the_actor() -> None:
    with pytest.raises(RuntimeError), acting_as(WORKER):
        Group.objects.create(name="gone")
        raise RuntimeError
    assert (actor.current(), Group.objects.exists()) == (None, False)
