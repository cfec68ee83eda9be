"""Files of experiments for the lab: which worlds, which literatures, how many; from TOML to a frozen, checked object.

A file says ``kind = "lab"`` at the top, which tells it from an experiment that sweeps scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field

from pdsim import library, theory
from pdsim.errors import InputError, nearest, read_toml, shown
from pdsim.experiment.definition import Texts, find
from pdsim.experiment.reading import validated
from pdsim.lab.presets import PRESETS
from pdsim.scenarios import Section

World = Literal["fluoride", "mint", "both", "bystander"]
WORLDS: tuple[World, ...] = get_args(World)
MOST_LITERATURES = 1_000_000  # in one experiment: hours of a processor


class Shared(Section):
    """[world]: what all worlds share, so that they differ in causes only.

    ``theory`` and ``draw`` name one draw of the assumptions. ``mean_effect`` and ``spread`` are mean and SD of the true
    effects of programmes on pupils, on independent tests; ``collaboration_effect`` is the mean that working together
    adds to a programme, in each world where it adds anything: 0.01 is what one more mechanism comes to in the EEF
    review (Sims et al. 2021). All in pupil SD.
    """

    theory: str = "point"
    draw: int = Field(default=0, ge=0, le=9999)
    mean_effect: float = Field(default=0.05, gt=0.0, le=0.5)
    spread: float = Field(default=0.06, gt=0.0, le=1.0)
    collaboration_effect: float = Field(default=0.01, gt=0.0, le=0.5)


class FieldSize(Section):
    """[field]: programmes that stand for the field: ``copies`` of each of 64 sets of features, in ``schools`` each."""

    copies: int = Field(default=8, ge=2, le=200)
    schools: int = Field(default=2, ge=1, le=50)


class Literature(Section):
    """[literature]: one kind of literature.

    Attributes:
        trials: number of trials in it, all published.
        bundling: correlation between the tendencies to have features: 0 independent, near 1 all or none.
        confounding: correlation between what no review codes (content, facilitator, leadership) and the tendency to
            be collaborative, 0 to 1 (1: the better programmes are collaborative and no others).
        collaboration: share of programmes that are collaborative.
        features: share of programmes that have each of the other six features.
        coding_error: chance that a feature or mechanism is coded wrongly.
        publication_bias: chance that a trial without a significant gain stays unpublished.
        quasi: share of studies that are not randomised.
        aligned: share of studies whose tests are aligned to the programme, and so show 1.2 to 2 times its effect.
        reviews: reviews that a review of reviews takes together; 0: there is none.
        studies: trials that each of those reviews found.
    """

    trials: int = Field(default=104, ge=10, le=5000)
    bundling: float = Field(default=0.35, ge=0.0, le=0.99)
    confounding: float = Field(default=0.3, ge=0.0, le=1.0)
    collaboration: float = Field(default=0.5, ge=0.05, le=0.95)
    features: float = Field(default=0.5, ge=0.05, le=0.95)
    coding_error: float = Field(default=0.1, ge=0.0, le=0.5)
    publication_bias: float = Field(default=0.0, ge=0.0, le=1.0)
    quasi: float = Field(default=0.0, ge=0.0, le=1.0)
    aligned: float = Field(default=0.0, ge=0.0, le=1.0)
    reviews: int = Field(default=0, ge=0, le=100)
    studies: int = Field(default=35, ge=5, le=1000)


class Trial(Section):
    """[trial]: the factorial trial, done ``repeats`` times beside each preset.

    ``schools`` can be paid for at realistic cost. A trial of a literature has ``schools_per_trial``, so that a trial of
    the same total size has as many for each trial of the literature. ``school_sd`` is the SD of a school's mean result,
    prior attainment taken out (pupil SD): with 0.385 a trial of 100 schools has a standard error of 0.077, the mean of
    Lortie-Forgues and Inglis (2019).
    """

    repeats: int = Field(default=200, ge=10, le=20_000)
    schools: int = Field(default=120, ge=20, le=2000)
    schools_per_trial: int = Field(default=100, ge=10, le=1000)
    school_sd: float = Field(default=0.385, gt=0.0, le=2.0)


class Common(Texts):
    """Keys that mean the same in a file and in the complete experiment."""

    literatures: int = Field(default=300, ge=10, le=20_000)
    seed: int = Field(default=1, ge=0, lt=2**32)
    worlds: tuple[World, ...] = Field(default=WORLDS, min_length=1)
    world: Shared = Shared()
    field: FieldSize = FieldSize()
    trial: Trial = Trial()


class LabFile(Common):
    """The keys of a file for the lab."""

    kind: Literal["lab"]
    presets: tuple[str, ...] = ()
    literature: Literature = Literature()
    crossed: tuple[dict[str, tuple[int | float, ...]], ...] = ()


class Setting(Section):
    """One kind of literature.

    ``preset`` is the name of its preset, or empty; ``crossing`` the number of the crossing that it is a point of, from
    1, or 0; ``keys`` what it changes in [literature].
    """

    name: str
    preset: str
    crossing: int
    keys: dict[str, int | float]
    literature: Literature


class Lab(Common):
    """A complete experiment for the lab. Make one with :func:`load`; it never changes.

    ``assumptions`` are those of the file that the theory names, if it names one.
    """

    name: str
    settings: tuple[Setting, ...]
    assumptions: dict[str, float] | None = None


def is_lab(name: str | Path) -> bool:
    """True for a readable file, or a shipped experiment, that says ``kind = "lab"``."""
    path = library.shipped("experiments").get(str(name), Path(name))
    try:
        return read_toml(path).get("kind") == "lab"
    except InputError:
        return False


def load(name: str | Path, literatures: int | None = None) -> Lab:
    """The lab's experiment of a shipped short name or a path, with another number of literatures where one is given.

    Raises:
        InputError: unknown name, unreadable file, or any mistake in it.
    """
    path = find(name)
    content = read_toml(path)
    if content.get("kind") != "lab":
        kind = shown(content["kind"]) if "kind" in content else "it"
        raise InputError(f'{path}: kind: {kind} is not allowed or missing; a file for the lab begins with kind = "lab"')
    changes = {} if literatures is None else {"literatures": literatures}
    file = validated(LabFile, content | changes, str(path))
    if len(set(file.worlds)) < len(file.worlds):
        raise InputError(f"{path}: worlds: {shown(list(file.worlds))} is not allowed; name each world once")
    return Lab(
        **{key: getattr(file, key) for key in Common.model_fields},
        name=path.stem,
        settings=settings_of(file, str(path)),
        assumptions=theory.named_file(file.world.theory),
    )


def settings_of(file: LabFile, where: str) -> tuple[Setting, ...]:
    """The presets, then every point of each crossing.

    Raises:
        InputError: an unknown preset, a key or value of a crossing that is not allowed, nothing to do or too much.
    """
    settings = [preset_setting(file.literature, name, where) for name in file.presets]
    for number, lists in enumerate(file.crossed, 1):
        for values in product(*lists.values()):
            keys = dict(zip(lists, values, strict=True))
            name = f"{number}: " + ", ".join(f"{key} {value:g}" for key, value in keys.items())
            literature = changed(file.literature, keys, f"{where}: crossed[{number}]")
            settings.append(Setting(name=name, preset="", crossing=number, keys=keys, literature=literature))
    if not settings:
        raise InputError(f"{where}: presets: name at least one of {', '.join(PRESETS)}, or cross keys in [[crossed]]")
    twice = next((name for name in file.presets if file.presets.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{where}: presets: {shown(twice)} stands twice; name each once")
    many = len(settings) * len(file.worlds) * file.literatures
    if many > MOST_LITERATURES:
        raise InputError(f"{where}: literatures: {many:,} in all kinds and worlds; allowed are {MOST_LITERATURES:,}")
    return tuple(settings)


def preset_setting(base: Literature, name: str, where: str) -> Setting:
    """A preset's kind of literature.

    Raises:
        InputError: there is no such preset.
    """
    if name not in PRESETS:
        raise InputError(f"{where}: presets: no preset {shown(name)}{nearest(name, PRESETS)}")
    keys = dict(PRESETS[name].keys)
    return Setting(name=name, preset=name, crossing=0, keys=keys, literature=changed(base, keys, where))


def changed(base: Literature, keys: Mapping[str, Any], where: str) -> Literature:
    """A kind of literature with some keys changed.

    Raises:
        InputError: a key or value that is not allowed.
    """
    literature = validated(Literature, base.model_dump() | dict(keys), where)
    if literature.reviews and literature.studies > literature.trials:
        raise InputError(
            f"{where}: studies: {literature.studies} is not allowed; allowed is at most the trials, {literature.trials}"
        )
    return literature
