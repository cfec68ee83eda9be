"""Answers that the package ships, so that the lesson's first answers are there at once.

They are used only when nothing has changed that their numbers depend on. ``experiments/lesson.py`` makes them anew.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pdsim import evaluation, population
from pdsim.assumptions import __file__ as assumptions_file
from pdsim.cache import compiled_sources, hash_of
from pdsim.comparison import plain_records
from pdsim.dashboard.inquiry import DESIGNS, WORLDS, Answer, Question, Verdict, answer_to, verdict_of
from pdsim.dashboard.inquiry_words import sliders
from pdsim.evaluation import Evaluation
from pdsim.explanation import result as explanation
from pdsim.explanation.result import Explanation
from pdsim.library import shipped as shipped_scenarios

FILE = Path(__file__).with_name("lesson_answers.json.gz")
QUESTIONS = tuple(Question(design) for design in DESIGNS)


def science() -> str:
    """Short hash of all that the answers depend on."""
    package = Path(assumptions_file).parent
    files = [*compiled_sources(), Path(assumptions_file), Path(population.__file__), Path(evaluation.__file__)]
    files += sorted((package / "explanation").glob("*.py")) + sorted((package / "posterior").glob("*.parquet"))
    return hash_of([*files, *(shipped_scenarios()[design] for design in DESIGNS)])


def stored(result: Any) -> dict[str, Any]:
    """An explanation or evaluation without its request, as plain data."""
    out = {}
    for name in (field.name for field in fields(result) if field.name != "request"):
        value = getattr(result, name)
        out[name] = {"table": plain_records(value)} if isinstance(value, pd.DataFrame) else value
    return out


def restored(kind: type, request: Any, data: dict[str, Any]) -> Any:
    """What :func:`stored` was given."""
    tables = {name for name, value in data.items() if isinstance(value, dict) and set(value) == {"table"}}
    values = {name: pd.DataFrame(value["table"]) if name in tables else value for name, value in data.items()}
    return kind(request=request, **values)


def single_changes(start: Question, found: Explanation) -> list[Question]:
    """Every single change of a question that the page offers: other worlds, and for the first design each slider."""
    short = replace(start, whole=False)
    moved = sliders(found) if start.design == DESIGNS[0] else []
    fixed = [((one["name"], step["value"]),) for one in moved for step in one["steps"][1:]]
    worlds = [replace(short, world=world) for world in WORLDS if world != start.world]
    return [*worlds, *(replace(short, fixed=each) for each in fixed)]


def made() -> bytes:
    """The file: the answers to the lesson's first questions, each with the values that flip its verdict."""
    answers = []
    for question in QUESTIONS:
        found = answer_to(question)
        assert found.explanation is not None
        answers.append(replace(found, explanation=explanation.with_flips(found.explanation)))
    return file_of(answers)


def file_of(answers: list[Answer]) -> bytes:
    """The file of whole answers, and of the short ones after every single change of their questions."""
    whole, short = {}, []
    for answer in answers:
        assert answer.explanation is not None
        whole[answer.question.design] = {name: stored(getattr(answer, name)) for name in ("explanation", "evaluation")}
        for question in single_changes(answer.question, answer.explanation):
            short.append({"question": asdict(question), "verdict": asdict(answer_to(question).verdict)})
    text = json.dumps({"science": science(), "answers": whole, "short": short}, default=float, allow_nan=False)
    return gzip.compress(text.encode(), mtime=0)


def shipped() -> dict[Question, Answer]:
    """The shipped answers; none when there is no file or the science has changed since."""
    if not FILE.is_file():
        return {}
    document = json.loads(gzip.decompress(FILE.read_bytes()))
    if document["science"] != science():
        return {}
    whole = {question: answer_of(question, document["answers"][question.design]) for question in QUESTIONS}
    return whole | {answer.question: answer for answer in map(short_answer, document["short"])}


def short_answer(data: dict[str, Any]) -> Answer:
    """A stored short answer."""
    fixed = tuple((name, value) for name, value in data["question"]["fixed"])
    return Answer(Question(**{**data["question"], "fixed": fixed}), Verdict(**data["verdict"]))


def answer_of(question: Question, data: dict[str, Any]) -> Answer:
    """A stored answer."""
    found = restored(Explanation, question.request(), data["explanation"])
    seen = restored(Evaluation, question.evaluation_request(), data["evaluation"])
    return Answer(question, verdict_of(found), found, seen)
