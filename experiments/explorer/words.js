// The state in words, for everybody and for screen readers.

/** The phases of the theory, by the number that orders all starts; the phase diagram has the same borders. */
function phaseOf(regime) {
  return regime > 1 ? "lazy" : regime < -1 ? "collapsing" : "rich";
}

function stateInWords(model) {
  const { dh2, regime } = model.end;
  const { dy2_target, steps, step } = model.settings;
  const words = [];
  if (dy2_target > 0) words.push(`${phaseOf(regime)}, ends at ${short(dh2)}`);
  else words.push(dh2 > 0 ? `agreeing, ends at ${short(dh2)}` : "agreeing, the points merge");
  if (model.half === 0) words.push("half is learnt at the start");
  else if (model.half > 0) words.push(`half is learnt at step ${short(model.half)}`);
  else if (dy2_target > 0) words.push(`half is not learnt in ${short(steps)} steps`);
  if (Number.isFinite(model.moments.crossing)) {
    words.push(`Δh passes through zero at step ${short(model.moments.crossing)}`);
  }
  if (model.grows && !model.growing) words.push("with growing rates too fast to integrate over so many steps");
  else if (model.grows) words.push(`with growing rates |Δh|² is ${short(model.growing.at(-1).dh2)} at step ${short(steps)}`);
  return `${words.join("; ")}.`;
}

function presentInWords({ t, dh2, dy2, w, loss }) {
  return `At step ${short(t)}: |Δh|² ${short(dh2)}, |Δy|² ${short(dy2)}, w ${short(w)}, loss ${short(loss)}.`;
}
