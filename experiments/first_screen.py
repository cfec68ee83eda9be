"""Make the dashboard's first screen anew: the runs that the package ships, so that it opens with results at once."""

from pdsim import files
from pdsim.dashboard import first_screen
from pdsim.dashboard.compute import Simulator

if __name__ == "__main__":
    simulator = Simulator()
    content = first_screen.made(simulator)
    simulator.close()
    files.write_files(first_screen.FILE.parent, {first_screen.FILE.name: content})
    print(f"{first_screen.FILE.name}: {len(content):,} bytes")
