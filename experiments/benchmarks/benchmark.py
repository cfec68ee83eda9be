"""How fast pdsim is on this machine: a table of times and ratios, all from one run.

    python experiments/benchmarks/benchmark.py            the table, in a few minutes
    python experiments/benchmarks/benchmark.py --json     the same as one document
    python experiments/benchmarks/benchmark.py --quick    tiny settings, to see that it works; the times mean nothing

It asks, after loading and with the median of several repeats:

(a) runs per second and core of compiled ``simulate`` (building the population included) against a plain Mesa model
    whose agents are ordinary Python objects and call the same submodels' Python source (``plain_model.py``). Twice:
    with Python's own random numbers, as a plain model would draw them, and with the addressed ones, where every
    outcome has to agree to the bit;
(b) nanoseconds per teacher and week, beside the time of drawing the random numbers alone;
(c) two threads against one;
(d) the time of a comparison of two scenarios in 200 replicates;
(e) peak memory as runs grow a hundredfold;
(f) all England: 20,000 schools of 25 teachers for one year;
(g) replicates needed for a 90 % interval of +-0.005 around a pupil effect, with and without common random numbers.

(a) and (b) are processor time, so that other work on the machine counts little; (c) is time by the clock, (d) and (f)
are given in both.
The exit status is 1 when the plain and the compiled model differ.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cases import FORMATS, SEED, believed, case, started
from numba import njit

from pdsim.comparison import compare
from pdsim.kernel import draws, run
from pdsim.kernel.measure import ALL, OUTCOMES
from pdsim.kernel.records import WEEKS
from pdsim.kernel.week import week
from pdsim.population import fresh
from pdsim.scenarios import Scenario, load
from pdsim.simulate import luck, simulate

HERE = Path(__file__).resolve().parent
HALF_WIDTH = 0.005  # pupil SD
Z = 1.645  # half of a 90 % interval, in standard errors
PUPILS = OUTCOMES.index("pupil_attainment")
AGREE = "outcomes agree to the bit"


@dataclass(frozen=True)
class Sizes:
    """How much is run for each question."""

    teachers: int = 60
    years: int = 2
    runs: int = 1000
    plain_runs: int = 5
    repeats: int = 5
    draws: int = 1_000_000
    replicates: int = 200
    memory_runs: int = 200
    schools: int = 20_000
    teachers_of_school: int = 25


QUICK = Sizes(teachers=8, years=1, runs=4, plain_runs=2, repeats=1, draws=1000, replicates=4, memory_runs=2, schools=20)


@dataclass(frozen=True)
class Row:
    """One line of the table; ``note`` says what the value stands beside or aims at."""

    question: str
    measure: str
    value: float
    unit: str
    note: str = ""


def median_time(task: Callable[[], Any], repeats: int, clock: Callable[[], float]) -> float:
    """Median seconds of a task after one run to load it, by ``time.process_time`` or ``time.perf_counter``."""
    task()
    times = []
    for _ in range(repeats):
        began = clock()
        task()
        times.append(clock() - began)
    return statistics.median(times)


def simulated(scenario: Scenario, runs: int, threads: int = 1) -> np.ndarray:
    """Outcomes of runs 0, 1, ... of a scenario, in a number of threads."""
    with ThreadPoolExecutor(threads) as pool:
        return simulate(scenario, believed(), luck(runs, 1, SEED), executor=pool)


def in_process(script: str, argument: dict[str, Any], **variables: str) -> dict[str, Any]:
    """The document that one of these scripts prints in a process of its own, with environment variables."""
    command = [sys.executable, str(HERE / script), json.dumps(argument)]
    done = subprocess.run(command, env=os.environ | variables, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def plain_and_compiled(form: str, sizes: Sizes) -> tuple[dict[str, Any], float, bool]:
    """What the plain model measured, seconds of a compiled run, and whether all outcomes agree to the bit."""
    scenario = case(form, sizes.teachers, sizes.years)
    start = started(form, sizes.teachers, sizes.years)
    unit = run.practice_sd(fresh(start.reference, start.world.theory, (0, 0)), start.year_quantiles)
    plain = in_process(
        "plain_model.py",
        {
            "form": form,
            "teachers": sizes.teachers,
            "years": sizes.years,
            "runs": sizes.plain_runs,
            "repeats": sizes.repeats,
            "unit": unit,
        },
        NUMBA_DISABLE_JIT="1",
    )
    same = np.array_equal(plain["results"], simulated(scenario, sizes.plain_runs), equal_nan=True)
    seconds = median_time(lambda: simulated(scenario, sizes.runs), sizes.repeats, time.process_time) / sizes.runs
    return plain, seconds, same


def against_plain_mesa(form: str, sizes: Sizes) -> list[Row]:
    """Questions (a) and (b) for one format."""
    plain, seconds, same = plain_and_compiled(form, sizes)
    where = f"{form}, {sizes.teachers} teachers, {sizes.years} years"
    teacher_weeks = sizes.teachers * sizes.years * WEEKS
    addresses = plain["draws"]
    drawing = seconds_of_a_draw(sizes) * addresses
    per, speed = "ns per teacher and week", "runs a second and core"
    weeks = seconds_of_weeks(form, sizes)
    return [
        Row("a", f"compiled: {where}", 1 / seconds, speed),
        Row("a", f"plain Mesa, Python's random numbers: {where}", 1 / plain["seconds_per_run"], speed),
        Row("a", f"compiled / plain Mesa: {form}", plain["seconds_per_run"] / seconds, "times", "aim: at least 60"),
        Row("a", f"the same, addressed random numbers: {form}", plain["seconds_per_run_addressed"] / seconds, "times"),
        Row("a", f"{AGREE}: {form}", float(same), "1 yes, 0 no", f"{sizes.plain_runs} runs"),
        Row("b", f"whole run: {form}", seconds / teacher_weeks * 1e9, per),
        Row("b", f"its weeks alone: {form}", weeks / teacher_weeks * 1e9, per),
        Row("b", f"its random numbers alone: {form}", drawing / teacher_weeks * 1e9, per, f"{addresses} addresses"),
    ]


@njit
def pass_weeks(world, weeks):
    """Advance a world by a number of weeks in one compiled call."""
    for now in range(weeks):
        week(world, now)


@njit
def draw_many(count):
    """Draw at many addresses."""
    total = 0.0
    for post in range(count):
        a, b, c, d = draws.uniforms((1, 2), 3, 4, post, 5)
        total += a + b + c + d
    return total


def seconds_of_weeks(form: str, sizes: Sizes) -> float:
    """Median processor time of all weeks of a run, without population, summers and measuring."""
    start = started(form, sizes.teachers, sizes.years)

    def once() -> float:
        world = fresh(start.world, start.world.theory, (SEED, 0))
        run.populate(world, start.year_quantiles, start.degree_quantiles)
        began = time.process_time()
        pass_weeks(world, sizes.years * WEEKS)
        return time.process_time() - began

    once()
    return statistics.median(once() for _ in range(20 * sizes.repeats))


def seconds_of_a_draw(sizes: Sizes) -> float:
    """Processor time of drawing at one address: four uniforms."""
    return median_time(lambda: draw_many(sizes.draws), sizes.repeats, time.process_time) / sizes.draws


def threads(sizes: Sizes) -> list[Row]:
    """Question (c)."""
    scenario = case("collaborative", sizes.teachers, sizes.years)
    one, two = (
        median_time(lambda n=n: simulated(scenario, 2 * sizes.runs, n), sizes.repeats, time.perf_counter)
        for n in (1, 2)
    )
    return [Row("c", "two threads / one", one / two, "times", f"{os.cpu_count()} processors")]


def comparison(sizes: Sizes) -> list[Row]:
    """Question (d)."""
    designs = [case(form, sizes.teachers, sizes.years) for form in FORMATS]
    by_clock, processor = (
        median_time(lambda: compare(designs, replicates=sizes.replicates, seed=SEED), sizes.repeats, clock)
        for clock in (time.perf_counter, time.process_time)
    )
    name = f"comparison of two scenarios, {sizes.replicates} replicates"
    return [
        Row("d", name, by_clock, "s", "aim: under 0.5 on a machine with nothing else to do"),
        Row("d", "its processor time", processor, "s", "shared by all processors"),
    ]


def memory(sizes: Sizes) -> list[Row]:
    """Question (e); empty where the system does not tell."""
    if sys.platform == "win32":
        return []
    few, many = sizes.memory_runs, 100 * sizes.memory_runs
    small, large = (
        in_process("memory.py", {"teachers": sizes.teachers, "years": sizes.years, "schools": 1, "runs": n})
        for n in (few, many)
    )
    return [
        Row("e", f"peak memory, {few} runs", small["peak"] / 1e6, "MB", "Python and libraries included"),
        Row("e", f"peak memory, {many} runs", large["peak"] / 1e6, "MB"),
        Row("e", "growth", large["peak"] / small["peak"], "times", "runs grow 100 times"),
        Row("e", "results held by the caller", large["held"] / 1e6, "MB", f"of {many} runs"),
    ]


def england(sizes: Sizes) -> list[Row]:
    """Question (f)."""
    size = {"teachers": sizes.teachers_of_school, "years": 1, "schools": sizes.schools, "runs": 1}
    done = in_process("memory.py", size)
    name = f"{sizes.schools} schools of {sizes.teachers_of_school} teachers, one year"
    rows = [
        Row("f", name, done["seconds"], "s", f"{sizes.schools * sizes.teachers_of_school} teachers"),
        Row("f", "its processor time", done["processor"], "s"),
    ]
    return rows + [Row("f", "its peak memory", done["peak"] / 1e6, "MB")] * (done["peak"] > 0)


def replicates_needed(sizes: Sizes) -> list[Row]:
    """Question (g): (1.645 SD / half-width)^2, where SD is that of the difference of a pair of runs."""
    without = load("no-pd")
    rows = []
    for form in FORMATS:
        design = case(form, sizes.teachers, sizes.years)
        with_pd, baseline = (
            simulated(each, sizes.runs)[:, -1, ALL, PUPILS] for each in (design, without.in_the_world_of(design))
        )
        paired = np.std(with_pd - baseline, ddof=1)
        apart = math.hypot(np.std(with_pd, ddof=1), np.std(baseline, ddof=1))
        for name, sd in (("common random numbers", paired), ("luck of its own for each", apart)):
            rows.append(Row("g", f"{name}: {form}", math.ceil((Z * sd / HALF_WIDTH) ** 2), "replicates"))
    return rows


def measured(sizes: Sizes) -> list[Row]:
    """Every question, in order; memory first, while this process is small, and then shown in its place."""
    of_memory = memory(sizes) + england(sizes)
    rows = [row for form in FORMATS for row in against_plain_mesa(form, sizes)]
    rows += threads(sizes) + comparison(sizes) + of_memory + replicates_needed(sizes)
    return sorted(rows, key=lambda row: row.question)


def table(rows: list[Row]) -> str:
    """The rows as text in columns."""
    width = max(len(row.measure) for row in rows)
    lines = (f"({r.question}) {r.measure:<{width}} {r.value:>10,.4g} {r.unit:<24} {r.note}" for r in rows)
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Run the benchmark; see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny settings, to see that it works")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    rows = measured(QUICK if options.quick else Sizes())
    machine = {"python": sys.version.split()[0], "processors": os.cpu_count(), "quick": options.quick}
    print(json.dumps({**machine, "rows": [asdict(row) for row in rows]}, indent=1) if options.json else table(rows))
    return 0 if all(row.value == 1.0 for row in rows if row.measure.startswith(AGREE)) else 1


if __name__ == "__main__":
    sys.exit(main())
