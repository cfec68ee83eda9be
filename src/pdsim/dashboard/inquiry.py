"""What the lesson asks of the model, answered for all sessions: in the background, one at a time, kept by content.

A whole answer is what ``pdsim explain`` and ``pdsim evaluate`` say of a design. A short one, for a changed assumption,
is the part of the explanation that a verdict needs: the same numbers in fewer runs.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from pdsim import comparison, evaluation, scenarios
from pdsim.assumptions import FAMILIES
from pdsim.errors import InputError
from pdsim.evaluation import Evaluation
from pdsim.explanation import coalitions, decomposition, verdict
from pdsim.explanation import result as explanation
from pdsim.explanation.coalitions import Progress
from pdsim.explanation.result import PUPILS, Explanation
from pdsim.handout import KINDS_OPEN, REPLICATES_EXPLAINED

DESIGNS = ("lesson-study", "teacher-learning-community", "maths-hub", "shanghai-trg", "aimless-meetings")
WORLDS = ("posterior", "fluoride", "mint", "bystander", "groupthink")
SCHOOLS = 200  # simulated schools behind "would you notice?"
MEMORY = 500  # answers that are kept
NOTICES = 20  # how often a waiting session hears of the progress of one answer


@dataclass(frozen=True)
class Question:
    """What the model is asked.

    Attributes:
        design: a shipped collaborative design.
        world: as ``--theory``.
        fixed: assumptions with the value that they have in every draw.
        whole: channels, levels and what a school would see too, or only what a verdict needs.
    """

    design: str
    world: str = "posterior"
    fixed: tuple[tuple[str, float], ...] = ()
    whole: bool = True

    def request(self) -> explanation.Request:
        """The explanation that is asked for, without the search for flips.

        Raises:
            InputError: a design, world or value that is not allowed.
        """
        replicates = REPLICATES_EXPLAINED if self.world in KINDS_OPEN else REPLICATES_EXPLAINED // 2
        settings = {f"theory.{name}": value for name, value in self.fixed}
        return explanation.resolve(self.design, replicates, theory=self.world, settings=settings, search=False)

    def evaluation_request(self) -> comparison.Request:
        """The evaluation that is asked for.

        Raises:
            InputError: as :meth:`request`.
        """
        settings = {f"theory.{name}": value for name, value in self.fixed}
        return evaluation.resolve(self.design, SCHOOLS, theory=self.world, settings=settings)


@dataclass(frozen=True)
class Verdict:
    """The part of an explanation that a verdict needs, in pupil SD.

    Attributes:
        answer: of ``verdict.ANSWERS``.
        probabilities: of each answer, 0-1.
        families: for each family of channels its share, low and high.
        total: the whole difference from the same programme done alone: effect, low, high.
        draws: of the assumptions behind the probabilities.
    """

    answer: str
    probabilities: Mapping[str, float]
    families: Mapping[str, Mapping[str, float]]
    total: Mapping[str, float]
    draws: int


@dataclass(frozen=True)
class Answer:
    """What the model says to a question; a short answer has a verdict only."""

    question: Question
    verdict: Verdict
    explanation: Explanation | None = None
    evaluation: Evaluation | None = None


def verdict_of(found: Explanation) -> Verdict:
    """The verdict's part of an explanation."""
    families = {str(row["family"]): row for row in found.families.to_dict("records")}
    return Verdict(
        found.verdict["answer"], found.verdict["posterior"], families, found.total, int(found.verdict["draws"])
    )


def answer_to(question: Question, progress: Progress = lambda runs: None) -> Answer:
    """Run a question.

    Raises:
        InputError: it cannot be asked.
    """
    if not question.whole:
        return Answer(question, play(question.request(), progress))
    found = explanation.run(question.request(), progress)
    return Answer(question, verdict_of(found), found, evaluation.run(question.evaluation_request(), progress))


def play(request: explanation.Request, progress: Progress) -> Verdict:
    """The verdict's part of an explanation without the rest: the game of the families, on the same draws and luck."""
    plan = explanation.planned(request)
    game, draw = decomposition.family_game(request.families), plan.own.draw
    values = coalitions.play(request.design, plan.believed.draws, game, plan.own, progress)
    asked = decomposition.shares_of(values, draw, PUPILS)
    if len(plan.rest.draw):
        asked = asked.joined(explanation.family_shares(request, plan.believed, plan.rest, progress))
    found = verdict.probabilities(asked)
    families = {
        family: explanation.share_of(values["families"][:, at, PUPILS], draw, "share")
        for at, family in enumerate(FAMILIES)
    }
    total = explanation.share_of(values["total"][:, 0, PUPILS], draw)
    return Verdict(verdict.answer_of(found), found, families, total, len(asked.total))


def runs_of(question: Question) -> int:
    """Runs that an answer takes."""
    request = question.request()
    if question.whole:
        return explanation.runs_needed(request) + 2 * SCHOOLS
    plan = explanation.planned(request)
    return sum(explanation.family_runs(request, plan.believed, part) for part in (plan.own, plan.rest))


def title_of(design: str) -> str:
    """What a shipped design is, in words."""
    return scenarios.load(design).title or design


class Nobody(Exception):  # noqa: N818 - no error: a reason to stop
    """Nobody waits for an answer any more."""


@dataclass
class Job:
    """A question with those who wait for its answer, and how far it has come, 0-1."""

    question: Question
    waiting: dict[Hashable, Callable[[], None]] = field(default_factory=dict)
    share: float = 0.0


class Desk:
    """Answers the questions of many sessions, the first one asked first; one for a server.

    Args:
        first: answers that are there from the start.
        compute: how a question is answered.
    """

    def __init__(
        self,
        first: Mapping[Question, Answer] | None = None,
        compute: Callable[[Question, Progress], Answer] = answer_to,
    ) -> None:
        self._compute = compute
        self._first = dict(first or {})
        self._kept: OrderedDict[Question, Answer | str] = OrderedDict()
        self._jobs: OrderedDict[Question, Job] = OrderedDict()
        self._change = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._work, name="lesson", daemon=True)
        self._thread.start()

    def known(self, question: Question) -> Answer | str | None:
        """The answer, or one line that says why there can be none, or None while it is not known."""
        with self._change:
            if question in self._first:
                return self._first[question]
            if question in self._kept:
                self._kept.move_to_end(question)
            return self._kept.get(question)

    def ask(self, session: Hashable, question: Question, notify: Callable[[], None]) -> None:
        """Answer a question for a session, in place of what it asked before.

        ``notify`` is called from another thread as the answer comes nearer, and when it is known.
        """
        with self._change:
            self._leave(session, but=question)
            self._jobs.setdefault(question, Job(question)).waiting[session] = notify
            self._change.notify()

    def share(self, question: Question) -> float:
        """How far an answer has come, 0-1."""
        with self._change:
            return self._jobs[question].share if question in self._jobs else 0.0

    def forget(self, session: Hashable) -> None:
        """A session waits no more."""
        with self._change:
            self._leave(session)

    def close(self) -> None:
        """Stop."""
        with self._change:
            self._open = False
            self._jobs.clear()
            self._change.notify()
        self._thread.join()

    def _leave(self, session: Hashable, but: Question | None = None) -> None:
        for job in self._jobs.values():
            if job.question != but:
                job.waiting.pop(session, None)

    def _next(self) -> Job | None:
        """The next question that somebody waits for; those for which nobody does are dropped. None at the end."""
        with self._change:
            while self._open:
                for question in [q for q, job in self._jobs.items() if not job.waiting]:
                    del self._jobs[question]
                if self._jobs:
                    return next(iter(self._jobs.values()))
                self._change.wait()
            return None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                found: Answer | str = self._compute(job.question, Steps(self, job).advance)
            except Nobody:
                continue
            except InputError as error:
                found = str(error)
            except Exception as error:  # a fault of the program must not end the service of all sessions
                found = f"This could not be simulated ({type(error).__name__}: {error})."
            self._settle(job, found)

    def _settle(self, job: Job, found: Answer | str) -> None:
        """Keep an answer and tell those who wait."""
        with self._change:
            self._kept[job.question] = found
            if len(self._kept) > MEMORY:
                self._kept.popitem(last=False)
            self._jobs.pop(job.question, None)
            waiting = list(job.waiting.values())
        for notify in waiting:
            notify()

    def step(self, job: Job, share: float) -> None:
        """Note how far a job has come, and tell those who wait now and then.

        Raises:
            Nobody: nobody waits for it any more.
        """
        with self._change:
            waiting = list(job.waiting.values())
            told = int(job.share * NOTICES) == int(share * NOTICES)
            job.share = share
        if not waiting:
            raise Nobody
        for notify in [] if told else waiting:
            notify()


class Steps:
    """Counts the runs of a job."""

    def __init__(self, desk: Desk, job: Job) -> None:
        self.desk, self.job = desk, job
        self.needed, self.done = max(runs_of(job.question), 1), 0

    def advance(self, runs: int) -> None:
        """So many more runs are done.

        Raises:
            Nobody: nobody waits for the job any more.
        """
        self.done += runs
        self.desk.step(self.job, min(self.done / self.needed, 1.0))
