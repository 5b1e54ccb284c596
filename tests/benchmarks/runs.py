"""What is measured: all servers run at once and take turns, so that each sees the same machine."""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.client import REQUESTS, Client
from benchmarks.connection import ServerError
from benchmarks.dockerfiles import lay_out
from benchmarks.places import Typist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.contenders import Contender
    from benchmarks.places import Place
    from benchmarks.usage import Memory

BURST = 50  # changes

_BURSTS = 5
_WARM_UP = 30  # edits
_REQUESTS = 50
_COLD_STARTS = 10
_BUDGET_S = 30.0  # of one server for one kind of measurement: a slow one takes part in fewer rounds
_BEHIND_KEYWORD = re.compile(r"^[A-Z]+[ \t]+(?=\S)", re.MULTILINE)


class Task(NamedTuple):
    """A Dockerfile, the place in it where somebody types, and how many characters."""

    text: str
    place: Place
    edits: int


@dataclass
class Result:
    """What was measured of one server, by kind; what it does not offer is not there.

    `start`, `edit`, `burst` and the names of requests: µs until the answer, in a burst for one edit; `cpu`: µs of CPU
    time from an edit until it is the server's turn again; `publishes`: in a burst; `warm-up`: what does not count.
    """

    name: str
    version: str | None
    samples: dict[str, list[float]] = field(default_factory=dict)
    diagnostics: int | None = None
    memory: Memory | None = None
    failure: str | None = None

    def add(self, kind: str, sample: float) -> None:
        """Add a sample."""
        self.samples.setdefault(kind, []).append(sample)


def race(contenders: Sequence[Contender], task: Task, folder: Path) -> list[Result]:
    """Everything about a file but the cold start."""
    with _running(contenders, task, folder) as runners:
        _type(runners, task.edits)
        for _, runner in _turns(runners, _BURSTS):
            runner.measure("burst", runner.burst)
        for name in REQUESTS:
            _request(name, runners, task)
        for _, runner in _turns(runners, 1):
            runner.result.memory = runner.client.memory()
        return [runner.result for runner in runners]


def typing(contenders: Sequence[Contender], task: Task, folder: Path) -> list[Result]:
    """Nothing but edits."""
    with _running(contenders, task, folder) as runners:
        _type(runners, task.edits)
        return [runner.result for runner in runners]


def cold_starts(contenders: Sequence[Contender], task: Task, folder: Path) -> list[Result]:
    """From the start of a process to its first diagnostics: one server after the other, every other time backwards."""
    results = {contender.name: Result(contender.name, contender.version) for contender in contenders}
    for number in range(min(_COLD_STARTS, task.edits) + 1):
        for contender in contenders if number % 2 else contenders[::-1]:
            with _running([contender], task, folder) as (runner,):
                runner.count_cpu()
            if number:  # the first one warms the disk's cache
                for kind, samples in runner.result.samples.items():
                    results[contender.name].add(kind, samples[0])
    return list(results.values())


class _Runner:
    """A server in a run, with its result."""

    def __init__(self, contender: Contender, client: Client) -> None:
        self.result = Result(contender.name, contender.version)
        self.client = client
        self.spent = 0.0
        self._cpu = 0.0

    def measure(self, kind: str, measured: Callable[[], float]) -> None:
        """Add a sample; a server that fails is out of the run."""
        start = time.monotonic()
        try:
            self.result.add(kind, measured())
        except ServerError as error:
            self.result.failure = f"{kind}: {error}"
            print(f"{self.result.name} is out: {self.result.failure}", file=sys.stderr)
        self.spent += time.monotonic() - start

    def start(self) -> float:
        until_diagnostics = self.client.start()
        self.result.version = self.client.version or self.result.version
        self.result.diagnostics = len(self.client.diagnostics)
        return until_diagnostics

    def burst(self) -> float:
        one, publishes = self.client.burst(BURST)
        self.result.add("publishes", publishes)
        return one

    def count_cpu(self, kind: str = "cpu") -> None:
        """Add the CPU time since the last call: what the server does after an answer is in it as well."""
        now = self.client.cpu_us()
        if now is not None:
            self.result.add(kind, now - self._cpu)
            self._cpu = now


@contextmanager
def _running(contenders: Sequence[Contender], task: Task, folder: Path) -> Iterator[list[_Runner]]:
    """The servers, each with the Dockerfile open."""
    path = lay_out(folder, task.text)
    runners: list[_Runner] = []
    try:
        for each in contenders:
            client = Client(each.command, path, Typist(task.text, task.place), pulls=each.pulls)
            runners.append(_Runner(each, client))
            runners[-1].measure("start", runners[-1].start)
        yield runners
    finally:
        for runner in runners:
            runner.client.close()


def _turns(runners: Sequence[_Runner], rounds: int) -> Iterator[tuple[int, _Runner]]:
    """Every server once a round, with the number of the round, each time another one first."""
    for runner in runners:
        runner.spent = 0.0
    for number in range(rounds):
        for place in range(len(runners)):
            runner = runners[(number + place) % len(runners)]
            if runner.result.failure is None and runner.spent < _BUDGET_S:
                yield number, runner


def _type(runners: Sequence[_Runner], edits: int) -> None:
    for _, runner in _turns(runners, min(_WARM_UP, edits)):
        runner.measure("warm-up", runner.client.edit)
    for number, runner in _turns(runners, edits):
        runner.count_cpu("cpu" if number else "warm-up")
        runner.measure("edit", runner.client.edit)
    for runner in runners:
        runner.count_cpu()


def _request(name: str, runners: Sequence[_Runner], task: Task) -> None:
    """Ask where an instruction's first word stands behind its keyword, all over the file."""
    able = [runner for runner in runners if runner.client.can(name)]
    words = [found.end() for found in _BEHIND_KEYWORD.finditer(task.text)] or [0]
    rounds = min(_REQUESTS, task.edits)
    warm_up = rounds // 10
    for number, runner in _turns(able, warm_up + rounds):
        before = task.text[: words[number * len(words) // (warm_up + rounds)]]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        ask = partial(runner.client.request, name, line, column)
        runner.measure("warm-up" if number < warm_up else name, ask)
