// A data set in training: where its points are, in two of its modes, and how large each mode is.

figure("points", drawPoints);
figure("modes", drawModes, (model, t) => setStep((t / model.dataSet.steps) * model.settings.steps));

function drawPoints(model, width) {
  const { modes, vectors, points, thumbnails } = model.dataSet;
  const [first, second] = twoLargest(modes);
  const at = (sizes) => points.map((name, i) => ({
    name,
    picture: thumbnails[i],
    x: Math.sqrt(sizes[first]) * vectors[i][first],
    y: second === undefined ? 0 : Math.sqrt(sizes[second]) * vectors[i][second],
  }));
  const now = at(modes.map((mode) => mode.now.size));
  const reach = 1.25 * d3.max([modes.map((x) => x.path[0].size), modes.map((x) => x.path.at(-1).size)].flatMap(at), (x) => Math.max(Math.abs(x.x), Math.abs(x.y)));
  const side = Math.min(width, 420);
  return plotted({
    width: side,
    height: side,
    label: `the ${points.length} points in modes ${first + 1} and ${second + 1}`,
    x: { domain: [-reach, reach], ticks: 5, tickFormat: tick, label: `mode ${first + 1}` },
    y: { domain: [-reach, reach], ticks: 5, tickFormat: tick, label: `mode ${second + 1}` },
    marks: [
      Plot.ruleX([0], { stroke: COLOURS.faint, strokeOpacity: 0.5 }),
      Plot.ruleY([0], { stroke: COLOURS.faint, strokeOpacity: 0.5 }),
      thumbnails.length
        ? Plot.image(now, { x: "x", y: "y", src: "picture", width: 30, title: "name", imageRendering: "pixelated" })
        : [
            Plot.dot(now, { x: "x", y: "y", r: 13, fill: "var(--paper)", stroke: COLOURS.theory }),
            Plot.text(now, { x: "x", y: "y", text: "name" }),
          ],
    ],
  });
}

/** The two modes that are largest at the end. */
function twoLargest(modes) {
  const end = (i) => modes[i].path.at(-1).size;
  return d3.range(modes.length).sort((i, k) => end(k) - end(i) || i - k).slice(0, 2);
}

function drawModes(model, width) {
  const { modes, steps, step, vectors } = model.dataSet;
  const drawn = new Set(twoLargest(modes));
  const lines = modes.map((mode, i) => ({ i, path: mode.path, now: mode.now, shade: drawn.has(i) ? COLOURS.theory : COLOURS.faint }));
  return plotted({
    width,
    height: 300,
    label: `the size of each of ${vectors[0].length} modes over ${short(steps)} steps`,
    x: { domain: [0, steps], ticks: Math.max(3, Math.min(6, width / 80)), tickFormat: tick, label: "step" },
    y: { grid: true, ticks: 5, tickFormat: tick, label: "size of each mode", zero: true, nice: true },
    marks: [
      lines.map(({ path, shade }) => Plot.line(path, { x: "t", y: "size", stroke: shade, strokeWidth: 1.7 })),
      Plot.ruleX([step], { stroke: COLOURS.faint }),
      Plot.dot(lines, { x: () => step, y: (line) => line.now.size, fill: "shade", r: 3.4 }),
      Plot.text(lines, { x: () => steps, y: (line) => line.path.at(-1).size, text: (line) => `${line.i + 1}`, dx: 9, fill: "shade" }),
    ],
  });
}
