"""How well the model meets the published patterns, and which assumptions the evidence touches: rows and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pdsim.assumptions import FAMILY_OFF, PARAMETERS

HEADER = ("pattern", "what", "published", "tolerance", "model (90 % range)", "within")


def number(value: float, row: Mapping[str, Any]) -> str:
    """A statistic with as many digits as its tolerance asks for."""
    tolerance = min(t for t in (row["below"], row["above"]) if t is not None)
    digits = 0 if tolerance >= 5 else 1 if tolerance >= 0.5 else 2 if tolerance >= 0.05 else 3
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def tolerance_of(row: Mapping[str, Any]) -> str:
    """The tolerance in words: both sides, or a bound."""
    if row["above"] is None:
        return f"at least, -{number(row['below'], row)}"
    if row["below"] is None:
        return f"at most, +{number(row['above'], row)}"
    if row["below"] == row["above"]:
        return number(row["below"], row)
    return f"-{number(row['below'], row)} / +{number(row['above'], row)}"


def pattern_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of the table of patterns: published value and tolerance, model, share of draws within the tolerance."""
    mark = " m" if row.get("apart") else "" if row["counted"] else " (in 5)"
    model = f"{number(row['mean'], row)} ({number(row['low'], row)} to {number(row['high'], row)})"
    published = f"{number(row['target'], row)} {row['unit']}"
    share = f"{100 * row['within_tolerance']:.0f} %"
    return row["pattern"] + mark, row["label"], published, tolerance_of(row), model, share


def pattern_rows(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """All patterns in the order of their numbers."""
    return [pattern_cells(row) for row in sorted(record["patterns"], key=lambda row: int(row["pattern"]))]


def untouched(record: Mapping[str, Any]) -> list[str]:
    """Assumptions fitted with the others whose posterior is neither narrower than their prior nor shifted."""
    return [row["name"] for row in record["parameters"] if row["how"] == "together" and not row["touched"]]


def channels_sentence(record: Mapping[str, Any]) -> str:
    """What the evidence says of the strengths of collaboration."""
    rows = [row for row in record["parameters"] if PARAMETERS[row["name"]].family]
    moved = [
        f"`{row['name']}` (variance {-100 * row['shrinkage']:+.0f} %, mean {row['shift']:+.1f} SD)"
        for row in rows
        if row["touched"]
    ]
    chances = ", ".join(f"{family} {chance:.2f}" for family, chance in record["families_on"].items())
    which = f"touches {len(moved)}: {', '.join(moved)}" if moved else "touches none"
    return (
        f"Of the {len(rows)} strengths of collaboration the evidence {which}. Chance that a family of channels is "
        f"there at all, {1 - FAMILY_OFF:g} before the evidence: {chances}."
    )


def diagnostics_sentences(record: Mapping[str, Any]) -> list[str]:
    """What says whether the fit is to be trusted."""
    found = record["diagnostics"]
    moved = [r for r in found["r_squared"].values() if r > 0.01]  # nothing moves some statistics: only luck is left
    sentences = [
        f"{record['draws']} draws of {found['particles']} are kept, each once, by rejection on the simulator; the "
        f"effective size of all is {found['effective_sample_size_of_particles']:.0f}, their largest correlation with "
        f"where they came from {found['remembered']:.2f}.",
        f"Emulators explain {min(moved):.2f} to {max(moved):.2f} of the variance of points held out near the targets "
        f"({len(moved)} of {len(found['r_squared'])} statistics; the rest is luck).",
    ]
    if "synthetic" in found:
        recovered = found["synthetic"]
        share = {name: f"{100 * value:.0f} %" for name, value in recovered.items() if name.startswith("coverage")}
        sentences.append(
            f"{recovered['truths']} synthetic truths: 90 % intervals hold {share['coverage_of_touched']} of the values "
            f"that they narrow and {share['coverage_of_all']} of all; in the {recovered['checked']} that were checked "
            f"on the simulator {share['coverage_checked_corrected']} ({share['coverage_checked_emulated']} before)."
        )
    return sentences


def print_fit(record: Mapping[str, Any], console: Console) -> None:
    """Print a fit: pattern by pattern, diagnostics, and what the evidence leaves open."""
    table = Table(title="Published patterns and the model that was fitted to them", title_justify="left")
    for name in HEADER:
        table.add_column(name)
    for row in pattern_rows(record):
        table.add_row(*row)
    console.print(table)
    names = untouched(record)
    for sentence in (
        *diagnostics_sentences(record),
        f"The evidence does not touch {len(names)} assumptions: {', '.join(names)}.",
    ):
        console.print(f"- {sentence}", soft_wrap=True)
