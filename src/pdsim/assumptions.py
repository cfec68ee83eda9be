"""Every assumption of the model, once: symbol, unit, range, prior, default, source and reason.

The record that the kernel reads is made from this register, and so are the ODD's parameter table and the errors that
users see. A default is the centre of its prior; what the published patterns make of it is in the shipped posterior.
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

    def quantile(self, u: np.ndarray, low: float, high: float) -> np.ndarray:
        """Values at probabilities ``u`` (any shape, 0-1), within ``low``..``high``."""
        from scipy import stats

        if self.kind == "fixed":
            return np.full_like(u, self.a)
        if self.kind == "uniform":
            return low + u * (high - low)
        if self.kind == "lognormal":
            centre = np.log(self.a)
            bounds = (np.log([max(low, 1e-12), high]) - centre) / self.b
            return np.exp(centre + self.b * stats.truncnorm.ppf(u, *bounds))
        bounds = (np.array([low, high]) - self.a) / self.b
        return self.a + self.b * stats.truncnorm.ppf(u, *bounds)

    def __str__(self) -> str:
        """As printed in tables, for example "normal(0.5, 0.1)"."""
        return self.kind if self.kind == "uniform" else f"{self.kind}({self.a:g}, {self.b:g})"


@dataclass(frozen=True)
class Parameter:
    """One assumption.

    ``family`` names the family of channels that it belongs to ("" for none): families are switched off as a whole in
    the prior. ``source`` is a publication and year, a numbered pattern of published figures, or begins with
    *assumption*. ``reason`` is one sentence on the prior: why this centre and this width.
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
    reason: str
    family: str = ""


ASSUMPTION = "assumption"


def _p(name: str, symbol: str, unit: str, bounds: tuple[float, float], default: float, spread: Any, group: str,
       meaning: str, source: str, reason: str, family: str = "") -> Parameter:  # fmt: skip
    """Shorthand of the register: ``spread`` is an SD (normal around the default), ("log", sigma), "uniform" or "fixed"."""
    if spread == "fixed":
        prior = Prior("fixed", default)
    elif spread == "uniform":
        prior = Prior("uniform")
    elif isinstance(spread, tuple):
        prior = Prior("lognormal", default, spread[1])
    else:
        prior = Prior("normal", default, spread)
    return Parameter(name, symbol, unit, *bounds, default, prior, group, meaning, source, reason, family)


def _log(sigma: float) -> tuple[str, float]:
    return ("log", sigma)


SIMS = "Sims et al. 2021 (four purposes and 14 mechanisms); size by hand near patterns 1-3"
REGISTER: tuple[Parameter, ...] = (
    # learning in sessions
    _p("mechanism_reach", "q", "share", (0.05, 0.9), 0.4, 0.2, "learning", "share of what is missed that one well-carried mechanism reaches", SIMS,
       "Two mechanisms then reach two thirds of what is missed; at 0.1 a session would need a dozen to matter, at 0.7 one nearly does for all."),
    _p("insight_rate", "r_I", "per hour^g", (0.0, 4.0), 0.65, _log(0.8), "learning", "insight learned from instruction at full intensity and quality", SIMS,
       "An hour at its best then teaches half of what is missing; the range runs from a sixth (staff recall a slogan) to nine tenths, and pattern 6 decides."),
    _p("motivation_rate", "r_G", "per hour^g", (0.0, 4.0), 0.5, _log(0.8), "learning", "motivation gained from instruction", SIMS,
       "An hour at its best then raises motivation by 40 % of what is missing; no study gives a size, so the range runs from an eighth to five sixths."),
    _p("technique_rate", "r_T", "per hour^g", (0.0, 4.0), 0.8, _log(0.8), "learning", "technique gained from instruction", "assumption; patterns 4-5 decide its size",
       "Coaching must be able to move practice by half an SD, which takes rates near this one; a quarter of it or three times as much is plausible before patterns 4-5."),
    _p("prompts_rate", "r_P", "per hour^g", (0.0, 5.0), 1.4, _log(0.6), "learning", "strength of prompts and plans that a session leaves", SIMS,
       "A good but not perfect session then leaves full prompts; at a third of it even the best planning leaves only half of them."),
    _p("returns_to_hours", "g", "-", (0.0, 1.0), 0.5, "uniform", "learning", "exponent of hours in a session's dose", "Kraft, Blazar and Hogan 2018 (coaching hours unrelated to effects); size assumption",
       "Anything from 0 (a short session teaches as much as a long one, as coaching hours suggest) to 1 (twice the hours, twice the dose) has its defenders."),
    _p("attention_sharing", "a", "-", (0.0, 1.0), 0.25, 0.25, "learning", "exponent by which participants share a facilitator's attention", "assumption, near the coaching results of Kraft et al. 2018",
       "At 0.25 each of 16 in a room gets half of what one alone would get; near 0 a hall is as good as a tutorial, at 0.7 each of 16 gets a seventh."),
    _p("materials_quality", "c_m", "0-1", (0.0, 1.0), 0.5, "uniform", "learning", "quality of materials as a carrier of mechanisms", ASSUMPTION,
       "From useless on paper to as good as the best facilitator: reviews praise curriculum materials, yet none compares them with a person for one mechanism."),
    _p("self_quality", "c_s", "0-1", (0.0, 1.0), 0.3, 0.25, "learning", "quality of the teacher's own reflection as a carrier", ASSUMPTION,
       "Nobody shows the reflecting teacher what is amiss, so the centre is low, but a reflective staff may reach most of what a good facilitator does."),
    _p("unguided", "u", "share", (0.0, 1.0), 0.4, 0.3, "learning", "technique that imitation alone can reach without insight", ASSUMPTION,
       "What is seen can be copied without knowing why it works; in a classroom that may be almost nothing or most of the technique."),
    _p("cascade_fidelity", "f_c", "share", (0.0, 1.0), 0.35, 0.3, "learning", "fidelity left when champions pass a programme on", ASSUMPTION,
       "Cascades have a poor name, and a third left is the usual guess; an able champion with good materials may keep 0.8, a hurried one next to nothing."),
    # advice
    _p("advice_rate", "r_A", "per week", (0.0, 0.2), 0.015, _log(1.0), "advice", "share of the lead of the best adviser learned in a week", "near Sun, Loeb and Grissom 2017; transfer to practices is an assumption",
       "A year of advice then closes 45 % of the lead; the transfer from test scores to one practice is bold, so a tenth and nearly all are within the range."),
    _p("discernment", "d", "0-1", (0.0, 1.0), 0.9, 0.15, "advice", "how far a worse colleague is ignored (1: wholly)", "Sun, Loeb and Grissom 2017 (no loss from a worse colleague)",
       "No loss from a worse colleague was seen, within errors and for craft, not for a practice; at 0.65 bad habits would spread a third as fast as good ones."),
    _p("helping", "h", "share", (0.0, 0.5), 0.05, _log(0.9), "advice", "what an adviser learns by helping, share of the asker's gain", ASSUMPTION,
       "Explaining teaches the one who explains, but asking is for the asker: a hundredth to a fifth of the gain covers those who doubt it and those who swear by it."),
    # channels of collaboration
    _p("exchange_insight", "e_I", "per hour", (-0.5, 0.5), 0.024, 0.024, "channels", "share of a team-mate's lead in insight taken in an hour together; below 0: groupthink", "assumption: no study fixes it",
       "20 hours together then close two fifths of a gap; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("talk_deepens", "e_D", "per hour", (-0.5, 0.5), 0.0125, 0.0125, "channels", "insight gained in an hour's talk about full content", "assumption; direction from Ronfeldt et al. 2015",
       "20 hours of talk about full content then teach a fifth of what is missing; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("exchange_technique", "e_T", "per hour", (-0.5, 0.5), 0.024, 0.024, "channels", "share of a team-mate's lead in technique taken in an hour together", "assumption: no study fixes it",
       "Kept equal to the exchange of insight, as nothing tells them apart: 20 hours close two fifths of a gap; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("peer_strength", "c_p", "-", (-1.5, 1.5), 0.55, 0.55, "channels", "quality of peers as a carrier, per unit of their expertise", "assumption: no study fixes mechanism 7 apart",
       "A team-mate with an expertise of 0.5 then carries a mechanism about as well as a facilitator with 0.3; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("norm_strength", "e_N", "per hour", (-1.0, 1.0), 0.085, 0.085, "channels", "felt norm per hour together and unit of team-mates' use above one's own", "assumption; direction from Frank, Xu and Penuel 2018",
       "Ten hours with team-mates whose use is 0.2 higher then raise drive by a sixth, before it fades; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("lasting_tie_rate", "k_L", "per hour", (0.0, 0.5), 0.01, _log(0.7), "channels", "rate at which an hour together makes a lasting adviser", "assumption; direction from Sun, Penuel, Frank et al. 2013",
       "20 hours together then make an adviser of nearly one team-mate in five; at a third of it hardly anybody, at three times as much nearly one in two.", "fluoride"),
    _p("lasting_tie_strength", "w_L", "-", (-2.0, 2.0), 1.0, 1.0, "channels", "weight of a lasting tie beside an everyday one; below 0: misleading advice", "assumption: no study fixes it",
       "1 is a tie like any everyday one; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "fluoride"),
    _p("company_reaction", "m_R", "0-1 units", (-0.5, 0.5), 0.11, 0.11, "channels", "rise of reaction in company, per unit of sociability", "assumption; Cordingley et al. 2003-05 report liking",
       "The usual teacher then rates a quarter of a point higher on a five-point form; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "mint"),
    _p("company_motivation", "m_G", "per hour", (-0.3, 0.3), 0.073, 0.073, "channels", "motivation gained in an hour of company, per unit of sociability", "assumption; Cordingley et al. 2003-05 report motivation",
       "An hour in company then adds 4 % of what motivation is missing; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "mint"),
    _p("support_from_joint_work", "o_J", "per hour", (-2.0, 2.0), 0.7, 0.7, "channels", "rise of the support that a school drifts to, per hour together a week", "assumption; correlation in Moolenaar et al. 2011",
       "An hour a month together for all staff then lifts the support of a school by a sixth, as no trial has tested; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "organisation"),
    _p("coordination", "k", "share", (-0.3, 0.5), 0.135, 0.135, "channels", "share of time together lost to coordination per team-mate; below 0: saved", "assumption: no study fixes it",
       "A team of three that spends half of a session together then loses an eighth of it; no study fixes it, so the SD equals the centre and one draw in five or six is below 0.", "cost"),
    _p("coordination_across", "k_x", "-", (0.0, 3.0), 0.5, 0.25, "channels", "further coordination in teams across schools", ASSUMPTION,
       "Travel and timetables make it half as costly again across schools; video calls could remove this, distant schools could double it.", "cost"),
    _p("together_load", "k_w", "share", (0.0, 1.0), 1.0, 0.3, "channels", "how far hours together weigh as workload", ASSUMPTION,
       "An hour together is an hour of work like any other, or less where it takes the place of a meeting or of planning alone.", "cost"),
    # reaction and attendance
    _p("reaction_usual", "R_0", "0-1", (0.3, 1.0), 0.80, 0.07, "reaction", "rating of a middling session", "pattern 17 (over 80 % say PD helped: TALIS 2018)",
       "Feedback forms are kind everywhere; below 0.7 pattern 17 fails in either format, and above 0.92 nobody could be more pleased."),
    _p("taste_spread", "s_R", "SD", (0.0, 0.4), 0.13, _log(0.4), "reaction", "spread of how kindly teachers rate", ASSUMPTION,
       "Half a point on a five-point form; a quarter would be a staff of one mind, a whole point one that quarrels about every trainer."),
    _p("reaction_facilitator", "R_f", "0-1 units", (-0.5, 0.5), 0.08, 0.15, "reaction", "rise of reaction with the facilitator's expertise", ASSUMPTION,
       "A third of a point between the worst and the best facilitator; it may be over a point, or below 0 where experts intimidate, as liking hardly follows quality."),
    _p("reaction_workload", "R_w", "per hour a week", (0.0, 0.2), 0.01, _log(1.0), "reaction", "fall of reaction with programme hours a week", ASSUMPTION,
       "An hour a week costs a twenty-fifth of a point on a five-point form; five times less and five times more are both heard in staffrooms."),
    _p("attendance_required", "A_r", "share", (0.5, 1.0), 0.95, 0.06, "attendance", "share of required sessions attended", ASSUMPTION,
       "Illness and cover keep about one in twenty away; one in six would be a school that does not insist, 0.99 one that takes a register."),
    _p("attendance_usual", "A_0", "log-odds", (-2.0, 5.0), 1.0, 1.0, "attendance", "log-odds of coming to a voluntary session", ASSUMPTION,
       "About four in five come to a voluntary session of usual quality; half or 95 % would surprise nobody, as it hangs on the hour and the day."),
    _p("attendance_motivation", "A_m", "log-odds", (0.0, 8.0), 2.0, 1.5, "attendance", "rise with motivation", ASSUMPTION,
       "A keen teacher (1 SD above) comes in 4 cases of 100 more often; it may be hardly any or twice as many, as timetables decide as well."),
    _p("attendance_reaction", "A_R", "log-odds", (0.0, 8.0), 2.0, 1.5, "attendance", "rise with reaction", ASSUMPTION,
       "This carries the mint, so it must hold both camps: near 0 liking fills no seats, and near 4.5 half a point on the form brings 8 more in 100."),
    _p("attendance_support", "A_s", "log-odds", (0.0, 8.0), 1.5, 1.2, "attendance", "rise with organisational support", ASSUMPTION,
       "A head who frees time and asks about it matters, but less directly than one's own wish; from hardly any to twice as much."),
    _p("attendance_load", "A_w", "log-odds per hour a week", (0.0, 1.0), 0.15, _log(0.8), "attendance", "fall with the load of professional development", ASSUMPTION,
       "Each weekly hour of PD keeps two or three in 100 away; a quarter of that is a tireless staff, over three times as much an overworked one."),
    # classroom
    _p("slack_hours", "H_s", "hours a week", (3.0, 40.0), 10.0, _log(0.5), "classroom", "spare hours in which new practice is prepared", "assumption; DfE Working Lives 2025: 49-51 hours worked",
       "Of some 50 hours worked perhaps ten can be moved; with 4.5 an hour of PD a week takes a fifth of the effort, with 22 it is hardly felt."),
    _p("habit_rate", "r_H", "per week", (0.01, 1.0), 0.17, _log(0.5), "classroom", "habit formed in a week of full use without prompts", "Lally et al. 2010",
       "Set near 66 days under daily repetition; one volunteer study of eating and exercise says little of lessons, so half and twice as fast stay open to pattern 13."),
    _p("prompts_strength", "p", "-", (0.0, 4.0), 1.0, 0.8, "classroom", "how much full prompts speed habit up", "assumption; Lally et al. 2010 had a daily cue",
       "Full prompts double the speed of habit; sceptics say that they add next to nothing, enthusiasts that they triple it."),
    _p("habit_pace_spread", "s_H", "SD of log", (0.0, 1.5), 0.6, 0.15, "classroom", "spread of habit formation between teachers", "Lally et al. 2010 (18-254 days)",
       "A range of 18 to 254 days among 39 people is an SD of about 0.6 on the log scale; so few people, and none of them teaching, leave it uncertain by half."),
    _p("habit_half_life", "T_H", "weeks", (4.0, 400.0), 80.0, _log(0.9), "classroom", "half-life of habit that is not used", ASSUMPTION,
       "An unused habit halves in a year and a half; it may do so in four months, or in five years, which is hardly ever."),
    _p("practice_rate", "r_U", "per week", (0.0, 0.5), 0.05, _log(0.9), "classroom", "technique gained by use where insight is ahead", ASSUMPTION,
       "At a use of 0.3 a year closes nearly half of the gap to insight; practice alone may do a tenth or nearly all, as nobody has measured it."),
    _p("use_protects", "z", "share", (0.0, 1.0), 0.7, 0.3, "classroom", "how far full use stops forgetting", ASSUMPTION,
       "What is taught daily is hardly forgotten, but misconceptions may fade in as well: a fifth to nearly all of forgetting may stop."),
    _p("insight_half_life", "T_I", "weeks", (4.0, 200.0), 18.0, _log(0.5), "classroom", "half-life of insight that is not used", "Liu and Phelps 2020; Goldschmidt and Phelps 2007 (pattern 12)",
       "Two follow-ups after workshops put it between one and six months; the range leaves 8 to 40 weeks for pattern 12 to choose from."),
    _p("technique_half_life", "T_T", "weeks", (4.0, 400.0), 40.0, _log(0.8), "classroom", "half-life of technique that is not used", ASSUMPTION,
       "Skills outlast facts, so twice the half-life of insight; a term and nearly three years are both defensible without a follow-up study."),
    _p("motivation_half_life", "T_G", "weeks", (2.0, 200.0), 14.0, _log(0.8), "classroom", "half-life of raised or lowered motivation", ASSUMPTION,
       "Enthusiasm after a course lasts about a term; some say that it is gone in a month, others that it carries a year."),
    _p("norm_half_life", "T_N", "weeks", (1.0, 100.0), 8.0, _log(0.8), "classroom", "half-life of a felt norm", ASSUMPTION,
       "A feeling of what colleagues expect lasts a half-term once they no longer meet; two weeks and seven months are possible."),
    _p("prompts_half_life", "T_P", "weeks", (1.0, 100.0), 8.0, _log(0.8), "classroom", "half-life of prompts and plans", ASSUMPTION,
       "A plan or poster works for about half a term; some are gone in two weeks, others hang for two terms."),
    # organisation
    _p("support_from_use", "o_U", "-", (-1.0, 2.0), 0.2, _log(1.0), "organisation", "rise of the support that a school drifts to, per unit of use gained", ASSUMPTION,
       "Where all use a practice fully support rises by a fifth of the scale; a twenty-fifth says that heads do not look, the whole scale that success breeds success, and fatigue is in workload."),
    _p("support_half_life", "T_S", "weeks", (2.0, 200.0), 20.0, _log(0.8), "organisation", "half-life of the drift of support", ASSUMPTION,
       "Schools change their ways over half a year; a new timetable works in weeks, a culture takes more than a year."),
    # pupils
    _p("craft_effect", "b_c", "pupil SD per SD", (0.05, 0.5), 0.24, 0.06, "pupils", "effect of craft on pupils", "Slater, Davies and Burgess 2012 (pattern 7)",
       "English data give 0.25 pupil SD or more for an SD of teachers and American ones more often 0.15, so both must lie in the range; pattern 7 decides."),
    _p("use_effect", "b_u", "pupil SD per unit use", (0.0, 3.0), 0.7, _log(0.7), "pupils", "effect of full use of a practice of value 1", "near patterns 1 and 4-6 (Sims et al. 2021; Kraft et al. 2018; Lynch et al. 2025)",
       "A programme that raises use by 0.1 then adds 0.07 pupil SD, as trials find; at a third of it practice hardly matters, at three times a slight change shows in tests; patterns decide."),
    _p("year_gain", "b_y", "pupil SD", (0.0, 1.0), 0.35, 0.15, "pupils", "growth of pupils in a year, lost pro rata with lessons", "Bloom et al. 2008",
       "Pupils gain 0.5 SD a year at primary school and 0.2 or less at 15, so a middle value with both ends inside."),
    _p("persistence", "b_p", "share", (0.0, 0.6), 0.26, 0.12, "pupils", "share of a gain left a year later", "Jacob, Lefgren and Sims 2010 (pattern 14)",
       "Most fades in a year: a fifth to a third was left in one study and near a half in others, and pattern 14 admits both."),
    _p("pupil_noise", "s_p", "pupil SD", (0.3, 1.2), 0.7, 0.05, "pupils", "spread of pupils that prior attainment does not predict", "assumption, near the correlation of 0.65-0.75 between tests before and after in English trials",
       "The square root of 1 - r² is 0.66-0.76 for these correlations; the range is a little wider, for tests of other kinds."),
    _p("class_noise", "s_k", "pupil SD", (0.0, 0.5), 0.1, _log(0.5), "pupils", "spread between classes and years that is not the teacher's", "assumption; ICC after prior attainment 0.05-0.12, EEF practice",
       "A flu week, a dog in the playground and a lucky mix of pupils move a class by about 0.1 SD; 0.05 and 0.23 are at the edge of what clustering leaves."),
    # careers
    _p("experience_return", "x_r", "SD of craft", (0.0, 3.0), 0.8, 0.3, "careers", "craft gained in 30 years", "Papay and Kraft 2015",
       "At 0.24 pupil SD each this is 0.19 pupil SD in a career, twice the 0.07-0.10 of the first five years; reading and other districts may differ by half."),
    _p("experience_early", "x_e", "share", (0.0, 1.0), 0.45, 0.15, "careers", "share of that gained early", "Papay and Kraft 2015 (half by year 5, pattern 9)",
       "With a pace of two years it puts half of the return before year 5; pattern 9 decides, and a fifth or seven tenths fail it."),
    _p("experience_pace", "x_p", "years", (0.5, 10.0), 2.0, _log(0.4), "careers", "pace of early growth", "Papay and Kraft 2015",
       "Growth is steepest in the first two or three years; one year would be a crash course, four a slow start, and pattern 9 decides."),
    _p("talent_spread", "x_t", "SD of craft", (0.2, 2.0), 0.95, 0.2, "careers", "spread of craft at equal experience", "Slater, Davies and Burgess 2012 (pattern 7)",
       "Craft is scaled so that its SD is near 1; it trades with the effect of craft, so both are left wide and pattern 7 decides."),
    _p("craft_support", "x_s", "-", (-2.0, 6.0), 1.6, 1.5, "careers", "faster growth of craft in supportive schools", "Kraft and Papay 2014 (pattern 10); correlational",
       "The published 38 % is a correlation, so the truth may be nothing at all (able teachers pick good schools) or, with poor measures, twice as much."),
    _p("craft_spillover", "x_w", "per year", (0.0, 0.5), 0.09, 0.06, "careers", "share of the best adviser's lead in craft gained in a year", "Jackson and Bruegmann 2009; Sun, Loeb and Grissom 2017 (pattern 11)",
       "Peers' quality returned about a tenth of its size in two American states; the range holds a fifth of this and twice as much, and pattern 11 decides."),
    _p("leave_motivation", "l_m", "log", (0.0, 5.0), 0.5, _log(0.9), "careers", "fall of leaving with motivation", ASSUMPTION,
       "A teacher 1 SD more motivated leaves 7 % less often; pay and housing may drown that, or it may be the main thing (a quarter less)."),
    _p("leave_support", "l_s", "log", (0.0, 5.0), 0.8, _log(0.8), "careers", "fall of leaving with support", ASSUMPTION,
       "Between a poor and a good school (0.3 apart) leaving falls by a fifth; those who blame heads say more than half, others a twentieth."),
    # who teachers are
    _p("expertise_overlap", "v", "share", (0.0, 1.0), 0.5, "uniform", "staff", "share of the spread that insight and technique have in common", ASSUMPTION,
       "Those who know can often do, but nobody has measured both in one staff: from wholly apart to one and the same."),
    _p("motivation_mean", "G_0", "0-1", (0.05, 0.95), 0.5, "fixed", "staff", "usual motivation; scale, not identified", ASSUMPTION,
       "Fixed, as its scale cannot be told from the rates that it multiplies; the middle leaves room to rise and to fall."),
    _p("motivation_spread", "s_G", "SD", (0.0, 0.4), 0.15, _log(0.4), "staff", "spread of usual motivation", ASSUMPTION,
       "Two thirds of a staff then lie between 0.35 and 0.65; half as much is a staff of one mind, twice as much one with zealots and refusers."),
    _p("habit_mean", "P_0", "0-1", (0.02, 0.9), 0.25, 0.15, "staff", "usual habit in a practice before any programme", "Hobbiss, Sims and Allen 2021 (teaching becomes automatic early); size assumption",
       "Routines form early, yet a new practice is by choice one that few have; 0.07 is new to all, 0.5 is what half would do unasked."),
    _p("habit_spread", "s_P", "SD", (0.0, 0.4), 0.12, _log(0.4), "staff", "spread of usual habit", ASSUMPTION,
       "From a few who never to a few who half the time do it unasked; half as much is a uniform staff, twice as much two camps."),
    _p("sociability_mean", "S_0", "-", (-1.0, 2.0), 0.6, 0.2, "staff", "mean liking for company", ASSUMPTION,
       "Most like company; it cannot be told from the strengths of company, which carry the wide spread, so this one stays moderate."),
    _p("sociability_spread", "s_S", "SD", (0.0, 1.0), 0.35, _log(0.5), "staff", "spread of it; some would rather be alone", ASSUMPTION,
       "One in 25 would then rather be alone; at 0.15 nobody, and at 0.75, as those who dread group work would say, one in five."),
    # network
    _p("popularity_spread", "n_s", "SD of log", (0.0, 2.0), 1.15, 0.2, "network", "spread of popularity as an adviser", "Pitts and Spillane 2009 (36 % of ties go to three colleagues)",
       "Chosen to give three colleagues 36 % of the ties; fifteen American schools vary by 9 points, and English ones may differ."),
    _p("popularity_expertise", "n_e", "per unit", (-2.0, 4.0), 0.8, 0.8, "network", "rise of popularity with insight", "Berebitsky and Andrews-Larson 2017 (sign)",
       "More expert teachers were more central in one study, while among coaches expertise made no difference: a strong pull, none, and a mild avoidance of experts are all in range."),
    _p("tie_returned", "n_r", "share", (0.0, 0.9), 0.12, 0.05, "network", "picks that return a tie", "Pitts and Spillane 2009 (reciprocity 0.33)",
       "Chosen to give a reciprocity of 0.33; the mean of fifteen schools is known to 0.04, and English staffrooms may return more or fewer."),
    _p("tie_closure", "n_c", "share", (0.0, 0.9), 0.34, 0.1, "network", "picks that turn to an adviser's adviser", "Pitts and Spillane 2009 (transitivity 0.39)",
       "Chosen to give a transitivity of 0.39; the mean of fifteen schools is known to 0.03, widened for other countries."),
    _p("tie_department", "n_d", "odds ratio", (1.0, 20.0), 4.3, _log(0.3), "network", "pull of one's own department when looking by popularity", "Pitts and Spillane 2009 (odds ratio 2.5-3)",
       "Chosen to give an odds ratio of 2.5-3 after other ways to find advisers; a secondary school is more divided than the primaries of the data."),
    _p("tie_persistence", "n_p", "share", (0.0, 1.0), 0.66, 0.1, "network", "ties that no leaver cuts and that last a year", "pattern 15 (0.6 of ties last a year: data of Daly and Finnigan)",
       "The square root of a two-year figure among 43 leaders, not teachers, so half and four fifths stay possible."),
    # measurement
    _p("practice_use", "y_u", "score per unit use", (0.1, 5.0), 1.7, _log(0.5), "measurement", "weight of use in a practice score", "patterns 4-6; size by hand near them",
       "It turns use into half an SD of observed practice under coaching; observers may see half or twice as much of it, and patterns 4-6 decide."),
    _p("practice_craft", "y_c", "score per SD", (0.0, 1.0), 0.3, 0.2, "measurement", "weight of craft in a practice score", "MET 2012 (pattern 8)",
       "A rubric sees general craft as well as the practice, though dimly: correlations with gains of 0.1-0.35 leave from almost none to two thirds."),
    _p("lesson_noise", "y_n", "score", (0.2, 4.0), 1.5, _log(0.4), "measurement", "error of one observed lesson", "MET 2012 (pattern 8)",
       "One lesson tells little of a teacher; half of this error would suit a strict rubric and twice as much a loose one, and pattern 8 decides."),
    _p("rating_noise", "y_r", "0-1 units", (0.0, 0.5), 0.1, _log(0.5), "measurement", "error of a teacher's rating on a feedback form", ASSUMPTION,
       "A mood or a hurried tick shifts a five-point form by under half a point; a fifth of a point is a careful rater, nine tenths a bored one."),
    _p("quiz_noise", "y_q", "0-1 units", (0.0, 0.5), 0.12, _log(0.5), "measurement", "error of a short quiz on the content", ASSUMPTION,
       "A quiz of 17 questions errs by 0.12 by chance alone; 0.05 takes nearly a hundred questions, 0.27 three or four."),
    _p("survey_noise", "y_s", "0-1 units", (0.0, 0.5), 0.15, _log(0.5), "measurement", "error of a teacher's answer about the school's support", ASSUMPTION,
       "One teacher's view of a school is coarser than a quiz; the range runs from a careful scale to a single question on a bad day."),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in REGISTER}
THEORY = np.dtype([(name, np.float64) for name in PARAMETERS], align=True)

# The assumptions that give each channel its strength; their family is the channel's.
CHANNEL_STRENGTHS: dict[str, tuple[str, ...]] = {
    "insight_exchange": ("exchange_insight", "talk_deepens"),
    "technique_exchange": ("exchange_technique",),
    "peer_mechanisms": ("peer_strength",),
    "norms": ("norm_strength",),
    "lasting_ties": ("lasting_tie_rate", "lasting_tie_strength"),
    "palatability": ("company_reaction", "company_motivation"),
    "organisational_support": ("support_from_joint_work",),
    "coordination_cost": ("coordination", "coordination_across", "together_load"),
}
CHANNEL_FAMILIES = {name: PARAMETERS[strengths[0]].family for name, strengths in CHANNEL_STRENGTHS.items()}

NO_CHANNELS = {p.name: 0.0 for p in REGISTER if p.family}
NO_NETWORK = {"advice_rate": 0.0, "craft_spillover": 0.0} | NO_CHANNELS  # no teacher learns from another


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
