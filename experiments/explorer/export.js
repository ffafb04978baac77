// What can be taken away: a figure as SVG or PNG, the settings as Python.

const EXPORTED = [...figures.keys()];

const titleOf = (name) => figures.get(name).element.dataset.title;
const TITLE_HEIGHT = 24;

/** A figure, or all of them one under the other, each under its title, as a drawing that needs no page. */
function exported(name) {
  const chosen = (name === "all" ? EXPORTED : [name]).filter((one) => drawingOf(one) instanceof SVGElement);
  let [width, height] = [0, 0];
  const parts = chosen.map((one) => {
    const copy = drawingOf(one).cloneNode(true);
    const title = `<text x="8" y="${height + 16}" font-size="13" font-weight="600" fill="var(--ink)">${titleOf(one)}</text>`;
    copy.setAttribute("y", height + TITLE_HEIGHT);
    width = Math.max(width, Number(copy.getAttribute("width")));
    height += TITLE_HEIGHT + Number(copy.getAttribute("height"));
    return title + new XMLSerializer().serializeToString(copy);
  });
  const text = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" color="var(--ink)">`,
    `<rect width="${width}" height="${height}" fill="var(--paper)"/>`,
    ...parts,
    "</svg>",
  ].join("");
  const style = getComputedStyle(document.documentElement);
  return { text: text.replaceAll(/var\((--[\w-]+)\)/g, (_, variable) => style.getPropertyValue(variable).trim()), width, height };
}

/** The same as pixels, two for each. */
async function asPng({ text, width, height }) {
  const picture = new Image();
  picture.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function save(name, blob) {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const chosenFigure = document.getElementById("export-figure");
for (const name of EXPORTED) chosenFigure.append(new Option(titleOf(name), name));
document.getElementById("export-svg").addEventListener("click", () => {
  save(`repdyn-${chosenFigure.value}.svg`, new Blob([exported(chosenFigure.value).text], { type: "image/svg+xml" }));
});
document.getElementById("export-png").addEventListener("click", async () => {
  save(`repdyn-${chosenFigure.value}.png`, await asPng(exported(chosenFigure.value)));
});
document.getElementById("copy-code").addEventListener("click", async (event) => {
  await copied(document.getElementById("code").textContent, event.currentTarget);
});
document.getElementById("copy-link").addEventListener("click", async (event) => {
  await copied(location.href, event.currentTarget);
});

async function copied(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here: select and copy";
  }
  setTimeout(() => (button.textContent = before), 2000);
}
