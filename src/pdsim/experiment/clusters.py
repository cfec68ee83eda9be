"""More than one machine: a Dask cluster, SLURM through dask-jobqueue, or a job array of shards with no service."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pdsim.errors import InputError, shown
from pdsim.experiment.crews import AHEAD, Crew, Here, Outside, Processes
from pdsim.experiment.runner import check_options

ANSWER_SECONDS = 15  # in which a scheduler has to answer
JOB_MEMORY = "4GB"  # of a SLURM job, where the user's Dask configuration names none
COMPILING = 600.0  # seconds that a job array asks for on top, as a new machine compiles the model
SPARE = 3.0  # a job array asks for this times the time that a shard is thought to take


class Cluster(Outside):
    """The workers of a Dask cluster, however many there are at the moment."""

    def __init__(self, client: Any) -> None:
        super().__init__(client.get_executor())
        self.client = client

    @property
    def in_hand(self) -> int:  # type: ignore[override]
        """Chunks for the workers that are there now."""
        return AHEAD * max(sum(self.client.nthreads().values()), 1)

    @in_hand.setter
    def in_hand(self, value: int) -> None:
        """It follows the cluster."""


@contextmanager
def crew(workers: int = 1, scheduler: str | None = None, slurm: bool = False) -> Iterator[Crew]:
    """The crew that the options of the command line ask for.

    Args:
        workers: processes on this machine, or SLURM jobs.
        scheduler: address of a Dask scheduler.
        slurm: start a Dask cluster of SLURM jobs.

    Raises:
        InputError: two kinds of crew at once, no Dask, or nobody at the address.
    """
    if scheduler is not None and (slurm or workers > 1):
        raise InputError("--scheduler: names the workers by itself; leave out --workers and --slurm")
    with ExitStack() as stack:
        if slurm:
            yield Cluster(stack.enter_context(slurm_client(workers)))
        elif scheduler is not None:
            yield Cluster(stack.enter_context(dask_client(scheduler)))
        else:
            yield Here() if workers == 1 else Processes(workers)


@contextmanager
def dask_client(address: str) -> Iterator[Any]:
    """A client of the Dask scheduler at an address such as "tcp://node1:8786".

    Raises:
        InputError: Dask is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--scheduler: needs Dask; install it with pip install 'pdsim[cluster]'") from None
    try:
        client = Client(address, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler: no Dask scheduler answers at {shown(address)} ({error})") from None
    with client:
        yield client


@contextmanager
def slurm_client(jobs: int) -> Iterator[Any]:
    """A client of a Dask cluster of SLURM jobs, one processor each, which ends with the block.

    Account, queue, time and so on come from the user's Dask configuration (``jobqueue.slurm``).

    Raises:
        InputError: dask-jobqueue is not installed, or SLURM is not there.
    """
    try:
        import dask
        from dask_jobqueue import SLURMCluster
        from distributed import Client
    except ImportError:
        raise InputError("--slurm: needs dask-jobqueue; install it with pip install 'pdsim[cluster]'") from None
    if shutil.which("sbatch") is None:
        raise InputError("--slurm: this machine has no sbatch; start the sweep where SLURM jobs are submitted")
    known = {name: dask.config.get(f"jobqueue.slurm.{name}", None) for name in ("cores", "memory", "processes")}
    memory = known["memory"] or JOB_MEMORY
    cluster = SLURMCluster(
        cores=known["cores"] or 1,
        processes=known["processes"] or 1,
        memory=memory,
        scheduler_options={"dashboard_address": ":0"},  # whichever port is free
    )
    with cluster, Client(cluster) as client:
        cluster.scale(jobs=jobs)
        yield client


def job_array(experiment: str, out: Path, shards: int, seconds: float) -> str:
    """A SLURM script that runs an experiment as an array of shards.

    A job that SLURM stops finishes its chunk and is put in the queue again. ``seconds`` is about how long the whole
    experiment takes on one processor.

    Raises:
        InputError: a number of shards that is out of range.
    """
    check_options(1, (1, shards), None)
    hours, minutes = divmod(int((SPARE * seconds / shards + COMPILING) // 60) + 1, 60)
    command = f"pdsim sweep {shlex.quote(experiment)} --out {shlex.quote(str(out))}"
    return f"""#!/bin/bash
#SBATCH --job-name=pdsim-{out.name}
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time={hours:02d}:{minutes:02d}:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
#SBATCH --open-mode=append
# All jobs write to one folder, which has to be on a disk that they share. When all have ended:
#   {command} --merge
{command} --shard "$SLURM_ARRAY_TASK_ID/{shards}" &
sweep=$!
trap 'kill -TERM "$sweep"' TERM
wait "$sweep"
code=$?
while kill -0 "$sweep" 2>/dev/null; do
  wait "$sweep"
  code=$?
done
if [ "$code" -eq 75 ]; then
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
"""
