"""One effect for one key, whatever happens between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import create_engine, text

from trueline.core.errors import ConflictError, InputError
from trueline.store import Fresh, Replay, Store
from trueline.store.idempotency import KEPT, STALE

ROUTE = "POST /api/kpi/costs"


def age(url: str, by: timedelta) -> None:
    """Let every kept request have begun that much earlier."""
    moment = (datetime.now(UTC) - by).isoformat()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE idempotency_keys SET begun_at = :at"), {"at": moment})
    engine.dispose()


def test_the_first_answer_is_replayed(store: Store) -> None:
    assert store.begin("k", ROUTE, "hash") == Fresh()
    store.finish("k", ROUTE, 201, '{"amount":0.10}')
    assert store.begin("k", ROUTE, "hash") == Replay(201, '{"amount":0.10}')
    assert store.begin("k", ROUTE, "hash") == Replay(201, '{"amount":0.10}')


@pytest.mark.parametrize("finished", [True, False])
def test_another_body_with_the_same_key_is_refused(store: Store, finished: bool) -> None:
    store.begin("k", ROUTE, "hash")
    if finished:
        store.finish("k", ROUTE, 201, "{}")
    with pytest.raises(InputError) as refused:
        store.begin("k", ROUTE, "other")
    assert refused.value.status == 422


def test_while_the_first_is_running_a_second_is_a_conflict(store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    with pytest.raises(ConflictError) as refused:
        store.begin("k", ROUTE, "hash")
    assert (refused.value.status, refused.value.code) == (409, "in_progress")


def test_an_abandoned_key_is_fresh_again(store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    store.abandon("k", ROUTE)
    assert store.begin("k", ROUTE, "other") == Fresh()


def test_a_finished_request_cannot_be_abandoned(store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    store.finish("k", ROUTE, 200, "{}")
    store.abandon("k", ROUTE)
    assert store.begin("k", ROUTE, "hash") == Replay(200, "{}")


def test_a_key_belongs_to_its_route(store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    assert store.begin("k", "POST /api/facts/orders", "other") == Fresh()


def test_a_replay_survives_a_restart(url: str) -> None:
    first = Store(url)
    first.begin("k", ROUTE, "hash")
    first.finish("k", ROUTE, 200, "{}")
    first.close()
    second = Store(url)
    assert second.begin("k", ROUTE, "hash") == Replay(200, "{}")
    second.close()


def test_of_two_that_finish_the_first_answer_stays(store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    store.finish("k", ROUTE, 201, '{"n":1}')
    store.finish("k", ROUTE, 201, '{"n":2}')
    assert store.begin("k", ROUTE, "hash") == Replay(201, '{"n":1}')


def test_a_dead_request_does_not_free_its_key_for_another_body(url: str, store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    age(url, STALE + timedelta(seconds=1))
    with pytest.raises(InputError):
        store.begin("k", ROUTE, "other")


def test_of_fifty_that_repeat_a_dead_request_exactly_one_is_fresh(url: str, store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    age(url, STALE + timedelta(seconds=1))
    with ThreadPoolExecutor(50) as pool:
        found = list(
            pool.map(lambda _: outcome(lambda: store.begin("k", ROUTE, "hash")), range(50))
        )
    assert (found.count("Fresh"), found.count("in_progress")) == (1, 49)


def test_a_request_that_died_with_its_server_may_be_repeated(url: str, store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    age(url, STALE + timedelta(seconds=1))
    assert store.begin("k", ROUTE, "hash") == Fresh()
    with pytest.raises(ConflictError):
        store.begin("k", ROUTE, "hash")


def test_an_answer_is_kept_for_a_day(url: str, store: Store) -> None:
    store.begin("k", ROUTE, "hash")
    store.finish("k", ROUTE, 200, "{}")
    age(url, KEPT - timedelta(minutes=1))
    assert store.begin("k", ROUTE, "hash") == Replay(200, "{}")
    age(url, KEPT + timedelta(minutes=1))
    assert store.begin("k", ROUTE, "hash") == Fresh()


def test_of_fifty_at_once_exactly_one_is_fresh(store: Store) -> None:
    together = Barrier(50)

    def begin(_: int) -> str:
        together.wait()
        return outcome(lambda: store.begin("k", ROUTE, "hash"))

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(begin, range(50)))
    assert found.count("Fresh") == 1
    assert found.count("in_progress") == 49


def outcome(call: Callable[[], object]) -> str:
    try:
        return type(call()).__name__
    except ConflictError as error:
        return error.code
