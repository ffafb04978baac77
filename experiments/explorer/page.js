// The page: one state, in its address; what changes it draws everything that depends on it, once a frame.

let state;
let frame = null;
let silence = null;
let before = null;

/** Take settings over and show them with the next frame. */
function change(settings) {
  state = { ...state, ...settings };
  frame ??= requestAnimationFrame(show);
}

function show() {
  frame = null;
  const model = modelOf(state);
  showControls(state);
  showCursor(state);
  showNumbers(model);
  drawFigures(model, onlyStepDiffers(before, state));
  before = state;
  for (const element of document.querySelectorAll(".of-growing")) element.hidden = !model.growing;
  document.querySelector(".of-measured").hidden = state.trajectory === NONE;
  say(model);
  clearTimeout(silence);
  silence = setTimeout(() => settled(model), 300);
}

function onlyStepDiffers(one, other) {
  return one !== null && Object.keys(other).every((name) => name === "step" || one[name] === other[name]);
}

/** The numbers at the cursor and at the end, in full in the elements' values. */
function showNumbers(model) {
  const growing = Object.entries(model.growingNow ?? {}).map(([name, value]) => [`growing_${name}`, value]);
  const numbers = { ...model.now, end: model.end.dh2, regime: model.end.regime, ...Object.fromEntries(growing) };
  for (const element of document.querySelectorAll("data[data-number]")) {
    const value = numbers[element.dataset.number] ?? NaN;
    element.value = String(value);
    element.textContent = short(value);
  }
}

/** The size of each mode now, as a list that is not seen. */
function showModes({ modes, step }) {
  const items = modes.map(({ now }) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("data"), { value: String(now.size), textContent: short(now.size) }));
    return item;
  });
  const list = document.getElementById("mode-sizes");
  list.replaceChildren(...items);
  list.dataset.step = String(step);
}

function say(model) {
  document.getElementById("words").textContent = stateInWords(model);
  if (figures.get("modes").visible || figures.get("points").visible) sayDataSet(model);
}

function sayDataSet({ dataSet }) {
  document.getElementById("data-set-words").textContent = dataSetInWords(dataSet);
}

/** What waits until nothing has moved for a moment: the address, and what screen readers say. */
function settled(model) {
  showModes(model.dataSet);
  sayDataSet(model);
  document.getElementById("recorded-words").textContent = recordedInWords(model);
  document.getElementById("code").textContent = codeOf(state);
  history.replaceState(null, "", fragmentOf(state));
  document.getElementById("spoken").textContent = `${stateInWords(model)} ${presentInWords(model.now)}`;
}

function openLink() {
  const found = settingsOf(location.hash);
  const element = document.getElementById("link-fault");
  element.textContent = found.fault;
  element.hidden = !found.fault;
  pause();
  if (found.settings.growth_h > 0 || found.settings.growth_y > 0) document.querySelector('[data-group="growth"]').closest("details").open = true;
  change(found.settings);
}

addEventListener("hashchange", openLink);
openLink();
