// With a server: which pixels speak for a model's answer, over the picture that the models read.

let explaining = 0;
byId("explain").addEventListener("change", () => explainSoon());

function explainSoon() {
  clearTimeout(explaining);
  for (const form of ["drawn", "mnist"]) {
    wipe(byId(`heat-${form}`));
    delete byId(`heat-${form}`).dataset.of;
  }
  if (state.seen && byId("explain").value !== "") explaining = setTimeout(explain, 300);
}

async function explain() {
  const seen = state.seen, model = Number(byId("explain").value);
  for (const form of ["drawn", "mnist"]) {
    const image = Float32Array.from(seen.images[form]), address = `attributions?model=${model}&class=${best(seen.answers[form][model])}`;
    const reply = await fetch(`/${address}`, { method: "POST", headers: { "X-Page": given.key }, body: image });
    if (seen !== state.seen) return;
    byId("explain-note").textContent = reply.ok ? "" : await reply.text();
    if (!reply.ok) return;
    paintHeat(byId(`heat-${form}`), await reply.json());
    byId(`heat-${form}`).dataset.of = given.models[model].name;
  }
}
