// How far a digit may be pushed until each model's answer changes.

// Calls `report(push, limits)` for every push: for each model [low, high], each null where the answer never changes, or
// {strength, image, answer} of the first pose that is read otherwise. `ask(image, models)` resolves to their logits,
// `stopped()` is true once the digit is another.
async function findLimits(image, pushes, tables, ask, stopped, report) {
  const everyone = [...Array(tables.models).keys()], home = (await ask(image, everyone)).map(best);
  for (const push of pushes) {
    const ends = [];
    for (const end of [push.low, push.high]) ends.push(end === push.neutral ? everyone.map(() => null) : await outwards(push, end));
    if (stopped()) return;
    report(push.key, everyone.map((model) => [ends[0][model], ends[1][model]]));
  }

  async function outwards(push, end) {
    const towards = Math.sign(end - push.neutral), count = Math.round(Math.abs(end - push.neutral) / push.step);
    const limits = everyone.map(() => null);
    let left = everyone;
    for (let k = 1; k <= count && left.length && !stopped(); k++) {
      const strength = push.neutral + towards * k * push.step, changed = await changedAt(push, strength, left);
      for (const [model, pose] of changed) limits[model] = await refined(push, strength - towards * push.step, pose, model);
      left = left.filter((model) => !limits[model]);
    }
    return limits;
  }

  async function changedAt(push, strength, models) {
    const pose = PERTURBATIONS[push.key](image, strength, tables), answers = (await ask(pose, models)).map(best);
    return models.map((model, at) => [model, { strength, image: pose, answer: answers[at] }]).filter(([model, { answer }]) => answer !== home[model]);
  }

  // Halve the step in which the answer changed.
  async function refined(push, same, pose, model) {
    let changed = pose;
    for (let k = 0; k < 5 && !stopped(); k++) {
      const middle = (same + changed.strength) / 2, [other] = await changedAt(push, middle, [model]);
      if (other) changed = other[1]; else same = middle;
    }
    return changed;
  }
}
