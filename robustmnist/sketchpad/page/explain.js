// With a server: which pixels speak for a model's answer, over the picture that the models read.

let explaining = 0;

function explainSoon() {
  clearTimeout(explaining);
  for (const form of ["drawn", "mnist"]) wipe(byId(`heat-${form}`));
  if (state.seen && byId("explain").value !== "") explaining = setTimeout(explain, 300);
}

async function explain() {
  const seen = state.seen, model = Number(byId("explain").value);
  for (const form of ["drawn", "mnist"]) {
    const image = Float32Array.from(seen.images[form]), address = `attributions?model=${model}&class=${best(seen.answers[form][model])}`;
    const reply = await fetch(given.server.address + address, { method: "POST", headers: { "X-Page": given.server.key }, body: image });
    if (seen !== state.seen) return;
    byId("explain-note").textContent = reply.ok ? "" : await reply.text();
    if (reply.ok) paintHeat(byId(`heat-${form}`), await reply.json());
  }
}
