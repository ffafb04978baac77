// The three scalars and the loss over training, with the time cursor.

for (const [name, label] of [["dh2", "|Δh|²"], ["dy2", "|Δy|²"], ["w", "w"], ["loss", "loss"]]) {
  figure(name, {
    draw: (model, width) => drawOverTime(model, width, name, label),
    follow: ({ now, growingNow }, drawing) => putCursor(drawing, now.t, [
      { value: now[name], shade: COLOURS.theory },
      ...(growingNow ? [{ value: growingNow[name], shade: COLOURS.growing }] : []),
    ]),
    moved: (_, t) => setStep(t),
  });
}

function drawOverTime(model, width, name, label) {
  const { path, growing, settings } = model;
  const measured = recordedOf(settings);
  const x = { domain: [0, settings.steps], ticks: Math.max(3, Math.min(6, width / 80)), tickFormat: tick, label: "step" };
  const points = measured ? measured.samples.filter((sample) => sample[name] !== null && sample.t <= settings.steps) : [];
  return plotted({
    width,
    height: Math.max(130, Math.min(190, width * 0.42)),
    label: `${label} over ${short(settings.steps)} steps, from ${short(path[0][name])} to ${short(path.at(-1)[name])}`,
    x,
    y: { grid: true, ticks: 4, tickFormat: tick, label: null, nice: true, zero: name !== "w" },
    marks: [
      Plot.ruleY([0], { stroke: COLOURS.faint }),
      Plot.line(points, { x: "t", y: name, stroke: COLOURS.measured, strokeWidth: 3.2, strokeOpacity: 0.6 }),
      Plot.line(path, { x: "t", y: name, stroke: COLOURS.theory, strokeWidth: 1.8 }),
      growing && Plot.line(growing, { x: "t", y: name, stroke: COLOURS.growing, strokeWidth: 1.6, strokeDasharray: "5 3" }),
    ],
  });
}

/** Move the cursor, within what is shown. */
function setStep(t) {
  change({ step: Math.min(state.steps, Math.max(0, t)) });
}
