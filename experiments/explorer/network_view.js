// The network: two points, their representations and outputs, as far apart as they are now.

figure("network", { draw: drawNetwork });

function drawNetwork(model, width) {
  const { path, now, settings } = model;
  const target = Math.sqrt(settings.dy2_target);
  const most = [1, d3.max(path, (x) => Math.abs(x.dh)), Math.max(target, d3.max(path, (x) => Math.abs(x.along)))];
  const apart = [1, now.dh, now.along].map((x, i) => x / (most[i] || 1));
  const shades = [COLOURS.theory, COLOURS.measured];
  const points = [1, -1].map((side, i) => apart.map((x, column) => ({ column, y: side * x, name: `${"xhy"[column]}${"₁₂"[i]}` })));
  const maps = [
    { column: 0.5, name: `encoder, 1/τ_h = ${short(settings.rate_h)}` },
    { column: 1.5, name: `decoder, 1/τ_y = ${short(settings.rate_y)}` },
  ];
  const under = ["inputs", "hidden", "outputs"].map((name, column) => ({ column, name }));
  const wanted = [1, -1].map((side) => ({ column: 2, y: (side * target) / (most[2] || 1) }));
  return plotted({
    width,
    height: 300,
    marginLeft: 20,
    marginRight: 30,
    marginTop: 30,
    marginBottom: 26,
    label: `the network: |Δh| is ${short(Math.abs(now.dh))}, Δy along Δy* is ${short(now.along)} of ${short(target)}`,
    x: { axis: null, domain: [-0.15, 2.15] },
    y: { axis: null, domain: [-1.25, 1.25] },
    marks: [
      points.map((one, i) => Plot.line(one, { x: "column", y: "y", stroke: shades[i], curve: "bump-x", strokeWidth: 2 })),
      Plot.dot(wanted, { x: "column", y: "y", symbol: "times", r: 5, stroke: COLOURS.ink }),
      points.map((one, i) => Plot.dot(one, { x: "column", y: "y", fill: shades[i], r: 5, stroke: "var(--paper)" })),
      points.map((one, i) => Plot.text(one, { x: "column", y: "y", text: "name", dx: 4, dy: i ? 14 : -12, textAnchor: "start", fill: shades[i] })),
      Plot.text(maps, { x: "column", text: "name", frameAnchor: "top", dy: -16 }),
      Plot.text(under, { x: "column", text: "name", frameAnchor: "bottom", dy: 16, fill: COLOURS.faint }),
    ],
  });
}
