"""Literatures that people recognise, and what was chosen where the source is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A literature that people recognise.

    Attributes:
        title: what it is.
        source: the publication.
        method: the analysis that it is known for, a name of ``reviews.METHODS``.
        keys: what it changes in the file's [literature].
        choices: what was chosen where the source is silent.
    """

    title: str
    source: str
    method: str
    keys: Mapping[str, Any]
    choices: str


PRESETS: dict[str, Preset] = {
    "darling-hammond-2017": Preset(
        title="35 studies that all found gains, and the features that they share",
        source="Darling-Hammond, Hyler and Gardner 2017",
        method="counting",
        keys={"trials": 35, "publication_bias": 1.0, "quasi": 0.4, "aligned": 0.4},
        choices="The review holds only studies with a gain, here a significant one. That two in five are not "
        "randomised, and that two in five use tests aligned to the programme, are assumptions, and so is how "
        "common features are.",
    ),
    "tdt-2015": Preset(
        title="a review of nine reviews (Developing Great Teaching), and what most of them name",
        source="Cordingley et al. 2015",
        method="review of reviews",
        keys={"trials": 120, "publication_bias": 0.5, "quasi": 0.4, "aligned": 0.4, "reviews": 9, "studies": 35},
        choices="Nine reviews that count features, of 35 of the same 120 studies each; half of the studies that find "
        "no gain stay unpublished. All of these numbers are assumptions.",
    ),
    "eef-2021": Preset(
        title="104 randomised trials with independent tests, mechanisms coded",
        source="Sims et al. 2021",
        method="mechanisms",
        keys={"trials": 104, "publication_bias": 0.0, "quasi": 0.0, "aligned": 0.0},
        choices="Every trial is randomised, its test independent and its result published. The review asked about "
        "mechanisms; that the format is coded beside them is the lab's addition.",
    ),
}  # fmt: skip
