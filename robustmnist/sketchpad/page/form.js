// Pictures of any size as 28 x 28: averaged as they are, or brought to MNIST's form.

const SIDE = 28, PIXELS = SIDE * SIDE;

// 28 x 28 of a square picture whose side is a multiple of 28: the mean of each block.
function averaged(picture, side) {
  const block = side / SIDE, result = new Float64Array(PIXELS);
  for (let y = 0, at = 0; y < side; y++) {
    const line = Math.floor(y / block) * SIDE;
    for (let column = 0; column < SIDE; column++) {
      let sum = 0;
      for (let k = 0; k < block; k++) sum += picture[at++];
      result[line + column] += sum;
    }
  }
  return result.map((total) => total / (block * block));
}

// What robustmnist.data.to_mnist does, step by step; its docstring has the why and the sources.
const BOX = 20, MARGIN = 4, CENTRE = 13.5, FAINT = 0.04, FULL = 0.99, STEEPNESS = 0.75, NUDGE = 1e-9;

function toMnist(grey, height, width) {
  const ink = inkOnBlack(grey, height, width);
  const down = new Float64Array(height), across = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ink[y * width + x];
      if (value > down[y]) down[y] = value;
      if (value > across[x]) across[x] = value;
    }
  }
  const [top, tall] = reach(down), [left, wide] = reach(across), magnification = BOX / Math.max(tall, wide);
  const rows = resampling(top, tall, magnification, height), columns = resampling(left, wide, magnification, width);
  let canvas = through(rows, columns, ink, width);
  const gain = Math.max(STEEPNESS * magnification, 1);
  canvas = canvas.map((value) => Math.min(Math.max(value, 0), 1));
  if (gain > 1) canvas = canvas.map((value) => Math.min(Math.max((value - 0.5) * gain + 0.5, 0), 1));
  const byRow = new Float64Array(SIDE), byColumn = new Float64Array(SIDE);
  canvas.forEach((value, at) => { byRow[Math.floor(at / SIDE)] += value; byColumn[at % SIDE] += value; });
  const dy = centring(byRow, tall * magnification), dx = centring(byColumn, wide * magnification);
  const result = new Float64Array(PIXELS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const fromY = y - dy, fromX = x - dx, inside = fromY >= 0 && fromY < SIDE && fromX >= 0 && fromX < SIDE;
      if (inside) result[y * SIDE + x] = Math.min(Math.floor(canvas[fromY * SIDE + fromX] * 255 + 0.5 + NUDGE), 255) / 255;
    }
  }
  return result;
}

function inkOnBlack(grey, height, width) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(grey[x], grey[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(grey[y * width], grey[y * width + width - 1]);
  const background = border.sort((a, b) => a - b)[(border.length - 1) >> 1];
  let least = Infinity, most = -Infinity;
  for (let at = 0; at < grey.length; at++) {
    if (grey[at] < least) least = grey[at];
    if (grey[at] > most) most = grey[at];
  }
  const sign = background - least > most - background ? -1 : 1, peak = sign > 0 ? most - background : background - least;
  const gain = peak > 0 && peak < FULL ? FULL / peak : 1, ink = new Float64Array(grey.length);
  for (let at = 0; at < grey.length; at++) ink[at] = Math.max(sign * (grey[at] - background), 0) * gain;
  return ink;
}

// Where the ink of a profile begins and how long it is; all of it where there is none.
function reach(profile) {
  const peak = profile.reduce((high, value) => Math.max(high, value), 0), inked = (value) => value > FAINT * peak;
  if (!peak) return [0, profile.length];
  const first = profile.findIndex(inked);
  return [first, profile.findLastIndex(inked) + 1 - first];
}

// For each of 28 rows of the canvas: where it begins to read, and the weights of what it reads.
function resampling(first, length, magnification, size) {
  const step = 1 / magnification, width = Math.max(step, 1), lines = [];
  for (let at = 0; at < SIDE; at++) {
    const target = at - MARGIN, centre = first + (target + 0.5) * step - 0.5;
    const outside = target < 0 || target >= length * magnification - NUDGE;
    const low = Math.ceil(centre - 2 * width), high = Math.floor(centre + 2 * width), weights = [];
    for (let source = low; source <= high; source++) weights.push(cubic((source - centre) / width));
    const total = Math.max(weights.reduce((sum, weight) => sum + weight, 0), NUDGE);
    const cut = (weight, index) => (low + index < 0 || low + index >= size || (step !== 1 && outside) ? 0 : weight / total);
    lines.push({ low, weights: weights.map(cut) });
  }
  return lines;
}

function cubic(distance) {
  const x = Math.abs(distance);
  return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

// Along the columns first, over the px that the rows read, then along the rows.
function through(rows, columns, ink, width) {
  const result = new Float64Array(PIXELS), line = new Float64Array(width);
  const reads = ({ weights }) => weights.some((weight) => weight !== 0), read = columns.filter(reads);
  const left = Math.max(read[0].low, 0), right = Math.min(read.at(-1).low + read.at(-1).weights.length, width);
  rows.forEach(({ low, weights }, y) => {
    if (!reads({ weights })) return;
    line.fill(0);
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index], start = (low + index) * width;
      if (weight) for (let x = left; x < right; x++) line[x] += weight * ink[start + x];
    }
    columns.forEach((column, x) => {
      let sum = 0;
      for (let index = 0; index < column.weights.length; index++) {
        if (column.weights[index]) sum += column.weights[index] * line[column.low + index];
      }
      result[y * SIDE + x] = sum;
    });
  });
  return result;
}

// By how many whole px a profile has to move for its centre of mass to lie in [13.5, 14.5).
function centring(profile, length) {
  let mass = 0, moment = 0;
  profile.forEach((value, at) => { mass += value; moment += value * at; });
  const centre = mass > 0 ? moment / Math.max(mass, NUDGE) : CENTRE;
  const room = SIDE - MARGIN - Math.ceil(length - NUDGE);
  return Math.min(Math.max(Math.ceil(CENTRE - centre - NUDGE), -MARGIN), room);
}
