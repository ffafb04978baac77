// Vectors: dh on the line that it moves along, dy and dy* in their plane. dh passes through zero, and so does dy.

figure("hidden", { draw: drawHidden });
figure("outputs", { draw: drawOutputs });

function drawHidden(model, width) {
  const { path, now } = model;
  const reach = 1.12 * d3.max(path, (x) => Math.abs(x.dh));
  const trace = d3.extent(path, (x) => x.dh);
  return plotted({
    width,
    height: 72,
    label: `Δh, ${short(Math.abs(now.dh))} long${now.dh < 0 ? ", the other way round" : ""}`,
    x: { domain: [-reach, reach], ticks: 5, tickFormat: tick, label: "Δh, along itself" },
    y: { axis: null, domain: [-1, 1] },
    marks: [
      Plot.link([trace], { x1: "0", x2: "1", y1: [0], y2: [0], stroke: COLOURS.faint, strokeWidth: 5, strokeOpacity: 0.35 }),
      Plot.ruleX([0], { stroke: COLOURS.faint }),
      arrow([now], { x2: "dh", y2: [0], stroke: COLOURS.theory }),
    ],
  });
}

function drawOutputs(model, width) {
  const { path, now, settings } = model;
  const target = Math.sqrt(settings.dy2_target);
  const wanted = target > 0 ? [{ target }] : [];
  const height = 250;
  const room = [width - 60, height - 48];
  const [left, right] = d3.extent([0, target, ...path.map((x) => x.along)]);
  const [low, high] = d3.extent([0, ...path.map((x) => x.across)]);
  const unit = 1.25 * (Math.max((right - left) / room[0], (high - low) / room[1]) || 1 / room[0]);
  const centred = (a, b, pixels) => [(a + b - unit * pixels) / 2, (a + b + unit * pixels) / 2];
  return plotted({
    width,
    height,
    label: `Δy, ${short(now.along)} along Δy* and ${short(now.across)} across; Δy* is ${short(target)} long`,
    x: { domain: centred(left, right, room[0]), ticks: 5, tickFormat: tick, label: "along Δy*" },
    y: { domain: centred(low, high, room[1]), ticks: 4, tickFormat: tick, label: "↑ across Δy*", labelArrow: "none" },
    marks: [
      Plot.ruleX([0], { stroke: COLOURS.faint, strokeOpacity: 0.5 }),
      Plot.ruleY([0], { stroke: COLOURS.faint, strokeOpacity: 0.5 }),
      Plot.line(path, { x: "along", y: "across", stroke: COLOURS.theory, strokeOpacity: 0.45 }),
      arrow(wanted, { x2: "target", y2: [0], stroke: COLOURS.ink, strokeWidth: 1.4 }),
      Plot.text(wanted, { x: "target", y: [0], text: ["Δy*"], dy: 14, fill: COLOURS.ink }),
      arrow([now], { x2: "along", y2: "across", stroke: COLOURS.theory }),
      Plot.text([now], { x: "along", y: "across", text: ["Δy"], dy: -11, fill: COLOURS.theory }),
    ],
  });
}

function arrow(data, options) {
  return Plot.arrow(data, { x1: [0], y1: [0], strokeWidth: 2.4, headLength: 7, ...options });
}
