// What follows from the settings: the trajectory, its end, its moments; all by the generated formulas.

const SAMPLES = 241;

/** The pair of the settings as the two-point theory, and the growing rates where there are any, see it. */
function modelOf(settings) {
  const { dh2, dy2, w, dx2, dy2_target, rate_h, rate_y, growth_h, growth_y, mean_error, rate_mean, steps, step } = settings;
  const start = [dh2, dy2, w];
  const constants = [dx2, dy2_target, rate_h, rate_y];
  const at = (t) => theory.two_point_solution(t, ...start, ...constants);
  const loss = (t, state) => theory.two_point_loss(t, state.dy2, state.w, dy2_target, mean_error, rate_mean).L;
  const withLoss = (x) => ({ ...x, loss: loss(x.t, x) });
  const moments = theory.two_point_moments(...start, ...constants);
  const place = (state) => theory.phase_place(state.dh2, state.dy2, state.w, ...constants);
  const point = (t) => withVectors({ t, ...at(t) }, dy2_target, moments.crossing);
  const times = timesUpTo(steps);
  const path = times.map(point).map(withLoss);
  const grows = growth_h > 0 || growth_y > 0;
  const grownAt = (moments) => (grows ? grown(moments, start, [dx2, dy2_target, rate_h, growth_h, rate_y, growth_y]) : null);
  return {
    settings,
    at,
    path,
    now: withLoss(point(step)),
    end: theory.two_point_final(...start, ...constants),
    moments,
    scales: place({ dh2, dy2, w }),
    place,
    half: firstHalf(path, at, dy2_target),
    grows,
    growing: grownAt(times)?.map(withLoss) ?? null,
    growingNow: grownAt([0, step])?.map(withLoss)[1] ?? null,
    /** It is computed where it is seen. */
    get dataSet() {
      return dataSetOf(settings);
    },
  };
}

function timesUpTo(steps, count = SAMPLES) {
  return d3.range(count).map((i) => (i / (count - 1)) * steps);
}

/** The trajectory with rates that grow, at these times, or null where the integrator does not arrive. */
function grown(times, start, constants) {
  const { t: _, a, B_par, B_perp } = theory.growing_enter(0, ...start, ...constants);
  const velocity = (q) => Object.values(theory.growing_flow(0, ...q, ...constants));
  const found = integrated(velocity, times, [a, B_par, B_perp]);
  return found && found.map((q, i) => ({ t: times[i], ...theory.growing_leave(...q, ...constants) }));
}

/** A state with dh on its line and dy in the plane of dy*: dh turns round where it passes through zero. */
function withVectors(state, dy2_target, crossing) {
  const side = state.t > crossing ? -1 : 1;
  const { a, B_par, B_perp } = theory.growing_enter(0, state.dh2, state.dy2, state.w, 1, dy2_target, 1, 0, 1, 0);
  return { ...state, dh: side * a, along: a * B_par, across: side * a * B_perp };
}

/** When dy · dy* first is half of |dy*|², of what is shown; NaN if it is not, or there is nothing to learn. */
function firstHalf(path, at, dy2_target) {
  const reached = (state) => state.dy2 - state.w >= dy2_target / 2;
  const first = dy2_target > 0 ? path.findIndex(reached) : -1;
  if (first < 1) return first === 0 ? 0 : NaN;
  let [low, high] = [path[first - 1].t, path[first].t];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (reached(at(middle))) high = middle;
    else low = middle;
  }
  return high;
}
