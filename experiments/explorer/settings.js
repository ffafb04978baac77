// What can be set: every number with its name in links, its words, its range on a slider and its rule.

const { presets, dataSets, trajectories, tolerance } = JSON.parse(document.getElementById("data").textContent);

/** `from` and `to` bound the slider, on a log scale unless `linear`; `zero`: its left end is 0. */
const SETTINGS = [
  { name: "dh2", group: "start", label: "|Δh|²", meaning: "squared hidden distance", from: 1e-6, to: 1e2, rule: "positive" },
  { name: "dy2", group: "start", label: "|Δy|²", meaning: "squared output distance", from: 1e-9, to: 1e2, zero: true },
  { name: "w", group: "start", label: "w", meaning: "misfit, |Δy|² − Δy·Δy*; the slider turns Δy against Δy*", rule: "angle" },
  { name: "dx2", group: "pair", label: "|Δx|²", meaning: "squared distance of the inputs", from: 1e-2, to: 1e2, rule: "positive" },
  { name: "dy2_target", group: "pair", label: "|Δy*|²", meaning: "squared distance of the targets", from: 1e-3, to: 1e2, zero: true },
  { name: "rate_h", group: "rates", label: "1/τ_h", meaning: "encoder, per step", from: 1e-5, to: 1, rule: "positive" },
  { name: "rate_y", group: "rates", label: "1/τ_y", meaning: "decoder, per step", from: 1e-5, to: 1, rule: "positive" },
  { name: "growth_h", group: "growth", label: "γ_h", meaning: "of the encoder's rate, per |Δh|²", from: 1e-5, to: 1, zero: true },
  { name: "growth_y", group: "growth", label: "γ_y", meaning: "of the decoder's rate, per its squared slope", from: 1e-5, to: 1, zero: true },
  { name: "mean_error", group: "mean", label: "|ȳ − ȳ*|²", meaning: "squared error of the mean at the start", from: 1e-3, to: 1e2, zero: true },
  { name: "rate_mean", group: "mean", label: "1/τ_ȳ", meaning: "rate of the mean, per step", from: 1e-5, to: 1, rule: "positive" },
  { name: "steps", group: "time", label: "steps", meaning: "how long to look", from: 10, to: 1e6, rule: "positive" },
  { name: "step", group: "playback", label: "step", meaning: "where the cursor stands", rule: "within" },
  { name: "place", group: "data", label: "place", meaning: "0: as the inputs, 1: as the targets", from: 0, to: 1, linear: true, rule: "share" },
  { name: "begin", group: "data", label: "start", meaning: "size of the representation at the start, of that of the inputs", from: 1e-6, to: 1, rule: "positive" },
];

const BY_NAME = new Map(SETTINGS.map((setting) => [setting.name, setting]));

/** No recorded trajectory. */
const NONE = "0";

/** What is not a number: which data set, and which recorded trajectory (its number from 1, or 0). */
const CHOICES = {
  data: { values: dataSets.map((set) => set.name), initial: "digits" },
  trajectory: { values: [NONE, ...trajectories.map((_, i) => String(i + 1))], initial: NONE },
};

const INITIAL = {
  ...presets[0].settings,
  place: 0.5,
  begin: 1e-3,
  ...Object.fromEntries(Object.entries(CHOICES).map(([name, choice]) => [name, choice.initial])),
  ...firstRecorded(),
};

/** The settings of the first recorded trajectory that could be fitted, if there is one. */
function firstRecorded() {
  const first = trajectories.findIndex(({ message }) => !message);
  return first < 0 ? {} : { ...trajectories[first].settings, trajectory: String(first + 1) };
}

/** The least and the largest w that two vectors of these lengths can have, and what rounding may add. */
function rangeOfW({ dy2, dy2_target, w }) {
  const [least, most] = [1, -1].map((cosine) => theory.angle(dy2, cosine, dy2_target).w);
  return { least, most, rounding: tolerance * ((most - least) / 2 + dy2 + Math.abs(w)) };
}

/** What is wrong with a setting among the others, in words; empty if nothing is. */
function fault(name, settings) {
  const value = settings[name];
  if (name in CHOICES) {
    const { values } = CHOICES[name];
    return values.includes(value) ? "" : `${name} must be one of ${values.join(", ")}, got ${value}`;
  }
  const { label, rule } = BY_NAME.get(name);
  if (!Number.isFinite(value)) return `${label} must be a number`;
  if (rule === "positive") return value > 0 ? "" : `${label} must be positive, got ${value}`;
  if (rule === "share") return value >= 0 && value <= 1 ? "" : `${label} must be from 0 to 1, got ${value}`;
  if (rule === "within") {
    return value >= 0 && value <= settings.steps ? "" : `${label} must be from 0 to ${settings.steps}, got ${value}`;
  }
  if (rule === "angle") {
    const { least, most, rounding } = rangeOfW(settings);
    return value >= least - rounding && value <= most + rounding
      ? ""
      : `w must be from ${short(least)} to ${short(most)}, as |Δy·Δy*| is at most |Δy||Δy*| (Cauchy-Schwarz), got ${value}`;
  }
  return value >= 0 ? "" : `${label} must not be negative, got ${value}`;
}

/** The first fault of all settings, or empty. */
function firstFault(settings) {
  return Object.keys(INITIAL).map((name) => fault(name, settings)).find(Boolean) ?? "";
}

/** A number in a few digits, for reading. */
function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  const digits = size >= 1e5 || size < 1e-3 ? value.toExponential(2).replace("e+", "e") : String(Number(value.toPrecision(3)));
  return digits.replaceAll("-", "−");
}
