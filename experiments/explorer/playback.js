// The time cursor: a slider, a field, play and pause.

const DURATION = 8000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const playButton = document.getElementById("play");
const cursor = document.getElementById("step-slider");
const stepField = document.getElementById("step");
const stepFault = document.getElementById("step-fault");

let playing = null;

function play() {
  if (state.step >= state.steps) setStep(0);
  playing = { last: performance.now() };
  playButton.textContent = "Pause";
  playing.timer = still.matches ? setInterval(() => advance(DURATION / 10), 1000) : null;
  if (!still.matches) playing.frame = requestAnimationFrame(onFrame);
}

function pause() {
  clearInterval(playing?.timer);
  cancelAnimationFrame(playing?.frame);
  playing = null;
  playButton.textContent = "Play";
}

function onFrame(now) {
  advance(now - playing.last);
  if (!playing) return;
  playing.last = now;
  playing.frame = requestAnimationFrame(onFrame);
}

/** Move on by so many milliseconds of playing. */
function advance(milliseconds) {
  const next = state.step + (milliseconds / DURATION) * state.steps;
  setStep(next);
  if (next >= state.steps) pause();
}

playButton.addEventListener("click", () => (playing ? pause() : play()));
cursor.addEventListener("input", () => {
  pause();
  setStep((Number(cursor.value) / 1000) * state.steps);
});
stepField.addEventListener("input", () => {
  pause();
  tryChange("step", stepField.value.trim() ? stepField.valueAsNumber : NaN, stepFault, stepField);
});
stepField.addEventListener("blur", () => refuse(stepFault, stepField, ""));

function showCursor({ step, steps }) {
  cursor.value = (1000 * step) / steps;
  cursor.setAttribute("aria-valuetext", `step ${short(step)} of ${short(steps)}`);
  if (document.activeElement !== stepField) stepField.value = readable(step);
}
