"""The lesson in a browser tab: what its address says, what was predicted, what is shown. It knows no browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pdsim import odd, scenarios
from pdsim.assumptions import PARAMETERS
from pdsim.dashboard import inquiry_words as words
from pdsim.dashboard import state as states
from pdsim.dashboard.inquiry import DESIGNS, WORLDS, Answer, Desk, Question, title_of
from pdsim.dashboard.inquiry_words import PREDICTIONS, SIZES, Prediction
from pdsim.dashboard.session import Session
from pdsim.errors import InputError, nearest, shown
from pdsim.handout_page import FACTS, own_value, world_words

VIEW = "lesson."  # before the names of the lesson's settings in a state's view
STEPS = {"notice": "Would you notice?", "change": "Change an assumption", "evidence": "What reviews can tell"}
YES = "yes"


@dataclass(frozen=True)
class Settings:
    """What an address says of the lesson.

    Attributes:
        design: what the lesson is about.
        world: whose answer step 3 gives.
        name: of the lesson, under which a browser keeps the answers.
        fixed: whether design and world can be changed in the page.
        hidden: steps that are left out.
        tried: what step 7 is set to.
        plan: whether the facilitator's page is shown.
    """

    design: str
    world: str
    name: str
    fixed: bool
    hidden: tuple[str, ...]
    tried: Question
    plan: bool

    @property
    def question(self) -> Question:
        """What step 3 asks."""
        return Question(self.design, self.world)

    @property
    def key(self) -> str:
        """Name under which a browser keeps the answers: one for each lesson, design and world."""
        return f"pdsim-lesson {self.name} {self.design} {self.world}"


def read_settings(view: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The lesson's settings in a view, and notes on what could not be used."""
    notes: list[str] = []

    def word(name: str, allowed: tuple[str, ...], usual: str) -> str:
        text = view.get(VIEW + name, usual)
        if text in allowed:
            return text
        notes.append(f"{VIEW}{name}: {shown(text)}: allowed is one of {', '.join(allowed)}{nearest(text, allowed)}")
        return usual

    design, world = word("design", DESIGNS, DESIGNS[0]), word("world", WORLDS, WORLDS[0])
    there = word("try.world", WORLDS, world)
    try:
        fixed = words.read_fixed(view.get(f"{VIEW}try.fixed", ""), tuple(PARAMETERS))
    except InputError as error:
        notes.append(str(error))
        fixed = ()
    hidden = tuple(step for step in view.get(f"{VIEW}hide", "").split(",") if step in STEPS)
    name = view.get(f"{VIEW}name", "")[:40]
    lesson = Settings(
        design, world, name, view.get(f"{VIEW}fixed") == YES, hidden, Question(design, there, fixed, whole=False),
        view.get(f"{VIEW}plan") == YES,
    )  # fmt: skip
    return lesson, notes


def link_of(session: Session, data: Mapping[str, Any]) -> str:
    """The address of a lesson with its settings fixed, as a teacher chose them.

    Raises:
        InputError: a design, world or step that there is not.
    """
    design, world, name = (str(data.get(key, "")) for key in ("design", "world", "name"))
    hidden = data.get("hide", [])
    hide = ",".join(step for step in STEPS if isinstance(hidden, list) and step in hidden)
    view = {"design": design, "world": world, "name": name.strip()[:40], "hide": hide}
    view["fixed"] = YES if data.get("fixed") else ""
    chosen = {VIEW + key: value for key, value in view.items() if value}
    _, notes = read_settings(chosen)
    if notes:
        raise InputError(notes[0])
    return states.address(replace(states.State(), page="lesson", view=tuple(sorted(chosen.items()))))


class Tab:
    """The lesson in a tab.

    Args:
        desk: answers the questions of all sessions.
        session: the tab's, whose state holds the lesson's settings.
    """

    def __init__(self, desk: Desk, session: Session) -> None:
        self.desk, self.session = desk, session
        self.prediction: Prediction | None = None
        self.predicted_for = ""
        self.last: Answer | None = None
        self.flip = ""
        self.is_flip = False
        self.link = ""
        self.trouble = ""
        self._parts: dict[Question, dict[str, Any]] = {}

    @property
    def settings(self) -> Settings:
        """What the address says."""
        return read_settings(dict(self.session.state.view))[0]

    def tell(self, data: Mapping[str, Any]) -> None:
        """Do what a control of the page asks; what cannot be done leaves a line that says why."""
        self.trouble = ""
        try:
            self.do(str(data.get("do")), data)
        except (InputError, TypeError, ValueError) as error:
            self.trouble = str(error)
        self.session.notify()

    def do(self, what: str, data: Mapping[str, Any]) -> None:
        """Do one thing.

        Raises:
            InputError: it cannot be done.
        """
        if what == "predict":
            self.prediction, self.predicted_for = words.read_prediction(data), self.settings.key
        elif what == "forget":
            self.prediction = None
        elif what == "choose":
            self.choose(str(data.get("design")), self.settings.world)
        elif what == "try":
            self.attempt(data)
        elif what == "plan":
            self.show({"plan": YES if data.get("on") else ""})
        elif what == "link":
            self.link = link_of(self.session, data)
        else:
            raise InputError(f"{shown(what)}: there is nothing that does this")

    def choose(self, design: str, world: str) -> None:
        """Take another design; what was tried with the last one is put back.

        Raises:
            InputError: the lesson's settings are fixed.
        """
        if self.settings.fixed:
            raise InputError("In this lesson the design is fixed.")
        self.last = None
        self.flip, self.is_flip = "", False
        self.show({"design": design, "world": world, "try.world": "", "try.fixed": ""})

    def attempt(self, data: Mapping[str, Any]) -> None:
        """Change the world or an assumption of step 7, or put all back."""
        tried = self.settings.tried
        if data.get("back"):
            self.show({"try.world": "", "try.fixed": ""})
            return
        fixed = dict(tried.fixed)
        name, value = str(data.get("name")), data.get("value")
        if name == "world":
            tried = replace(tried, world=str(value))
        elif value is None:
            fixed.pop(name, None)
        else:
            fixed[name] = float(value)
        self.show({"try.world": tried.world, "try.fixed": words.fixed_text(tuple(fixed.items()))})

    def show(self, changes: Mapping[str, str]) -> None:
        """Change the lesson's settings in the address; an empty text takes one out."""
        view = dict(self.session.state.view)
        for name, text in changes.items():
            view.pop(VIEW + name, None)
            if text:
                view[VIEW + name] = text
        self.session.to(replace(self.session.state, view=tuple(sorted(view.items()))))

    def answer(self, question: Question, part: str) -> Answer | None:
        """The answer to a question, asked for if it is not known."""
        found = self.desk.known(question)
        if found is None:
            self.desk.ask((self, part), question, self.session.notify)
        else:
            self.desk.forget((self, part))
        if isinstance(found, str):
            self.trouble = found
            return None
        return found

    def whole(self) -> Answer | None:
        """What the model says of the lesson's question."""
        return self.answer(self.settings.question, "whole")

    def short(self, start: Answer) -> Answer | None:
        """What the model says with the settings of step 7."""
        lesson = self.settings
        if (lesson.tried.world, lesson.tried.fixed) == (lesson.world, ()):
            self.desk.forget((self, "short"))
            return Answer(replace(start.question, whole=False), start.verdict)
        return self.answer(lesson.tried, "short")

    def note(self, now: Answer, start: Answer) -> None:
        """Notice whether the verdict flipped since the last answer of step 7."""
        before = self.last or Answer(replace(start.question, whole=False), start.verdict)
        if before.question.design != now.question.design:
            before = start
        if now.question != before.question:
            self.flip, self.is_flip = words.flip_words(before, now), words.flipped(before, now)
        self.last = now

    def setup(self) -> dict[str, Any]:
        """What the page shows before anything is predicted."""
        lesson, notes = read_settings(dict(self.session.state.view))
        design = scenarios.load(lesson.design)
        return {
            "key": lesson.key, "name": lesson.name, "fixed": lesson.fixed, "hidden": list(lesson.hidden),
            "plan": odd.document("lesson") if lesson.plan else "", "design": lesson.design, "world": lesson.world,
            "title": design.title, "says": design.says, "source": design.source, "choices": design.choices,
            "facts": [[scenarios.keys()[path].label, own_value(design, path)] for path in FACTS],
            "designs": [{"name": name, "title": title_of(name)} for name in DESIGNS],
            "worlds": [{"name": name, "words": world_words(name)} for name in WORLDS],
            "answers": PREDICTIONS, "sizes": {name: size[0] for name, size in SIZES.items()}, "steps": STEPS,
            "notes": [*notes, *filter(None, [self.trouble])], "link": self.link,
        }  # fmt: skip

    def shown(self) -> dict[str, Any]:
        """What the page shows of the answers; nothing before a prediction."""
        lesson, start = self.settings, self.whole()
        out: dict[str, Any] = {"ready": start is not None, "share": self.desk.share(lesson.question), "whole": None}
        if start is None or self.prediction is None or self.predicted_for != lesson.key:
            return out
        out |= {"whole": self.part(start), "compared": words.compare(self.prediction, start)}
        return out | {"evidence": words.punch_line()} | self.trial(start)

    def part(self, answer: Answer) -> dict[str, Any]:
        """The whole answer as plain data, made once."""
        if answer.question not in self._parts:
            self._parts = {answer.question: words.whole_part(answer)}
        return self._parts[answer.question]

    def trial(self, start: Answer) -> dict[str, Any]:
        """Step 7: its sliders, what they say, and whether that flipped."""
        lesson, now = self.settings, self.short(start)
        usual = self.desk.known(Question(lesson.design))
        carried = usual.explanation if isinstance(usual, Answer) else None
        out: dict[str, Any] = {
            "sliders": words.sliders(carried),
            "tried": {"world": lesson.tried.world, "fixed": dict(lesson.tried.fixed)},
            "trial": None, "flip": "", "flipped": False, "trial_share": self.desk.share(lesson.tried),
        }  # fmt: skip
        if now is None:
            return out
        self.note(now, start)
        return out | {"trial": words.short_part(now, start), "flip": self.flip, "flipped": self.is_flip}

    def close(self) -> None:
        """The tab is gone."""
        for part in ("whole", "short"):
            self.desk.forget((self, part))
