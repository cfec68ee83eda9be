"""The register of outcomes: what is reported, in which unit, at which of Guskey's five levels (Guskey 2000)."""

from __future__ import annotations

from dataclasses import dataclass

from pdsim.kernel.measure import OUTCOMES as NAMES
from pdsim.kernel.measure import POPULATIONS as VIEWS

POPULATIONS = VIEWS[:3]  # "one_school" is a view of chance, not a population


@dataclass(frozen=True)
class Outcome:
    """One outcome.

    ``level`` is Guskey's (1 reaction, 2 learning, 3 organisation, 4 practice, 5 pupils) or None; ``direction`` is 1
    where more is better, -1 where less is, 0 where neither; ``digits`` are shown.
    """

    name: str
    label: str
    unit: str
    level: int | None
    direction: int
    digits: int
    meaning: str

    @property
    def column(self) -> int:
        """Column in the arrays that the kernel fills."""
        return NAMES.index(self.name)


OUTCOMES: dict[str, Outcome] = {
    o.name: o
    for o in (
        Outcome("reaction", "Satisfaction", "0-1", 1, 1, 2, "mean rating of the sessions attended, by those who take part; 0.5 (neutral) where there was nothing to rate"),
        Outcome("insight", "Insight", "0-1", 2, 1, 3, "understanding of why and when the practice works"),
        Outcome("technique", "Technique", "0-1", 2, 1, 3, "skill in carrying it out"),
        Outcome("organisational_support", "School support", "0-1", 3, 1, 3, "organisational support for the practice"),
        Outcome("use", "Use in lessons", "0-1", 4, 1, 3, "use of the practice, its quality included, mean over the year"),
        Outcome("practice", "Observed practice", "SD of practice", 4, 1, 2, "what trained observers would see, in SD of observed practice without PD"),
        Outcome("pupil_attainment", "Pupil attainment", "pupil SD", 5, 1, 3, "independent tests at the end of the year"),
        Outcome("attendance", "Attendance", "share", None, 1, 2, "share of sessions attended by those who take part; 0 without a programme"),
        Outcome("hours_per_teacher", "Hours per teacher", "hours", None, -1, 1, "hours of the programme so far"),
        Outcome("pounds_per_teacher", "Cost per teacher", "GBP", None, -1, 0, "money spent so far on fees, cover and materials"),
        Outcome("pounds_per_pupil", "Cost per pupil", "GBP", None, -1, 2, "the same divided by the pupils that a teacher has in a year"),
        Outcome("ties_formed", "Lasting advice ties", "ties per teacher", None, 1, 2, "advice ties that the programme made so far"),
        Outcome("retention", "Retention", "share", None, 1, 3, "share of teachers who stay after this year"),
        Outcome("expertise_gap", "Gap in expertise", "0-1", None, -1, 3, "mean of the strongest fifth of teachers less the weakest fifth"),
    )
}  # fmt: skip

MONTHS = ((0.045, 0), (0.095, 1), (0.185, 2), (0.265, 3), (0.355, 4), (0.445, 5), (0.525, 6), (0.615, 7), (0.695, 8))


def months_of_progress(effect: float) -> int:
    """Months of progress for a pupil effect in SD, by the EEF's bands; never show them without the effect.

    The bands up to 0.26 (3 months) are those of the EEF; the further ones are from memory of its toolkit.

    >>> months_of_progress(0.05), months_of_progress(0.04), months_of_progress(-0.12)
    (1, 0, -2)
    """
    size = next((months for top, months in MONTHS if abs(effect) < top), 9)
    return size if effect >= 0 else -size
