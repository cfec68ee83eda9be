"""How tests read pages and pictures: tags and words, letters on paper, and a real browser that has no network."""

import re
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import combinations, pairwise

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from pdsim.pages import GAP

A4_PIXELS = 695  # width of an A4 page between the margins, at 96 to the inch


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]

    def words(self):
        return " ".join(" ".join(self.text).replace(GAP, " ").split())


def check_closed(text):
    """A page asks nothing of anybody: no scripts, no addresses, and a policy that forbids both."""
    page = Page(text)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "form"), tag
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "data", "action"):
            assert str(attributes.get(name, "#")).startswith("#")
    assert not re.search(r"@import|url\((?!#)", text)
    assert not re.sub(r'xmlns:xlink="[^"]*"', "", text).count("://")
    policy = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def check_structure(text):
    """A page has its language, headings in order, ids that differ, and references that lead somewhere."""
    page = Page(text)
    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("href", "xlink:href", "aria-labelledby"):
            assert attributes.get(name, ids[0]).lstrip("#") in ids
    for reference in re.findall(r"url\(#([^)]*)\)", text):
        assert reference in ids


def spoken(figure):
    """All text of a figure that is drawn, with its place in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = set(figure.findobj(Text)).difference(*(unseen_labels(axes) for axes in figure.axes))
    boxes = {t: t.get_window_extent(canvas.get_renderer()) for t in texts if t.get_visible() and t.get_text().strip()}
    return {text: box for text, box in boxes.items() if box.width > 0}


def unseen_labels(axes):
    """Labels of ticks that lie outside of the axes, or are switched off."""
    out = []
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        slack = 1e-9 * abs(limits[1] - limits[0])
        for tick in axis.get_major_ticks():
            if not min(limits) - slack <= tick.get_loc() <= max(limits) + slack:
                out += [tick.label1, tick.label2]
    return out


def check_letters(picture):
    """No text of a picture is cut off at its edge or hidden by another text."""
    boxes = spoken(picture.figure)
    page = picture.figure.bbox
    for text, box in boxes.items():
        assert page.x0 <= box.x0, text
        assert box.x1 <= page.x1, text
        assert page.y0 <= box.y0, text
        assert box.y1 <= page.y1, text
    for (a, first), (b, second) in combinations(boxes.items(), 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        tall = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide < 1 or tall < 2, (picture.name, a, b)


@contextmanager
def opened_offline(browser, path):
    """The page in a file, opened offline, with all that it asked for (``asked``) and complained of (``complaints``)."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri())
    try:
        yield page
    finally:
        context.close()


def check_accessible(page):
    """axe-core finds no serious or critical violation on an opened page."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert found["testEngine"]["name"] == "axe-core"
    bad = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
    assert not bad, [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in bad]


def check_prints(page, most):
    """Nothing is wider than a telephone or than paper, and the page prints on at most so many sheets."""
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PIXELS, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_PIXELS
    wide = "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    assert page.evaluate(wide) == 0
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= most
