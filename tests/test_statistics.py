"""Means, spreads and times of the default world against the published patterns of the design.

Fixed seeds; tolerances are those of the design's table, or standard errors where a value is known exactly.
"""

import math

import numpy as np
import pytest

from pdsim import population, scenarios, theory
from pdsim.kernel import classroom, learning, run, staff
from pdsim.kernel.records import SUMMER, WEEKS
from worlds import copy_of, scenario

STATES = ("insight", "technique", "motivation", "habit", "use", "craft", "years")
DAYS_A_WEEK = 7
DAYS_A_MONTH = 365.25 / 12
point = theory.load("point", 1, 0).draws[0]


def worlds(design, count, years=0):
    """``count`` worlds of a design at the default assumptions, each with its own luck, as lists of yearly copies.

    The first copy is the start, the others are at the end of each year, before the summer.
    """
    start = population.template(design)
    for replicate in range(count):
        world = copy_of(start.world._replace(theory=point, key=(11, replicate)))
        run.populate(world, start.year_quantiles, start.degree_quantiles)
        stages = [copy_of(world)]
        for now in range(years * WEEKS):
            run.week(world, now)
            if (now + 1) % WEEKS == 0:
                when = (now + 1) // WEEKS
                run.close_year(world, when)
                stages.append(copy_of(world))
                if when < years:
                    run.open_year(world, when)
        yield stages


@pytest.fixture(scope="module")
def without_pd():
    """Five years of a hundred default staffs without a programme."""
    return list(worlds(scenarios.load("no-pd"), 100, years=5))


def standard_error(values):
    return np.std(values, ddof=1) / math.sqrt(len(values))


class TestWithoutPD:
    @pytest.mark.parametrize("name", STATES)
    def test_means_stand_still(self, without_pd, name):
        # experience counts on by a year before the leavers go, so years and craft are compared from year 1 on
        first = 1 if name in ("years", "craft") else 0
        change = [stages[5].teachers[name].mean() - stages[first].teachers[name].mean() for stages in without_pd]
        spread = without_pd[0][0].teachers[name].std()
        drift = abs(np.mean(change))
        assert drift < 3 * standard_error(change) or drift < 0.01 * spread

    def test_support_stands_still(self, without_pd):
        change = [stages[5].schools.support.mean() - stages[0].schools.support.mean() for stages in without_pd]
        assert abs(np.mean(change)) < 3 * standard_error(change) + 1e-3

    def test_attainment_stands_still(self, without_pd):
        change = [stages[5].teachers.attainment.mean() - stages[1].teachers.attainment.mean() for stages in without_pd]
        assert abs(np.mean(change)) < 3 * standard_error(change)

    @pytest.mark.parametrize("name", STATES)
    def test_spreads_stand_still(self, without_pd, name):
        ratio = np.mean([s[5].teachers[name].std() for s in without_pd]) / np.mean(
            [s[1].teachers[name].std() for s in without_pd]
        )
        assert ratio == pytest.approx(1.0, abs=0.06)

    def test_ties_stand_still(self, without_pd):
        change = [stages[5].teachers.ties.mean() - stages[0].teachers.ties.mean() for stages in without_pd]
        assert abs(np.mean(change)) < 0.1

    def test_turnover(self, without_pd):
        leaving = np.mean([stages[year].teachers.leaving.mean() for stages in without_pd for year in range(1, 6)])
        assert 0.085 - 0.0025 <= leaving <= 0.09 + 0.0025  # within two standard errors of 20,000 decisions

    def test_sd_of_teacher_effects_on_pupils(self, without_pd):
        effects = np.concatenate(
            [stages[1].teachers.attainment - stages[1].schools.carried[0] for stages in without_pd]
        )
        assert effects.std() == pytest.approx(0.25, abs=0.05)

    def test_experience_is_that_of_the_scenario(self, without_pd):
        # 10.4 years, less what careers that end at 40 years take off
        assert np.mean([stages[0].teachers.years.mean() for stages in without_pd]) == pytest.approx(10.4, abs=1.1)


class TestExperience:
    def test_half_of_the_return_to_experience_comes_in_five_years(self):
        share = staff.craft_grown(5.0, point) / staff.craft_grown(30.0, point)
        assert share == pytest.approx(0.5, abs=0.1)

    def test_a_cross_section_shows_the_same(self):
        stages = [s[0] for s in worlds(scenario(staff__teachers_per_school=2000), 3)]
        years, craft = (np.concatenate([s.teachers[name] for s in stages]) for name in ("years", "craft"))
        new, five, thirty = (craft[np.abs(years - y) < 0.75].mean() for y in (0.5, 5.0, 30.0))
        assert (five - new) / (thirty - new) == pytest.approx(0.5, abs=0.2)


def trained(count=1):
    """A staff of the default world, to be moved by the kernel's functions alone."""
    world = population.template(scenario(staff__teachers_per_school=max(count, 2))).world._replace(
        theory=point, key=(5, 0)
    )
    for i in range(count):
        staff.appoint(world, i, 0, 10.0)
    return world


def calendar_weeks_to_half(first_week, use):
    """Calendar weeks in which raised insight loses half of its lead, from a school week on, at a constant use."""
    world = trained()
    me = world.teachers[0]
    me.insight, me.insight_usual, me.use = 0.8, 0.4, use
    weeks, lead = [0], [0.4]
    for now in range(first_week, 4 * WEEKS):
        classroom.fade(me, point, learning.weekly_loss(point.insight_half_life), 0.0)
        weeks.append(weeks[-1] + 1)
        if (now + 1) % WEEKS == 0:
            lead.append(me.insight - me.insight_usual)
            classroom.summer(world)
            weeks.append(weeks[-1] + SUMMER)
        lead.append(me.insight - me.insight_usual)
    return np.interp(math.log(2.0), -np.log(np.array(lead) / 0.4), weeks)


def days_to_habit(pace):
    """Days of full use with full prompts until a new habit is at 95 % of its plateau, for a teacher's pace."""
    world = trained()
    me = world.teachers[0]
    me.habit_pace, me.habit, me.habit_usual, me.use_usual = pace, 0.0, 0.0, 0.0
    me.use = me.prompts = 1.0
    habit = [0.0]
    while habit[-1] < 0.95:  # the plateau is 1: full use, week after week
        classroom.practise(me, point, 0.0)
        habit.append(me.habit)
    return np.interp(0.95, habit, DAYS_A_WEEK * np.arange(len(habit)))


class TestTimes:
    @pytest.mark.parametrize("first_week", [0, 10, 30])
    def test_half_life_of_knowledge_without_use(self, first_week):
        months = calendar_weeks_to_half(first_week, use=0.0) * DAYS_A_WEEK / DAYS_A_MONTH
        assert 3.0 <= months <= 6.0

    def test_use_slows_forgetting(self):
        assert calendar_weeks_to_half(0, use=0.5) > 1.2 * calendar_weeks_to_half(0, use=0.0)

    def test_days_to_a_habit(self):
        days = [days_to_habit(pace) for pace in trained(200).teachers.habit_pace]
        assert np.median(days) == pytest.approx(66, abs=20)
        assert np.quantile(days, 0.05) >= 15
        assert np.quantile(days, 0.95) <= 300
        assert np.quantile(days, 0.95) > 2 * np.quantile(days, 0.05)


def adjacency(world):
    """Who turns to whom, a square of 0 and 1."""
    ties = np.zeros((len(world.teachers),) * 2, int)
    for i, me in enumerate(world.teachers):
        ties[i, world.advisers[i, : me.ties]] = 1
    return ties


def statistics_of(ties):
    """The statistics of pattern 15 for one school."""
    out, received = ties.sum(axis=1), ties.sum(axis=0)
    paths = ties @ ties
    np.fill_diagonal(paths, 0)
    return {
        "out-degree": out.mean(),
        "SD of out-degree": out.std(ddof=1),
        "naming nobody": (out == 0).mean(),
        "reciprocity": (ties * ties.T).sum() / ties.sum(),
        "transitivity": (paths * ties).sum() / paths.sum(),
        "top three": np.sort(received)[-3:].sum() / ties.sum(),
    }


def odds_ratio(schools):
    """Odds of a tie in one's own department over those elsewhere, all pairs of all schools together."""
    table = np.zeros((2, 2))
    for ties, department in schools:
        same = department[:, None] == department[None, :]
        pairs = ~np.eye(len(ties), dtype=bool)
        for tied in (0, 1):
            for group in (0, 1):
                table[tied, group] += ((ties == tied) & (same == group) & pairs).sum()
    return table[1, 1] * table[0, 0] / (table[1, 0] * table[0, 1])


PATTERN_15 = {  # mean over schools, SD between schools (Pitts and Spillane 2009)
    "out-degree": (3.46, 1.04),
    "SD of out-degree": (2.70, 0.77),
    "naming nobody": (0.20, 0.10),
    "reciprocity": (0.33, 0.14),
    "transitivity": (0.39, 0.11),
    "top three": (0.36, 0.09),
}


@pytest.fixture(scope="module")
def schools():
    """Ties and departments of a hundred schools of 29, at the start."""
    found = [stages[0] for stages in worlds(scenario(staff__teachers_per_school=29), 100)]
    return [(adjacency(world), np.array(world.teachers.department)) for world in found]


class TestNetwork:
    @pytest.mark.parametrize("name", PATTERN_15)
    def test_published_statistics(self, schools, name):
        mean, between_schools = PATTERN_15[name]
        assert np.mean([statistics_of(ties)[name] for ties, _ in schools]) == pytest.approx(mean, abs=between_schools)

    def test_own_department_is_preferred(self, schools):
        # with 10,000 ties its logarithm has a standard error of about 0.025
        assert 2.5 * 0.95 <= odds_ratio(schools) <= 3.0 * 1.05

    @pytest.mark.parametrize("size", [15, 60])
    def test_out_degree_does_not_depend_on_the_size_of_the_school(self, schools, size):
        others = [adjacency(stages[0]) for stages in worlds(scenario(staff__teachers_per_school=size), 40)]
        usual = np.mean([ties.sum(axis=1).mean() for ties, _ in schools])
        assert np.mean([ties.sum(axis=1).mean() for ties in others]) == pytest.approx(usual, abs=0.35)

    def test_six_ties_in_ten_last_a_year(self, without_pd):
        before = [adjacency(stages[0]) for stages in without_pd]
        after = [adjacency(stages[2]) for stages in without_pd]
        kept = sum((a * b).sum() for a, b in zip(before, after, strict=True)) / sum(a.sum() for a in before)
        assert kept == pytest.approx(0.6, abs=0.07)  # 0.62-0.67 in the source, re-formed ties included

    @pytest.mark.parametrize("share", [0.0, 0.05, 0.15, 0.3])
    def test_the_share_of_ties_across_schools_is_that_of_the_scenario(self, share):
        design = scenario(staff__schools=3, staff__teachers_per_school=20, network__ties_across=share)
        across = []
        for (world,) in worlds(design, 40):
            school = np.array(world.teachers.school)
            asker, adviser = np.nonzero(adjacency(world))
            across.append((school[asker] != school[adviser]).mean())
        assert np.mean(across) == pytest.approx(share, rel=0.35)
