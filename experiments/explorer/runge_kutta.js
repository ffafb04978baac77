// An integrator for flows without a closed form: the pair of orders 5 and 4 of Dormand & Prince (1980).

const NODES = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const ERRORS = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

const TOLERANCE = 1e-9;
const MOST_STEPS = 5000;

/**
 * The coordinates at increasing times, the first of which is the start; null if it takes too many steps.
 *
 * Each step errs by at most the tolerance, relative to each coordinate or to a millionth of the largest at the start.
 */
function integrated(velocity, times, start) {
  const least = 1e-6 * Math.max(...start.map(Math.abs));
  const path = [start];
  let [t, q, step, slope, left] = [times[0], start, Infinity, velocity(start), MOST_STEPS];
  for (const end of times.slice(1)) {
    while (t < end) {
      if (!left--) return null;
      const size = Math.min(step, end - t);
      const slopes = [slope];
      let moved = q;
      for (const weights of NODES.slice(1)) {
        moved = q.map((x, i) => weights.reduce((sum, weight, k) => sum + size * weight * slopes[k][i], x));
        slopes.push(velocity(moved));
      }
      const error = Math.max(
        ...q.map((x, i) => {
          const wrong = ERRORS.reduce((sum, weight, k) => sum + size * weight * slopes[k][i], 0);
          return Math.abs(wrong) / (TOLERANCE * Math.max(Math.abs(x), Math.abs(moved[i]), least));
        }),
      );
      const change = error === 0 ? 5 : Math.min(5, Math.max(0.2, 0.9 * error ** -0.2));
      if (error <= 1) {
        t = size === end - t ? end : t + size;
        [q, slope] = [moved, slopes.at(-1)];
        if (size === step || change < 1 || step === Infinity) step = size * change;
      } else {
        step = size * (Number.isFinite(error) ? Math.min(change, 0.9) : 0.1);
      }
    }
    path.push(q);
  }
  return path;
}
