// A whole data set, mode by mode: each is a pair by itself, and the layer has a place between inputs and targets.

const MODE_SAMPLES = 121;

let last = { settings: null, dataSet: null };

/** The data set that is chosen, with its modes over training and now. The two rates and their growth are the pair's. */
function dataSetOf(settings) {
  if (last.settings !== settings) last = { settings, dataSet: newDataSet(settings) };
  return last.dataSet;
}

function newDataSet(settings) {
  const course = courseOf(settings);
  const step = (settings.step / settings.steps) * course.steps;
  const modes = course.modes.map((mode) => ({ ...mode, now: withSize(mode, settings.place)(modePath(mode, [0, step])[1]) }));
  return { ...course, step, modes };
}

let lastCourse = { of: "", course: null };

/** All but the present; it is kept while nothing but the cursor moves. */
function courseOf(settings) {
  const of = JSON.stringify({ ...settings, step: 0 });
  if (lastCourse.of !== of) lastCourse = { of, course: newCourse(settings) };
  return lastCourse.course;
}

function newCourse(settings) {
  const set = dataSets.find(({ name }) => name === settings.data);
  const pairs = set.eigenvalues.map((kappa, i) => pairOfMode(settings, kappa, set.targets[i], set.points.length));
  const steps = d3.max(pairs.map(timeOf));
  const times = timesUpTo(steps, MODE_SAMPLES);
  return { ...set, steps, modes: pairs.map((pair) => ({ ...pair, path: modePath(pair, times).map(withSize(pair, settings.place)) })) };
}

/** A mode's state with its size at a place. */
function withSize({ constants: [kappa] }, place) {
  return (state) => ({ ...state, size: theory.on_geodesic(kappa, Math.max(state.dy2, 0), place).dh2 });
}

/** The pair that a mode is, from a small start that is balanced and aligned. */
function pairOfMode({ rate_h, rate_y, growth_h, growth_y, begin }, kappa, target, count) {
  const { P0, P1, R0, R2 } = theory.rates_of_pair(rate_h, growth_h, rate_y, growth_y);
  const { dx2, dy2_target, ...rates } = theory.mode_pair(kappa, target, P0, P1, 0, R0, 0, R2, count);
  const dh2 = begin * kappa;
  const { dy2, w } = theory.phase_start(dh2, 0, 1, dx2, dy2_target, rates.rate_h, rates.rate_y);
  return {
    target,
    start: [dh2, dy2, w],
    constants: [dx2, dy2_target, rates.rate_h, rates.rate_y],
    growing: [dx2, dy2_target, rates.rate_h, rates.growth_h, rates.rate_y, rates.growth_y],
    grows: rates.growth_h > 0 || rates.growth_y > 0,
  };
}

/** A mode's scalars at increasing times from 0. */
function modePath(pair, times) {
  const exact = (t) => ({ t, ...theory.two_point_solution(t, ...pair.start, ...pair.constants) });
  return pair.grows ? (grown(times, pair.start, pair.growing) ?? times.map((t) => ({ t, dy2: NaN, w: NaN }))) : times.map(exact);
}

/** How long to look at a mode: until it is learnt, at constant rates. */
function timeOf({ target, start, constants }) {
  if (!(target > 0)) return 0;
  const { half_way, relaxation } = theory.two_point_moments(...start, ...constants);
  return half_way + 6 * relaxation;
}

/** Whether half of a mode's target is learnt. */
function isLearnt({ target, now, constants }) {
  return target > 0 && now.dy2 - now.w >= constants[1] / 2;
}

/** Whether the integrator arrived in every mode. */
function isComputed(modes) {
  return modes.every(({ path }) => Number.isFinite(path.at(-1).size));
}

function dataSetInWords({ title, modes, step }) {
  if (!isComputed(modes)) return `${title}: the rates grow too fast to integrate.`;
  const wanted = modes.filter(({ target }) => target > 0);
  const learnt = wanted.filter(isLearnt).length;
  const [places, noun] = [wanted.length, wanted.length === 1 ? "mode" : "modes"];
  return `${title[0].toUpperCase()}${title.slice(1)}: ${learnt} of ${places} ${noun} half learnt at step ${short(step)}.`;
}
