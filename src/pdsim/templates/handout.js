"use strict";
// The numbers and sentences of this page were computed beforehand and stand in it as data. This script only looks them
// up for the chosen settings, draws them, and keeps what the reader writes. It loads nothing and sends nothing.

const page = JSON.parse(document.getElementById("document").textContent);
const SVG = "http://www.w3.org/2000/svg";
const PANEL = 66; // pixels of an outcome
const drawn = page.outcomes.filter((outcome) => outcome.drawn);
const state = { answer: null, path: null, reason: "", conclusion: "", revealed: false, place: page.counts.map(() => 0), tried: [] };

const byId = (id) => document.getElementById(id);
const radios = (name) => [...document.querySelectorAll(`input[name="${name}"]`)];

// Keeping answers: a browser may refuse storage to a file; then they last as long as the page is open.

function save() {
  try {
    localStorage.setItem(page.key, JSON.stringify(state));
    byId("kept").textContent = "Your answers are kept in this browser, on this computer only.";
  } catch (refused) {
    byId("kept").textContent = "This browser keeps no answers for files: print the page before you close it.";
  }
}

function restore() {
  try {
    const kept = JSON.parse(localStorage.getItem(page.key));
    const inside = kept.place.length === page.counts.length && kept.place.every((at, k) => Number.isInteger(at) && at >= 0 && at < page.counts[k]);
    const tried = kept.tried.filter((index) => index > 0 && page.points[index]);
    if (inside && (kept.answer === null || page.answers[kept.answer])) Object.assign(state, kept, { tried });
  } catch (refused) {
    // storage is refused, or what it holds is nothing of ours
  }
}

// Where we are in the grid: the world first, then the step of each slider; the last moves fastest.

const indexOf = (place) => place.reduce((index, at, k) => index * page.counts[k] + at, 0);
const start = page.points[0];
const current = () => page.points[indexOf(state.place)];

function placeOf(index) {
  const place = [];
  for (let k = page.counts.length - 1; k >= 0; k -= 1) {
    place.unshift(index % page.counts[k]);
    index = Math.floor(index / page.counts[k]);
  }
  return place;
}

function wordsOf(place) {
  const parts = page.sliders.map((slider, k) => [slider.label, slider.steps[place[k + 1]], place[k + 1]]);
  const changes = parts.filter(([, , step]) => step > 0).map(([label, words]) => `${label}: ${words}`);
  const world = place[0] > 0 ? [`World: ${page.worlds[place[0]].label}`] : [];
  return [...world, ...changes].join("; ") || "The designs as they are";
}

// Drawing

function draw(parent, tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function ticksOf(low, high) {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k += 1) ticks.push(k * step);
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function marker(svg, k, x, y, hollow) {
  const look = { fill: hollow ? "#fff" : page.colours[k], stroke: hollow ? page.colours[k] : "#fff", "stroke-width": hollow ? 1.5 : 1 };
  if (k === 0) draw(svg, "circle", { cx: x, cy: y, r: 5, ...look });
  else draw(svg, "rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, ...look });
}

function panel(svg, outcome, now, before, top, width) {
  const left = 16, right = width - 16, bottom = top + 40;
  const span = outcome.high - outcome.low || 1;
  const x = (value) => left + ((value - outcome.low) / span) * (right - left);
  draw(svg, "text", { x: 0, y: top, "font-weight": 600, fill: "#333" }, outcome.title);
  const { ticks, digits } = ticksOf(outcome.low, outcome.high);
  for (const tick of ticks) {
    draw(svg, "line", { x1: x(tick), x2: x(tick), y1: top + 6, y2: bottom, stroke: "#e3e3e3" });
    draw(svg, "text", { x: x(tick), y: bottom + 11, "text-anchor": "middle", "font-size": 11, fill: "#333" }, tick.toFixed(digits));
  }
  if (outcome.neutral >= outcome.low && outcome.neutral <= outcome.high) {
    const place = x(outcome.neutral);
    draw(svg, "line", { x1: place, x2: place, y1: top + 6, y2: bottom, stroke: "#333", "stroke-dasharray": "3 3" });
  }
  now.forEach((numbers, k) => {
    const y = top + 15 + 17 * k;
    const [centre, low, high, schoolLow, schoolHigh] = numbers;
    if (centre === null) return;
    if (schoolLow !== null) draw(svg, "line", { x1: x(schoolLow), x2: x(schoolHigh), y1: y, y2: y, stroke: page.colours[k] });
    draw(svg, "rect", { x: x(low), y: y - 5, width: Math.max(x(high) - x(low), 1), height: 10, fill: page.colours[k], opacity: 0.5 });
    if (before[k][0] !== null) marker(svg, k, x(before[k][0]), y, true);
    marker(svg, k, x(centre), y, false);
  });
}

function drawChart() {
  const box = byId("chart");
  const width = Math.max(280, box.clientWidth), height = 46 + drawn.length * PANEL;
  const svg = document.createElementNS(SVG, "svg");
  const label = `Effects of ${page.names.join(" and ")} by Guskey level, with intervals; the numbers are in the table below.`;
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label })) svg.setAttribute(name, value);
  page.names.forEach((name, k) => {
    marker(svg, k, 10, 10 + 17 * k, false);
    draw(svg, "text", { x: 22, y: 14 + 17 * k, fill: "#333" }, name);
  });
  drawn.forEach((outcome, row) => panel(svg, outcome, current().drawn[row], start.drawn[row], 54 + PANEL * row, width));
  box.replaceChildren(svg);
}

// Showing

function fill(table, rows) {
  const cells = table.querySelectorAll("td");
  rows.flat().forEach((text, k) => { cells[k].textContent = text; });
}

function showPoint() {
  const point = current(), world = page.worlds[state.place[0]];
  const flipped = point.answer !== start.answer;
  byId("answer").textContent = (flipped ? "The answer has flipped. " : "") + point.sentence;
  byId("answer").classList.toggle("changed", flipped);
  fill(byId("live"), point.cells);
  document.querySelectorAll("table.why").forEach((table, k) => fill(table, world.why[k].rows));
  document.querySelectorAll(".why-answer").forEach((line, k) => { line.textContent = world.why[k].answer; });
  document.querySelectorAll(".would-notice").forEach((line, k) => { line.textContent = world.notice[k]; });
  page.sliders.forEach((slider, k) => {
    const input = byId(`slider-${k}`), words = slider.steps[state.place[k + 1]];
    input.value = state.place[k + 1];
    input.setAttribute("aria-valuetext", words);
    byId(`value-${k}`).textContent = words;
  });
  radios("world").forEach((radio) => { radio.checked = Number(radio.value) === state.place[0]; });
  drawChart();
}

function showTried() {
  const flips = state.tried.filter((index) => page.points[index].answer !== start.answer).length;
  byId("count").textContent = `You have tried ${state.tried.length} of ${page.points.length - 1} other combinations; in ${flips} of yours the answer was another.`;
  byId("tried").replaceChildren(...state.tried.map((index) => {
    const item = document.createElement("li"), point = page.points[index];
    item.textContent = `${wordsOf(placeOf(index))}: ${page.answers[point.answer]}${point.answer !== start.answer ? " (another answer)" : ""}`;
    return item;
  }));
}

function showPrediction() {
  for (const name of ["answer", "path"]) radios(name).forEach((radio) => { radio.checked = radio.value === state[name]; });
  for (const name of ["reason", "conclusion"]) byId(name).value = state[name];
  document.body.classList.toggle("revealed", state.revealed);
  if (state.answer === null) return;
  const predicted = Number(state.answer);
  const right = predicted === start.answer ? "That is what you predicted." : `You predicted: ${page.answers[predicted]}.`;
  byId("compared").textContent = `The model says: ${page.answers[start.answer]}. ${right}`;
  const chosen = radios("path").find((radio) => radio.checked);
  byId("path-compared").textContent = chosen ? `You expected, if working together makes a difference: “${chosen.parentElement.textContent.trim()}”. Compare:` : "";
}

function show() {
  showPrediction();
  showTried();
  showPoint();
}

// Answering and changing

function move(k, step) {
  state.place[k] = step;
  showPoint();
}

function settle() {
  const index = indexOf(state.place);
  if (index > 0 && !state.tried.includes(index)) state.tried.push(index);
  showTried();
  save();
}

function listen() {
  for (const name of ["answer", "path"]) {
    radios(name).forEach((radio) => radio.addEventListener("change", () => { state[name] = radio.value; showPrediction(); save(); }));
  }
  for (const name of ["reason", "conclusion"]) byId(name).addEventListener("input", () => { state[name] = byId(name).value; save(); });
  byId("reveal").addEventListener("click", () => {
    if (state.answer === null) {
      byId("hint").textContent = "First say which of the two does more for pupils.";
      radios("answer")[0].focus();
      return;
    }
    byId("hint").textContent = "";
    state.revealed = true;
    show();
    save();
    byId("says").focus();
  });
  radios("world").forEach((radio) => radio.addEventListener("change", () => { move(0, Number(radio.value)); settle(); }));
  page.sliders.forEach((slider, k) => {
    const input = byId(`slider-${k}`);
    input.addEventListener("input", () => move(k + 1, Number(input.value)));
    input.addEventListener("change", settle);
  });
  byId("back").addEventListener("click", () => { state.place = page.counts.map(() => 0); showPoint(); save(); });
  byId("print").addEventListener("click", () => window.print());
  byId("forget").addEventListener("click", () => {
    Object.assign(state, { answer: null, path: null, reason: "", conclusion: "", revealed: false, tried: [] });
    state.place = page.counts.map(() => 0);
    show();
    save();
    byId("predict").scrollIntoView();
  });
  window.addEventListener("resize", drawChart);
}

document.documentElement.classList.add("js");
restore();
listen();
show();
