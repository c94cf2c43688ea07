// What is drawn: levels 0 to 255 on 280 x 280 points, ten to a pixel of MNIST, and a round pen that writes them.

const POINTS = 280, PER_PIXEL = POINTS / 28, UNDOS = 40;

function newInk() {
  return { levels: new Uint8Array(POINTS * POINTS), digit: null, before: [] };
}

// Remember the drawing as it is, for `undo`.
function remember(ink) {
  ink.before.push({ levels: ink.levels.slice(), digit: ink.digit });
  if (ink.before.length > UNDOS) ink.before.shift();
}

function undo(ink) {
  const last = ink.before.pop();
  if (last) Object.assign(ink, { levels: last.levels, digit: last.digit });
  return Boolean(last);
}

// Put a digit of 28 x 28 levels on the paper; as long as nothing is added, it is read as it is.
function putDigit(ink, digit) {
  for (let at = 0; at < ink.levels.length; at++) {
    const x = Math.floor(at % POINTS / PER_PIXEL), y = Math.floor(at / POINTS / PER_PIXEL);
    ink.levels[at] = digit[y * 28 + x];
  }
  ink.digit = digit;
}

// Draw from one point to another with a pen of `width` points, soft over the last point of its edge; or erase.
function stroke(ink, from, to, width, erase) {
  const radius = width / 2, dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy;
  const low = (a, b) => Math.max(Math.floor(Math.min(a, b) - radius - 1), 0);
  const high = (a, b) => Math.min(Math.ceil(Math.max(a, b) + radius + 1), POINTS - 1);
  for (let y = low(from.y, to.y); y <= high(from.y, to.y); y++) {
    for (let x = low(from.x, to.x); x <= high(from.x, to.x); x++) {
      const px = x + 0.5 - from.x, py = y + 0.5 - from.y;
      const along = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
      const cover = radius + 0.5 - Math.hypot(px - along * dx, py - along * dy);
      if (cover <= 0) continue;
      const at = y * POINTS + x, level = Math.round(255 * Math.min(cover, 1));
      ink.levels[at] = erase ? Math.min(ink.levels[at], 255 - level) : Math.max(ink.levels[at], level);
    }
  }
  ink.digit = null;
}

const isBlank = (ink) => !ink.levels.some((level) => level > 0);
