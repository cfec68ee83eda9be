"""The records that the kernel reads and writes: every field with its unit and meaning.

Fields are declared once, in the ``*_FIELDS`` tables, as ``name: (type, meaning)``; the dtypes are made from them.
"""

from typing import NamedTuple

import numpy as np

WEEKS = 39  # teaching weeks in a school year (England)
SUMMER = 13  # weeks between two school years

# Codes of scenario words. The scenario module owns the words; their order is the code.
SOLO, COLLABORATIVE = 0, 1
FACILITATOR, MATERIALS, SELF, PEERS = 0, 1, 2, 3
EVERYONE, VOLUNTEERS, CHOSEN, LEAST_EXPERIENCED, CHAMPIONS = 0, 1, 2, 3, 4
WITHIN_DEPARTMENTS, WITHIN_SCHOOLS, ACROSS_SCHOOLS, EXPERT_NOVICE_PAIRS = 0, 1, 2, 3
KNOWLEDGE, MOTIVATE, TECHNIQUE, EMBED = 0, 1, 2, 3  # the four groups of mechanisms

NOBODY = -1

_F, _I = np.float64, np.int64

TEACHER_FIELDS = {
    # who and where
    "post": (_I, "address of the post in the random numbers: the same in every design"),
    "school": (_I, "row of the school"),
    "department": (_I, "department within the school, 0.."),
    "partner": (_I, "1: works in a partner school that a cross-school programme brings in"),
    "in_programme_school": (_I, "1: the school takes part, so the post counts in population 'all'"),
    "reported": (_I, "1: takes part in the design that results are reported for (a baseline borrows this)"),
    "participant": (_I, "1: takes part in the programme that is run"),
    "team": (_I, "row of the team, or NOBODY"),
    "arrival": (_I, "year in which the present holder came (0: there from the start)"),
    # lasting traits of the holder
    "insight_usual": (_F, "0-1: insight without programmes"),
    "technique_usual": (_F, "0-1: technique without programmes"),
    "motivation_usual": (_F, "0-1: motivation without programmes"),
    "habit_usual": (_F, "0-1: habit without programmes"),
    "use_usual": (_F, "0-1: weekly use without programmes"),
    "sociability": (_F, "liking for company, about 0-1; below 0: company is unwelcome"),
    "taste": (_F, "how kindly the teacher rates any session, added to reaction"),
    "habit_pace": (_F, "multiplies the rate of habit formation; median 1"),
    "popularity": (_F, "weight with which colleagues choose this teacher for advice"),
    "ties_wanted": (_I, "everyday advice ties that the teacher keeps up"),
    "ties": (_I, "advice ties that stand now: the first places of the teacher's row of advisers"),
    "years_given": (_F, "years of experience read from a file; below 0: drawn"),
    # present states
    "years": (_F, "years of experience"),
    "craft": (_F, "general effectiveness, SD between teachers"),
    "insight": (_F, "0-1: understands why and when the practice works (I of Sims et al.)"),
    "motivation": (_F, "0-1: wants to use it (G)"),
    "technique": (_F, "0-1: can do it (T)"),
    "habit": (_F, "0-1: does it without deciding to (P)"),
    "prompts": (_F, "0-1: strength of prompts, plans and self-monitoring that still run"),
    "norm": (_F, "felt expectation from team-mates' use, added to what drives use; 0 without a programme"),
    "use": (_F, "0-1: weekly use of the practice"),
    "use_sum": (_F, "sum of weekly use in this year"),
    # the programme's trace
    "reaction": (_F, "sum of the ratings (0-1 each) of the sessions attended"),
    "offered": (_F, "sessions offered"),
    "attended": (_F, "sessions attended"),
    "present": (_I, "1: attended this week's session"),
    "instruction_hours": (_F, "hours of instruction in the latest session offered"),
    "together_hours": (_F, "hours together in the latest session offered"),
    "load": (_F, "hours of this week's session that weigh on the teacher's time"),
    "peers": (_F, "quality of present team-mates as a carrier of mechanisms in the latest session"),
    "hours": (_F, "hours of the programme so far"),
    "pounds": (_F, "cost of the programme so far, GBP"),
    "ties_formed": (_F, "lasting ties formed so far"),
    "lessons_lost": (_F, "hours of lessons that the programme took this year"),
    "leaving": (_I, "1: leaves at the end of this year"),
    # attendance and motivation of another run, for the clamped run of an explanation
    "held": (_I, "1: attendance and motivation are replayed from another run; 0: they take their course"),
    "held_present": (_I, "1: came to this week's session in that run"),
    "held_motivation": (_F, "motivation behind this week's use, noted here or replayed"),
    "attainment": (_F, "attainment of this year's class that teachers made, gains carried in included, pupil SD"),
    "craft_pull_usual": (_F, "pull on craft from advisers when the teacher came"),
    # changes that a step has noted
    "insight_change": (_F, "change of insight to be applied at the end of a step"),
    "technique_change": (_F, "change of technique to be applied at the end of a step"),
    "advice_given": (_I, "colleagues who turn to this teacher now"),
}

SCHOOL_FIELDS = {
    "address": (_I, "address of the school in the random numbers"),
    "first": (_I, "row of its first teacher"),
    "staff": (_I, "number of teachers; they stand in consecutive rows"),
    "takes_part": (_I, "1: a school of the programme"),
    "partner": (_I, "1: a partner school"),
    "leadership": (_F, "0-1: how much its leaders back professional learning"),
    "support": (_F, "0-1: organisational support (Guskey 3)"),
    "joint_work": (_F, "hours together per teacher in this week's session, mean over the staff"),
    "carried": (_F, "mean gain that pupils bring from last year's classes beyond the usual, pupil SD"),
    "attainment_usual": (_F, "mean attainment of its classes at the start, pupil SD"),
}

DESIGN_FIELDS = {
    # [staff], [partners]
    "schools": (_I, "schools, without partners"),
    "teachers_per_school": (_I, "teachers in each"),
    "departments": (_I, "departments in each school"),
    "expertise": (_F, "mean insight and technique of ordinary teachers, 0-1"),
    "expertise_spread": (_F, "SD of it"),
    "expert_share": (_F, "share of experts, 0-1"),
    "expert_level": (_F, "mean insight and technique of experts, 0-1"),
    "partner_schools": (_I, "partner schools"),
    "partner_teachers_per_school": (_I, "teachers from each of them"),
    "partner_expertise": (_F, "as expertise"),
    "partner_expert_share": (_F, "as expert_share"),
    # [network]
    "ties_across": (_F, "share of everyday ties that go to another school of the programme"),
    "ties_given": (_I, "1: the first ties were read from a file"),
    "everyday_advice": (_F, "multiplies the strength of everyday advice"),
    # [programme]
    "schools_taking_part": (_I, "schools of the programme: the first ones"),
    "format": (_I, "SOLO or COLLABORATIVE"),
    "sessions": (_I, "number of sessions"),
    "weeks_between": (_I, "school weeks from one session to the next"),
    "first_week": (_I, "school week of the first session, 0.."),
    "hours": (_F, "hours per session"),
    "content": (_F, "content quality, 0-1"),
    "facilitator": (_F, "facilitator's expertise, 0-1"),
    "fidelity": (_F, "fidelity of delivery, 0-1"),
    "value": (_F, "value of the practice for pupils, 1: as the practices in the trials; may be 0 or less"),
    "per_facilitator": (_F, "participants per facilitator"),
    "voluntary": (_I, "1: attendance is voluntary"),
    "who": (_I, "who takes part: EVERYONE .. CHAMPIONS"),
    "share_taking_part": (_F, "share of each school's staff"),
    "count_per_school": (_I, "count in each school; 0: the share counts"),
    "cascade_hours": (_F, "hours per session that champions pass on to colleagues"),
    "lesson_time": (_F, "share of hours taken from lessons, 0-1"),
    # who is reported: the same as above, or, in a baseline, those of the design compared with it
    "report_who": (_I, "as who"),
    "report_share": (_F, "as share_taking_part"),
    "report_count": (_I, "as count_per_school"),
    # [collaboration]
    "together": (_F, "share of a session's hours spent together, 0-1"),
    "team_size": (_I, "team size aimed at"),
    "teams": (_I, "how teams are made: WITHIN_DEPARTMENTS .. EXPERT_NOVICE_PAIRS"),
    # channels: 1 on, 0 off
    "insight_exchange": (_F, "channel: exchange of insight, and talk that deepens the content"),
    "technique_exchange": (_F, "channel: team-mates model, observe, give feedback"),
    "peer_mechanisms": (_F, "channel: mechanisms whose carrier is peers"),
    "norms": (_F, "channel: team-mates' visible use"),
    "lasting_ties": (_F, "channel: advice ties that outlive the programme"),
    "palatability": (_F, "channel: company in reaction, attendance and motivation"),
    "organisational_support": (_F, "channel: visible joint work raises support"),
    "coordination_cost": (_F, "channel: the time that working together takes"),
    # [school], [evaluation], [costs]
    "leadership": (_F, "mean leadership, 0-1"),
    "leadership_spread": (_F, "SD of it between schools"),
    "turnover": (_F, "share of staff who leave in a typical year"),
    "background_hours": (_F, "hours of other professional development in a year"),
    "pupils_per_class": (_I, "pupils per class"),
    "lessons_observed": (_I, "lessons behind a practice score"),
    "facilitator_together": (_F, "share of the hours together for which facilitators are paid"),
    "facilitator_per_hour": (_F, "GBP for an hour of a facilitator, with preparation"),
    "cover_per_hour": (_F, "GBP for an hour of a teacher's lesson covered"),
    "materials_per_teacher": (_F, "GBP for each participant, once"),
    "staff_per_hour": (_F, "GBP for an hour of a teacher's own time"),
}


def dtype_of(fields):
    """The aligned NumPy dtype of a table ``name: (type, meaning)``."""
    return np.dtype([(name, kind) for name, (kind, _) in fields.items()], align=True)


TEACHER = dtype_of(TEACHER_FIELDS)
SCHOOL = dtype_of(SCHOOL_FIELDS)
DESIGN = np.dtype(
    [(name, kind) for name, (kind, _) in DESIGN_FIELDS.items()]
    + [("mechanisms", _I, (4, 4))],  # [group, carrier]: how many of the 14 mechanisms
    align=True,
)

CHANNELS = (
    "insight_exchange",
    "technique_exchange",
    "peer_mechanisms",
    "norms",
    "lasting_ties",
    "palatability",
    "organisational_support",
    "coordination_cost",
)


def records(count, dtype):
    """``count`` zeroed records of ``dtype`` as a recarray, whose fields read the same with the JIT on and off."""
    return np.zeros(count, dtype=dtype).view(np.recarray)


class World(NamedTuple):
    """All that one run reads and writes. Arrays are changed in place.

    ``teachers`` (T records) and ``schools`` (S records) hold the state. ``advisers`` (T x K, rows of ``teachers``; a
    teacher's first ``ties`` places count) are whom a teacher turns to; ``tie_weight`` (T x K, 0-1) how much;
    ``tie_lasting`` (T x K) is 1 for a tie that the programme made. ``team_first`` (T + 1) and ``team_members`` (T) list
    the teams' rows. ``choice`` (T, running sum of popularity within each school) serves the choice of an adviser.
    ``design`` and ``theory`` are one record each; ``key`` is (seed, replicate).
    """

    teachers: np.recarray
    schools: np.recarray
    advisers: np.ndarray
    tie_weight: np.ndarray
    tie_lasting: np.ndarray
    team_first: np.ndarray
    team_members: np.ndarray
    choice: np.ndarray
    design: np.record
    theory: np.record
    key: tuple
