// The worker: it brings what was drawn to 28 x 28, asks the models, and looks for limits while nothing else is asked.

let ready, models = [], tables, pushes, ask, turn = 0, seen = null, timer = 0;

self.onmessage = ({ data }) => HANDLERS[data.type](data)?.catch((error) => self.postMessage({ type: "failed", why: error.message }));

const HANDLERS = { start, ink, push };

async function start({ chains, block, given, origin }) {
  const bytes = await unpackBlock(block);
  models = given.models;
  pushes = given.pushes;
  tables = { stroke: given.tables.stroke, noise: readArray(given.tables.noise, bytes), models: models.length };
  const known = given.key ? [] : readChains(chains, bytes);
  ask = given.key ? askServer(origin, given.key) : async (image, which) => which.map((model) => answer(known[model], image));
  const starters = given.starters && readLevels(given.starters.images, bytes);
  if (!given.key) for (const chain of known) answer(chain, new Float64Array(PIXELS));  // compiled once, before it counts
  self.postMessage({ type: "ready", starters });
}

const readLevels = (entry, bytes) => new Uint8Array(bytes, entry.at, entry.shape.reduce((product, side) => product * side, 1));

function askServer(origin, key) {
  return async (image, which) => {
    const reply = await fetch(`${origin}/answers`, { method: "POST", headers: { "X-Page": key }, body: Float32Array.from(image) });
    if (!reply.ok) throw new Error(await reply.text());
    const logits = await reply.json();
    return which.map((model) => logits[model]);
  };
}

// `picture`: levels 0 to 255, square; 28 x 28 where a digit was taken as it is.
async function ink({ picture, form }) {
  const mine = ++turn, side = Math.sqrt(picture.length), started = performance.now();
  clearTimeout(timer);
  const grey = new Float64Array(picture.length);
  let blank = true;
  for (let at = 0; at < grey.length; at++) {
    grey[at] = picture[at] / 255;
    if (picture[at]) blank = false;
  }
  if (blank) {
    seen = null;
    self.postMessage({ type: "seen", blank: true });
    return;
  }
  const drawn = side === SIDE ? grey : averaged(grey, side), mnist = toMnist(grey, side, side);
  const everyone = [...models.keys()], answers = { drawn: await ask(drawn, everyone), mnist: await ask(mnist, everyone) };
  const measures = { drawn: measured(drawn), mnist: measured(mnist) };
  if (mine !== turn) return;
  seen = { drawn, mnist, form };
  self.postMessage({ type: "seen", blank: false, images: { drawn, mnist }, answers, measures, ms: performance.now() - started });
  timer = setTimeout(() => lookForLimits(mine).catch((error) => self.postMessage({ type: "failed", why: error.message })), 200);
}

async function lookForLimits(mine) {
  const pause = () => new Promise((resolve) => setTimeout(resolve));
  const politely = async (image, which) => { await pause(); return mine === turn ? ask(image, which) : which.map(() => [0]); };
  const report = (key, limits) => { if (mine === turn) self.postMessage({ type: "limits", key, limits }); };
  await findLimits(seen[seen.form], pushes, tables, politely, () => mine !== turn, report);
}

async function push({ key, strength }) {
  if (!seen) return;
  const image = PERTURBATIONS[key](seen[seen.form], strength, tables);
  self.postMessage({ type: "pushed", key, strength, image, answers: await ask(image, [...models.keys()]) });
}
