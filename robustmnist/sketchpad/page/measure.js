// What a digit is like, as robustmnist.measure measures it; NaN where an image has no such property.

function measured(image) {
  const [total, x, y, xy, yy] = sums(image);
  return {
    "stroke-width": strokeWidth(image),
    slant: -(xy / total - x / total * (y / total)) / (yy / total - (y / total) ** 2),
    size: Math.max(side(image, false), side(image, true)),
    "centroid-radius": Math.hypot(x / total - CENTRE, y / total - CENTRE),
  };
}

function sums(image) {
  let total = 0, sumX = 0, sumY = 0, sumXY = 0, sumYY = 0;
  for (let at = 0; at < PIXELS; at++) {
    const ink = image[at], x = at % SIDE, y = Math.floor(at / SIDE);
    total += ink;
    sumX += ink * x;
    sumY += ink * y;
    sumXY += ink * x * y;
    sumYY += ink * y * y;
  }
  return [total, sumX, sumY, sumXY, sumYY];
}

// Width (or height) of the ink's box at half its highest ink, between pixels.
function side(image, upright) {
  const profile = new Float64Array(SIDE);
  image.forEach((ink, at) => {
    const line = upright ? Math.floor(at / SIDE) : at % SIDE;
    profile[line] = Math.max(profile[line], ink);
  });
  const least = profile.reduce((high, value) => Math.max(high, value), 0) / 2;
  const before = (values) => {
    const first = values.findIndex((value) => value >= least), here = values[first], last = first > 0 ? values[first - 1] : 0;
    return first + 0.5 - (here - least) / (here - last);
  };
  return SIDE - before(profile) - before(Float64Array.from(profile).reverse());
}

// Four times the mean distance to the nearest edge, of the image enlarged 4 times and cut at half ink.
function strokeWidth(image) {
  const framed = SIDE + 4, wide = 4 * SIDE + 8, inside = new Uint8Array(wide * wide);  // a px of paper on either side
  const paper = new Float64Array(framed * framed);
  for (let at = 0; at < PIXELS; at++) paper[(Math.floor(at / SIDE) + 2) * framed + at % SIDE + 2] = image[at];
  for (let y = 0; y < wide; y++) {
    const below = WAYS[y % 4], top = ((y >> 2) + 1 + BEFORE[y % 4]) * framed;
    for (let x = 0; x < wide; x++) {
      const right = WAYS[x % 4], left = top + (x >> 2) + 1 + BEFORE[x % 4];
      const upper = paper[left] * (1 - right) + paper[left + 1] * right;
      const lower = paper[left + framed] * (1 - right) + paper[left + framed + 1] * right;
      if (upper * (1 - below) + lower * below > 0.5 + 1e-7) inside[y * wide + x] = 1;
    }
  }
  const squared = squaredDistance(inside, wide);
  let area = 0, total = 0;
  for (let at = 0; at < squared.length; at++) {
    if (inside[at]) {
      area++;
      total += Math.sqrt(squared[at]);
    }
  }
  return area ? (total - 0.5 * area) / area : NaN;
}

// Of the four sub-pixels of a pixel: how far they lie from a pixel to the next, and whether that is the one before.
const WAYS = [0.625, 0.875, 0.125, 0.375], BEFORE = [-1, -1, 0, 0];

// The squared distance of each point to the nearest that is not inside: along the rows, then across them.
function squaredDistance(inside, wide) {
  const along = new Float64Array(wide * wide), result = new Float64Array(wide * wide);
  for (let y = 0; y < wide; y++) {
    for (let x = 0, far = 0; x < wide; x++) along[y * wide + x] = far = inside[y * wide + x] ? far + 1 : 0;
    for (let x = wide - 1, far = 0; x >= 0; x--) {
      far = inside[y * wide + x] ? far + 1 : 0;
      along[y * wide + x] = Math.min(along[y * wide + x], far);
    }
  }
  for (let y = 0; y < wide; y++) {
    for (let x = 0; x < wide; x++) {
      if (!inside[y * wide + x]) continue;
      let nearest = along[y * wide + x] ** 2;
      for (let k = 1; k * k < nearest; k++) {
        const above = y >= k ? along[(y - k) * wide + x] : 0, under = y + k < wide ? along[(y + k) * wide + x] : 0;
        const straight = above < under ? above : under, squared = k * k + straight * straight;
        if (squared < nearest) nearest = squared;
      }
      result[y * wide + x] = nearest;
    }
  }
  return result;
}
