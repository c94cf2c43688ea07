// Probabilities of logits at a temperature.
function softmax(logits, temperature) {
  const most = Math.max(...logits), raised = Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const total = raised.reduce((sum, value) => sum + value, 0);
  return raised.map((value) => value / total);
}

const best = (scores) => scores.reduce((at, score, index) => (score > scores[at] ? index : at), 0);
