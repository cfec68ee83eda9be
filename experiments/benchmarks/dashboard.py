"""How long from a moved slider to new numbers on the screen, in a real browser with two designs and 200 worlds.

Needs chromium and playwright (in the extra "test"). Every step waits for the complete result of the one before.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import time

from playwright.sync_api import Page, sync_playwright

MOVE = """
async ([name, value]) => {
  const slider = document.getElementById('first ' + name);
  const cards = document.querySelector('.pd-cards');
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const started = performance.now();
  const first = new Promise((done) => {
    const watch = new MutationObserver(async () => { watch.disconnect(); await painted(); done(performance.now()); });
    watch.observe(cards, {subtree: true, characterData: true, childList: true});
  });
  slider.value = value;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  const seen = await first;
  while (document.querySelector('.pd-progress').ariaBusy === 'true') await painted();
  const complete = performance.now();
  slider.dispatchEvent(new Event('change', {bubbles: true}));
  return [seen - started, complete - started];
}
"""


def moved(page: Page, steps: int) -> list[tuple[float, float]]:
    """Milliseconds to the first and to the complete result, for every step of a slider over values never seen."""
    times = []
    for step in range(steps):
        value = round(0.05 * (1 + step % 19), 2)
        page.wait_for_timeout(700)
        name = "programme.facilitator" if step < 19 else "programme.content"
        first, complete = page.evaluate(MOVE, [name, value])
        times.append((first, complete))
    return times


def quantiles(values: list[float]) -> str:
    """Median and 95th percentile in words."""
    return f"median {statistics.median(values):.0f} ms, 95th percentile {statistics.quantiles(values, n=20)[-1]:.0f} ms"


def opened(page: Page, url: str) -> float:
    """Seconds from asking for the page to its headline."""
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("main h1")
    return time.perf_counter() - started


def main() -> None:
    """Start a server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=36, help="moves of a slider, at most 38")
    steps = min(parser.parse_args().steps, 38)
    program = [sys.executable, "-m", "pdsim", "dashboard", "--no-browser"]
    server = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", server.stdout.readline())
        assert found, "the dashboard did not start"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1024, "height": 768})
            print(f"first screen, in a new browser: {opened(page, found[0]):.2f} s; again: ", end="")
            print(f"{opened(page, found[0]):.2f} s")
            page.wait_for_timeout(3000)
            times = moved(page, steps)
            print(f"{steps} moves of a slider, two designs, 200 worlds:")
            print(f"  first numbers repainted:  {quantiles([first for first, _ in times])}")
            print(f"  complete, all 200 worlds: {quantiles([complete for _, complete in times])}")
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
