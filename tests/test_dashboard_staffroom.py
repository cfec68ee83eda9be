"""The staffroom that the dashboard plays: its films are the model's own, its pictures stay put, its words are true."""

import json
import math
import re
import threading
from dataclasses import replace

import numpy as np
import pytest

from pdsim import simulate, theory
from pdsim.dashboard.room import wire, words
from pdsim.dashboard.room.cast import MOST_TEACHERS, Cast, world_of
from pdsim.dashboard.room.film import SCALES, Film, advice_given, frame_of
from pdsim.dashboard.room.layout import ASPECTS, Seat, plan, ring
from pdsim.dashboard.room.stage import CHUNK, MOST_WEEKS, Stage, look
from pdsim.dashboard.state import Design, State, address, changed
from pdsim.errors import InputError
from pdsim.kernel.measure import OUTCOMES
from pdsim.kernel.records import WEEKS
from pdsim.mesa_model import StaffroomModel
from test_dashboard_browser import Server, opened


def small(name, **settings):
    design = changed(Design(name), "staff.teachers_per_school", 10)
    for path, value in settings.items():
        design = changed(design, path, value)
    return design


HUB = State(designs=(small("maths-hub"), small("lesson-study")), years=2)
TWICE = State(designs=(small("lesson-study"), small("lesson-study")), years=1)


@pytest.fixture(scope="module")
def hub():
    cast = Cast(HUB.request(), 3)
    cast.run_to(2 * WEEKS)
    return cast


def seats_in(schools, per_school, departments, partners=0):
    own = [Seat(100 * s + t, s, t % departments, False) for s in range(schools) for t in range(per_school)]
    return own + [Seat(90_000 + 100 * s + t, 900 + s, t, True) for s in range(partners) for t in range(2)]


SHAPES = [(1, 40, 5, 0), (1, 40, 5, 6), (6, 50, 5, 6), (3, 20, 4, 20), (10, 30, 6, 0), (1, 2, 1, 1), (20, 3, 3, 9)]


class TestLayout:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_it_is_the_same_whatever_the_order_of_the_seats(self, shape):
        seats = seats_in(*shape)
        shuffled = [seats[at] for at in np.random.default_rng(1).permutation(len(seats))]
        for aspect in ASPECTS:
            assert plan(seats, aspect) == plan(shuffled, aspect)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_schools_do_not_overlap_and_hold_their_teachers_apart(self, shape):
        seats = seats_in(*shape)
        found = plan(seats, ASPECTS[0])
        assert len(found.schools) == shape[0] + shape[3]
        for box in found.schools:
            assert box.x >= -1e-9
            assert box.x + box.width <= found.width + 1e-9
            assert box.y + box.height <= found.height + 1e-9
            for other in found.schools:
                if other is not box:
                    beside = box.x + box.width <= other.x or other.x + other.width <= box.x
                    assert beside or box.y + box.height <= other.y or other.y + other.height <= box.y
        homes = {}
        for seat in seats:
            x, y = found.places[seat.post]
            inside = [
                at
                for at, box in enumerate(found.schools)
                if box.x < x < box.x + box.width and box.y < y < box.y + box.height
            ]
            assert len(inside) == 1
            homes.setdefault(seat.school, set()).update(inside)
        assert all(len(boxes) == 1 for boxes in homes.values())
        assert len({min(boxes) for boxes in homes.values()}) == len(homes)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_departments_keep_to_their_discs_and_discs_apart(self, shape):
        found = plan(seats_in(*shape), ASPECTS[1])
        for disc in found.departments:
            assert all(math.dist(found.places[post], (disc.x, disc.y)) < disc.radius for post in disc.posts)
            for other in found.departments:
                if other is not disc:
                    apart = math.dist((disc.x, disc.y), (other.x, other.y))
                    assert apart >= disc.radius + other.radius - 1e-9

    @pytest.mark.parametrize("count", [1, 2, 3, 7, 12, 13, 30, 100])
    def test_neighbours_stand_apart(self, count):
        places, radius = ring(count)
        assert len(places) == count
        assert max(math.hypot(*place) for place in places) < radius
        distances = [math.dist(a, b) for at, a in enumerate(places) for b in places[:at]]
        assert min(distances, default=1) > 0.69

    def test_a_post_stands_at_the_same_place_in_both_designs(self, hub):
        assert all(first is second for first, second in hub.plans)
        assert set(hub.acts[1].posts) < set(hub.acts[0].posts)

    def test_designs_whose_departments_differ_have_plans_of_their_own(self):
        state = State(designs=(small("lesson-study"), small("lesson-study", **{"staff.departments": 2})), years=1)
        first, second = Cast(state.request(), 1).plans[0]
        assert len(first.departments) == 5
        assert len(second.departments) == 2


class TestFilm:
    def test_frames_are_the_models_own_columns_week_by_week(self):
        film = Film(StaffroomModel("maths-hub", rng=5))
        twin = StaffroomModel("maths-hub", rng=5)
        for week in range(WEEKS + 3):
            film.run_to(week)
            frame, teachers = film.frames[week], twin.world.teachers
            for name, scale in SCALES.items():
                assert np.abs(frame[name] / scale - teachers[name]).max() <= 0.5 / scale + 1e-12, name
            for name in ("attended", "offered", "arrival"):
                assert np.array_equal(frame[name], teachers[name])
            assert np.array_equal(advice_given(frame), teachers["advice_given"])
            graph = twin.advice_network()
            rows = {agent.unique_id: agent.row for agent in twin.teachers}
            ties = {(rows[a], rows[b], int(data["lasting"])) for a, b, data in graph.edges(data=True)}
            assert {tuple(tie) for tie in frame["ties"].tolist()} == ties
            twin.step()

    def test_an_array_that_does_not_change_is_kept_once(self):
        film = Film(StaffroomModel("solo-course", rng=1))
        film.run_to(4)
        assert film.frames[4]["craft"] is film.frames[0]["craft"]
        assert film.frames[4]["ties"] is film.frames[0]["ties"]
        assert film.frames[4]["use"] is not film.frames[3]["use"]

    def test_values_out_of_range_stand_at_its_end(self):
        model = StaffroomModel("no-pd", rng=1)
        model.world.teachers["craft"][0] = 50.0
        assert frame_of(model, {})["craft"][0] == 32767

    def test_it_ends_with_the_years_of_the_design(self):
        film = Film(StaffroomModel("no-pd", rng=1, **{"evaluation.years": 1}))
        film.run_to(1000)
        assert len(film.frames) == WEEKS + 1

    def test_session_weeks_are_those_in_which_somebody_is_offered_one(self):
        film = Film(StaffroomModel("lesson-study", rng=1))
        film.run_to(WEEKS)
        offered = [int(frame["offered"].max()) for frame in film.frames]
        assert film.session_weeks(WEEKS) == [week for week in range(1, WEEKS + 1) if offered[week] > offered[week - 1]]


class TestCast:
    def test_the_same_design_twice_is_equal_to_the_bit(self):
        cast = Cast(TWICE.request(), 2)
        cast.run_to(WEEKS)
        first, second = cast.acts
        assert first.film.model.world.teachers.tobytes() == second.film.model.world.teachers.tobytes()
        assert first.film.model.world.advisers.tobytes() == second.film.model.world.advisers.tobytes()
        for a, b in zip(first.film.frames, second.film.frames, strict=True):
            assert all(np.array_equal(a[name], b[name]) for name in a)

    def test_designs_start_as_the_same_people(self, hub):
        first, second = hub.acts
        rows = [first.row(post) for post in second.posts]
        for name in ("insight", "technique", "habit", "use", "craft", "years"):
            assert np.array_equal(first.film.frames[0][name][rows], second.film.frames[0][name])

    def test_without_the_pd_is_no_pd_in_the_world_of_the_design(self, hub):
        request = HUB.request()
        believed, replicate = world_of(request, 3)
        for act, design in zip(hub.acts, request.designs, strict=True):
            scenario = replace_programme("no-pd", design)
            model = StaffroomModel(scenario, rng=request.seed, replicate=replicate, theory=believed)
            while model.running:
                model.step()
            assert model.world.teachers.tobytes() == act.without.model.world.teachers.tobytes()
            assert not act.without.frames[-1]["offered"].any()

    def test_its_world_is_that_of_the_comparison(self, hub):
        request = HUB.request()
        believed = theory.load(request.theory, 2, request.seed, request.assumptions)
        levels = simulate.simulate(request.designs[0], believed, simulate.luck(8, 2, request.seed))
        played = hub.acts[0].film.model.results[:, : levels.shape[2]]
        assert np.array_equal(levels[2], played[:, :, : len(OUTCOMES)], equal_nan=True)

    def test_it_knows_whether_the_designs_have_the_same_staff(self, hub):
        assert hub.alike()
        other = small("lesson-study", **{"staff.expert_share": 0.9})
        assert not Cast(replace(TWICE, designs=(small("lesson-study"), other)).request(), 1).alike()

    def test_another_world_is_another_luck(self):
        first, second = (Cast(TWICE.request(), world) for world in (1, 2))
        assert not np.array_equal(first.acts[0].film.frames[0]["use"], second.acts[0].film.frames[0]["use"])

    def test_too_many_teachers_are_a_message(self):
        large = changed(Design("no-pd"), "staff.schools", 12)
        with pytest.raises(InputError, match=f"480 teachers; this page shows at most {MOST_TEACHERS}"):
            Cast(State(designs=(large, Design("solo-course"))).request(), 1)


def replace_programme(name, design):
    from pdsim import scenarios

    return scenarios.load(name).in_the_world_of(design)


class TestWords:
    def test_the_sentence_counts_those_who_use_it_more(self, hub):
        for week in (1, 12, WEEKS + 1):
            counts = []
            for act in hub.acts:
                own = act.film.model.world.teachers["in_programme_school"] == 1
                use = [film.frames[week]["use"][own].astype(int) for film in (act.film, act.without)]
                counts.append(f"{int((use[0] - use[1] >= 500).sum())} of {own.sum()}")
            said = words.sentence(hub.acts, ["A (x)", "B (y)"], week)
            assert re.findall(r"\d+ of \d+", said.replace(" of year", "")) == counts
            assert words.week_words(week, 2) in said

    def test_the_caption_tells_more_less_and_as_much_of_all(self, hub):
        act = hub.acts[0]
        sessions = act.film.session_weeks(hub.weeks)
        said = words.caption(act, sessions[1], sessions)
        numbers = [int(n) for n in re.match(r"(\d+) use it more, (\d+) less, (\d+) as much", said).groups()]
        assert sum(numbers) == 10
        assert f"Session 2 of {len(sessions)}: " in said
        assert "Session" not in words.caption(act, sessions[1] + 1, sessions)

    def test_a_story_tells_what_the_record_holds(self, hub):
        act, week = hub.acts[1], 30
        frame, other = act.film.frames[week], act.without.frames[week]
        for row in range(10):
            said = " ".join(words.story(act, int(act.posts[row]), week))
            use = [float(one["use"][row]) / 10_000 for one in (frame, other)]
            assert f"Use is {use[0]:.2f}; without the PD it would be {use[1]:.2f}." in said
            offered = words.counted_words(frame["offered"][row], "session", "sessions")
            assert f"Attended {frame['attended'][row]} of {offered}" in said
            given = int((frame["ties"][:, 1] == row).sum())
            assert words.counted_words(given, "colleague turns", "colleagues turn") in said or given == 0
            assert ("nobody turns to this teacher" in said) == (given == 0)
            advisers = frame["ties"][frame["ties"][:, 0] == row, 1]
            named = re.search(r"Turns to (.*?) for advice", said)[1]
            assert [int(n) - 1 for n in re.findall(r"teacher (\d+)", named)] == sorted(advisers)
            since = re.search(r"clearly higher since week (\d+)", said)
            gaps = [int(a["use"][row]) - int(b["use"][row]) for a, b in words.frames_of(act.film, act.without, week)]
            assert (since is not None) == (gaps[-1] >= 500)
            if since:
                first = int(since[1])
                assert min(gaps[first : week + 1]) >= 500
                assert gaps[first - 1] < 500

    def test_lasting_ties_are_told_with_their_week(self):
        cast = Cast(replace(TWICE, theory="fluoride").request(), 1)
        cast.run_to(WEEKS)
        act = cast.acts[0]
        lasting = act.film.frames[WEEKS]["ties"]
        lasting = lasting[lasting[:, 2] == 1]
        assert len(lasting)
        asker, adviser, _ = lasting[0].tolist()
        said = words.lasting_ties(act, asker, WEEKS)
        week = int(re.search(rf"teacher {adviser + 1} since week (\d+)", said)[1])
        keys = [{tuple(tie) for tie in frame["ties"].tolist()} for frame in act.film.frames]
        assert (asker, adviser, 1) in keys[week]
        assert (asker, adviser, 1) not in keys[week - 1]

    def test_a_teacher_of_another_design_is_told_so(self, hub):
        partner = max(hub.acts[0].posts)
        assert words.story(hub.acts[1], int(partner), 5) == [
            "Teacher 2 of partner school 6 is not part of this design."
        ]

    def test_somebody_new_in_a_post_is_told(self, hub):
        act = hub.acts[0]
        frame = act.film.frames[-1]
        newcomers = np.flatnonzero(frame["arrival"] == 1)
        assert len(newcomers)
        assert "New in this post since year 2." in words.person(act, newcomers[0], 2 * WEEKS)


class TestWire:
    def test_a_browser_that_unpacks_the_weeks_has_the_films(self, hub):
        sessions = [act.film.session_weeks(hub.weeks) for act in hub.acts]
        parts = [
            json.loads(json.dumps(wire.chunk(hub, ["A", "B"], sessions, first, first + 12)))
            for first in range(0, 79, 13)
        ]
        held = [{}, {}]
        week = 0
        for part in parts:
            assert part["first"] == week
            for sent in part["weeks"]:
                for act, have, fresh in zip(hub.acts, held, sent["acts"], strict=True):
                    have |= {name: wire.unpacked(text) for name, text in fresh.items() if name != "caption"}
                    for name in wire.SENT:
                        assert np.array_equal(have[name], act.film.frames[week][name].reshape(-1)), (week, name)
                    assert np.array_equal(have["more"], words.use_more(act, week))
                week += 1
        assert week == 2 * WEEKS + 1

    def test_only_what_changes_is_sent(self, hub):
        quiet, busy = (wire.chunk(hub, ["A", "B"], [[], []], week, week)["weeks"][0]["acts"][0] for week in (1, 4))
        assert set(quiet) == {"caption"}
        assert {"use", "technique"} < set(busy)
        assert "craft" not in busy

    def test_the_scene_names_everybody_once(self, hub):
        scene = wire.scene(hub, ["A", "B"])
        assert [len(act["posts"]) for act in scene["acts"]] == [22, 10]
        assert len(scene["people"]) == len({one["name"] for one in scene["people"]}) == 22
        for shape in (0, 1):
            assert [len(act["shapes"][shape]["schools"]) for act in scene["acts"]] == [7, 1]
            assert [len(act["shapes"][shape]["departments"]) for act in scene["acts"]] == [17, 5]


class Tab:
    """A stage, and a way to wait for its news."""

    def __init__(self):
        self.news = threading.Condition()
        self.stage = Stage(self.notify)

    def notify(self):
        with self.news:
            self.news.notify_all()

    def until(self, true):
        with self.news:
            assert self.news.wait_for(true, 60)
        return self.stage


@pytest.fixture
def tab():
    made = Tab()
    made.stage.show(TWICE)
    made.until(lambda: made.stage.played)
    yield made
    made.stage.close()


class TestStage:
    def test_it_plays_a_third_of_a_year_at_once(self, tab):
        assert tab.stage.chunk["first"] == 0
        assert len(tab.stage.chunk["weeks"]) == CHUNK + 1
        assert tab.stage.chunk["number"] == tab.stage.played.scene["number"] == 1

    def test_weeks_arrive_when_they_are_asked_for(self, tab):
        tab.stage.ask({"number": 1, "first": CHUNK + 1, "last": 20})
        tab.until(lambda: tab.stage.chunk["first"] == CHUNK + 1)
        assert len(tab.stage.chunk["weeks"]) == CHUNK
        tab.stage.ask({"number": 1, "first": 5, "last": 4000})
        tab.until(lambda: tab.stage.chunk["first"] == 5)
        assert len(tab.stage.chunk["weeks"]) == min(WEEKS - 4, MOST_WEEKS)

    def test_the_same_designs_are_not_set_up_again_and_others_are(self, tab):
        before = tab.stage.played
        tab.stage.show(replace(TWICE, present=True, view=(("week", "7"), ("colour", "craft"))))
        assert tab.stage.played is before
        tab.stage.show(replace(TWICE, view=(("world", "2"),)))
        tab.until(lambda: tab.stage.played is not before)
        assert tab.stage.chunk["number"] == 2

    def test_a_story_is_told_at_a_week(self, tab):
        tab.stage.tell({"number": 1, "post": 3, "week": 9})
        assert tab.stage.story["name"] == "Teacher 4"
        assert tab.stage.story["acts"][0]["lines"] == words.story(tab.stage.played.cast.acts[0], 3, 9)
        assert len(wire.unpacked(tab.stage.story["acts"][0]["without"]["use"])) == tab.stage.played.cast.filmed + 1

    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"number": "x"},
            {"number": 1, "first": -5, "last": 3, "post": -1, "week": 2},
            {"number": 9, "first": 3, "last": 5},
            {"number": 1, "first": 30, "last": 40, "post": 1, "week": 38},
            {"number": True, "first": None, "post": [], "week": {}},
        ],
    )
    def test_nonsense_from_a_browser_changes_nothing(self, tab, wanted):
        chunk = tab.stage.chunk
        tab.stage.ask(wanted)
        tab.stage.tell(wanted)
        assert tab.stage.chunk is chunk
        assert tab.stage.story is None

    def test_too_many_teachers_give_a_message_and_the_next_design_works(self, tab):
        large = changed(Design("no-pd"), "staff.schools", 12)
        tab.stage.show(replace(TWICE, designs=(large, Design("no-pd"))))
        tab.until(lambda: tab.stage.message)
        assert "480 teachers" in tab.stage.message
        assert tab.stage.played is None
        tab.stage.show(TWICE)
        tab.until(lambda: tab.stage.played)
        assert tab.stage.message == ""

    def test_a_tab_that_is_gone_holds_nothing(self):
        tab = Tab()
        tab.stage.close()
        tab.stage.show(TWICE)
        assert tab.stage.played is None
        assert tab.stage.chunk is None

    def test_settings_of_the_page_are_read_and_wrong_ones_explained(self):
        state = State(view=(("colour", "craft"), ("week", "x"), ("teacher", "3000000000"), ("other", "1")))
        found, notes = look(state)
        assert found == {"colour": "craft", "world": 1, "teacher": 3_000_000_000, "week": 0}
        assert notes == ["view.week=x: allowed is a whole number, 0 to 390"]


def use_in_table(page, index):
    """The column of use in a design's table, from top to bottom."""
    rows = page.locator(".pd-room-table table").nth(index).locator("tbody tr")
    return [float(cell) for cell in rows.locator("td:nth-of-type(1)").all_inner_texts()]


def at_week(page, week):
    page.wait_for_function("words => document.querySelector('.pd-room-week').innerText.startsWith(words)", arg=week)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("staffroom"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def played():
    cast = Cast(State(designs=HUB.designs, years=1).request(), 1)
    cast.run_to(WEEKS)
    return cast


class TestBrowser:
    QUERY = address(State(designs=HUB.designs, years=1, page="staffroom"))

    def test_a_trainer_plays_two_staffrooms_by_keyboard(self, browser, server, played):
        with opened(browser, server, self.QUERY) as page:
            names = ("A (maths-hub, changed)", "B (lesson-study, changed)")
            assert page.inner_text("main h1") == words.sentence(played.acts, names, 0)
            page.get_by_role("button", name="Step a week").focus()
            for week in (1, 2, 3):
                page.keyboard.press("Enter")
                at_week(page, f"Week {week}")
            assert page.inner_text("main h1") == words.sentence(played.acts, names, 3)
            sessions = [act.film.session_weeks(WEEKS) for act in played.acts]
            captions = page.locator(".pd-room-caption").all_inner_texts()
            assert captions == [words.caption(act, 3, when) for act, when in zip(played.acts, sessions, strict=True)]
            assert page.locator(".pd-room-session").count() == sum(map(len, sessions))

            page.get_by_text("Numbers: all teachers").click()
            for index, act in enumerate(played.acts):
                shown = np.array(use_in_table(page, index))
                assert np.abs(shown - act.film.frames[3]["use"] / 10_000).max() <= 0.00501

            page.get_by_label("Teacher", exact=True).focus()
            page.keyboard.type("Teacher 4")
            page.wait_for_selector(".pd-room-story h2:has-text('Teacher 4 with B, week 3')")
            page.wait_for_function("location.search.includes('view.teacher=3&')")
            said = page.locator(".pd-room-story section").all_inner_texts()
            for act, text in zip(played.acts, said, strict=True):
                for line in words.story(act, 3, 3):
                    assert line in text
            assert page.locator(".pd-room-chart polyline").count() == 4

            page.get_by_label("Colour shows").select_option("technique")
            page.wait_for_function("location.search.includes('view.colour=technique')")
            assert "Technique" in page.inner_text(".pd-room-legend")
            technique = played.acts[0].film.frames[3]["technique"][3] / 10_000
            page.wait_for_function(
                "words => document.querySelector('.pd-room-chart').getAttribute('aria-label').includes(words)",
                arg=f"with the PD {technique:.2f}",
            )

            page.get_by_label("Speed").select_option("8")
            page.get_by_role("button", name="Play").focus()
            page.keyboard.press("Enter")
            page.wait_for_function("Number(document.querySelector('#pd-week').value) >= 8")
            page.keyboard.press("Enter")
            page.get_by_role("button", name="Play").wait_for()
            week = int(page.input_value("#pd-week"))
            page.wait_for_timeout(300)
            assert int(page.input_value("#pd-week")) == week
            assert page.inner_text("main h1") == words.sentence(played.acts, names, week)
            page.wait_for_function("week => location.search.includes('view.week=' + week)", arg=week)
            assert "view.teacher=3" in page.url

            page.locator("#pd-week").focus()
            page.keyboard.press("End")
            at_week(page, "Week 39")
            assert page.inner_text("main h1") == words.sentence(played.acts, names, WEEKS)
            assert page.get_by_role("button", name="Step a week").is_disabled()
            page.get_by_role("button", name="Back to start").click()
            at_week(page, "Before the first week")
            assert page.inner_text("main h1") == words.sentence(played.acts, names, 0)
            assert page.failed == []
            assert page.complaints == []

    def test_a_click_in_the_picture_chooses_a_teacher_and_the_link_opens_the_same(self, browser, server, played):
        with opened(browser, server, self.QUERY + "&view.week=20") as page:
            at_week(page, "Week 20")
            plan, box = played.plans[0][1], page.locator("canvas").nth(1).bounding_box()
            scale = min((box["width"] - 8) / plan.width, (box["height"] - 8) / plan.height)
            x, y = plan.places[5]
            spot = {
                "x": (box["width"] - plan.width * scale) / 2 + x * scale,
                "y": (box["height"] - plan.height * scale) / 2 + y * scale,
            }
            page.locator("canvas").nth(1).click(position=spot)
            page.wait_for_selector(".pd-room-story")
            assert page.inner_text(".pd-room-story h2 >> nth=0").strip() == "Teacher 6 with A, week 20"
            page.wait_for_function("location.search.includes('view.teacher=5')")
            with opened(browser, server, page.url.partition("?")[2]) as again:
                again.wait_for_selector(".pd-room-story")
                at_week(again, "Week 20")
                assert again.inner_text("main h1") == page.inner_text("main h1")
                assert again.inner_text(".pd-room-story") == page.inner_text(".pd-room-story")

    def test_another_luck_plays_another_world_at_the_same_week(self, browser, server):
        other = Cast(State(designs=HUB.designs, years=1).request(), 2)
        other.run_to(20)
        with opened(browser, server, self.QUERY + "&view.week=20&view.teacher=5") as page:
            page.wait_for_selector(".pd-room-story")
            before = page.locator(".pd-room-caption").all_inner_texts()
            page.get_by_label("Luck").fill("2")
            page.keyboard.press("Tab")
            page.wait_for_function(
                "before => document.querySelector('.pd-room-caption')?.innerText !== before"
                " && document.querySelector('.pd-room-story')",
                arg=before[0],
            )
            at_week(page, "Week 20")
            sessions = [act.film.session_weeks(WEEKS) for act in other.acts]
            captions = [words.caption(act, 20, when) for act, when in zip(other.acts, sessions, strict=True)]
            page.wait_for_function(
                "words => document.querySelector('.pd-room-caption').innerText === words", arg=captions[0]
            )
            assert page.locator(".pd-room-caption").all_inner_texts() == captions
            for line in words.story(other.acts[0], 5, 20):  # it follows once the server has played these weeks
                page.wait_for_function(
                    "line => document.querySelector('.pd-room-story').innerText.includes(line)", arg=line
                )
            assert page.complaints == []

    def test_the_picture_changes_with_the_week_and_is_drawn(self, browser, server):
        read = "[...document.querySelectorAll('canvas')].map((one) => one.toDataURL())"
        with opened(browser, server, self.QUERY) as page:
            before = page.evaluate(read)
            page.locator("#pd-week").focus()
            page.keyboard.press("End")
            at_week(page, "Week 39")
            page.wait_for_timeout(200)
            after = page.evaluate(read)
            assert all(old != new for old, new in zip(before, after, strict=True))
            colours = page.evaluate(
                """() => { const one = document.querySelector('canvas');
                const data = one.getContext('2d').getImageData(0, 0, one.width, one.height).data, seen = new Set();
                for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join());
                return seen.size; }"""
            )
            assert colours > 50

    def test_too_large_a_design_gives_a_message_and_a_usable_page(self, browser, server):
        with opened(
            browser, server, "page=about&a=no-pd&a.staff.schools=12&b=solo-course&years=1&replicates=20"
        ) as page:
            page.get_by_role("link", name="Staffroom").click()
            page.wait_for_selector(".pd-waiting:has-text('480 teachers')")
            page.get_by_role("button", name="Undo").click()
            page.wait_for_selector("main h1")
            assert page.complaints == []

    @pytest.mark.parametrize("more", ["", "&view.teacher=5&view.week=12", "&present=yes&view.colour=nonsense"])
    def test_axe_finds_no_serious_violation(self, browser, server, more):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright")
        with opened(browser, server, self.QUERY + more) as page:
            page.wait_for_timeout(700)
            for summary in page.locator("summary").all():
                summary.click()
            found = axe.Axe().run(page).response["violations"]
            serious = [
                (v["id"], [n["html"][:200] for n in v["nodes"][:3]])
                for v in found
                if v["impact"] in ("serious", "critical")
            ]
            assert serious == []

    def test_nothing_sticks_out_at_the_side(self, browser, server):
        for width in (1024, 768, 1600):
            with opened(browser, server, self.QUERY + "&view.teacher=5", width=width) as page:
                page.wait_for_selector(".pd-room-story")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
