"""What happened in a staffroom, in plain words computed from its films."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pdsim.dashboard.room.cast import Act
from pdsim.dashboard.room.film import SCALES, Film, Frame, advice_given, values_of
from pdsim.kernel.records import WEEKS
from pdsim.population import PARTNER_ADDRESS, SCHOOL_ADDRESS

CLEAR = 0.05  # the least difference that counts, a twentieth of a scale that runs from 0 to 1: *assumption* of the page
LEARNT = ("insight", "technique", "habit")


def week_words(week: int, years: int) -> str:
    """A week as people count it, within its year.

    >>> week_words(12, 1), week_words(40, 2), week_words(0, 2)
    ('week 12', 'week 1 of year 2', 'the start')
    """
    if week == 0:
        return "the start"
    year, place = divmod(week - 1, WEEKS)
    return f"week {place + 1}" + (f" of year {year + 1}" if years > 1 else "")


def teacher_name(post: int, schools: int = 1) -> str:
    """What a teacher is called, from the post's address.

    >>> teacher_name(6), teacher_name(100_006, schools=3), teacher_name(30_002 * 100_000)
    ('Teacher 7', 'Teacher 7 of school 2', 'Teacher 1 of partner school 3')
    """
    school, seat = divmod(int(post), SCHOOL_ADDRESS)
    name = f"Teacher {seat + 1}"
    if school >= PARTNER_ADDRESS:
        return f"{name} of partner school {school - PARTNER_ADDRESS + 1}"
    return f"{name} of school {school + 1}" if schools > 1 else name


def listed(words: Sequence[str]) -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted_words(count: int, one: str, many: str) -> str:
    """A number with the word that goes with it.

    >>> counted_words(1, "colleague turns", "colleagues turn")
    '1 colleague turns'
    """
    return f"{count} {one if count == 1 else many}"


def signed(value: float) -> str:
    """A difference to two decimals, with its sign.

    >>> signed(0.123), signed(-0.001)
    ('+0.12', '0.00')
    """
    text = f"{value:+.2f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def use_more(act: Act, week: int) -> np.ndarray:
    """For each teacher 1 where use is higher than without the PD by ``CLEAR`` or more, -1 where lower, else 0."""
    gap = act.film.frames[week]["use"].astype(int) - act.without.frames[week]["use"]
    least = round(CLEAR * SCALES["use"])
    return ((gap >= least).astype(np.int16) - (gap <= -least)).astype(np.int16)


def sentence(acts: Sequence[Act], names: Sequence[str], week: int) -> str:
    """The sentence above the picture: how many use it more than without the PD, in each design."""
    if week == 0:
        return f"Before the first week: {listed(names)} are about to start, with the same luck."
    counts = []
    for act in acts:
        counted = act.counted()
        counts.append(f"{int((use_more(act, week)[counted] > 0).sum())} of {int(counted.sum())}")
    when = week_words(week, acts[0].design.evaluation.years)
    others = "".join(f", and {count} with {name}" for name, count in zip(names[1:], counts[1:], strict=True))
    first = f"In {when}, {counts[0]} teachers use the practice more with {names[0]}"
    return f"{first} than they would have without the PD{others}."


def caption(act: Act, week: int, sessions: Sequence[int]) -> str:
    """What stands below a picture: use with and without, ties, this week's session."""
    counted, frame = act.counted(), act.film.frames[week]
    more = use_more(act, week)[counted]
    use = [values_of(film.frames[week], "use")[counted].mean() for film in (act.film, act.without)]
    lasting = int(frame["ties"][:, 2].sum())
    parts = [
        f"{(more > 0).sum()} use it more, {(more < 0).sum()} less, {(more == 0).sum()} as much.",
        f"Mean use {use[0]:.2f}, without the PD {use[1]:.2f}.",
        f"{counted_words(lasting, 'lasting tie', 'lasting ties')}.",
        session_words(act, week, sessions),
    ]
    return " ".join(part for part in parts if part)


def session_words(act: Act, week: int, sessions: Sequence[int]) -> str:
    """This week's session and who came; nothing in a week without one."""
    if week not in sessions:
        return ""
    came, asked = (
        int((act.film.frames[week][name] > act.film.frames[week - 1][name]).sum()) for name in ("attended", "offered")
    )
    return f"Session {sessions.index(week) + 1} of {len(sessions)}: {came} of {asked} came."


def story(act: Act, post: int, week: int) -> list[str]:
    """A teacher's year so far in a design, a sentence or two a line."""
    row = act.row(post)
    if row is None:
        return [f"{teacher_name(post)} is not part of this design."]
    return [
        line
        for line in (
            person(act, row, week),
            advice(act, row, week),
            attendance(act, row, week),
            change(act, row, week),
            turning_point(act, row, week),
            lasting_ties(act, row, week),
        )
        if line
    ]


def person(act: Act, row: int, week: int) -> str:
    """Who holds the post: experience, department, since when."""
    frame, teacher = act.film.frames[week], act.film.model.world.teachers[row]
    years = round(float(values_of(frame, "years")[row]))
    school = "" if teacher["partner"] else f" in department {teacher['department'] + 1}"
    said = f"{counted_words(years, 'year', 'years')} of experience{school}."
    arrival = int(frame["arrival"][row])
    if arrival:
        said += f" New in this post since year {arrival + 1}."
    if arrival != act.without.frames[week]["arrival"][row]:
        said += " Without the PD somebody else would hold the post by now."
    return said


def named(act: Act, rows: Iterable[int]) -> str:
    """Teachers by name, in the middle of a sentence."""
    schools = act.design.staff.schools
    return listed([teacher_name(act.posts[row], schools).replace("Teacher", "teacher") for row in rows])


def advice(act: Act, row: int, week: int) -> str:
    """Whom the teacher turns to, and how many turn to the teacher."""
    frame = act.film.frames[week]
    advisers = frame["ties"][frame["ties"][:, 0] == row, 1]
    asks = f"Turns to {named(act, sorted(advisers))} for advice" if len(advisers) else "Turns to nobody for advice"
    given = int(advice_given(frame)[row])
    others = counted_words(given, "colleague turns", "colleagues turn") if given else "nobody turns"
    return f"{asks}; {others} to this teacher."


def attendance(act: Act, row: int, week: int) -> str:
    """Sessions attended so far."""
    frame = act.film.frames[week]
    attended, offered = int(frame["attended"][row]), int(frame["offered"][row])
    if not act.film.model.world.teachers["participant"][row]:
        passed_on = act.design.programme.who == "champions" and act.design.programme.cascade_hours > 0
        return "Takes no part in the sessions" + ("; champions pass them on." if passed_on else ".")
    if not offered:
        return "Takes part; no session so far."
    return f"Attended {attended} of {counted_words(offered, 'session', 'sessions')} so far."


def change(act: Act, row: int, week: int) -> str:
    """Use with and without the PD, and what else differs."""
    use, other = (value_at(film.frames[week], "use", row) for film in (act.film, act.without))
    said = f"Use is {use:.2f}; without the PD it would be {other:.2f}."
    gaps = {
        name: value_at(act.film.frames[week], name, row) - value_at(act.without.frames[week], name, row)
        for name in LEARNT
    }
    clear = [f"{name} {signed(gap)}" for name, gap in gaps.items() if abs(gap) >= CLEAR]
    return f"{said} Behind it, against no PD: {listed(clear)}." if clear else said


def value_at(frame: Frame, name: str, row: int) -> float:
    """A state of one teacher in its own unit."""
    return float(frame[name][row]) / SCALES[name]


def turning_point(act: Act, row: int, week: int) -> str:
    """When the difference in use became clear, and the week in which the teacher learnt most through the PD."""
    years = act.design.evaluation.years
    gaps = {name: gap_over(act.film, act.without, name, row, week) for name in ("use", *LEARNT)}
    parts = []
    if abs(gaps["use"][-1]) >= CLEAR:
        small = np.flatnonzero(np.sign(gaps["use"][-1]) * gaps["use"] < CLEAR)
        kind = "higher" if gaps["use"][-1] > 0 else "lower"
        parts.append(f"Use has been clearly {kind} since {week_words(int(small[-1]) + 1, years)}.")
    steps = {name: np.diff(gaps[name]) for name in LEARNT}
    most = max(LEARNT, key=lambda name: steps[name].max(initial=0.0))
    gain = float(steps[most].max(initial=0.0))
    if gain >= CLEAR:
        when = int(steps[most].argmax()) + 1
        parts.append(f"The largest step was in {most}, {signed(gain)} in {week_words(when, years)}.")
    return " ".join(parts)


def gap_over(film: Film, without: Film, name: str, row: int, week: int) -> np.ndarray:
    """Difference of a teacher's state from the world without the PD, from the start to a week."""
    return np.array([value_at(a, name, row) - value_at(b, name, row) for a, b in frames_of(film, without, week)])


def frames_of(film: Film, without: Film, week: int) -> list[tuple[Frame, Frame]]:
    """Frames of two films in pairs, up to a week."""
    return list(zip(film.frames[: week + 1], without.frames[: week + 1], strict=True))


def lasting_ties(act: Act, row: int, week: int) -> str:
    """Lasting ties of the teacher that stand, and since when."""
    years, frames = act.design.evaluation.years, act.film.frames
    parts = []
    for place, words in ((0, "to {} since {}"), (1, "from {} since {}")):
        for tie in frames[week]["ties"]:
            if tie[2] and tie[place] == row:
                other = named(act, [tie[1 - place]])
                parts.append(words.format(other, week_words(formed(frames, tie, week), years)))
    return f"Ties that the programme made: {', '.join(parts)}." if parts else ""


def formed(frames: Sequence[Frame], tie: np.ndarray, week: int) -> int:
    """The week since which a tie has stood without a break."""
    while week > 0 and (frames[week - 1]["ties"] == tie).all(axis=1).any():
        week -= 1
    return week
