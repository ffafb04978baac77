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
  model.dataSet = dataSetOf(state);
  showControls(state);
  showCursor(state);
  showNumbers(model);
  drawFigures(model, onlyStepDiffers(before, state));
  before = state;
  document.getElementById("recorded-words").textContent = recordedInWords(model);
  document.getElementById("code").textContent = codeOf(state);
  document.querySelector(".of-growing").hidden = !model.growing;
  document.querySelector(".of-measured").hidden = state.trajectory === "0";
  say(model);
  clearTimeout(silence);
  silence = setTimeout(() => settled(model), 300);
}

function onlyStepDiffers(one, other) {
  return one !== null && Object.keys(other).every((name) => name === "step" || one[name] === other[name]);
}

/** The numbers at the cursor and at the end, in full in the elements' values. */
function showNumbers(model) {
  const numbers = { ...model.now, end: model.end.dh2, regime: model.end.regime };
  for (const element of document.querySelectorAll("data[data-number]")) {
    const value = numbers[element.dataset.number];
    element.value = String(value);
    element.textContent = short(value);
  }
}

function say(model) {
  document.getElementById("words").textContent = stateInWords(model);
  document.getElementById("data-set-words").textContent = dataSetInWords(model.dataSet);
}

/** What waits until nothing has moved for a moment: the address, and what screen readers say. */
function settled(model) {
  history.replaceState(null, "", fragmentOf(state));
  document.getElementById("spoken").textContent = `${stateInWords(model)} ${presentInWords(model.now)}`;
}

function openLink() {
  const found = settingsOf(location.hash);
  const element = document.getElementById("link-fault");
  element.textContent = found.fault;
  element.hidden = !found.fault;
  pause();
  change(found.settings);
}

addEventListener("hashchange", openLink);
openLink();
