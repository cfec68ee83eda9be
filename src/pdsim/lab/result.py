"""Run an experiment of the lab: the field once, then literatures and trials in every world, and what each concludes."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pdsim import __version__
from pdsim.comparison import plain_records
from pdsim.experiment.crews import serve
from pdsim.lab.definition import Lab, Literature, Setting, Shared, Trial, load
from pdsim.lab.field import EXPERT, PATTERNS
from pdsim.lab.literature import draw_literatures, draw_trials
from pdsim.lab.pool import PUPILS
from pdsim.lab.presets import PRESETS
from pdsim.lab.regression import CONFIDENCE
from pdsim.lab.reviews import Conclusion, review
from pdsim.lab.scores import INTERVAL, mean_row, score, share_row
from pdsim.lab.trial import READINGS, analyse, draw_schools
from pdsim.lab.worlds import SCALES, Alike, Pool, chances, make_alike, run_pool, true_effect
from pdsim.validation.unknown import stream

SCHEMA_VERSION = 1
CHECKED = 20_000  # trials of each kind and world, before any goes unpublished, that show what worlds share
SIZES = ("trial", "large trial")

# Analyses by name: what they are called in a sentence. Trials stand here by size and reading.
REVIEWS = {
    "counting": "counting features of programmes that worked",
    "review of reviews": "what most reviews name that count",
    "features": "meta-regression on features",
    "mechanisms": "meta-regression on mechanisms and format",
}
MEASURED = {
    "pupils": "pupils' tests",
    "registers": "tests, registers",
    "registers and motivation": "tests, registers, motivation",
    "what it moves": "learning, registers, motivation",
}


@dataclass(frozen=True)
class Task:
    """One kind of literature in one world; fit for a worker process."""

    pool: Pool
    setting: Setting
    world: str
    shared: Shared
    trial: Trial
    literatures: int
    seed: int
    where: str


@dataclass(frozen=True)
class Done:
    """What a task found: scores of every analysis, and what the world shares with others."""

    rows: list[dict[str, Any]]
    shared: list[dict[str, Any]]
    world: dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """Result of an experiment of the lab.

    Attributes:
        lab: what was asked for.
        theory: label of the assumptions.
        table: a row for each kind of literature (setting), world, analysis (method) and measure: value with its 95 %
            Monte Carlo interval and the number n that it is over; ``truth`` is the effect of collaboration.
        shared: a row for each setting, world and property that worlds share: value with its Monte Carlo interval.
        worlds: a row for each setting and world: strengths of its channels, worth of practices and its spread, and what
            one SD of that which no review codes is worth (``uncoded``, pupil SD).
    """

    lab: Lab
    theory: str
    table: pd.DataFrame
    shared: pd.DataFrame
    worlds: tuple[Mapping[str, Any], ...]

    def value(self, setting: str, world: str, method: str, measure: str) -> dict[str, Any] | None:
        """One row of the table as a dictionary; None where there is none."""
        return self._rows.get((setting, world, method, measure))

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], dict[str, Any]]:
        """Rows of the table by setting, world, method and measure."""
        keys = ("setting", "world", "method", "measure")
        return {tuple(row[key] for key in keys): row for row in plain_records(self.table)}

    def to_dict(self) -> dict[str, Any]:
        """The document that ``pdsim lab --json`` prints."""
        from pdsim.lab.wording import headlines, sentences

        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "name": self.lab.name,
            "title": self.lab.title,
            "theory": self.theory,
            "seed": self.lab.seed,
            "literatures": self.lab.literatures,
            "interval": INTERVAL,
            "confidence": CONFIDENCE,
            "world": self.lab.world.model_dump(),
            "field": self.lab.field.model_dump(),
            "trial": self.lab.trial.model_dump(),
            "methods": methods(self.lab),
            "settings": [setting_record(setting) for setting in self.lab.settings],
            "worlds": list(self.worlds),
            "headlines": headlines(self),
            "sentences": sentences(self),
            "shared": plain_records(self.shared),
            "results": plain_records(self.table),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def methods(lab: Lab) -> list[dict[str, str]]:
    """Every analysis with its label."""
    sizes = {
        "trial": f"trial of {lab.trial.schools} schools",
        "large trial": "trial as large as all together",
    }
    return [{"method": name, "label": label} for name, label in REVIEWS.items()] + [
        {"method": f"{size}: {reading}", "label": f"{sizes[size]}: {MEASURED[reading]}"}
        for size in SIZES
        for reading in READINGS
    ]


def setting_record(setting: Setting) -> dict[str, Any]:
    """A kind of literature, with title, source and choices where it is a preset."""
    preset = PRESETS.get(setting.preset)
    texts = {name: getattr(preset, name) if preset else None for name in ("title", "source", "method", "choices")}
    return {
        **setting.model_dump(include={"name", "preset", "crossing", "keys"}),
        **texts,
        **setting.literature.model_dump(),
    }


def runs_of(lab: Lab) -> int:
    """How much :func:`run` reports as progress: runs of schools, then literatures and trials."""
    worlds = [world for world in lab.worlds if world != "bystander"]
    searches = len({*worlds, *(("fluoride", "mint") if "both" in worlds else ())})
    schools = 64 * (searches * (2 + len(SCALES)) + lab.field.copies * lab.field.schools * (2 + len(worlds)))
    presets = sum(setting.preset != "" for setting in lab.settings)
    return schools + len(lab.worlds) * (len(lab.settings) * lab.literatures + presets * len(SIZES) * lab.trial.repeats)


def run(lab: Lab, progress: Callable[[int], None] = lambda runs: None, workers: int = 1) -> Evidence:
    """Run an experiment; the numbers are the same whatever the workers.

    Args:
        lab: what to do.
        progress: called with the amount done, :func:`runs_of` in all.
        workers: processes; 1: this one.

    Raises:
        InputError: worlds cannot be made alike in what the file asks for.
    """
    pool = run_pool(lab, progress)
    tasks = [
        Task(pool, setting, world, lab.world, lab.trial, lab.literatures, lab.seed, lab.name)
        for setting in lab.settings
        for world in lab.worlds
    ]
    done = do_all(tasks, workers, progress)
    table = pd.DataFrame([row for each in done for row in each.rows])
    shared = pd.DataFrame([row for each in done for row in each.shared])
    return Evidence(lab, pool.label, table, shared, tuple(each.world for each in done))


def simulate_literatures(
    name: str | Path = "bundled-reviews", literatures: int | None = None, workers: int = 1
) -> Evidence:
    """Could reviews tell? Literatures in worlds whose truth is known, analysed as reviewers and experimenters do.

    Args:
        name: an experiment of the lab, by short name or path.
        literatures: of each kind in each world; as the file says unless given.
        workers: processes; the numbers are the same. More than one needs a script that may be imported.

    Raises:
        InputError: any mistake in the file, or worlds that cannot be made alike in what it asks for.
    """
    return run(load(name, literatures), workers=workers)


def do_all(tasks: list[Task], workers: int, progress: Callable[[int], None]) -> list[Done]:
    """Do tasks here or in processes of their own; results in the order of the tasks."""
    if workers == 1:
        found = []
        for task in tasks:
            found.append(do(task))
            progress(amount(task))
        return found
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), serve) as processes:
        futures = {processes.submit(do, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                future.result()
                progress(amount(futures[future]))
        finally:
            processes.shutdown(cancel_futures=True)
        return [future.result() for future in futures]


def amount(task: Task) -> int:
    """How much progress a task is."""
    return task.literatures + (len(SIZES) * task.trial.repeats if task.setting.preset else 0)


def do(task: Task) -> Done:
    """Draw and analyse all literatures of one kind in one world, and, for a preset, the trials beside them.

    Luck depends on the kind of literature and not on the world, so that worlds differ in causes only.
    """
    alike = make_alike(task.pool, task.world, task.setting.literature, task.shared, task.where)
    truth = task.shared.collaboration_effect if task.world != "bystander" else 0.0
    with threadpool_limits(1):  # more threads are slower on small matrices
        found = of_reviews(task, alike)
        rows = [
            row for name, each in found.items() for row in labelled(task, name, truth, score(each, task.world, truth))
        ]
        if task.setting.preset:
            rows += trial_rows(task, alike)
    return Done(rows, what_is_shared(task, alike), world_record(task, alike))


def trial_rows(task: Task, alike: Alike) -> list[dict[str, Any]]:
    """Scores of the trials beside a preset, of both sizes, by every reading."""
    literature = task.setting.literature
    by_lot = true_effect(task.pool, task.world, alike, lot_chances(task.pool, literature))
    rows = []
    for size, schools in zip(SIZES, sizes_of(task.trial, literature), strict=True):
        for reading, each in of_trials(task, alike, size, schools).items():
            rows += labelled(task, f"{size}: {reading}", by_lot, score(each, task.world, by_lot))
    return rows


def world_record(task: Task, alike: Alike) -> dict[str, Any]:
    """What makes a world like the others, and what an SD of that which no review codes is worth in it."""
    channels = {name: value * alike.strength for name, value in task.pool.strengths[task.world].items()}
    uncoded = alike.worth * np.polyfit(task.pool.quality, task.pool.alone[..., PUPILS].mean(axis=1), 1)[0]
    return {
        "setting": task.setting.name, "world": task.world, "worth": alike.worth,
        "worth_spread": alike.worth_spread, "uncoded": float(uncoded), "strengths": channels,
    }  # fmt: skip


def labelled(task: Task, method: str, truth: float, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of scores with what they are of."""
    return [
        {"setting": task.setting.name, "world": task.world, "method": method, "truth": truth, **row} for row in rows
    ]


def of_reviews(task: Task, alike: Alike) -> dict[str, list[Conclusion]]:
    """Conclusions of every way to review, one for each literature."""
    literature, rng = task.setting.literature, stream(task.seed, "literatures", task.setting.name)
    drawn = draw_literatures(task.pool, task.world, alike, literature, task.literatures, rng)
    choice = stream(task.seed, "reviews", task.setting.name)
    return gathered(review(drawn.take(k), literature, choice) for k in range(task.literatures))


def of_trials(task: Task, alike: Alike, size: str, schools: int) -> dict[str, list[Conclusion]]:
    """Conclusions of every reading of a trial of some size, one for each repeat."""
    literature, rng = task.setting.literature, stream(task.seed, size, task.setting.name)
    return gathered(
        analyse(draw_schools(task.pool, task.world, alike, literature, schools, task.trial.school_sd, rng))
        for _ in range(task.trial.repeats)
    )


def gathered(found: Iterator[dict[str, Conclusion]]) -> dict[str, list[Conclusion]]:
    """Conclusions by analysis."""
    by_name: dict[str, list[Conclusion]] = {}
    for each in found:
        for name, conclusion in each.items():
            by_name.setdefault(name, []).append(conclusion)
    return by_name


def sizes_of(trial: Trial, literature: Literature) -> tuple[int, int]:
    """Schools of a trial at realistic cost, and of one as large as all trials of the literature together."""
    return trial.schools, trial.schools_per_trial * literature.trials


def lot_chances(pool: Pool, literature: Literature) -> np.ndarray:
    """How likely a trial takes each programme of the field, (N), where the lot decides on expert support."""
    chance, _ = chances(pool.pattern, pool.quality, literature)
    by_pattern = np.bincount(pool.pattern, chance, len(PATTERNS))
    bit = 1 << (PATTERNS.shape[1] - 1 - EXPERT)
    either = (by_pattern + by_pattern[np.arange(len(PATTERNS)) ^ bit]) / 2
    return np.asarray(either[pool.pattern] / np.bincount(pool.pattern)[pool.pattern])


def what_is_shared(task: Task, alike: Alike) -> list[dict[str, Any]]:
    """What worlds share, as it comes out among many trials before any goes unpublished."""
    rng = stream(task.seed, "shared", task.setting.name)
    done = draw_trials(task.pool, task.world, alike, task.setting.literature, CHECKED, rng)
    spread = mean_row("", (done.effect - done.effect.mean()) ** 2)
    root = {key: float(np.sqrt(spread[key])) for key in ("value", "low", "high")}
    rows = [
        mean_row("mean effect", done.effect),
        {**spread, **root, "measure": "spread of effects"},
        share_row("collaborative", done.together),
        *(share_row(f"coded feature {k + 1}", done.coded[:, k] == 1) for k in range(done.coded.shape[1])),
        mean_row("effect of collaboration", done.adds),
    ]
    return [{"setting": task.setting.name, "world": task.world, **row} for row in rows]
