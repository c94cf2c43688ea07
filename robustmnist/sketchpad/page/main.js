// The page: what is drawn goes to the worker, what the worker answers is shown.

const given = JSON.parse(byId("given").textContent);
const worker = new Worker(URL.createObjectURL(new Blob([byId("worker").textContent], { type: "text/javascript" })));
const ink = newInk(), state = { form: "mnist", seen: null, limits: {}, pushed: null };
const waiting = { ink: false, changed: false, push: false, since: 0 };
const limitsView = startLimits(given, pushTo), showStrips = startStrips(given.strips), keepLabel = startKeep(ink, given.models, state);
let frame = 0;

startPad(ink, given.strips.find((strip) => strip.measure === "stroke-width").band, changed);
worker.onmessage = ({ data }) => SHOWN[data.type](data);
worker.onerror = (event) => fail(event.message);
function fail(why) {
  byId("trouble").hidden = false;
  byId("trouble").textContent = `The models cannot answer: ${why}`;
  waiting.ink = waiting.push = false;
}
const chains = byId("chains"), weights = byId("weights");
worker.postMessage({ type: "start", given, origin: location.origin, chains: chains && JSON.parse(chains.textContent), block: weights.textContent.trim() });
for (const choice of all('[name="form"]')) choice.addEventListener("change", () => { state.form = choice.value; changed(); });

function changed() {
  limitsView.clear();
  limitsView.reset();
  state.limits = {};
  if (state.pushed) pushTo(null);
  if (!frame) frame = requestAnimationFrame(() => { frame = 0; paint(byId("pad"), ink.levels, POINTS, 255); });
  byId("hint").hidden = !isBlank(ink);
  send();
}

// A picture at a time: what is drawn meanwhile goes as soon as the last is answered.
function send() {
  if (waiting.ink) { waiting.changed = true; return; }
  waiting.ink = true;
  waiting.changed = false;
  waiting.since = performance.now();
  worker.postMessage({ type: "ink", picture: ink.digit ?? ink.levels, form: state.form });
}

function pushTo(push, strength) {
  state.pushed = push && strength !== push.neutral ? { push, strength } : null;
  if (!state.pushed) { showPushed(); return; }
  if (waiting.push) return;  // the next is asked for when this is answered
  waiting.push = true;
  worker.postMessage({ type: "push", key: push.key, strength });
}

const SHOWN = {
  failed: ({ why }) => fail(why),
  ready({ starters }) {
    byId("page").dataset.ready = "yes";
    state.readyAfter = performance.now();
    all("[data-starter]").forEach((button, index) => {
      const digit = starters.slice(784 * index, 784 * (index + 1));
      paint(button.querySelector("canvas"), digit, 28, 255);
      button.addEventListener("click", () => { remember(ink); putDigit(ink, digit); changed(); });
    });
    if (drawFromAddress(ink, location.hash, given.starters.labels, starters)) changed();
  },
  seen(data) {
    waiting.ink = false;
    byId("trouble").hidden = true;
    state.seen = data.blank ? null : data;
    const answers = state.seen?.answers;
    for (const form of ["drawn", "mnist"]) {
      if (answers) paint(byId(`seen-${form}`), data.images[form], 28, 1); else wipe(byId(`seen-${form}`));
      showLines(byId(`lines-${form}`), answers?.[form], given.models, answers?.[form === "drawn" ? "mnist" : "drawn"]);
    }
    const chosen = answers?.[state.form];
    showBars(byId("answers"), chosen, given.models);
    showStrips(state.seen?.measures);
    showPushed();
    keepLabel(chosen);
    speak(chosen, given.models);
    byId("page").dataset.drawn = answers ? "yes" : "no";
    for (const control of all("#limits input, [data-keep]")) control.disabled = !answers;
    state.ms = performance.now() - waiting.since;
    if (waiting.changed) send();
    if (given.key) explainSoon();
  },
  pushed({ key, strength, image, answers }) {
    waiting.push = false;
    if (state.pushed?.push.key === key) {
      showPushed({ image, answers, words: pushWords(state.pushed.push, strength) });
      if (state.pushed.strength !== strength) pushTo(state.pushed.push, state.pushed.strength);
    }
  },
  limits({ key, limits }) {
    limitsView.show(key, limits);
    const plainLimit = (limit) => limit && { strength: limit.strength, answer: limit.answer };
    state.limits[key] = Object.fromEntries(given.models.map((model, index) => [model.name, limits[index].map(plainLimit)]));
  },
};

function showPushed(pushed) {
  const image = pushed?.image ?? state.seen?.images[state.form], answers = pushed?.answers ?? state.seen?.answers[state.form];
  if (image) paint(byId("pushed-picture"), image, 28, 1); else wipe(byId("pushed-picture"));
  showBars(byId("pushed"), answers, given.models);
  byId("pushed-words").textContent = pushed?.words ?? "As it is";
  byId("back").disabled = !pushed;
}
