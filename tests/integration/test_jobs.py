"""Jobs outlive the process that took them in: each is done, a tenant's one after another, or fails with a reason."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from paygate import background, jobs
from paygate.background import OUR_MISTAKE, OUT_OF_REACH, Advance, JobRunner, Work
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError, PaygateError, TemporaryError, TooMuchWaitsError
from paygate.jobs import Job, JobKind, JobState
from paygate.uploads import Uploads
from tests.worlds import lay_tenant

CLOSE = JobKind.RECONCILIATION


@pytest.fixture
async def tenant(database: Database) -> int:
    async with database.transaction() as connection:
        return await lay_tenant(connection, "haiduong")


async def ask(database: Database, tenant_id: int, number: int = 1, upload: str | None = None) -> str:
    kind = JobKind.STATEMENT if upload else CLOSE
    async with database.transaction() as connection:
        return await jobs.ask(connection, tenant_id, kind, {"number": number}, asked_by="an officer", upload=upload)


async def find(database: Database, job_id: str, kind: JobKind = CLOSE) -> Job:
    async with database.connection() as connection:
        return await jobs.find(connection, kind, job_id)


async def claim(database: Database, tenant_id: int, *uploads: str) -> Job | None:
    async with database.transaction() as connection:
        return await jobs.claim(connection, tenant_id, list(uploads))


async def execute(database: Database, statement: str) -> None:
    async with database.connection() as connection:
        await connection.execute(statement)


async def forget_nothing(_: Connection) -> None:
    pass


def a_runner(database: Database, work: Work, folder: Path = Path("/nowhere")) -> JobRunner:
    work_of = dict.fromkeys(JobKind, work)
    return JobRunner(database, work_of, Uploads(folder), lambda: None, forget_nothing)


async def until(database: Database, job_id: str, *states: JobState) -> Job:
    for _ in range(250):
        if (job := await find(database, job_id)).state in states:
            return job
        await asyncio.sleep(0.02)
    raise AssertionError(f"{job.state}: {job.reason}")


async def done(database: Database, work: Work, job_id: str) -> Job:
    async with a_runner(database, work).working():
        return await until(database, job_id, JobState.DONE, JobState.FAILED)


def raising(error: Exception) -> Work:
    async def work(job: Job, advance: Advance) -> Mapping[str, Any]:
        raise error

    return work


async def echo(job: Job, advance: Advance) -> Mapping[str, Any]:
    advance(7)
    return {"said": job.wanted["number"]}


async def for_ever(job: Job, advance: Advance) -> Mapping[str, Any]:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


async def test_the_states_in_the_database_are_those_of_the_code(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT enum_range(NULL::job_state)::text[]") == list(JobState)
        for kind in JobKind:
            await connection.fetchval(
                "INSERT INTO job (tenant_id, job_id, kind, wanted, asked_by) VALUES (1, $1, $1, '{}', '')", kind
            )


async def test_a_job_is_done_and_what_it_came_to_is_kept(database: Database, tenant: int) -> None:
    job = await done(database, echo, await ask(database, tenant, 3))
    assert (job.state, job.result, job.progress, job.asked_by) == (JobState.DONE, {"said": 3}, 7, "an officer")
    assert job.finished_at


async def test_a_refused_job_fails_with_the_sentence_of_its_refusal(database: Database, tenant: int) -> None:
    job = await done(database, raising(InvalidInputError("row 3 is odd\0")), await ask(database, tenant))
    assert (job.state, job.reason) == (JobState.FAILED, "row 3 is odd")


async def test_a_mistake_of_ours_fails_the_job_without_its_insides(database: Database, tenant: int) -> None:
    job = await done(database, raising(RuntimeError("NGUYEN VAN A")), await ask(database, tenant))
    assert (job.state, job.reason) == (JobState.FAILED, OUR_MISTAKE)


async def test_what_could_not_be_reached_is_tried_again_until_the_table_ends(
    database: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", (0.0, 0.0))
    job = await done(database, raising(TemporaryError("away")), await ask(database, tenant))
    assert (job.state, job.reason, job.turn) == (JobState.FAILED, OUT_OF_REACH, 3)


async def test_a_tenants_jobs_run_one_after_another_and_anothers_beside_them(database: Database, tenant: int) -> None:
    async with database.transaction() as connection:
        other = await lay_tenant(connection, "haiphong")
    first, second, theirs = [await ask(database, one, n) for n, one in enumerate((tenant, tenant, other))]
    go, running = asyncio.Event(), list[int]()

    async def work(job: Job, advance: Advance) -> Mapping[str, Any]:
        running.append(job.wanted["number"])
        await go.wait()
        return {}

    async with a_runner(database, work).working():
        await until(database, first, JobState.RUNNING)
        await until(database, theirs, JobState.RUNNING)
        assert (await find(database, second)).state is JobState.WAITING
        assert await claim(database, tenant) is None
        go.set()
        await until(database, second, JobState.DONE)
    assert sorted(running[:2]) == [0, 2]
    assert running[2:] == [1]


async def test_many_runners_do_each_job_once(database: Database, tenant: int) -> None:
    asked = [await ask(database, tenant, number) for number in range(6)]
    began: list[str] = []

    async def work(job: Job, advance: Advance) -> Mapping[str, Any]:
        began.append(job.job_id)
        await asyncio.sleep(0.01)
        return {}

    runners = [a_runner(database, work) for _ in range(3)]
    async with runners[0].working(), runners[1].working(), runners[2].working():
        for one in asked:
            await until(database, one, JobState.DONE)
    assert sorted(began) == sorted(asked)


async def test_a_job_whose_runner_was_killed_is_taken_up_again(database: Database, tenant: int) -> None:
    job_id = await ask(database, tenant)
    lost = await claim(database, tenant)
    assert lost is not None
    assert await claim(database, tenant) is None
    await execute(database, "UPDATE job SET due_at = now() - interval '1 second'")
    job = await done(database, echo, job_id)
    assert (job.state, job.turn) == (JobState.DONE, 2)


async def test_who_comes_back_with_an_earlier_turn_writes_nothing(database: Database, tenant: int) -> None:
    await ask(database, tenant)
    earlier = await claim(database, tenant)
    await execute(database, "UPDATE job SET due_at = now() - interval '1 second'")
    later = await claim(database, tenant)
    assert earlier
    assert later
    async with database.connection() as connection:
        assert not await jobs.renew(connection, earlier, 1)
        await jobs.end(connection, earlier, 1, {"from": "the earlier"})
        await jobs.fail(connection, earlier, 1, PaygateError("the earlier"))
        assert await jobs.renew(connection, later, 2)
    job = await find(database, later.job_id)
    assert (job.state, job.progress, job.result) == (JobState.RUNNING, 2, None)


async def test_a_job_that_takes_its_runner_down_each_time_ends_with_a_reason(database: Database, tenant: int) -> None:
    job_id = await ask(database, tenant)
    for _ in range(jobs.MAX_TURNS):
        assert await claim(database, tenant)
        await execute(database, "UPDATE job SET due_at = now() - interval '1 second'")
    assert await claim(database, tenant) is None
    job = await find(database, job_id)
    assert (job.state, job.reason) == (JobState.FAILED, jobs.INTERRUPTED)


async def test_a_runner_that_stops_gives_its_job_back_and_the_turn_does_not_count(
    database: Database, tenant: int
) -> None:
    job_id = await ask(database, tenant)
    async with a_runner(database, for_ever).working():
        await until(database, job_id, JobState.RUNNING)
    job = await find(database, job_id)
    assert (job.state, job.turn) == (JobState.WAITING, 0)
    assert (await done(database, echo, job_id)).state is JobState.DONE


async def test_work_on_a_job_that_another_took_is_broken_off(
    database: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RENEW_SECONDS", 0.05)
    broken_off = asyncio.Event()

    async def work(job: Job, advance: Advance) -> Mapping[str, Any]:
        try:
            return await for_ever(job, advance)
        finally:
            broken_off.set()

    job_id = await ask(database, tenant)
    async with a_runner(database, work).working():
        await until(database, job_id, JobState.RUNNING)
        await execute(database, "UPDATE job SET turn = turn + 1, due_at = now() + interval '1 hour'")
        await asyncio.wait_for(broken_off.wait(), 5)
    assert (await find(database, job_id)).state is JobState.RUNNING


async def test_a_job_is_left_to_who_has_its_upload(database: Database, tenant: int) -> None:
    job_id = await ask(database, tenant, upload="1-ab")
    assert await claim(database, tenant, "1-cd") is None
    job = await claim(database, tenant, "1-cd", "1-ab")
    assert job is not None
    assert job.job_id == job_id


@pytest.mark.parametrize("held", [(), ("1-cd",)])
async def test_a_job_whose_upload_nobody_has_any_more_fails_after_a_while(
    database: Database, tenant: int, held: tuple[str, ...]
) -> None:
    job_id = await ask(database, tenant, upload="1-ab")
    close = await ask(database, tenant)
    await execute(database, "UPDATE job SET due_at = now() - interval '2 hours'")
    assert await claim(database, tenant, *held)
    job = await find(database, job_id, JobKind.STATEMENT)
    assert (job.state, job.reason) == (JobState.FAILED, jobs.ABANDONED)
    assert (await find(database, close)).state is JobState.RUNNING


async def test_the_same_close_is_not_asked_for_twice_while_it_waits(database: Database, tenant: int) -> None:
    first = await ask(database, tenant)
    assert await ask(database, tenant) == first
    assert await ask(database, tenant, 2) != first
    assert await claim(database, tenant)
    assert await ask(database, tenant) != first


async def test_a_tenant_has_only_so_many_open_jobs(
    database: Database, tenant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MAX_OPEN", 2)
    await ask(database, tenant, 1)
    await ask(database, tenant, 2)
    with pytest.raises(TooMuchWaitsError):
        await ask(database, tenant, 3)


async def test_finished_jobs_are_forgotten_in_time_and_no_others(database: Database, tenant: int) -> None:
    finished = await ask(database, tenant, 1)
    await done(database, echo, finished)
    waiting = await ask(database, tenant, 2)
    await execute(database, f"UPDATE job SET asked_at = now() - interval '{jobs.KEPT_DAYS + 1} days'")
    await execute(database, "UPDATE job SET finished_at = asked_at WHERE finished_at IS NOT NULL")
    async with database.connection() as connection:
        await jobs.forget_finished(connection)
    assert (await find(database, waiting)).state is JobState.WAITING
    with pytest.raises(NotFoundError):
        await find(database, finished)


async def test_files_that_no_job_reads_are_swept_away(database: Database, tenant: int, tmp_path: Path) -> None:
    for name in ("1-needed", "1-stray", "1-fresh"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("1-needed", "1-stray"):
        os.utime(tmp_path / name, (1, 1))
    await ask(database, tenant, upload="1-needed")
    await execute(database, "UPDATE job SET due_at = now() + interval '1 day'")
    async with a_runner(database, echo, tmp_path).working():
        for _ in range(100):
            if not (tmp_path / "1-stray").exists():
                break
            await asyncio.sleep(0.02)
    assert Uploads(tmp_path).names() == ["1-fresh", "1-needed"]
