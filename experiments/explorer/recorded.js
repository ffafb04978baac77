// A trajectory of the user's over the theory, with what the theory leaves of it.

/** The recorded trajectory that is chosen, as rows, or null. */
function recordedOf({ trajectory }) {
  return trajectory === NONE ? null : asRows(Number(trajectory) - 1);
}

const rows = new Map();

function asRows(i) {
  if (!rows.has(i)) {
    const one = trajectories[i];
    const samples = one.t.map((t, k) => ({ t, dh2: one.dh2[k], dy2: one.dy2[k], w: one.w[k], loss: one.loss[k] ?? null }));
    rows.set(i, { ...one, samples });
  }
  return rows.get(i);
}

/** What was measured less the theory at the present settings, a row a sample and scalar. */
function residuals(model) {
  const { samples } = recordedOf(model.settings);
  return ["dh2", "dy2", "w"].flatMap((name) =>
    samples.filter((x) => x[name] !== null).map((x) => ({ t: x.t, name, measured: x[name], off: x[name] - model.at(x.t)[name] })),
  );
}

/** One less the squared residuals as a share of the squared differences from the mean, of each scalar. */
function goodness(left) {
  return d3.rollup(left, (of) => {
    const mean = d3.mean(of, (x) => x.measured);
    return 1 - d3.sum(of, (x) => x.off ** 2) / d3.sum(of, (x) => (x.measured - mean) ** 2);
  }, (x) => x.name);
}

function recordedInWords(model) {
  const one = recordedOf(model.settings);
  if (!one) return "";
  if (one.message) return `${one.label} could not be fitted: ${one.message}`;
  const found = [...goodness(residuals(model))].map(([name, value]) => `${name} ${value.toFixed(3).replace("-", "−")}`);
  const part = one.samples.length < trajectories[Number(model.settings.trajectory) - 1].samples ? " of the samples shown" : "";
  const doubt = one.doubt ? ` The fit that the page began with is no success: ${one.doubt}` : "";
  return `${one.label}: R²${part}, at the present settings: ${found.join(", ")}.${doubt}`;
}

if (trajectories.length) figure("residuals", { draw: drawResiduals, follow: () => {} });

function drawResiduals(model, width) {
  const one = recordedOf(model.settings);
  if (!one?.samples.length) return null;
  const shades = { dh2: COLOURS.theory, dy2: COLOURS.measured, w: COLOURS.growing };
  return plotted({
    width,
    height: 200,
    label: "what was measured less the theory",
    x: { ticks: Math.max(3, Math.min(6, width / 80)), tickFormat: tick, label: "step" },
    y: { grid: true, ticks: 5, tickFormat: tick, label: "measured − theory" },
    color: { domain: Object.keys(shades), range: Object.values(shades) },
    marks: [Plot.ruleY([0], { stroke: COLOURS.faint }), Plot.line(residuals(model), { x: "t", y: "off", z: "name", stroke: "name" })],
  });
}
