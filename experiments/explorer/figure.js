// Figures: each is drawn anew by Observable Plot when what it shows has changed and it can be seen.

const COLOURS = { theory: "var(--theory)", growing: "var(--growing)", measured: "var(--measured)", ink: "var(--ink)", faint: "var(--faint)" };

/** The figures by name. */
const figures = new Map();
const waiting = new Set();
let shown;

/**
 * Register a figure: `draw(model, width)` returns a drawing; `follow(model, drawing)` moves the time cursor on it, of
 * those on which nothing else depends on it; `moved(model, x, y)` is called where one drags on it.
 */
function figure(name, { draw, follow, moved }) {
  const element = document.querySelector(`[data-figure="${name}"]`);
  const record = { name, element, draw, follow, visible: false, drawn: null };
  figures.set(name, record);
  onSight.observe(element);
  if (moved) followPointer(record, moved);
}

const onSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const record = figures.get(target.dataset.figure);
    record.visible = isIntersecting;
    if (isIntersecting && waiting.has(record)) redraw(record);
  }
});

/** Draw what is in sight; the rest when it comes into sight. */
function drawFigures(model, onlyCursor) {
  shown = model;
  for (const record of figures.values()) {
    if (onlyCursor && record.follow && !waiting.has(record)) {
      record.follow(model, record.drawn);
      continue;
    }
    waiting.add(record);
    if (record.visible) redraw(record);
  }
}

/** A figure's drawing, up to date whether in sight or not. */
function drawingOf(name) {
  const record = figures.get(name);
  if (waiting.has(record)) redraw(record);
  return record.drawn;
}

function redraw(record) {
  waiting.delete(record);
  const room = record.element.clientWidth;
  record.drawn = record.draw(shown, room || 360);
  record.follow?.(shown, record.drawn);
  record.element.replaceChildren(record.drawn ?? "");
}

addEventListener("resize", () => shown && drawFigures(shown, false));

/** Put the cursor's line and dots on a drawing over time: `values` with a colour each. */
function putCursor(drawing, t, values) {
  const [x, y] = ["x", "y"].map((name) => drawing.scale(name));
  const [bottom, top] = y.range;
  d3.select(drawing).selectAll(".cursor-line").data([x.apply(t)]).join("line").attr("class", "cursor-line")
    .attr("x1", (d) => d).attr("x2", (d) => d).attr("y1", top).attr("y2", bottom).attr("stroke", COLOURS.faint);
  putDots(drawing, values.map(({ value, shade }) => ({ x: t, y: value, shade })));
}

/** Put dots on a drawing, in place of those that were there. */
function putDots(drawing, dots) {
  const [x, y] = ["x", "y"].map((name) => drawing.scale(name));
  d3.select(drawing).selectAll(".cursor").data(dots).join("circle").attr("class", "cursor").attr("r", 4)
    .attr("cx", (d) => x.apply(d.x)).attr("cy", (d) => y.apply(d.y)).attr("fill", (d) => d.shade).attr("stroke", "var(--paper)");
}

/** Report where on a figure's axes the pointer drags, or would if it had not left them. */
function followPointer(record, moved) {
  const report = (event) => {
    const box = record.drawn.getBoundingClientRect();
    const ratio = record.drawn.viewBox.baseVal.width / box.width;
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    const [x, y] = ["x", "y"].map((name) => {
      const { invert, range } = record.drawn.scale(name);
      const [least, most] = d3.extent(range);
      return invert(Math.min(most, Math.max(least, ratio * at[name])));
    });
    moved(shown, x, y);
  };
  record.element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !record.drawn?.scale) return;
    record.element.setPointerCapture(event.pointerId);
    report(event);
  });
  record.element.addEventListener("pointermove", (event) => {
    if (record.element.hasPointerCapture(event.pointerId)) report(event);
  });
}

/** What all drawings have in common. Their style is the page's: a sheet of its own in each would cost frames. */
function plotted({ width, height, label, ...options }) {
  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 14,
    marginBottom: 38,
    ariaLabel: label,
    style: { background: "transparent", color: "var(--ink)", fontFamily: "inherit", fontSize: "11px", overflow: "visible" },
    ...options,
  });
  drawing.querySelector("style").remove();
  return drawing;
}

/** Numbers at ticks: short, as on all axes of the page. */
function tick(value) {
  return short(Number(value.toPrecision(12)));
}
