// The conserved line: dh2 against dy2/dh2, on which the state moves from its start to its end.

figure("line", {
  draw: drawLine,
  follow: (model, drawing) => putDots(drawing, model.now.dh2 > 0 ? [{ x: model.place(model.now).slope, y: model.now.dh2, shade: COLOURS.theory }] : []),
});

function drawLine(model, width) {
  const { settings, path, scales, end } = model;
  const measured = recordedOf(settings);
  const placed = (state) => ({ slope: model.place(state).slope, dh2: state.dh2 });
  const visited = path.filter(({ dh2 }) => dh2 > 0).map(placed);
  const reach = 1.1 * d3.max([...visited, placed(settings)], (x) => x.slope) || 1;
  const line = [0, reach].map((slope) => ({ slope, dh2: scales.A_high + scales.rho * slope }));
  const points = measured ? measured.samples.filter((x) => x.dh2 > 0 && x.dy2 !== null).map(placed) : [];
  const top = 1.1 * Math.max(end.dh2, d3.max(visited, (x) => x.dh2));
  return plotted({
    width,
    height: 270,
    label: `conserved line of slope ${short(scales.rho)} and intercept ${short(scales.A_high)}`,
    x: { domain: [0, reach], ticks: 4, tickFormat: tick, label: "|Δy|²/|Δh|²" },
    y: { domain: [0, top], ticks: 5, tickFormat: tick, grid: true, label: null },
    marks: [
      Plot.line(line, { x: "slope", y: "dh2", stroke: COLOURS.faint, strokeDasharray: "2 3", clip: true }),
      Plot.dot(points, { x: "slope", y: "dh2", r: 1.5, fill: COLOURS.measured, fillOpacity: 0.6, clip: true }),
      Plot.line(visited, { x: "slope", y: "dh2", stroke: COLOURS.theory, strokeWidth: 2 }),
      Plot.dot([placed(settings)], { x: "slope", y: "dh2", r: 4, stroke: COLOURS.theory, fill: "var(--paper)" }),
    ],
  });
}
