"""How long an explanation takes on this machine: ``pdsim explain`` in process, after loading.

    python experiments/benchmarks/explain.py            60 teachers, 2 years, 50 draws x 20 lucks; a minute or so
    python experiments/benchmarks/explain.py --search   the search for what flips the verdict as well
    python experiments/benchmarks/explain.py --quick    tiny settings, to see that it works; the times mean nothing

The aim is under 20 s on two idle processors, and a further minute for the search. Time by the clock depends on what
else the machine does, so runs per second of processor time stand beside it, and the seconds that two idle processors
would take at that pace.
"""

import argparse
import os
import time

from pdsim.explanation import result
from pdsim.scenarios import load

DESIGN = "teacher-learning-community"


def timed(name: str, runs: int, began: tuple[float, float]) -> str:
    """A line on a part that began at a time by the clock and of the processors."""
    clock, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    pace = f"{runs / processor:8,.0f} runs a second of processor time"
    return f"{name:28} {runs:8,} runs {clock:8.1f} s by the clock {pace} {processor / 2:6.1f} s on two idle processors"


def now() -> tuple[float, float]:
    """Time by the clock and of the processors."""
    return time.perf_counter(), time.process_time()


def main() -> None:
    """Run the benchmark; see the top of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--search", action="store_true", help="the search for flips as well")
    parser.add_argument("--quick", action="store_true", help="tiny settings, to see that it works")
    options = parser.parse_args()
    teachers, replicates = (8, 20) if options.quick else (60, result.REPLICATES)
    design = load(DESIGN).with_(**{"staff.teachers_per_school": teachers})
    result.explain(design, replicates=result.SEEDS, years=1, theory="point", search=False)  # to load
    request = result.resolve(design, replicates, years=2)
    began = now()
    found = result.run(request)
    print(f"{DESIGN}, {teachers} teachers, 2 years, {found.draws} draws, {os.cpu_count()} processors")
    print(timed("without the search for flips", result.runs_needed(request), began))
    if options.search:
        done: list[int] = []
        began = now()
        result.with_flips(found, done.append)
        print(timed("search for flips (at most)", sum(done), began))


if __name__ == "__main__":
    main()
