"""Everything that the design says of randomness: fixed addresses, common luck, and nothing else that matters."""

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from pdsim import comparison, scenarios, simulate, theory
from pdsim.kernel import draws, run
from worlds import results, scenario

# Counter and key of the published known-answer vectors of Philox4x32-10 (Random123; Salmon et al. 2011).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
HUB = {
    "programme__format": "collaborative",
    "programme__sessions": 12,
    "programme__weeks_between": 3,
    "programme__attendance": "voluntary",
    "programme__mechanisms": (
        "managing cognitive load",
        "modelling the technique",
        "arranging practical social support",
    ),
    "staff__teachers_per_school": 12,
    "partners__schools": 2,
    "collaboration__teams": "across-schools",
    "network__ties_across": 0.3,
}


def hub(**settings):
    """A small collaborative programme with partners, in which every stream of luck has a part."""
    return scenario(**{**HUB, **settings})


def same(a, b):
    """Equal to the bit, missing values at the same places."""
    return np.array_equal(a, b, equal_nan=True)


class TestGenerator:
    @pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
    def test_published_vectors(self, counter, key, words):
        assert tuple(int(w) for w in draws.philox(*(np.uint64(w) for w in counter + key))) == words

    def test_a_number_does_not_depend_on_what_was_drawn_before(self):
        address = ((1, 2), draws.STREAM_TIE, 5, 100_003, 7)
        first = draws.uniforms(*address)
        for post in range(50):
            draws.uniforms((1, 2), draws.STREAM_TIE, 5, post, 7)
        assert draws.uniforms(*address) == first

    def test_addresses_differ_in_every_part(self):
        base = (1, 2, 3, 4, 5, 6)
        seen = set()
        for part in range(6):
            for step in (1, 2, 1000):
                seed, replicate, *place = (v + step * (i == part) for i, v in enumerate(base))
                seen.add(draws.uniforms((seed, replicate), *place))
        assert len(seen) == 18
        assert len({u for four in seen for u in four}) == 72

    def test_streams_have_numbers_of_their_own(self):
        streams = [value for name, value in vars(draws).items() if name.startswith("STREAM_")]
        assert len(set(streams)) == len(streams) >= 14

    def uniforms(self, count=20_000):
        return np.array([draws.uniforms((7, i // 100), 3, i % 39, i, 0) for i in range(count)])

    def test_uniforms_are_uniform_and_independent(self):
        u = self.uniforms()
        assert 0 < u.min() < 1e-3
        assert 1 - 1e-3 < u.max() < 1
        standard_error = math.sqrt(1 / 12 / len(u))
        assert np.abs(u.mean(axis=0) - 0.5).max() < 4 * standard_error
        counts = np.array([np.histogram(column, 50, (0, 1))[0] for column in u.T])
        chi_squared = ((counts - len(u) / 50) ** 2 / (len(u) / 50)).sum(axis=1)
        assert np.abs(chi_squared - 49).max() < 4 * math.sqrt(2 * 49)
        between_words = np.corrcoef(u.T)[np.triu_indices(4, 1)]
        between_neighbours = [np.corrcoef(column[:-1], column[1:])[0, 1] for column in u.T]
        assert np.abs([*between_words, *between_neighbours]).max() < 4 / math.sqrt(len(u))

    def test_normals_are_normal(self):
        u = self.uniforms()
        z = np.array([draws.normal_pair(a, b) for a, b, _, _ in u])
        error = 1 / math.sqrt(len(z))
        assert np.abs(z.mean(axis=0)).max() < 4 * error
        assert np.abs(z.var(axis=0) - 1).max() < 4 * math.sqrt(2) * error
        assert np.abs((z**3).mean(axis=0)).max() < 4 * math.sqrt(15) * error
        assert np.abs((z**4).mean(axis=0) - 3).max() < 4 * math.sqrt(96) * error
        assert abs(np.corrcoef(z.T)[0, 1]) < 4 * error

    def test_box_and_muller_by_hand(self):
        # radius sqrt(-2 ln e^-2) = 2; an eighth of a turn
        half = math.sqrt(2.0)
        assert draws.normal_pair(math.exp(-2.0), 0.125) == pytest.approx((half, half))


class TestLuck:
    def test_seeds_and_replicates_differ(self):
        first = results(hub(), replicates=4, kind="point")
        assert not same(first, results(hub(), replicates=4, kind="point", seed=2))
        assert len({tuple(r.ravel()) for r in np.nan_to_num(first)}) == 4

    def test_seed_0_is_a_seed(self):
        assert same(results(hub(), seed=0), results(hub(), seed=0))
        assert not same(results(hub(), seed=0), results(hub(), seed=1))

    @pytest.mark.parametrize("name", ["maths-hub", "solo-course", "no-pd"])
    def test_a_scenario_against_itself_is_exactly_nothing(self, name):
        compared = comparison.compare([name, name], baseline=name, replicates=8, years=2)
        for effect in compared.effects.values():
            assert np.nanmax(np.abs(effect)) == 0.0
        assert (compared.table.effect.dropna() == 0).all()
        assert (compared.table[["low", "high", "mc_error"]].dropna() == 0).all(axis=None)
        assert (compared.pairs.difference == 0).all()
        assert (compared.pairs.probability_b_better == 0.5).all()

    def test_what_does_not_touch_a_teacher_leaves_no_trace(self):
        # year 0 is before the programme: the same people, ties and schools in both designs
        assert same(results(hub())[:, 0], results(hub(programme__sessions=0), reported=hub())[:, 0])


class TestNothingElseMatters:
    def test_one_more_school_that_takes_no_part(self):
        one = hub(programme__schools_taking_part=1, staff__schools=1)
        assert same(results(one), results(one.with_(**{"staff.schools": 2})))
        assert same(results(one), results(one.with_(**{"staff.schools": 4})))

    def test_one_more_school_for_teams_within_departments(self):
        one = hub(programme__schools_taking_part=2, staff__schools=2, collaboration__teams="within-departments")
        assert same(results(one), results(one.with_(**{"staff.schools": 3})))

    @pytest.mark.parametrize("years", [1, 3])
    def test_a_longer_horizon(self, years):
        longer = results(hub(programme__sessions=39, evaluation__years=5))
        assert same(results(hub(programme__sessions=39, evaluation__years=years)), longer[:, : years + 1])

    def test_more_replicates(self):
        # with one draw of the assumptions, the first runs of many are those of few
        assert same(results(hub(), 4, "point"), results(hub(), 9, "point")[:4])

    def test_more_partners_leave_the_staff_as_they_were(self):
        before = results(hub())[:, 0]
        assert same(before[..., 1:6], results(hub(partners__schools=5))[:, 0][..., 1:6])

    @pytest.mark.parametrize("chunk", [1, 3, 1000])
    def test_chunks(self, chunk, monkeypatch):
        expected = results(hub(), 10)
        monkeypatch.setattr(simulate, "CHUNK", chunk)
        assert same(results(hub(), 10), expected)

    @pytest.mark.parametrize("workers", [1, 4])
    def test_threads(self, workers, monkeypatch):
        expected = results(hub(), 10)
        monkeypatch.setattr(simulate, "CHUNK", 2)
        with ThreadPoolExecutor(workers) as pool:
            assert same(results(hub(), 10, executor=pool), expected)

    def test_processes(self, monkeypatch):
        expected = results(hub(), 10)
        monkeypatch.setattr(simulate, "CHUNK", 3)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            assert same(results(hub(), 10, executor=pool), expected)

    def test_order_of_runs(self):
        believed = theory.load("posterior", 3, 1)
        runs = simulate.luck(10, 3, 1)
        turned = simulate.Luck(1, runs.draw[::-1].copy(), runs.replicate[::-1].copy())
        forward, backward = (simulate.simulate(hub(), believed, r) for r in (runs, turned))
        assert same(forward, backward[::-1])

    def test_a_run_leaves_its_template_as_it_was(self):
        start = simulate.population.template(hub())
        believed = theory.load("posterior", 1, 1)
        before = start.world.teachers.tobytes(), start.world.advisers.tobytes(), start.world.schools.tobytes()
        first, second = (simulate.run_chunk(start, believed.draws, *np.zeros((2, 1), int), 1, 1) for _ in range(2))
        assert same(first, second)
        assert before == (start.world.teachers.tobytes(), start.world.advisers.tobytes(), start.world.schools.tobytes())

    def test_stepping_by_hand_is_the_batch(self):
        design = hub(evaluation__years=3)
        believed = theory.load("posterior", 1, 1)
        start = simulate.population.template(design)
        world = start.world._replace(theory=believed.draws[0], key=(1, 0))
        unit = run.practice_sd(start.reference._replace(theory=believed.draws[0], key=(0, 0)), start.year_quantiles)
        run.populate(world, start.year_quantiles, start.degree_quantiles)
        stepped = np.empty((4, 4, 14))
        run.measure(world, 0, unit, stepped[0])
        for when in range(1, 4):
            for now in range(39 * (when - 1), 39 * when):
                run.week(world, now)
            run.close_year(world, when)
            run.measure(world, when, unit, stepped[when])
            if when < 3:
                run.open_year(world, when)
        assert same(stepped, simulate.simulate(design, believed, simulate.luck(1, 1, 1))[0])


TEACHERS = [
    f"t{n:02d},{n % 3 * 7 + 2},{'maths' if n % 2 else 'art'},{'north' if n < 8 else 'south'}" for n in range(14)
]
TIES = [f"t{a:02d},t{b:02d},{1 + (a + b) % 4}" for a in range(14) for b in range(14) if a != b and (a * b + a) % 5 == 0]


class TestFiles:
    def staffroom(self, folder, teachers, ties):
        (folder / "teachers.csv").write_text("\n".join(["teacher,years_of_experience,department,school", *teachers]))
        (folder / "ties.csv").write_text("\n".join(["from,to,weight", *ties]))
        files = {"staff.teachers": str(folder / "teachers.csv"), "network.edges": str(folder / "ties.csv")}
        return scenarios.load("maths-hub", files)

    def test_order_of_rows(self, tmp_path):
        forward = results(self.staffroom(tmp_path, TEACHERS, TIES))
        backward = results(self.staffroom(tmp_path, TEACHERS[::-1], TIES[::-1]))
        shuffled = np.random.default_rng(3).permutation
        mixed = results(self.staffroom(tmp_path, list(shuffled(TEACHERS)), list(shuffled(TIES))))
        assert same(forward, backward)
        assert same(forward, mixed)

    def test_ties_and_experience_of_the_files_count(self, tmp_path):
        given = results(self.staffroom(tmp_path, TEACHERS, TIES))
        assert not same(given, results(self.staffroom(tmp_path, TEACHERS, TIES[:-10])))
        older = [row.replace(",2,", ",30,") for row in TEACHERS]
        assert not same(given, results(self.staffroom(tmp_path, older, TIES)))
