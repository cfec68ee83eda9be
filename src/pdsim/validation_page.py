"""The page of a validation, one HTML file without scripts that asks nothing of any network, and all files beside it.

It finds words and places for numbers that the validation holds. All text from trial files is escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from markdown_it import MarkdownIt
from markupsafe import Markup

from pdsim import __version__, library, scenarios
from pdsim import validation_tables as words
from pdsim.figures import Picture, picture_bytes
from pdsim.pages import GAP, inline, paragraphs, setting_words, templates, theory_argument
from pdsim.simulate import science_hash
from pdsim.validation.result import Request, Validation
from pdsim.validation.trials import Arm, Trial
from pdsim.validation.unknown import Unknown
from pdsim.validation_figures import pictures

KIND_WORDS = {
    "randomised": "a randomised trial",
    "quasi-experimental": "schools that were matched, not drawn by lot",
    "own baseline": "schools compared with their own earlier years",
    "laboratory": "an experiment in a laboratory",
}
NOT_SAID = "The file does not say."
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "autolink", "image"])


def validation_page(result: Validation, drawn: Sequence[Picture]) -> str:
    """A validation as a self-contained page: answer, pictures, outcomes, rivals, codes, trials, how to make it again.

    Args:
        result: the validation.
        drawn: its pictures.
    """
    request = result.request
    folder = folder_of(request)
    written = {name: notes_under(folder, heading) for name, heading in WRITTEN.items()}
    return (
        templates()
        .get_template("validation.html")
        .render(
            version=__version__,
            science=science_hash(),
            request=request,
            theory=result.theory,
            headline=words.verdict(result),
            answers={question: say(result) for question, say in QUESTIONS.items()},
            reading=words.codes_sentence(result),
            notes=words.notes(result),
            pictures={picture.name: inline(picture) for picture in drawn},
            cases=case_groups(result),
            contrasts=contrast_groups(result),
            kinds=words.SCORE_COLUMNS,
            scores=score_rows(result),
            rivals={words.RIVAL_NAMES[name]: meaning for name, meaning in words.RIVAL_MEANINGS.items()},
            constant=words.RIVAL_NAMES["constant"],
            codes=code_groups(result),
            written=written,
            numbers=numbered(result, written),
            trials=[trial_part(trial) for trial in request.trials],
            command=command(request),
            shipped=is_shipped(folder),
        )
    )


QUESTIONS = {
    "Did results fall where pdsim expected them?": words.coverage_sentence,
    "Does it get directions and orders right?": words.contrast_sentence,
    "Does it do better than a rule of thumb?": words.constant_sentence,
    "Could any model do better with these trials?": words.power_sentence,
}
WRITTEN = {"known": "The trials", "left_out": "Left out, and why"}  # headings in the README.md of a folder of trials


def numbered(result: Validation, written: Mapping[str, Any]) -> dict[str, int]:
    """Table numbers, in the order of the page, of those tables that it has."""
    there = {
        "cases": words.cases_shown(result),
        "contrasts": result.contrasts,
        "scores": True,
        "codes": True,
        "left_out": written["left_out"]["rows"],
        "known": written["known"]["rows"],
    }
    return dict(zip((name for name, has in there.items() if has), count(1)))


def small_print(name: str, small: str) -> Markup:
    """A name with small print below it."""
    return Markup('{}<span class="meaning">{}</span>').format(name, small)


def unbroken(text: str) -> str:
    """Text that stays on one line."""
    return text.replace(" ", GAP)


def groups(result: Validation, rows: Sequence[dict[str, Any]], cells: Any) -> list[dict[str, Any]]:
    """Rows under their trial's title; ``cells`` makes the cells of a row."""
    titles = {trial.name: small_print(trial.title, f"{trial.name}: {trial.kind}") for trial in result.request.trials}
    return [
        {"heading": titles[trial], "rows": [cells(row) for row in some]} for trial, some in words.by_trial(rows).items()
    ]


def case_groups(result: Validation) -> list[dict[str, Any]]:
    """Outcomes by trial: observed, predicted, what might be observed, and whether it was."""

    def cells(row: Mapping[str, Any]) -> list[str]:
        said = words.case_words(row)
        observed = f"{said['observed']} (± {said['error']})" if row["observed"] is not None else said["observed"]
        predicted = f"{said['predicted']} ({unbroken(said['interval'])})"
        name = small_print(row["name"], words.measured(row))
        return [name, unbroken(observed), predicted, unbroken(said["might"]), said["inside"]]

    return groups(result, words.cases_shown(result), cells)


def contrast_groups(result: Validation) -> list[dict[str, Any]]:
    """Contrasts by trial: what is reported, the predicted difference, and the chance of what is reported."""

    def cells(row: Mapping[str, Any]) -> list[str]:
        difference, interval = words.difference_words(row)
        finding = small_print(row["contrast"], words.expectation(row))
        return [finding, f"{difference} ({unbroken(interval)})", *words.chance_words(row)]

    return groups(result, result.contrasts, cells)


def score_rows(result: Validation) -> list[list[str]]:
    """The model and its rivals: name, and for each kind of outcome the score with the model's lead."""

    def cell(score: Mapping[str, Any] | None, rival: str) -> str:
        number, lead = words.score_words(score, rival)
        return f"{number} ({unbroken(lead)})" if lead else number

    return [
        [words.RIVAL_NAMES[rival], *(cell(scores[kind], rival) for kind in words.SCORE_COLUMNS)]
        for rival, scores in result.scores.items()
    ]


def code_groups(result: Validation) -> list[dict[str, Any]]:
    """Outcomes by trial: predicted as coded, the range over wrong readings, and by how much they move it."""
    cases = {(row["trial"], row["name"]): row for row in result.cases}

    def cells(row: Mapping[str, Any]) -> list[str]:
        case = cases[row["trial"], row["name"]]
        moved = f"{row['mean_shift']:.{words.digits_of(case)}f}"
        measured = words.measured(case)
        return [
            small_print(row["name"], measured), words.number(row["predicted"], case),
            unbroken(words.span(row["low"], row["high"], case)), moved,
        ]  # fmt: skip

    return groups(result, result.codes["cases"], cells)


# The trials


def folder_of(request: Request) -> Path:
    """The folder that the trial files lie in."""
    return Path(request.trials[0].place).parent


def is_shipped(folder: Path) -> bool:
    """True for the folder of trials that comes with pdsim."""
    return folder.resolve() == (library.folder("experiments") / "trials").resolve()


def notes_under(folder: Path, heading: str) -> dict[str, list[Any]]:
    """What a folder's README.md says under a heading; empty where there is no such file or heading.

    Returns:
        "paragraphs" before the first table, and the "rows" of that table (the first is its head), both as HTML.
    """
    text = ""
    with suppress(OSError):
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    found: dict[str, list[Any]] = {"paragraphs": [], "rows": []}
    inside = False
    for before, token in pairwise(MARKDOWN.parse(text)):
        if inside and token.type in ("heading_open", "table_close"):
            break
        if before.type == "heading_open":
            inside = token.content == heading
        elif inside and before.type == "paragraph_open":
            found["paragraphs"].append(inline_html(token.content))
        elif inside and token.type == "tr_open":
            found["rows"].append([])
        elif inside and before.type in ("th_open", "td_open"):
            found["rows"][-1].append(inline_html(token.content))
    return found


def inline_html(text: str) -> Markup:
    """A line of Markdown as HTML; HTML in it is escaped, links stay text."""
    return Markup(MARKDOWN.renderInline(text))


def trial_part(trial: Trial) -> dict[str, Any]:
    """What a reader is told of a trial: its report in own words, how it was read, and the codes."""
    return {
        "name": trial.name,
        "title": trial.title,
        "kind": KIND_WORDS[trial.kind],
        "source": trial.source.strip(),
        "says": paragraphs(trial.says) or [NOT_SAID],
        "choices": paragraphs(trial.choices) or [NOT_SAID],
        "codes": [{"heading": heading, "rows": list(rows)} for heading, rows in code_tables(trial)],
    }


def code_tables(trial: Trial) -> Iterator[tuple[str, Iterator[tuple[str, str, str]]]]:
    """What a file sets: for all arms, then for each arm."""
    yield "All arms", code_rows(trial.setting, trial.unknown)
    for arm in trial.arms.values():
        yield f"Arm: {arm.name}", code_rows(tables_of(arm), arm.unknown)


def tables_of(arm: Arm) -> dict[str, Any]:
    """All that an arm sets, with what it inherits."""
    return scenarios.merge(dict(arm.inherited), dict(arm.tables))


def code_rows(tables: Mapping[str, Any], unknown: Sequence[Unknown]) -> Iterator[tuple[str, str, str]]:
    """Label, value (or what it may be) and unit of every key that is set or said to be unknown."""
    open_keys = {entry.path: entry for entry in unknown}
    for path, key in scenarios.keys().items():
        unit = key.unit if key.unit not in ("", "of 14") else ""
        if path in open_keys:
            yield key.label, unknown_words(open_keys[path]), unit
        elif (value := value_at(tables, path)) is not None:
            yield key.label, setting_words(path, value), unit


def value_at(tables: Mapping[str, Any], path: str) -> Any:
    """The value of a key in nested tables; None where there is none."""
    value: Any = tables
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def unknown_words(entry: Unknown) -> str:
    """What a report leaves open, in words.

    >>> unknown_words(Unknown("programme.content", 0.4, 0.8))
    'not said: 0.4 to 0.8'
    >>> unknown_words(Unknown("programme.attendance", choices=("required", "voluntary")))
    'not said: either required, or voluntary'
    """
    if entry.choices:
        return "not said: either " + ", or ".join(setting_words(entry.path, choice) for choice in entry.choices)
    return f"not said: {entry.low:g} to {entry.high:g}"


def command(request: Request) -> str:
    """The command that makes a validation again, with every option spelt out and files named without their folders."""
    folder = folder_of(request)
    where = [] if is_shipped(folder) else [folder.resolve().name]
    options = ["--draws", str(request.draws), "--seed", str(request.seed), "--theory", theory_argument(request.theory)]
    return shlex.join(["pdsim", "validate", *where, *options, "--out", "results"])


# Files


def score_frame(result: Validation) -> pd.DataFrame:
    """Scores as a tidy table: a row for each forecast and what is forecast."""
    rows = [
        {"forecast": rival, "of": kind, **score}
        for rival, scores in result.scores.items()
        for kind, score in scores.items()
        if score is not None
    ]
    return pd.DataFrame(rows)


def validation_files(result: Validation) -> dict[str, bytes]:
    """File name to content of all that is written: page, tables (CSV), figures (SVG, PNG) and document (JSON)."""
    frames = {
        "cases": pd.json_normalize(result.cases),
        "contrasts": pd.json_normalize(result.contrasts),
        "scores": score_frame(result),
        "codes": pd.DataFrame(result.codes["cases"]),
    }
    drawn = pictures(result)
    files = {f"validation-{name}.csv": frame.to_csv(index=False).encode() for name, frame in frames.items()}
    files |= {
        f"figures-{picture.name}.{kind}": picture_bytes(picture, kind) for picture in drawn for kind in ("svg", "png")
    }
    files["validation.json"] = result.to_json().encode()
    files["validation.html"] = validation_page(result, drawn).encode()
    return files
