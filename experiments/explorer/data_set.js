// A whole data set, mode by mode: each is a pair by itself, and the layer has a place between inputs and targets.

/** The data set that is chosen, with its modes over training. The two rates and their growth are those of the pair. */
function dataSetOf(settings) {
  const set = dataSets.find(({ name }) => name === settings.data);
  const pairs = set.eigenvalues.map((kappa, i) => pairOfMode(settings, kappa, set.targets[i], set.points.length));
  const steps = d3.max(pairs.map(timeOf));
  const times = timesUpTo(steps);
  const step = settings.steps > 0 ? (settings.step / settings.steps) * steps : 0;
  const modes = pairs.map((pair) => {
    const sizeOf = (x) => theory.on_geodesic(pair.constants[0], Math.max(x.dy2, 0), settings.place).dh2;
    const path = modePath(pair, times);
    const [now] = modePath(pair, [0, step]).slice(-1);
    return { ...pair, path: path.map((x) => ({ ...x, size: sizeOf(x) })), now: { ...now, size: sizeOf(now) } };
  });
  return { ...set, steps, step, modes };
}

/** The pair that a mode is, from a small start that is balanced and aligned. */
function pairOfMode({ rate_h, rate_y, growth_h, growth_y, begin }, kappa, target, count) {
  const { dx2, dy2_target, ...rates } = theory.mode_pair(kappa, target, rate_h, 0, growth_h, rate_y, 0, growth_y, count);
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
  return pair.grows ? (grown(times, pair.start, pair.growing) ?? times.map(() => ({ dy2: NaN }))) : times.map(exact);
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

function dataSetInWords({ title, modes, step }) {
  const wanted = modes.filter(({ target }) => target > 0);
  const learnt = wanted.filter(isLearnt).length;
  const [places, noun] = [wanted.length, wanted.length === 1 ? "mode" : "modes"];
  return `${title[0].toUpperCase()}${title.slice(1)}: ${learnt} of ${places} ${noun} half learnt at step ${short(step)}.`;
}
