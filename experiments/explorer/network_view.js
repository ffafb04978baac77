// The network: two points, their representations and outputs, as far apart as they are now.

figure("network", drawNetwork);

function drawNetwork(model, width) {
  const { path, now, settings } = model;
  const target = Math.sqrt(settings.dy2_target);
  const most = [1, d3.max(path, (x) => Math.abs(x.dh)), Math.max(target, d3.max(path, (x) => Math.abs(x.along)))];
  const apart = [1, now.dh, now.along].map((x, i) => x / (most[i] || 1));
  const points = [1, -1].flatMap((side, i) => apart.map((x, column) => ({ column, y: side * x, which: i, name: `${"xhy"[column]}${"₁₂"[i]}` })));
  const maps = [
    { column: 0.5, name: `encoder, 1/τ_h = ${short(settings.rate_h)}` },
    { column: 1.5, name: `decoder, 1/τ_y = ${short(settings.rate_y)}` },
  ];
  const under = ["inputs", "hidden", "outputs"].map((name, column) => ({ column, name }));
  const wanted = [1, -1].map((side) => ({ column: 2, y: (side * target) / (most[2] || 1) }));
  return plotted({
    width,
    height: 210,
    marginLeft: 20,
    marginRight: 30,
    marginTop: 26,
    marginBottom: 26,
    label: `the network: |Δh| is ${short(Math.abs(now.dh))}, Δy along Δy* is ${short(now.along)} of ${short(target)}`,
    x: { axis: null, domain: [-0.15, 2.15] },
    y: { axis: null, domain: [-1.12, 1.12] },
    color: { domain: [0, 1], range: [COLOURS.theory, COLOURS.measured] },
    marks: [
      Plot.line(points, { x: "column", y: "y", stroke: "which", curve: "bump-x", strokeWidth: 2 }),
      Plot.dot(wanted, { x: "column", y: "y", symbol: "times", r: 5, stroke: COLOURS.ink }),
      Plot.dot(points, { x: "column", y: "y", fill: "which", r: 5, stroke: "var(--paper)" }),
      Plot.text(points, { x: "column", y: "y", text: "name", dx: 12, textAnchor: "start", fill: COLOURS.ink }),
      Plot.text(maps, { x: "column", text: "name", frameAnchor: "top", dy: -16 }),
      Plot.text(under, { x: "column", text: "name", frameAnchor: "bottom", dy: 16, fill: COLOURS.faint }),
    ],
  });
}
