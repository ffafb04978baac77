// Sliders and number fields. A number that cannot be is refused in words beside its field, and nothing is drawn of it.

const TURNS = 1000;
const fields = new Map();

/** Where on its slider, from 0 to 1000, a value stands. */
function positionOf(setting, settings) {
  const value = settings[setting.name];
  if (setting.rule === "angle") return (TURNS * (cosineOf(settings) + 1)) / 2;
  if (setting.linear) return (TURNS * (value - setting.from)) / (setting.to - setting.from);
  if (setting.zero && value === 0) return 0;
  const least = setting.zero ? 1 : 0;
  const share = Math.log(value / setting.from) / Math.log(setting.to / setting.from);
  return Math.min(TURNS, Math.max(least, least + (TURNS - least) * share));
}

/** The value at a place on its slider, to three digits. */
function valueAt(setting, position) {
  if (setting.linear) return setting.from + ((setting.to - setting.from) * position) / TURNS;
  if (setting.zero && position === 0) return 0;
  const least = setting.zero ? 1 : 0;
  return Number((setting.from * (setting.to / setting.from) ** ((position - least) / (TURNS - least))).toPrecision(3));
}

let lastCosine = 0;

/** The cosine of dy and dy*; where one of them is 0, the last that there was. */
function cosineOf(settings) {
  const { least, most } = rangeOfW(settings);
  if (most > least) lastCosine = Math.min(1, Math.max(-1, theory.phase_place(1, settings.dy2, settings.w, 1, settings.dy2_target, 1, 1).cosine));
  return lastCosine;
}

/** What changes with a setting: dy keeps its angle when it or dy* is made longer, the cursor its share of the time. */
function changed(name, value) {
  const next = { ...state, [name]: value };
  if (name === "dy2" || name === "dy2_target") next.w = theory.angle(next.dy2, cosineOf(state), next.dy2_target).w;
  if (name === "steps" && value > 0) next.step = (state.step / state.steps) * value;
  return next;
}

for (const setting of SETTINGS) if (setting.group !== "playback") addControl(setting);

function addControl(setting) {
  const { name, label, meaning } = setting;
  const row = document.createElement("div");
  row.className = "control";
  row.innerHTML = `<label for="${name}"><b>${label}</b> <span>${meaning}</span></label>
    <input type="range" id="${name}-slider" min="0" max="${TURNS}" step="1" aria-label="${label}, ${meaning}"/>
    <input type="number" id="${name}" step="any" inputmode="decimal" aria-describedby="${name}-fault"/>
    <p class="fault" id="${name}-fault" role="alert" hidden></p>`;
  document.querySelector(`[data-group="${setting.group}"]`).append(row);
  const [slider, field] = row.querySelectorAll("input");
  const fault = row.querySelector(".fault");
  fields.set(name, { setting, slider, field, fault });
  slider.addEventListener("input", () => {
    const position = Number(slider.value);
    const value = setting.rule === "angle" ? theory.angle(state.dy2, (2 * position) / TURNS - 1, state.dy2_target).w : valueAt(setting, position);
    if (setting.rule === "angle") lastCosine = (2 * position) / TURNS - 1;
    tryChange(name, value, fault, field);
  });
  field.addEventListener("input", () => tryChange(name, field.value.trim() ? field.valueAsNumber : NaN, fault, field));
  field.addEventListener("blur", () => refuse(fault, field, ""));
  field.addEventListener("keydown", (event) => stepAlong(slider, field, event));
}

/** The arrow keys move a field's number as they move its slider: steps of 1 would be none or far too many. */
function stepAlong(slider, field, event) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  event.preventDefault();
  if (event.key === "ArrowUp") slider.stepUp();
  else slider.stepDown();
  slider.dispatchEvent(new Event("input"));
  field.value = readable(state[field.id]);
}

/** Take a value over, or say why not. */
function tryChange(name, value, element, field) {
  const next = changed(name, value);
  const wrong = fault(name, next) || firstFault(next);
  refuse(element, field, wrong && `${wrong}. Still shown: ${short(state[name])}.`);
  if (!wrong) change(next);
}

function refuse(element, field, words) {
  element.textContent = words;
  element.hidden = !words;
  field.setAttribute("aria-invalid", String(Boolean(words)));
  if (!words && document.activeElement !== field) field.value = readable(state[field.id]);
}

/** A number as a field shows it, for which there is room: more digits would hide its exponent. */
function readable(value) {
  const rounded = Number(value.toPrecision(6));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** Show the settings on all controls, but for the field in which somebody types. */
function showControls(settings) {
  for (const { setting, slider, field, fault } of fields.values()) {
    const position = positionOf(setting, settings);
    if (Math.round(position) !== Number(slider.value)) slider.value = position;
    slider.setAttribute("aria-valuetext", setting.rule === "angle" ? `w ${short(settings.w)}, cosine ${short(cosineOf(settings))}` : short(settings[setting.name]));
    if (document.activeElement !== field) {
      field.value = readable(settings[setting.name]);
      if (!fault.hidden) refuse(fault, field, "");
    }
  }
  for (const button of document.querySelectorAll("[data-preset]")) {
    const preset = presets.find(({ name }) => name === button.dataset.preset);
    const { step, ...wanted } = preset.settings;
    button.setAttribute("aria-pressed", String(Object.entries(wanted).every(([name, value]) => settings[name] === value)));
  }
  for (const select of document.querySelectorAll("select[data-choice]")) select.value = settings[select.dataset.choice];
}

for (const { name, title, meaning, settings } of presets) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: title, title: meaning });
  button.dataset.preset = name;
  button.addEventListener("click", () => change({ ...settings, trajectory: NONE }));
  document.getElementById("presets").append(button);
}

for (const { name, title } of dataSets) document.querySelector('[data-choice="data"]').append(new Option(title, name));
document.querySelector('[data-choice="data"]').addEventListener("change", (event) => change({ data: event.target.value }));

if (trajectories.length) {
  const select = document.querySelector('[data-choice="trajectory"]');
  select.append(new Option("none", NONE), ...trajectories.map(({ label }, i) => new Option(label, String(i + 1))));
  select.addEventListener("change", () => change({ ...(trajectories[Number(select.value) - 1]?.settings ?? {}), trajectory: select.value }));
  for (const id of ["recorded", "recorded-part"]) document.getElementById(id).hidden = false;
}

// On a phone the sheet of settings covers figures: it begins closed there.
if (matchMedia("(max-width: 52rem)").matches) document.querySelector(".sheet").open = false;
