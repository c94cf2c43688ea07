// Perturbations of one image of 784 values of ink, as robustmnist.perturb has them; 0 (x 1) changes nothing.

// Each: a new image of an image and a strength; `tables` holds what only Python knows (STROKE, NOISE).
const PERTURBATIONS = {
  "shift-x": (image, strength) => shifted(image, strength, 0),
  "shift-y": (image, strength) => shifted(image, 0, strength),
  turn: turned,
  scale: scaled,
  stroke: (image, strength, tables) => thickened(image, strength, tables.stroke),
  noise: (image, strength, tables) => image.map((value, at) => inRange(value + strength * tables.noise[at])),
};

const inRange = (value) => Math.min(Math.max(value, 0), 1);

// To the right and down, px; fractions bilinear.
function shifted(image, dx, dy) {
  return readAt(image, (x, y) => [x - dx, y - dy]);
}

// About the centre, degrees, counter-clockwise as seen.
function turned(image, angle) {
  const cosine = Math.cos(angle * Math.PI / 180), sine = Math.sin(angle * Math.PI / 180);
  return readAt(image, (x, y) => {
    const across = x - CENTRE, below = y - CENTRE;
    return [cosine * across - sine * below + CENTRE, sine * across + cosine * below + CENTRE];
  });
}

// About the centre: bilinear when enlarged, averaged with a triangle when shrunk.
function scaled(image, factor) {
  if (factor >= 1) return readAt(image, (x, y) => [(x - CENTRE) / factor + CENTRE, (y - CENTRE) / factor + CENTRE]);
  const matrix = new Float64Array(PIXELS), width = 1 / factor;
  for (let at = 0; at < SIDE; at++) {
    const source = (at - CENTRE) / factor + CENTRE, low = Math.ceil(source - width), high = Math.floor(source + width);
    let total = 0;
    for (let pixel = low; pixel <= high; pixel++) total += 1 - Math.abs(pixel - source) / width;
    for (let pixel = Math.max(low, 0); pixel <= Math.min(high, SIDE - 1); pixel++) {
      matrix[at * SIDE + pixel] = (1 - Math.abs(pixel - source) / width) / total;
    }
  }
  const down = multiplied(matrix, image, SIDE, SIDE, SIDE);
  return multiplied(down, transposed(matrix, SIDE, SIDE), SIDE, SIDE, SIDE).map(inRange);
}

// The image read at points (x, y) = source(x, y), bilinear, from background 0 outside.
function readAt(image, source) {
  const ink = (x, y) => (x >= 0 && x < SIDE && y >= 0 && y < SIDE ? image[y * SIDE + x] : 0), result = new Float64Array(PIXELS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [fromX, fromY] = source(x, y), left = Math.floor(fromX), top = Math.floor(fromY), right = fromX - left, below = fromY - top;
      const upper = ink(left, top) * (1 - right) + ink(left + 1, top) * right;
      const lower = ink(left, top + 1) * (1 - right) + ink(left + 1, top + 1) * right;
      result[y * SIDE + x] = inRange(upper * (1 - below) + lower * below);
    }
  }
  return result;
}

// Strokes thicker or thinner by `change` px: a line between two of the eroded and dilated images.
function thickened(image, change, stroke) {
  if (!change) return Float64Array.from(image);
  const planes = strokePlanes(image, stroke), knots = stroke.knots, radius = change / 2;
  let below = knots.findLastIndex((knot) => knot <= radius);
  below = Math.min(Math.max(below, 0), knots.length - 2);
  const part = (radius - knots[below]) / (knots[below + 1] - knots[below]), clean = planes[stroke.inner];
  return image.map((value, at) => {
    const level = planes[below][at] + part * (planes[below + 1][at] - planes[below][at]);
    return inRange(value + (level - clean[at]) / 255);
  });
}

// The image eroded and dilated by the radii of `stroke.knots`, levels 0 to 255; those of the last image are kept.
let lastStroke = { image: null, planes: null };
function strokePlanes(image, stroke) {
  if (lastStroke.image && image.every((value, at) => value === lastStroke.image[at])) return lastStroke.planes;
  const at = surfaceOf(image), clean = at(0, 0), planes = new Array(stroke.knots.length);
  planes[stroke.inner] = clean;
  let high = clean, low = clean;
  stroke.rings.forEach((ring, index) => {
    const points = ring.map(([y, x]) => at(y, x));
    high = points.reduce((most, point) => most.map((value, k) => Math.max(value, point[k])), high);
    planes[stroke.inner + 1 + index] = high;
    if (index < stroke.inner) {
      low = points.reduce((least, point) => least.map((value, k) => Math.min(value, point[k])), low);
      planes[stroke.inner - 1 - index] = low;
    }
  });
  lastStroke = { image: Float64Array.from(image), planes };
  return planes;
}

// The image as a smooth surface: at(y, x) is its levels y / 8 px below and x / 8 px to the right of every pixel.
// Keys' cubic with the slope -1, in whole numbers and exact fractions, as robustmnist/perturb/stroke/surface.py.
function surfaceOf(image) {
  const edge = 6, wide = SIDE + 2 * edge, line = new Float64Array(wide * wide).fill(8.5), kept = new Map();
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) line[(y + edge) * wide + x + edge] += 16 * roundHalfEven(image[y * SIDE + x] * 255);
  }
  const between = (values, at, stride, t) => {
    const straight = values[at] + t * (values[at + stride] - values[at]);
    const bend = values[at - stride] + t * (values[at + 2 * stride] - values[at - stride]);
    return t ? straight - t * (1 - t) * (bend - straight) : values[at];
  };
  const rowsAt = (phase) => {
    if (!kept.has(phase)) {
      const rows = new Float64Array(wide * wide).fill(0.5);
      for (let at = wide; at < line.length - 2 * wide; at++) rows[at] = Math.floor(between(line, at, wide, phase / 8)) / 16;
      kept.set(phase, rows);
    }
    return kept.get(phase);
  };
  return (y, x) => {
    const down = Math.floor(y / 8), across = Math.floor(x / 8), rows = rowsAt(y - 8 * down), t = (x - 8 * across) / 8;
    const levels = new Float64Array(PIXELS);
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        const level = Math.trunc(between(rows, (i + down + edge) * wide + j + across + edge, 1, t));
        levels[i * SIDE + j] = Math.min(Math.max(level, 0), 255);
      }
    }
    return levels;
  };
}

function roundHalfEven(value) {
  const down = Math.floor(value), rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2) ? down + 1 : down;
}
