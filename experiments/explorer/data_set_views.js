// A data set in training: where its points are, in two of its modes, and how large each mode is.

figure("points", { draw: drawPoints });
figure("modes", {
  draw: drawModes,
  follow: ({ dataSet }, drawing) => drawing && putCursor(drawing, dataSet.step, shadesOf(dataSet.modes).map((shade, i) => ({ value: dataSet.modes[i].now.size, shade }))),
  moved: (model, t) => setStep((t / model.dataSet.steps) * model.settings.steps),
});

function drawPoints(model, width) {
  const { modes, vectors, points, thumbnails } = model.dataSet;
  if (!isComputed(modes)) return null;
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
        ? [
            Plot.image(now, { x: "x", y: "y", src: "picture", width: 36, title: "name", imageRendering: "pixelated" }),
            Plot.dot(now, { x: "x", y: "y", symbol: "square", r: 36 / Math.sqrt(Math.PI), stroke: COLOURS.faint, strokeOpacity: 0.6 }),
          ]
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

/** A colour for each mode: those that are the axes of the points stand out. */
function shadesOf(modes) {
  const axes = twoLargest(modes);
  return modes.map((_, i) => (axes.includes(i) ? COLOURS.theory : COLOURS.faint));
}

function drawModes(model, width) {
  const { modes, steps } = model.dataSet;
  if (!isComputed(modes)) return null;
  const shades = shadesOf(modes);
  return plotted({
    width,
    height: 300,
    marginRight: 34,
    label: `the size of each of ${modes.length} modes over ${short(steps)} steps`,
    x: { domain: [0, steps], ticks: Math.max(3, Math.min(6, width / 80)), tickFormat: tick, label: "step" },
    y: { grid: true, ticks: 5, tickFormat: tick, label: null, zero: true, nice: true },
    marks: [
      modes.map(({ path }, i) => Plot.line(path, { x: "t", y: "size", stroke: shades[i], strokeWidth: 1.7 })),
      Plot.text(namesOfModes(modes), { x: () => steps, y: "size", text: "name", dx: 6, textAnchor: "start" }),
    ],
  });
}

/** The numbers of the modes at their sizes at the end; those that are close share a place. */
function namesOfModes(modes) {
  const ends = modes.map((mode, i) => ({ name: `${i + 1}`, size: mode.path.at(-1).size })).sort((a, b) => b.size - a.size);
  const close = 0.05 * ends[0].size;
  return ends.reduce((names, next) => {
    const last = names.at(-1);
    return last && last.size - next.size < close ? [...names.slice(0, -1), { ...last, name: `${last.name},${next.name}` }] : [...names, next];
  }, []);
}
