// Figures: each is drawn anew by Observable Plot when what it shows has changed and it can be seen.

const COLOURS = { theory: "var(--theory)", growing: "var(--growing)", measured: "var(--measured)", ink: "var(--ink)", faint: "var(--faint)" };

/** The figures by name: what draws each, of the model and the room there is. */
const figures = new Map();
const waiting = new Set();
let shown;

/** Register a figure: `draw(model, width)` returns a drawing; `moved(model, position)` is called when one drags on it. */
function figure(name, draw, moved) {
  const element = document.querySelector(`[data-figure="${name}"]`);
  const record = { name, element, draw, visible: false, drawn: null };
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
}, { rootMargin: "100px" });

/** Draw what is in sight; the rest when it comes into sight. */
function drawFigures(model) {
  shown = model;
  for (const record of figures.values()) {
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
  record.element.replaceChildren(record.drawn ?? "");
}

addEventListener("resize", () => shown && drawFigures(shown));

/** Report where on a figure's axes the pointer drags. */
function followPointer(record, moved) {
  const report = (event) => {
    const box = record.drawn.getBoundingClientRect();
    const ratio = record.drawn.viewBox.baseVal.width / box.width;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((pixels) => pixels * ratio);
    moved(shown, record.drawn.scale("x").invert(x), record.drawn.scale("y").invert(y));
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

/** What all drawings have in common. */
function plotted({ width, height, label, ...options }) {
  return Plot.plot({
    width,
    height,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 14,
    marginBottom: 34,
    ariaLabel: label,
    style: { background: "transparent", color: "var(--ink)", fontFamily: "inherit", fontSize: "11px", overflow: "visible" },
    ...options,
  });
}

/** Numbers at ticks: short, as on all axes of the page. */
function tick(value) {
  return short(Number(value.toPrecision(12)));
}
