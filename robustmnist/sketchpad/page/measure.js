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
  const result = [0, 0, 0, 0, 0];
  image.forEach((ink, at) => {
    const x = at % SIDE, y = Math.floor(at / SIDE);
    [1, x, y, x * y, y * y].forEach((weight, index) => { result[index] += ink * weight; });
  });
  return result;
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
  const wide = 4 * SIDE + 8, inside = new Uint8Array(wide * wide);  // a px of paper on either side
  const ink = (x, y) => (x >= 0 && x < SIDE && y >= 0 && y < SIDE ? image[y * SIDE + x] : 0);
  const corners = [[-1, 0.625], [-1, 0.875], [0, 0.125], [0, 0.375]];  // of a sub-pixel: the pixel before, the way to the next
  for (let y = 0; y < wide; y++) {
    for (let x = 0; x < wide; x++) {
      const [fromX, right] = corners[x % 4], [fromY, below] = corners[y % 4], left = (x >> 2) - 1 + fromX, top = (y >> 2) - 1 + fromY;
      const upper = ink(left, top) * (1 - right) + ink(left + 1, top) * right;
      const lower = ink(left, top + 1) * (1 - right) + ink(left + 1, top + 1) * right;
      inside[y * wide + x] = upper * (1 - below) + lower * below > 0.5 + 1e-7 ? 1 : 0;
    }
  }
  const squared = squaredDistance(inside, wide);
  let area = 0, total = 0;
  squared.forEach((distance, at) => { if (inside[at]) { area++; total += Math.sqrt(distance); } });
  return area ? (total - 0.5 * area) / area : NaN;
}

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
      let nearest = along[y * wide + x] ** 2;
      for (let k = 1; k * k < nearest; k++) {
        const above = y >= k ? along[(y - k) * wide + x] : 0, under = y + k < wide ? along[(y + k) * wide + x] : 0;
        nearest = Math.min(nearest, k * k + Math.min(above, under) ** 2);
      }
      result[y * wide + x] = nearest;
    }
  }
  return result;
}
