"""A process in which sweeps are started to be killed: it loads pdsim once and forks a child for each.

Reads one JSON command a line on standard input and answers with one line: how the child ended.

    {"argv": ["sweep", ...], "errors": "file",  the command line, and a file for what it says on standard error
     "kill_after": 0.1,                         seconds after which SIGKILL comes
     "die_at": ["os.replace", 3, "before"],     or: SIGKILL at the third call, before, after, or half way through it
     "patch": {"pdsim.experiment.store.FAN": 2},
     "beside": 2,                               how many such children run side by side
     "file_size": 4096,                         no file may grow beyond
     "user": 65534}                             under whose name
"""

import json
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback

import numpy as np

from pdsim import cli, population, scenarios, theory
from pdsim.experiment import clusters
from pdsim.simulate import run_chunk


def patched(path, value):
    """Set an attribute of a module, or of a class in it, by dotted path."""
    holder, _, name = path.rpartition(".")
    setattr(pkgutil.resolve_name(holder), name, value)


def die(*_):
    """End as kill -9 does: at once, with nothing tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(path, call, when):
    """Let the process die at a call of a function."""
    calls = []
    real = pkgutil.resolve_name(path)

    def fatal(*arguments, **options):
        calls.append(path)
        if len(calls) == call and when == "before":
            die()
        result = real(*arguments, **options)
        if len(calls) == call and when == "after":
            die()
        return result

    patched(path, fatal)


class HalfWritten:
    """A file that gets half of the bytes to the disk, and then its process dies."""

    def __init__(self, file):
        self.file = file

    def write(self, content):
        """Write half."""
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        os.fsync(self.file.fileno())
        die()


def half_written(call):
    """Let the process die half way through the writing of a part."""
    from contextlib import contextmanager

    from pdsim.experiment import store

    real, calls = store.whole_file, []

    @contextmanager
    def whole_file(path):
        calls.append(path)
        with real(path) as file:
            yield HalfWritten(file) if len(calls) == call else file

    store.whole_file = whole_file


def child(command):
    """Run the command line as the command says."""
    os.dup2(os.open(command.get("errors", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for path, value in command.get("patch", {}).items():
        patched(path, value)
    if command.get("die_at"):
        path, call, when = command["die_at"]
        half_written(call) if when == "half" else deadly(path, call, when)
    if command.get("file_size"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (command["file_size"],) * 2)
    if command.get("user"):
        os.setuid(command["user"])
    sys.argv = ["pdsim", *command["argv"]]
    try:
        cli.main()
    except SystemExit as end:
        os._exit(end.code or 0)
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def ended(command):
    """Fork the children of a command, kill them if it says so, and tell how each ended: -9 for kill -9."""
    children = []
    for _ in range(command.get("beside", 1)):
        pid = os.fork()
        if pid == 0:
            child(command)
        children.append(pid)
    if command.get("kill_after") is not None:
        time.sleep(command["kill_after"])
        for pid in children:
            os.kill(pid, signal.SIGKILL)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def main():
    """Load the kernel, then serve."""
    start = population.template(scenarios.load("no-pd", {"staff.teachers_per_school": 2}))
    run_chunk(start, theory.load("point", 1, 1).draws, np.zeros(1, np.int64), np.arange(1), 1, 1)
    assert clusters  # loaded now: another user's process may not be able to
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(ended(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
