"""Every assumption of the model, once: symbol, unit, range, prior, default and source.

The record that the kernel reads is made from this register, and so are the ODD's parameter table and the errors that
users see. Defaults are set by hand near the published patterns and are **provisional** until they are calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pdsim.errors import InputError, nearest, shown

FAMILIES = ("fluoride", "mint", "organisation", "cost")
FAMILY_OFF = 0.5  # prior probability that a whole family of channels is exactly absent


@dataclass(frozen=True)
class Prior:
    """A distribution truncated to its parameter's range.

    ``kind`` is "normal" (``a`` mean, ``b`` SD), "lognormal" (``a`` median, ``b`` SD of the log), "uniform" (over the
    range) or "fixed" (a scale that no observation can identify).
    """

    kind: str
    a: float = 0.0
    b: float = 0.0

    def quantile(self, u: np.ndarray, low: float, high: float, narrowing: float = 1.0) -> np.ndarray:
        """Values at probabilities ``u`` (any shape, 0-1), within ``low``..``high``; spread times ``narrowing``."""
        from scipy import stats

        if self.kind == "fixed":
            return np.full_like(u, self.a)
        if self.kind == "uniform":
            middle = (low + high) / 2
            return middle + (u - 0.5) * (high - low) * narrowing
        if self.kind == "lognormal":
            spread = self.b * narrowing
            centre = np.log(self.a)
            bounds = (np.log([max(low, 1e-12), high]) - centre) / spread
            return np.exp(centre + spread * stats.truncnorm.ppf(u, *bounds))
        spread = self.b * narrowing
        bounds = (np.array([low, high]) - self.a) / spread
        return self.a + spread * stats.truncnorm.ppf(u, *bounds)

    def __str__(self) -> str:
        """As printed in tables, for example "normal(0.5, 0.1)"."""
        return self.kind if self.kind == "uniform" else f"{self.kind}({self.a:g}, {self.b:g})"


@dataclass(frozen=True)
class Parameter:
    """One assumption.

    ``family`` names the family of channels that it belongs to ("" for none): families are switched off as a whole in
    the prior. ``source`` is a publication and year or begins with *assumption*.
    """

    name: str
    symbol: str
    unit: str
    low: float
    high: float
    default: float
    prior: Prior
    group: str
    meaning: str
    source: str
    family: str = ""


ASSUMPTION = "assumption"


def _p(name: str, symbol: str, unit: str, bounds: tuple[float, float], default: float, spread: Any, group: str,
       meaning: str, source: str = ASSUMPTION, family: str = "") -> Parameter:  # fmt: skip
    """Shorthand of the register: ``spread`` is an SD (normal around the default), ("log", sigma), "uniform" or "fixed"."""
    if spread == "fixed":
        prior = Prior("fixed", default)
    elif spread == "uniform":
        prior = Prior("uniform")
    elif isinstance(spread, tuple):
        prior = Prior("lognormal", default, spread[1])
    else:
        prior = Prior("normal", default, spread)
    return Parameter(name, symbol, unit, *bounds, default, prior, group, meaning, source, family)


def _log(sigma: float) -> tuple[str, float]:
    return ("log", sigma)


SIMS = "Sims et al. 2021 (four purposes and 14 mechanisms); size by hand near patterns 1-3"
REGISTER: tuple[Parameter, ...] = (
    # learning in sessions
    _p("mechanism_reach", "q", "share", (0.05, 0.9), 0.4, 0.12, "learning", "share of what is missed that one well-carried mechanism reaches", SIMS),
    _p("insight_rate", "r_I", "per hour^g", (0.0, 4.0), 0.65, _log(0.5), "learning", "insight learned from instruction at full intensity and quality", SIMS),
    _p("motivation_rate", "r_G", "per hour^g", (0.0, 4.0), 0.5, _log(0.5), "learning", "motivation gained from instruction", SIMS),
    _p("technique_rate", "r_T", "per hour^g", (0.0, 4.0), 0.8, _log(0.5), "learning", "technique gained from instruction", "Sims et al. 2023 (modelling raises skill); size by hand near patterns 4-5"),
    _p("prompts_rate", "r_P", "per hour^g", (0.0, 5.0), 1.4, _log(0.4), "learning", "strength of prompts and plans that a session leaves", SIMS),
    _p("returns_to_hours", "g", "-", (0.0, 1.0), 0.5, 0.15, "learning", "exponent of hours in a session's dose", "Kraft, Blazar and Hogan 2018 (coaching hours unrelated to effects); size assumption"),
    _p("attention_sharing", "a", "-", (0.0, 1.0), 0.25, 0.1, "learning", "exponent by which participants share a facilitator's attention", "assumption, near the coaching results of Kraft et al. 2018"),
    _p("materials_quality", "c_m", "0-1", (0.0, 1.0), 0.5, 0.15, "learning", "quality of materials as a carrier of mechanisms"),
    _p("self_quality", "c_s", "0-1", (0.0, 1.0), 0.3, 0.12, "learning", "quality of the teacher's own reflection as a carrier", "Cohen et al. 2020 (own reflection is weaker than directive coaching); size assumption"),
    _p("unguided", "u", "share", (0.0, 1.0), 0.4, 0.15, "learning", "technique that imitation alone can reach without insight", "Sims et al. 2023 (skill rose, knowledge did not); size assumption"),
    _p("cascade_fidelity", "f_c", "share", (0.0, 1.0), 0.35, 0.15, "learning", "fidelity left when champions pass a programme on"),
    # advice
    _p("advice_rate", "r_A", "per week", (0.0, 0.2), 0.015, _log(0.5), "advice", "share of the lead of the best adviser learned in a week", "near Sun, Loeb and Grissom 2017; transfer to practices is an assumption"),
    _p("discernment", "d", "0-1", (0.0, 1.0), 0.9, 0.1, "advice", "how far a worse colleague is ignored (1: wholly)", "Sun, Loeb and Grissom 2017 (no loss from a worse colleague)"),
    _p("helping", "h", "share", (0.0, 0.5), 0.05, 0.03, "advice", "what an adviser learns by helping, share of the asker's gain"),
    # channels of collaboration
    _p("exchange_insight", "e_I", "per hour", (-0.5, 0.5), 0.035, 0.035, "channels", "share of a team-mate's lead in insight taken in an hour together; below 0: groupthink", "assumption: no study fixes it", "fluoride"),
    _p("talk_deepens", "e_D", "per hour", (-0.5, 0.5), 0.018, 0.018, "channels", "insight gained in an hour's talk about full content", "assumption; direction from Ronfeldt et al. 2015", "fluoride"),
    _p("exchange_technique", "e_T", "per hour", (-0.5, 0.5), 0.035, 0.035, "channels", "share of a team-mate's lead in technique taken in an hour together", "assumption: no study fixes it", "fluoride"),
    _p("peer_strength", "c_p", "-", (-1.5, 1.5), 0.8, 0.8, "channels", "quality of peers as a carrier, per unit of their expertise", "assumption: no study fixes mechanism 7 apart", "fluoride"),
    _p("norm_strength", "e_N", "per hour", (-1.0, 1.0), 0.12, 0.12, "channels", "felt norm per hour together and unit of team-mates' use above one's own", "assumption; direction from Frank, Xu and Penuel 2018", "fluoride"),
    _p("lasting_tie_rate", "k_L", "per hour", (0.0, 0.5), 0.01, _log(0.7), "channels", "rate at which an hour together makes a lasting adviser", "assumption; direction from Sun, Penuel, Frank et al. 2013", "fluoride"),
    _p("lasting_tie_strength", "w_L", "-", (-2.0, 2.0), 1.0, 1.0, "channels", "weight of a lasting tie beside an everyday one; below 0: misleading advice", "assumption: no study fixes it", "fluoride"),
    _p("company_reaction", "m_R", "0-1 units", (-0.5, 0.5), 0.1, 0.1, "channels", "rise of reaction in company, per unit of sociability", "assumption; Cordingley et al. 2003-05 report liking", "mint"),
    _p("company_motivation", "m_G", "per hour", (-0.3, 0.3), 0.065, 0.065, "channels", "motivation gained in an hour of company, per unit of sociability", "assumption; Cordingley et al. 2003-05 report motivation", "mint"),
    _p("support_from_joint_work", "o_J", "per hour", (-2.0, 2.0), 0.72, 0.72, "channels", "rise of the support that a school drifts to, per hour together a week", "assumption; correlation in Moolenaar et al. 2011", "organisation"),
    _p("coordination", "k", "share", (-0.3, 0.5), 0.24, 0.24, "channels", "share of time together lost to coordination per team-mate; below 0: saved", "assumption: no study fixes it", "cost"),
    _p("coordination_across", "k_x", "-", (0.0, 3.0), 0.5, 0.25, "channels", "further coordination in teams across schools", "assumption", "cost"),
    _p("together_load", "k_w", "share", (0.0, 1.0), 1.0, 0.3, "channels", "how far hours together weigh as workload", "assumption", "cost"),
    # reaction and attendance
    _p("reaction_usual", "R_0", "0-1", (0.3, 1.0), 0.80, 0.04, "reaction", "rating of a middling session", "pattern 17 (over 80 % say PD helped: TALIS 2018)"),
    _p("taste_spread", "s_R", "SD", (0.0, 0.4), 0.13, 0.03, "reaction", "spread of how kindly teachers rate"),
    _p("reaction_facilitator", "R_f", "0-1 units", (-0.5, 0.5), 0.08, 0.05, "reaction", "rise of reaction with the facilitator's expertise"),
    _p("reaction_workload", "R_w", "per hour a week", (0.0, 0.2), 0.01, _log(0.6), "reaction", "fall of reaction with programme hours a week"),
    _p("attendance_required", "A_r", "share", (0.5, 1.0), 0.95, 0.02, "attendance", "share of required sessions attended"),
    _p("attendance_usual", "A_0", "log-odds", (-2.0, 5.0), 1.0, 0.4, "attendance", "log-odds of coming to a voluntary session"),
    _p("attendance_motivation", "A_m", "log-odds", (0.0, 8.0), 2.0, 0.8, "attendance", "rise with motivation"),
    _p("attendance_reaction", "A_R", "log-odds", (0.0, 8.0), 2.0, 0.8, "attendance", "rise with reaction"),
    _p("attendance_support", "A_s", "log-odds", (0.0, 8.0), 1.5, 0.6, "attendance", "rise with organisational support"),
    _p("attendance_load", "A_w", "log-odds per hour a week", (0.0, 1.0), 0.15, 0.06, "attendance", "fall with the load of professional development"),
    # classroom
    _p("slack_hours", "H_s", "hours a week", (3.0, 40.0), 10.0, _log(0.3), "classroom", "spare hours in which new practice is prepared", "assumption; DfE Working Lives 2025: 49-51 hours worked"),
    _p("habit_rate", "r_H", "per week", (0.01, 1.0), 0.17, _log(0.25), "classroom", "habit formed in a week of full use without prompts", "Lally et al. 2010"),
    _p("prompts_strength", "p", "-", (0.0, 4.0), 1.0, 0.3, "classroom", "how much full prompts speed habit up", "assumption; Lally et al. 2010 had a daily cue"),
    _p("habit_pace_spread", "s_H", "SD of log", (0.0, 1.5), 0.6, 0.1, "classroom", "spread of habit formation between teachers", "Lally et al. 2010 (18-254 days)"),
    _p("habit_half_life", "T_H", "weeks", (4.0, 400.0), 80.0, _log(0.5), "classroom", "half-life of habit that is not used"),
    _p("practice_rate", "r_U", "per week", (0.0, 0.5), 0.05, _log(0.5), "classroom", "technique gained by use where insight is ahead"),
    _p("use_protects", "z", "share", (0.0, 1.0), 0.7, 0.15, "classroom", "how far full use stops forgetting"),
    _p("insight_half_life", "T_I", "weeks", (4.0, 200.0), 18.0, _log(0.25), "classroom", "half-life of insight that is not used", "Liu and Phelps 2020; Goldschmidt and Phelps 2007 (pattern 12)"),
    _p("technique_half_life", "T_T", "weeks", (4.0, 400.0), 40.0, _log(0.4), "classroom", "half-life of technique that is not used"),
    _p("motivation_half_life", "T_G", "weeks", (2.0, 200.0), 14.0, _log(0.4), "classroom", "half-life of raised or lowered motivation"),
    _p("norm_half_life", "T_N", "weeks", (1.0, 100.0), 8.0, _log(0.5), "classroom", "half-life of a felt norm"),
    _p("prompts_half_life", "T_P", "weeks", (1.0, 100.0), 8.0, _log(0.5), "classroom", "half-life of prompts and plans"),
    # organisation
    _p("support_from_use", "o_U", "-", (-1.0, 2.0), 0.2, 0.15, "organisation", "rise of the support that a school drifts to, per unit of use gained"),
    _p("support_half_life", "T_S", "weeks", (2.0, 200.0), 20.0, _log(0.5), "organisation", "half-life of the drift of support"),
    # pupils
    _p("craft_effect", "b_c", "pupil SD per SD", (0.05, 0.5), 0.24, 0.03, "pupils", "effect of craft on pupils", "Slater, Davies and Burgess 2012 (pattern 7)"),
    _p("use_effect", "b_u", "pupil SD per unit use", (0.0, 3.0), 0.7, _log(0.3), "pupils", "effect of full use of a practice of value 1", "near patterns 1 and 4-6 (Sims et al. 2021; Kraft et al. 2018; Lynch et al. 2025)"),
    _p("year_gain", "b_y", "pupil SD", (0.0, 1.0), 0.35, 0.1, "pupils", "growth of pupils in a year, lost pro rata with lessons", "Bloom et al. 2008"),
    _p("persistence", "b_p", "share", (0.0, 0.6), 0.26, 0.06, "pupils", "share of a gain left a year later", "Jacob, Lefgren and Sims 2010 (pattern 14)"),
    _p("pupil_noise", "s_p", "pupil SD", (0.3, 1.2), 0.7, 0.05, "pupils", "spread of pupils that prior attainment does not predict", "pre-post correlation 0.65-0.75, EEF practice"),
    _p("class_noise", "s_k", "pupil SD", (0.0, 0.5), 0.1, 0.03, "pupils", "spread between classes and years that is not the teacher's", "assumption; ICC after prior attainment 0.05-0.12, EEF practice"),
    # careers
    _p("experience_return", "x_r", "SD of craft", (0.0, 3.0), 0.8, 0.2, "careers", "craft gained in 30 years", "Papay and Kraft 2015"),
    _p("experience_early", "x_e", "share", (0.0, 1.0), 0.45, 0.08, "careers", "share of that gained early", "Papay and Kraft 2015 (half by year 5, pattern 9)"),
    _p("experience_pace", "x_p", "years", (0.5, 10.0), 2.0, 0.5, "careers", "pace of early growth", "Papay and Kraft 2015"),
    _p("talent_spread", "x_t", "SD of craft", (0.2, 2.0), 0.95, 0.08, "careers", "spread of craft at equal experience", "Slater, Davies and Burgess 2012 (pattern 7)"),
    _p("craft_support", "x_s", "-", (-2.0, 6.0), 1.6, 0.6, "careers", "faster growth of craft in supportive schools", "Kraft and Papay 2014 (pattern 10); correlational"),
    _p("craft_spillover", "x_w", "per year", (0.0, 0.5), 0.09, 0.03, "careers", "share of the best adviser's lead in craft gained in a year", "Jackson and Bruegmann 2009; Sun, Loeb and Grissom 2017 (pattern 11)"),
    _p("leave_motivation", "l_m", "log", (0.0, 5.0), 0.5, 0.25, "careers", "fall of leaving with motivation"),
    _p("leave_support", "l_s", "log", (0.0, 5.0), 0.8, 0.3, "careers", "fall of leaving with support"),
    # who teachers are
    _p("expertise_overlap", "v", "share", (0.0, 1.0), 0.5, 0.15, "staff", "share of the spread that insight and technique have in common"),
    _p("motivation_mean", "G_0", "0-1", (0.05, 0.95), 0.5, "fixed", "staff", "usual motivation; scale, not identified"),
    _p("motivation_spread", "s_G", "SD", (0.0, 0.4), 0.15, 0.03, "staff", "spread of usual motivation"),
    _p("habit_mean", "P_0", "0-1", (0.02, 0.9), 0.25, 0.05, "staff", "usual habit in a practice before any programme", "Hobbiss, Sims and Allen 2021 (teaching becomes automatic early); size assumption"),
    _p("habit_spread", "s_P", "SD", (0.0, 0.4), 0.12, 0.03, "staff", "spread of usual habit"),
    _p("sociability_mean", "S_0", "-", (-1.0, 2.0), 0.6, 0.15, "staff", "mean liking for company"),
    _p("sociability_spread", "s_S", "SD", (0.0, 1.0), 0.35, 0.1, "staff", "spread of it; some would rather be alone"),
    # network
    _p("popularity_spread", "n_s", "SD of log", (0.0, 2.0), 1.15, 0.1, "network", "spread of popularity as an adviser", "Pitts and Spillane 2009 (36 % of ties go to three colleagues)"),
    _p("popularity_expertise", "n_e", "per unit", (-2.0, 4.0), 0.8, 0.4, "network", "rise of popularity with insight", "Berebitsky and Andrews-Larson 2017 (sign)"),
    _p("tie_returned", "n_r", "share", (0.0, 0.9), 0.12, 0.03, "network", "picks that return a tie", "Pitts and Spillane 2009 (reciprocity 0.33)"),
    _p("tie_closure", "n_c", "share", (0.0, 0.9), 0.34, 0.05, "network", "picks that turn to an adviser's adviser", "Pitts and Spillane 2009 (transitivity 0.39)"),
    _p("tie_department", "n_d", "odds ratio", (1.0, 20.0), 4.3, 0.6, "network", "pull of one's own department when looking by popularity", "Pitts and Spillane 2009 (odds ratio 2.5-3)"),
    _p("tie_persistence", "n_p", "share", (0.0, 1.0), 0.66, 0.04, "network", "ties that no leaver cuts and that last a year", "Daly and Finnigan data (0.6 a year)"),
    # measurement
    _p("practice_use", "y_u", "score per unit use", (0.1, 5.0), 1.7, _log(0.2), "measurement", "weight of use in a practice score", "near patterns 4-6"),
    _p("practice_craft", "y_c", "score per SD", (0.0, 1.0), 0.3, 0.1, "measurement", "weight of craft in a practice score", "MET 2012 (pattern 8)"),
    _p("lesson_noise", "y_n", "score", (0.2, 4.0), 1.5, 0.2, "measurement", "error of one observed lesson", "MET 2012 (pattern 8)"),
    _p("rating_noise", "y_r", "0-1 units", (0.0, 0.5), 0.1, 0.03, "measurement", "error of a teacher's rating on a feedback form"),
    _p("quiz_noise", "y_q", "0-1 units", (0.0, 0.5), 0.12, 0.03, "measurement", "error of a short quiz on the content"),
    _p("survey_noise", "y_s", "0-1 units", (0.0, 0.5), 0.15, 0.04, "measurement", "error of a teacher's answer about the school's support"),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in REGISTER}
THEORY = np.dtype([(name, np.float64) for name in PARAMETERS], align=True)

NO_CHANNELS = {p.name: 0.0 for p in REGISTER if p.family}


def check_value(name: str, value: Any, where: str = "theory") -> float:
    """The value as a float, if ``name`` is an assumption and the value is within its range.

    Raises:
        InputError: unknown name (with the nearest one), not a number, or out of range.
    """
    if name not in PARAMETERS:
        raise InputError(f"{where}.{name}: no such assumption{nearest(name, PARAMETERS)}")
    p = PARAMETERS[name]
    unit = "" if p.unit in ("-", "0-1", "share") else f" ({p.unit})"
    allowed = f"allowed is {p.low:g} to {p.high:g}{unit}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}.{name}: {shown(value)} is not a number; {allowed}")
    if not p.low <= value <= p.high:
        raise InputError(f"{where}.{name}: {shown(value)} is out of range; {allowed}")
    return float(value)


@cache
def groups() -> tuple[str, ...]:
    """Names of the register's groups, in order."""
    return tuple(dict.fromkeys(p.group for p in REGISTER))
