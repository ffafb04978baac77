// The present settings as Python that gives the page's numbers.

function codeOf(settings) {
  const call = (name, names) => `${name}(${Object.entries(names).map(([key, of]) => `${key}=${settings[of]}`).join(", ")})`;
  const grows = settings.growth_h > 0 || settings.growth_y > 0;
  const names = ["Pair", "Rates", "State", "final_distance", ...(grows ? ["integrate"] : []), "loss_curve", "trajectory"];
  const lines = [
    `from repdyn.numeric import ${names.join(", ")}`,
    "",
    `start = ${call("State", { dh2: "dh2", dy2: "dy2", w: "w" })}`,
    `pair = ${call("Pair", { dx2: "dx2", dy2: "dy2_target" })}`,
    `rates = ${call("Rates", { h: "rate_h", y: "rate_y" })}`,
    `t = ${settings.step}`,
    "",
    "state = trajectory(t, start, pair, rates)",
    "print(state.dh2, state.dy2, state.w)",
    `print(loss_curve(t, state, pair, mean_error=${settings.mean_error}, rate_mean=${settings.rate_mean}))`,
    "print(final_distance(start, pair, rates))",
  ];
  if (grows) {
    const growing = ["rate_h", "rate_y", "growth_h", "growth_y"].map((name) => `"${name}": ${settings[name]}`);
    lines.push("", `growing = {${growing.join(", ")}}`, 'print(integrate(t, start, pair, growing, theory="growing_vectors"))');
  }
  return `${lines.join("\n")}\n`;
}
