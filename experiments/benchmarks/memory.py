"""Peak memory and time of many runs, or of one large one, in a process of their own: started by the benchmark."""

import json
import sys
import time

from cases import SEED, believed, case

from pdsim.scenarios import Scenario
from pdsim.simulate import luck, simulate


def peak_bytes() -> int:
    """The most memory that this process has held, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measured(teachers: int, years: int, schools: int, runs: int) -> dict[str, float]:
    """Seconds by the clock and of processors, peak bytes and bytes of results, of the solo case after loading."""
    scenario: Scenario = case("solo", teachers, years)
    simulate(scenario, believed(), luck(1, 1, SEED))
    large = scenario.with_(**{"staff.schools": schools})
    began, busy = time.perf_counter(), time.process_time()
    held = simulate(large, believed(), luck(runs, 1, SEED)).nbytes
    seconds, processor = time.perf_counter() - began, time.process_time() - busy
    return {"seconds": seconds, "processor": processor, "peak": peak_bytes(), "held": held}


if __name__ == "__main__":
    print(json.dumps(measured(**json.loads(sys.argv[1]))))
