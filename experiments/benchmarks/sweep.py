"""What a sweep costs beyond its runs, on this machine: a table of times and ratios, all from one run.

    python experiments/benchmarks/sweep.py             the table, in a few minutes
    python experiments/benchmarks/sweep.py --million   memory with a million runs too; some minutes more
    python experiments/benchmarks/sweep.py --quick     tiny settings, to see that it works; the times mean nothing

It asks, after loading:

(a) processor time of a sweep of 100,000 runs (schedule, rows, files) against compiled ``simulate`` of the same runs of
    the same designs and their baseline; the aim is at most 25 % more;
(b) two workers against one, by the clock, so it wants an idle machine; the aim is at least 1.7;
(c) planning a design of a million runs: under 20 seconds and 1 GB are the aims;
(d) peak memory as runs grow: flat is the aim.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory import peak_bytes

from pdsim import experiment, theory
from pdsim.experiment import designs
from pdsim.simulate import draws_for, luck, simulate

REPLICATES = 100
TEXT = """
scenarios = ["solo-course"]
replicates = {replicates}

[design]
method = "latin-hypercube"
samples = {points}

[factors]
programme.fidelity = {{ low = 0.2, high = 1.0 }}
programme.content = {{ low = 0.2, high = 1.0 }}

[output]
outcomes = ["use", "practice", "pupil_attainment"]
"""


@dataclass(frozen=True)
class Sizes:
    """How much is run for each question."""

    points: int = 1000
    planned: int = 10_000
    few: int = 10
    many: int = 1000


QUICK = Sizes(points=2, planned=10, few=1, many=2)
MILLION = Sizes(many=10_000)


def trial(points: int, folder: Path) -> experiment.Experiment:
    """An experiment of this many points, with 100 replicates each."""
    file = folder / "trial.toml"
    file.write_text(TEXT.format(points=points, replicates=REPLICATES))
    return experiment.load(file)


def busy(task: Any) -> float:
    """Processor seconds of a task."""
    began = time.process_time()
    task()
    return time.process_time() - began


def simulated(asked: experiment.Experiment) -> None:
    """The runs of an experiment, and of its baseline once, with nothing around them."""
    believed = theory.load(asked.theory, draws_for(asked.replicates), asked.seed)
    runs = luck(asked.replicates, len(believed.draws), asked.seed)
    along = designs.axes(asked)
    simulate(asked.baseline.in_the_world_of(asked.scenarios[0]), believed, runs)
    for codes in designs.points(asked):
        simulate(designs.scenario_at(asked.scenarios[0], along, codes), believed, runs)


def overhead(points: int) -> dict[str, float]:
    """Question (a): processor seconds of the sweep and of ``simulate`` alone."""
    with tempfile.TemporaryDirectory() as place:
        asked = trial(points, Path(place))
        simulated(trial(1, Path(place)))
        experiment.sweep(trial(1, Path(place)), Path(place) / "first")
        bare = busy(lambda: simulated(asked))
        return {"bare": bare, "sweep": busy(lambda: experiment.sweep(asked, Path(place) / "all"))}


def clocked(points: int, workers: int) -> dict[str, float]:
    """Question (b): seconds by the clock of a sweep with a number of workers, their start included."""
    with tempfile.TemporaryDirectory() as place:
        asked = trial(points, Path(place))
        began = time.perf_counter()
        experiment.sweep(asked, Path(place) / "out", workers=workers)
        return {"seconds": time.perf_counter() - began}


def planned(points: int) -> dict[str, float]:
    """Question (c): seconds and peak bytes of looking ahead."""
    with tempfile.TemporaryDirectory() as place:
        asked = trial(points, Path(place))
        began = time.perf_counter()
        runs = experiment.look_ahead(asked).runs
        return {"seconds": time.perf_counter() - began, "peak": peak_bytes(), "runs": runs}


def remembered(points: int) -> dict[str, float]:
    """Question (d): peak bytes of a sweep."""
    with tempfile.TemporaryDirectory() as place:
        experiment.sweep(trial(points, Path(place)), Path(place) / "out")
        return {"peak": peak_bytes()}


STEPS = {each.__name__: each for each in (overhead, clocked, planned, remembered)}


def step(name: str, *arguments: int) -> dict[str, float]:
    """What one of these functions returns in a process of its own, so that memory is that step's alone."""
    command = [sys.executable, str(Path(__file__).resolve()), "--step", name, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(sizes: Sizes) -> list[str]:
    """A line for each question."""
    cost = step("overhead", sizes.points)
    one, two = (step("clocked", sizes.points, workers)["seconds"] for workers in (1, 2))
    plan = step("planned", sizes.planned)
    runs = f"{sizes.points * REPLICATES:,} runs"
    lines = [
        f"(a) {runs}: simulate {cost['bare']:.1f} s of processor time, sweep {cost['sweep']:.1f} s: "
        f"{cost['sweep'] / cost['bare'] - 1:+.0%} (aim: at most +25 %)",
        f"(b) {runs}: one worker {one:.1f} s, two {two:.1f} s by the clock: {one / two:.2f} times (aim: 1.7)",
        f"(c) {plan['runs']:,} runs planned in {plan['seconds']:.1f} s and {plan['peak'] / 1e6:,.0f} MB "
        "(aim: 20 s, 1,000 MB)",
    ]
    for points in (sizes.few, sizes.many):
        peak = step("remembered", points)["peak"] / 1e6
        lines.append(f"(d) {points * REPLICATES:,} runs: {peak:,.0f} MB at most (aim: flat)")
    return lines


def main() -> None:
    """Run the benchmark; see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny settings, to see that it works")
    parser.add_argument("--million", action="store_true", help="memory with a million runs too")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, *arguments = options.step
        print(json.dumps(STEPS[name](*map(int, arguments))))
        return
    sizes = QUICK if options.quick else MILLION if options.million else Sizes()
    print("\n".join(table(sizes)))


if __name__ == "__main__":
    main()
