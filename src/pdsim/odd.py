"""The ODD+D description of the model: text from ``documents/odd.md``, tables from the registers.

Whatever can drift (parameters, keys, outcomes, fields, streams) is written into the text when it is printed, at the
markers ``<!-- table: NAME -->``.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pdsim import __version__, assumptions, calibration_tables, scenarios, theory
from pdsim.assumptions import CHANNEL_FAMILIES, CHANNEL_STRENGTHS, Parameter
from pdsim.errors import InputError
from pdsim.kernel.records import CHANNELS, SCHOOL_FIELDS, TEACHER_FIELDS
from pdsim.scenarios import MECHANISMS, Key, Scenario

MARKER = re.compile(r"<!-- table: (\w+) -->")
STREAM = re.compile(r"^STREAM_(\w+) = (\d+)  # (.+)$", re.MULTILINE)
WIDTH = 110


def document(name: str) -> str:
    """Text of a shipped document, for example "glossary"."""
    return (Path(__file__).parent / "documents" / f"{name}.md").read_text(encoding="utf-8")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up in a terminal; the last column is as wide as it needs.

    >>> print(table(["name", "unit"], [["use", "0-1"]]))
    | name | unit |
    |------|------|
    | use  | 0-1 |
    """
    lines = [list(header), *([cell.replace("|", "/") for cell in row] for row in rows)]
    width = [max(len(line[column]) for line in lines) for column in range(len(header) - 1)]
    text = [row_of(line, width) for line in lines]
    rule = "|" + "|".join("-" * (w + 2) for w in [*width, len(header[-1])]) + "|"
    return "\n".join([text[0], rule, *text[1:]])


def row_of(cells: Sequence[str], width: Sequence[int]) -> str:
    """A row of a table, all cells but the last padded to ``width``."""
    padded = [cell.ljust(w) for cell, w in zip(cells, width, strict=False)]
    return f"| {' | '.join([*padded, cells[-1]])} |"


def shown(value: Any) -> str:
    """A value of a scenario key as a person writes it; "left out" and "none" where there is nothing."""
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "; ".join(f"{name} = {carrier}" for name, carrier in value.items()) or "none"
    if isinstance(value, tuple):
        return "; ".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def fields_table(fields: Mapping[str, tuple[type, str]]) -> str:
    """State variables of a kind of record, with unit and meaning."""
    kinds = {"int64": "whole", "float64": "real"}
    rows = [(f"`{name}`", kinds[kind.__name__], meaning) for name, (kind, meaning) in fields.items()]
    return table(["variable", "number", "unit or range, and meaning"], rows)


def key_row(key: Key) -> tuple[str, str, str, str, str]:
    """One scenario key as a row."""
    return f"`{key.path}`", shown(key.default), key.unit, key.allowed, key.meaning


def keys_table() -> str:
    """Every scenario key with default, unit, range and meaning."""
    return table(["key", "default", "unit", "allowed", "meaning"], map(key_row, scenarios.keys().values()))


def parameter_row(p: Parameter) -> tuple[str, ...]:
    """One assumption as a row."""
    bounds = f"{p.low:g} to {p.high:g}"
    middle = p.symbol, f"{p.default:g}", p.unit, bounds, str(p.prior), *posterior_of(p.name), p.family
    return f"`{p.name}`", *middle, p.meaning, p.source, p.reason


def posterior_of(name: str) -> tuple[str, str]:
    """Posterior median with 90 % range, and what the evidence does to a parameter."""
    row = next(row for row in theory.shipped_record()["parameters"] if row["name"] == name)
    if row["how"] == "fixed":
        return f"{row['median']:g}", "fixed scale"
    touched = "touched" if row["touched"] else "not touched"
    moved = f"variance {-100 * row['shrinkage']:+.0f} %, mean {row['shift']:+.1f} SD"
    apart = "; fitted apart" if row["how"] == "apart" else ""
    return f"{row['median']:.3g} ({row['low']:.3g} to {row['high']:.3g})", f"{touched}: {moved}{apart}"


def patterns_table() -> str:
    """Pattern by pattern: what is published and what the fitted model does."""
    return table(calibration_tables.HEADER, calibration_tables.pattern_rows(theory.shipped_record()))


def untouched_table() -> str:
    """Assumptions that the patterns do not touch, by group."""
    names = calibration_tables.untouched(theory.shipped_record())
    rows = [
        (group, ", ".join(f"`{p.name}`" for p in assumptions.REGISTER if p.group == group and p.name in names))
        for group in assumptions.groups()
    ]
    return table(["group", "not touched"], [row for row in rows if row[1]])


def fit_notes() -> str:
    """Diagnostics of the shipped fit, as a list."""
    return "\n".join(f"- {sentence}" for sentence in calibration_tables.diagnostics_sentences(theory.shipped_record()))


def assumptions_table() -> str:
    """Every assumption, a table for each group of the register."""
    header = ["assumption", "symbol", "centre", "unit", "range", "prior", "posterior", "evidence", "family", "meaning",
              "source", "reason"]  # fmt: skip
    parts = [
        f"**{group}**\n\n" + table(header, [parameter_row(p) for p in assumptions.REGISTER if p.group == group])
        for group in assumptions.groups()
    ]
    return "\n\n".join(parts)


def unsourced_table() -> str:
    """Assumptions without a published size, by group."""
    rows = [
        (group, ", ".join(f"`{p.name}`" for p in assumptions.REGISTER if p.group == group and "assumption" in p.source))
        for group in assumptions.groups()
    ]
    return table(["group", "values that are assumed"], [row for row in rows if row[1]])


def outcomes_table() -> str:
    """Every outcome with its level and unit."""
    from pdsim.outcomes import OUTCOMES

    better = {1: "more", -1: "less", 0: "neither"}
    rows = [
        (f"`{o.name}`", o.label, str(o.level or "-"), o.unit, better[o.direction], o.meaning) for o in OUTCOMES.values()
    ]
    return table(["outcome", "label", "Guskey level", "unit", "better is", "meaning"], rows)


def mechanisms_table() -> str:
    """The 14 mechanisms with their groups and usual carriers."""
    return table(["mechanism", "group", "usual carrier"], [(name, *rest) for name, rest in MECHANISMS.items()])


def channels_table() -> str:
    """The channels of collaboration with their families and strengths."""
    rows = []
    for channel in CHANNELS:
        meaning = scenarios.keys()[f"collaboration.channels.{channel}"].meaning
        names = ", ".join(f"`{name}`" for name in CHANNEL_STRENGTHS[channel])
        rows.append((f"`{channel}`", CHANNEL_FAMILIES[channel], meaning, names))
    return table(["channel", "family", "through", "strengths"], rows)


def streams_table() -> str:
    """The streams of random numbers, read from the source of the generator."""
    source = (Path(__file__).parent / "kernel" / "draws.py").read_text(encoding="utf-8")
    rows = [(number, name.lower(), use) for name, number, use in STREAM.findall(source)]
    return table(["stream", "name", "decides"], rows)


def worlds_table() -> str:
    """The named worlds: the strengths that are not zero in each."""
    rows = []
    for name, values in theory.WORLDS.items():
        strengths = [f"`{key}` = {value:g}" for key, value in values.items() if value != 0.0]
        rows.append((name, ", ".join(strengths) or "all 0"))
    return table(["world", "strengths of channels; all others are 0"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "teachers": lambda: fields_table(TEACHER_FIELDS),
    "schools": lambda: fields_table(SCHOOL_FIELDS),
    "mechanisms": mechanisms_table,
    "channels": channels_table,
    "streams": streams_table,
    "outcomes": outcomes_table,
    "keys": keys_table,
    "assumptions": assumptions_table,
    "worlds": worlds_table,
    "unsourced": unsourced_table,
    "untouched": untouched_table,
    "patterns": patterns_table,
    "fit": fit_notes,
}


def value_at(scenario: Scenario, path: str) -> Any:
    """Value of a scenario at a key path such as "staff.expertise"."""
    return reduce(getattr, path.split("."), scenario)


def changed_keys(scenario: Scenario) -> list[tuple[str, str, str]]:
    """Key, value and default of every key that differs from the default; mechanisms have a table of their own."""
    own_table = ("programme.mechanisms", "programme.carriers")
    return [
        (f"`{key.path}`", shown(value_at(scenario, key.path)), shown(key.default))
        for key in scenarios.keys().values()
        if key.path not in own_table and value_at(scenario, key.path) != key.default
    ]


def words_of(scenario: Scenario) -> str:
    """What a scenario says of itself: title, source, what the source says, what was chosen."""
    labels = {"title": "Title", "source": "Source", "says": "The source says", "choices": "Choices"}
    texts = {label: " ".join(getattr(scenario, name).split()) for name, label in labels.items()}
    return "\n\n".join(textwrap.fill(f"{label}: {text}", WIDTH) for label, text in texts.items() if text)


def carriers_table(scenario: Scenario) -> str:
    """A programme's mechanisms with who carries each."""
    programme = scenario.programme
    rows = [(m, MECHANISMS[m][0], programme.carriers.get(m, MECHANISMS[m][1])) for m in programme.mechanisms]
    return table(["mechanism", "group", "carrier"], rows) if rows else "The programme uses none of the 14 mechanisms."


def overrides_table(scenario: Scenario) -> str:
    """The assumptions that a scenario fixes."""
    usual = assumptions.PARAMETERS
    rows = [(f"`{name}`", f"{value:g}", f"{usual[name].default:g}") for name, value in scenario.theory.items()]
    if not rows:
        return "None: it takes all assumptions as they come."
    return table(["assumption", "value", "default"], rows)


def scenario_section(scenario: Scenario) -> str:
    """The section on one scenario: its words, the keys that differ from the defaults, mechanisms, assumptions."""
    rows = changed_keys(scenario)
    settings = table(["key", "value", "default"], rows) if rows else "None: every key has its default."
    parts = [
        f"# Settings of scenario {scenario.name}",
        words_of(scenario),
        "## Keys that differ from the defaults",
        settings,
        "## Mechanisms and their carriers",
        carriers_table(scenario),
        "## Assumptions that it fixes",
        overrides_table(scenario),
    ]
    return "\n\n".join(part for part in parts if part)


METHODS = {
    "grid": "every combination of the values of all factors",
    "latin-hypercube": "a Latin hypercube: each factor's range in as many equally likely parts as there are points, "
    "and a point in each part (McKay et al. 1979)",
    "morris": "Morris trajectories, in which one factor moves at a time over a grid of levels (Morris 1991; Campolongo "
    "et al. 2007)",
    "sobol": "a scrambled Sobol' sequence with Saltelli's scheme, for variance-based indices (Saltelli 2002; Saltelli "
    "et al. 2010)",
}
REPLACES = (
    "A factor takes the place of the scenario's own value; one that is an assumption replaces it in every draw, "
    "independently of all others."
)
RESOLUTIONS = {
    "run": "the last year",
    "year": "the start and the end of every year",
    "week": "means of weekly states",
    "teacher": "every teacher at the end of the last year",
    "families": "the last year, under every set of families of channels of collaboration",
}


def distribution_words(factor: Any, path: str) -> str:
    """The values of a factor, or how they are distributed.

    >>> from pdsim.experiment.factors import Factor
    >>> distribution_words(Factor(low=0.5, high=8.0, log=True), "programme.hours")
    'log-uniform from 0.5 to 8'
    """
    if factor.values is not None:
        return "one of: " + ", ".join(f'"{"; ".join(v)}"' if isinstance(v, tuple) else shown(v) for v in factor.values)
    ends = f"{factor.low:g} to {factor.high:g}"
    if factor.levels is not None:
        return f"{factor.levels} values at equal {'ratios' if factor.log else 'distances'} from {ends}"
    of_log = ", of the logarithm" if factor.log else ""
    if factor.distribution == "normal":
        return f"normal (mean {factor.mean:g}, SD {factor.sd:g}{of_log}), cut off at {ends}"
    if factor.distribution == "triangular":
        return f"triangular (mode {factor.mode:g}{of_log}) from {ends}"
    if factor.distribution == "prior":
        return f"its prior, {assumptions.PARAMETERS[path.removeprefix('theory.')].prior}, within {ends}"
    return f"{'log-uniform' if factor.log else 'uniform'} from {ends}"


def factors_table(experiment: Any) -> str:
    """The factors of an experiment with unit, values or distribution, and meaning."""
    from pdsim.experiment.factors import register_entry

    rows = []
    for path, factor in experiment.factors.items():
        entry = register_entry(path, experiment.name)
        unit = "" if entry.unit == "word" else entry.unit
        rows.append((f"`{path}`", unit, distribution_words(factor, path), entry.meaning))
    return table(["factor", "unit", "values or distribution", "meaning"], rows)


def design_table(experiment: Any) -> str:
    """How many points, replicates and runs an experiment has, and under which assumptions and luck."""
    from pdsim.experiment.definition import point_count, run_count
    from pdsim.experiment.work import model_version
    from pdsim.simulate import draws_for

    design, output, runs = experiment.design, experiment.output, experiment.replicates
    believed = theory.load(experiment.theory, draws_for(runs), experiment.seed, experiment.assumptions)
    evaluation = experiment.scenarios[0].evaluation
    luck = "the same at every point" if design.common_luck else "of its own at every point"
    samples = {"latin-hypercube": "points", "morris": "trajectories", "sobol": "base points"}.get(design.method)
    order = ", with points for second-order indices" if design.second_order else ""
    rows = [
        ("method", METHODS[design.method] + order),
        *([("samples", f"{design.samples:,} {samples}")] if samples else []),
        *([("levels", f"{design.levels}")] if design.method == "morris" else []),
        ("points", f"{point_count(experiment):,}"),
        ("scenarios", ", ".join(scenario.name for scenario in experiment.scenarios)),
        ("baseline", f"{experiment.baseline.name}, in each scenario's own world with the same luck"),
        ("years", "see factors" if "evaluation.years" in experiment.factors else f"{evaluation.years}"),
        ("replicates", f"{runs:,} at each point, over {counted(len(believed.draws), 'draw')} of the assumptions"),
        ("assumptions", believed.label),
        ("luck", f"{luck}, and the same for all scenarios (common random numbers)"),
        ("seed", f"{experiment.seed}"),
        ("version", f"pdsim {__version__}, model {model_version()}"),
        ("runs", f"{run_count(experiment):,}, each made with the programme and without it"),
        ("kept of each run", f"{RESOLUTIONS[output.resolution]}; {', '.join(output.populations)}"),
    ]
    return table(["part", "in this experiment"], rows)


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "draw"), counted(5, "draw")
    ('1 draw', '5 draws')
    """
    return f"{number:,} {thing}{'s' * (number != 1)}"


def outcomes_of(experiment: Any) -> str:
    """The outcomes that an experiment keeps."""
    from pdsim.outcomes import OUTCOMES

    found = (OUTCOMES[name] for name in experiment.output.outcomes)
    rows = [(f"`{o.name}`", o.label, str(o.level or "-"), o.unit, o.meaning) for o in found]
    return table(["outcome", "label", "Guskey level", "unit", "meaning"], rows)


def experiment_section(experiment: Any) -> str:
    """The section on an experiment: question and prediction, design, factors, outcomes, settings of each scenario."""
    labels = {
        "title": "Title", "question": "Question", "prediction": "Prediction",
        "found": "Found", "command": "Command", "takes": "Takes",
    }  # fmt: skip
    texts = {label: " ".join(getattr(experiment, name).split()) for name, label in labels.items()}
    words = "\n\n".join(textwrap.fill(f"{label}: {text}", WIDTH) for label, text in texts.items() if text)
    parts = [
        f"# Design of experiment {experiment.name}",
        words,
        "## Design",
        design_table(experiment),
        "## Factors",
        factors_table(experiment),
        REPLACES,
        "## Outcomes",
        outcomes_of(experiment),
        *(scenario_section(scenario) for scenario in (*experiment.scenarios, experiment.baseline)),
    ]
    return "\n\n".join(part for part in parts if part)


def named_section(name: str) -> str:
    """The section on a scenario or an experiment.

    Raises:
        InputError: neither, a mistake in its file, or an experiment that is no sweep.
    """
    from pdsim.experiment import definition
    from pdsim.lab.definition import is_lab

    if is_lab(name):
        raise InputError(f"{name}: is of the evidence lab, and no design of runs; pdsim lab runs it")
    if definition.is_experiment(name):
        return experiment_section(definition.load(name))
    return scenario_section(scenarios.load(name))


def odd_text(name: str | None = None) -> str:
    """The ODD+D of the model in Markdown, then a scenario's settings or an experiment's design, then the glossary.

    Args:
        name: short name or path of a scenario or an experiment.

    Raises:
        InputError: no such file, or a mistake in it.

    >>> "# Words" in odd_text()
    True
    """
    parts = [MARKER.sub(lambda found: TABLES[found[1]](), document("odd"))]
    if name is not None:
        parts.append(named_section(name))
    parts.append(document("glossary"))
    return "\n\n".join(part.strip() for part in parts)
