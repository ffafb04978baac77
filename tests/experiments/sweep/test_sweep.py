"""Sweeps: everything planned is run once, after what it needs; what fails is a row; what is lost is run again."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from cluster import SCHEDULER, WORKER, address, dask, wait_until
from repdyn.experiments import TwoPoints
from repdyn.experiments.settings import Fits
from repdyn.experiments.storage.files import beside
from repdyn.experiments.sweep.outcome import DIVERGED, Outcome
from repdyn.experiments.sweep.plan import plan
from repdyn.experiments.sweep.store import Store
from repdyn.experiments.sweep.sweep import sweep
from repdyn.experiments.sweep.trial import Trial, run_trial
from repdyn.experiments.sweep.workers import Pool, Workers, cluster_workers, local_workers

SMALL = TwoPoints(name="small", width=8, hidden_layers=1, layer=0, steps=300, lr=0.05)
RUNS = [Trial(replace(SMALL, seed=seed)) for seed in range(4)]
ONE = ("two_point",)
FITS = [Trial(Fits(name="small", seed=run.configuration.seed, theories=ONE), (run,)) for run in RUNS]
WILD = Trial(replace(SMALL, name="wild", lr=1e6))


class Here(Executor):
    """Runs everything at once, in this process."""

    def __init__(self) -> None:
        self.ran: list[Trial] = []

    def submit(self, fn, /, *args, **kwargs) -> Future:
        self.ran.append(args[0])
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def here(executor: Executor | None = None) -> Workers:
    return lambda: nullcontext(Pool(executor or Here(), lambda: 2))


def tables(store: Store, trials: list[Trial]) -> list[dict[str, str]]:
    """All tables of trials as text."""
    found = [store.read(trial) for trial in trials]
    assert None not in found
    return [{name: table.to_csv() for name, table in x.tables.items()} for x in found if x is not None]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> list[dict[str, str]]:
    store = Store(tmp_path_factory.mktemp("undisturbed"))
    sweep(plan(FITS, store), store, here())
    return tables(store, RUNS + FITS)


def test_a_sweep_runs_everything_once_after_what_it_needs(tmp_path: Path) -> None:
    store, executor = Store(tmp_path), Here()
    counts = sweep(plan(FITS[:2], store), store, here(executor))
    assert counts == {"finished": 4}
    assert len(executor.ran) == len(set(executor.ran)) == 4
    assert all(executor.ran.index(run) < executor.ran.index(fit) for run, fit in zip(RUNS, FITS[:2], strict=False))
    again = Here()
    assert not sweep(plan(FITS[:2], store), store, here(again))
    assert not again.ran


def test_only_what_is_missing_or_damaged_is_run(tmp_path: Path) -> None:
    store, again = Store(tmp_path), Here()
    sweep(plan(FITS[:2], store), store, here())
    before = tables(store, RUNS[:2])
    (store.folder(RUNS[1]) / "trajectory.parquet").write_bytes(b"cut off")
    sweep(plan(FITS[:3], store), store, here(again))
    assert again.ran == [RUNS[1], RUNS[2], FITS[2]]
    assert tables(store, RUNS[:2]) == before


def test_a_diverged_trial_is_a_row_with_its_reason_and_so_is_what_starts_from_it(tmp_path: Path) -> None:
    store, fit = Store(tmp_path), Trial(Fits(name="wild"), (WILD,))
    assert sweep(plan([fit], store), store, here()) == {"diverged": 2}
    run, dependent = store.outcome(WILD), store.outcome(fit)
    assert run.reason.startswith("the loss ceased to be a number at step ")
    assert not run.tables["trajectory"].empty
    assert dependent.reason == f"two_points/wild-0 diverged: {run.reason}"
    assert not plan([fit], store).missing


def test_an_error_is_a_row_with_its_reason_and_is_tried_again(tmp_path: Path) -> None:
    store, odd = Store(tmp_path), Trial(Fits(name="odd", theories=("none",)), (RUNS[0],))
    assert sweep(plan([odd], store), store, here()) == {"finished": 1, "failed": 1}
    failed = store.outcome(odd)
    assert failed.reason.startswith("ValueError: there is no theory 'none'")
    assert failed.traceback.startswith("Traceback (most recent call last)")
    assert failed.traceback.strip().endswith(failed.reason)
    assert plan([odd], store).missing == (odd,)
    deep = Trial(Fits(name="deep", layers=(0, 7)), (RUNS[0],))
    assert sweep(plan([deep], store), store, here()) == {"failed": 1}
    assert store.outcome(deep).reason == ("ValueError: the run has no layer network.hidden.7; it has network.hidden.0")


def test_a_trial_of_other_code_is_refused() -> None:
    outcome = run_trial(RUNS[0], "0" * 16)
    assert outcome.reason == (
        "RuntimeError: this worker has another version of repdyn than the planner; install the same"
    )


def test_what_workers_cannot_run_is_a_row_with_its_reason(tmp_path: Path) -> None:
    class Unwilling(Here):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            future: Future = Future()
            future.set_exception(TypeError("cannot pickle that"))
            return future

    store = Store(tmp_path)
    assert sweep(plan(RUNS[:1], store), store, here(Unwilling())) == {"failed": 1}
    assert store.outcome(RUNS[0]).reason == "not run: TypeError: cannot pickle that"


def test_a_lost_scheduler_is_one_clear_error_and_keeps_what_finished(tmp_path: Path) -> None:
    class Lost(Here):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            if self.ran:
                future: Future = Future()
                future.cancel()
                future.set_running_or_notify_cancel()
                return future
            return super().submit(fn, *args, **kwargs)

    store = Store(tmp_path)
    with pytest.raises(OSError, match="the scheduler was lost; what was finished is kept, run the same command again"):
        sweep(plan(FITS[:1], store), store, here(Lost()))
    assert plan(FITS[:1], store).missing == (FITS[0],)


def test_what_is_damaged_after_it_was_planned_fails_alone_and_is_made_again_next_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    sweep(plan(RUNS[:2], store), store, here())
    planned = plan(FITS[:2], store)
    (store.folder(RUNS[0]) / "trajectory.parquet").write_bytes(b"cut off")
    assert sweep(planned, store, here()) == {"failed": 1, "finished": 1}
    assert re.match(r"not run: .* is not whole: trajectory\.parquet is not", store.outcome(FITS[0]).reason)
    assert plan(FITS[:2], store).missing == (RUNS[0], FITS[0])


def test_trials_whose_process_is_lost_are_run_again_alone_and_then_given_up(tmp_path: Path) -> None:
    submitted: list[Trial] = []

    class Fragile(Here):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            submitted.append(args[0])
            if args[0] == RUNS[1]:
                future: Future = Future()
                future.set_exception(BrokenProcessPool("gone"))
                return future
            return super().submit(fn, *args, **kwargs)

    store = Store(tmp_path)
    assert sweep(plan(RUNS[:3], store), store, here(Fragile())) == {"finished": 2, "failed": 1}
    assert submitted == [RUNS[0], RUNS[1], RUNS[1], RUNS[2]]
    assert store.outcome(RUNS[1]).reason == "its process was lost twice; is there enough memory?"


class Timed(Here):
    """Gives an outcome without running anything, some time later, in a thread."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        self.ran.append(args[0])
        future: Future = Future()
        threading.Timer(0.05, future.set_result, [Outcome(values={"by": id(self)})]).start()
        return future


def test_two_sweeps_at_once_run_each_trial_once(tmp_path: Path) -> None:
    store, executors = Store(tmp_path), (Timed(), Timed())
    planned = plan(FITS, store)
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda executor: sweep(planned, store, here(executor)), executors))
    assert ended == [{"finished": 8}, {"finished": 8}]
    ran = [trial for executor in executors for trial in executor.ran]
    assert len(ran) == len(set(ran)) == 8
    assert all(executor.ran for executor in executors)
    assert not list(tmp_path.rglob(".*"))


def test_a_trial_that_another_sweep_gives_up_is_taken_over(tmp_path: Path) -> None:
    store, executor = Store(tmp_path), Timed()
    planned = plan(RUNS[:2], store)
    claim = store.claim(RUNS[0])
    assert claim.take()

    class Giving(Timed):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            claim.give_back()
            return super().submit(fn, *args, **kwargs)

    executor = Giving()
    assert sweep(planned, store, here(executor)) == {"finished": 2}
    assert executor.ran == [RUNS[1], RUNS[0]]


def test_claims_are_given_back_when_a_sweep_is_interrupted(tmp_path: Path) -> None:
    class Interrupted(Here):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            raise KeyboardInterrupt

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        sweep(plan(RUNS, store), store, here(Interrupted()))
    assert not list(tmp_path.rglob(".*"))
    assert sweep(plan(RUNS[:1], store), store, here(Timed())) == {"finished": 1}


def test_what_another_sweep_has_run_since_the_plan_is_counted_and_not_run(tmp_path: Path) -> None:
    store, executor = Store(tmp_path), Timed()
    planned = plan(FITS[:1], store)
    store.write(RUNS[0], Outcome(DIVERGED, "at step 3"))
    assert sweep(planned, store, here(executor)) == {"diverged": 1, "finished": 1}
    assert executor.ran == [FITS[0]]


def test_what_a_kill_between_two_renames_left_is_used_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(RUNS[0], Outcome())
    folder = store.folder(RUNS[0])
    folder.rename(beside(folder, "old"))
    beside(folder, "new").mkdir()
    store.tidy()
    assert not plan(RUNS[:1], store).missing
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


PATHS = [str(Path(__file__).parents[i]) for i in (0, 2)]
"""Where this file and what it imports of the tests are."""

SCRIPT = """
import sys
if __name__ == "__main__":
    sys.path[:0] = {path!r}
    from test_sweep import *
    store = Store(Path({store!r}))
    sweep(plan(FITS, store), store, local_workers(2))
"""


def script(folder: Path, store: Path) -> list[str]:
    file = folder / "sweep_them.py"
    file.write_text(SCRIPT.format(path=PATHS, store=str(store)))
    return [sys.executable, str(file)]


def test_sigterm_ends_a_sweep_its_processes_and_nothing_else_with_one_line(tmp_path: Path) -> None:
    store = tmp_path / "store"
    file = tmp_path / "reproduce_them.py"
    file.write_text(COMMAND.format(path=PATHS, store=str(store)))
    with subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: finished(store) >= 2, process)
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (143, b"", b"repdyn: terminated; what was finished is kept\n")
    assert len(workers) >= 2
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert not list(store.rglob(".*"))


COMMAND = """
import sys
if __name__ == "__main__":  # processes that it starts need none of this
    sys.path[:0] = {path!r}
    import repdyn.experiments.studies
    from repdyn.experiments.cli import main
    from repdyn.experiments.studies.trajectories import Trajectories
    from test_sweep import *
    class Many(Trajectories):
        def trials(self):
            runs = (Trial(replace(SMALL, seed=seed)) for seed in range(40))
            return [Trial(Fits(name="small", seed=run.configuration.seed, theories=ONE), (run,)) for run in runs]
    repdyn.experiments.studies.studies = lambda scale, data_dir="": {{"many": Many()}}
    sys.exit(main(["reproduce", "--store", {store!r}, "--processes", "2"]))
"""


def test_a_process_that_is_told_to_end_is_a_lost_one() -> None:
    with local_workers(1)() as pool, pytest.raises(BrokenProcessPool):
        pool.executor.submit(signal.raise_signal, signal.SIGTERM).result()


def finished(store: Path) -> int:
    return len(list(store.glob("*/[!.]*/manifest.json")))


def children(pid: int) -> list[int]:
    """The processes that a process started, by the system's own account."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(x) for path in tasks for x in path.read_text().split()]


def test_a_sweep_that_is_killed_ends_as_an_undisturbed_one_when_it_is_run_again(tmp_path: Path, undisturbed) -> None:
    store = tmp_path / "store"
    process = subprocess.Popen(script(tmp_path, store))
    wait_until(lambda: finished(store) >= 1, process)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = finished(store)
    assert len(workers) >= 2
    assert 1 <= kept < len(RUNS + FITS)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    again = Store(store)
    assert sweep(plan(FITS, again), again, here()) == {"finished": len(RUNS + FITS) - kept}
    assert tables(again, RUNS + FITS) == undisturbed


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(tmp_path: Path, undisturbed) -> None:
    store = Store(tmp_path / "store")
    with dask(tmp_path, *SCHEDULER), dask(tmp_path, *WORKER) as doomed, dask(tmp_path, *WORKER):
        scheduler = address(tmp_path)

        @contextmanager
        def killing() -> Iterator[Pool]:
            with cluster_workers(scheduler)() as pool:
                yield Pool(Killing(pool.executor), pool.at_once)

        class Killing(Executor):
            """Kills a worker when the first result comes in."""

            def __init__(self, executor: Executor) -> None:
                self.executor = executor

            def submit(self, fn, /, *args, **kwargs) -> Future:
                future = self.executor.submit(fn, *args, **kwargs)
                future.add_done_callback(lambda _: doomed.poll() is None and doomed.kill())
                return future

        counts = sweep(plan(FITS, store), store, killing)
        assert doomed.wait() == -signal.SIGKILL
    assert counts == {"finished": len(RUNS + FITS)}
    assert tables(store, RUNS + FITS) == undisturbed


@pytest.mark.parametrize("uses", [True, False])
def test_a_scheduler_that_is_killed_is_one_error_without_a_word_of_dask(tmp_path: Path, uses: bool, capfd) -> None:
    words = "the scheduler was lost; what was finished is kept, run the same command again"
    with dask(tmp_path, *SCHEDULER) as scheduler:
        where = address(tmp_path)
        lost = pytest.raises(OSError, match=words) if uses else nullcontext()
        with lost, cluster_workers(where)() as pool:
            future = pool.executor.submit(len, [])
            scheduler.kill()
            if uses:
                future.result()
    assert capfd.readouterr() == ("", "")


def test_a_scheduler_that_does_not_answer_is_one_clear_error(monkeypatch) -> None:
    monkeypatch.setattr("repdyn.experiments.sweep.workers.ANSWERS_WITHIN", 0.2)
    words = r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 .*give --scheduler tcp://"
    with pytest.raises(OSError, match=words), cluster_workers("tcp://127.0.0.1:1")():
        pass


def test_without_a_process_nothing_can_run() -> None:
    with pytest.raises(ValueError, match="there must be at least 1 process, got 0"):
        local_workers(0)


def test_workers_have_one_thread_of_linear_algebra_and_the_environment_is_given_back(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with local_workers(1)() as pool:
        assert isinstance(pool.executor, ProcessPoolExecutor)
        assert pool.executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
