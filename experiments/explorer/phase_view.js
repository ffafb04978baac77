// The phase diagram: A_high against the angle at the start; the start can be dragged.

const MOST_COLLAPSED = -30;
const MOST_LAZY = 30;
const MARGIN = 1e-3; // by which dh2 is above A_high where a start must be larger
const HIGHS = [-1000, -300, -100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100, 300, 1000, 1e4, 1e5, 1e6];
const COLUMNS = 49;

figure("phase", { draw: drawPhases, follow: () => {}, moved: (_, x, y) => placeStart(x, y) });

/** Starts of a size, in units of A_low, where |dx|², |dy*|² and both rates are 1. */
function startOfSize(size, high, cosine) {
  return [size, ...Object.values(theory.phase_start(size, high, cosine, 1, 1, 1, 1))];
}

/** The cosine below which dh passes through zero; −1 where it never does. */
function edgeOf(size, high) {
  let [low, top] = [-1, 0];
  for (let i = 0; i < 20; i++) {
    const middle = (low + top) / 2;
    if (Number.isFinite(theory.two_point_moments(...startOfSize(size, high, middle), 1, 1, 1, 1).crossing)) low = middle;
    else top = middle;
  }
  return low;
}

let edges = { size: NaN, from: NaN, line: [] };

/** That border for all A_high of a size; it is kept while the size stays. */
function edgesOf(size, from) {
  if (edges.size === size && edges.from === from) return edges.line;
  const across = d3.range(COLUMNS).map((i) => from + (i / (COLUMNS - 1)) * (Math.asinh(size) - from));
  edges = { size, from, line: across.map((x) => ({ x, edge: edgeOf(size, Math.min(Math.sinh(x), size * (1 - 1e-9))) })) };
  return edges.line;
}

/** The A_high at which the regime number has a value: the borders of the phases. */
const borderOf = (regime) => Math.asinh(2 * Math.sinh(regime));

function drawPhases(model, width) {
  const { scales, settings } = model;
  if (!(scales.A_low > 0)) return noPhases();
  const [size, high] = [settings.dh2, scales.A_high].map((x) => x / scales.A_low);
  const from = Math.asinh(Math.min(MOST_COLLAPSED, high));
  const [reached, to] = [size, Math.max(size, MOST_LAZY)].map(Math.asinh);
  const borders = [-1, 1].map(borderOf);
  const cuts = [from, ...borders, to];
  const names = ["collapsing", "rich", "lazy"].map((name, i) => {
    const [left, right] = [Math.max(cuts[i], from), Math.min(cuts[i + 1], to)];
    return { name, x: (left + right) / 2, wide: right - left };
  });
  const line = edgesOf(size, from);
  const ticks = HIGHS.map(Math.asinh).filter((x) => x >= from && x <= to);
  return plotted({
    width,
    height: 270,
    marginTop: 26,
    label: `phase diagram; the start is ${phaseOf(model.end.regime)}, at A_high/A_low ${short(high)} and cosine ${short(scales.cosine)}`,
    x: { domain: [from, to], ticks, tickFormat: (x) => short(Math.round(Math.sinh(x))), label: "A_high / A_low" },
    y: { domain: [-1, 1], ticks: [-1, -0.5, 0, 0.5, 1], tickFormat: tick, label: null },
    marks: [
      Plot.areaY(line, { x: "x", y1: -1, y2: "edge", fill: COLOURS.theory, fillOpacity: 0.18 }),
      Plot.line(line, { x: "x", y: "edge", stroke: COLOURS.theory, strokeWidth: 1 }),
      Plot.ruleX(borders.filter((x) => x > from && x < to), { stroke: COLOURS.faint, strokeDasharray: "2 3" }),
      Plot.text(names.filter(({ wide }) => wide > (to - from) / 12), { x: "x", text: "name", frameAnchor: "top", dy: -14, fontStyle: "italic" }),
      Plot.rectX(reached < to ? [0] : [], { x1: reached, x2: to, y1: -1, y2: 1, fill: COLOURS.faint, fillOpacity: 0.12 }),
      Plot.text(reached < to ? ["larger starts"] : [], { x: to, frameAnchor: "bottom-right", dx: -6, dy: -6, fill: COLOURS.faint }),
      Plot.text(["Δh passes zero"], { frameAnchor: "bottom-left", dx: 6, dy: -6, fill: COLOURS.theory }),
      Plot.dot([{ x: Math.asinh(high), y: scales.cosine }], { x: "x", y: "y", r: 7, fill: COLOURS.theory, stroke: "var(--paper)", strokeWidth: 2 }),
    ],
  });
}

function noPhases() {
  return Object.assign(document.createElement("p"), { className: "nothing", textContent: "The targets agree: there is no A_low to measure by, and no phase diagram. The pair merges if A_high is not positive." });
}

/** Where the start is now, which may be ahead of what is drawn. */
function placeNow() {
  const { dh2, dy2, w, dx2, dy2_target, rate_h, rate_y } = state;
  return theory.phase_place(dh2, dy2, w, dx2, dy2_target, rate_h, rate_y);
}

/** Set the start to a place in the diagram; its size stays, but where A_high is above it. */
function placeStart(x, y) {
  const { A_low } = placeNow();
  if (!(A_low > 0)) return;
  const { dh2, dx2, dy2_target, rate_h, rate_y } = state;
  const cosine = Math.min(1, Math.max(-1, y));
  const high = Math.sinh(x) * A_low;
  const size = Math.max(dh2, high * (1 + MARGIN));
  const { dy2, w } = theory.phase_start(size, high, cosine, dx2, dy2_target, rate_h, rate_y);
  change({ dh2: size, dy2, w });
}

document.querySelector('[data-figure="phase"]').addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const [right, up] = moves[event.key];
  const { A_high, A_low, cosine } = placeNow();
  placeStart(Math.asinh(A_high / A_low) + 0.1 * right, cosine + 0.05 * up);
});
