// A classifier as a chain of operations: what robustmnist/sketchpad/interpret.py computes in torch.
// Values are {shape, values}: maps (C, H, W), planes (H, W) or rows (N).

// Ten logits of 784 values of ink in [0, 1].
function answer(chain, ink) {
  let given = { shape: [1, 28, 28], values: Float64Array.from(ink) };
  for (const step of chain.operations) given = OPERATIONS[step.kind](given, step);
  return Float64Array.from(given.values);
}

const OPERATIONS = {
  activation: ({ shape, values }, step) => {
    const result = new Float64Array(values.length), function_ = activated(step.name, step.a);
    if (step.name === "relu") for (let at = 0; at < values.length; at++) result[at] = values[at] > 0 ? values[at] : 0;
    else for (let at = 0; at < values.length; at++) result[at] = function_(values[at]);
    return { shape, values: result };
  },
  affine: ({ shape, values }, step) => {
    const factor = perValue(step.factor.values, shape), offset = perValue(step.offset.values, shape);
    return { shape, values: values.map((value, index) => value * factor(index) + offset(index)) };
  },
  arrange: rearranged,
  columns: ({ values }, step) => row(Float64Array.from(step.columns, (column) => values[column])),
  convolution: convolved,
  dense: ({ values }, step) => row(dense(values, step)),
  flatten: ({ values }) => row(values),
  "log-softmax": ({ shape, values }) => {
    const most = Math.max(...values);
    const total = most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
    return { shape, values: values.map((value) => value - total) };
  },
  pad: (given, step) => framed(given, step.frame, step.value === "low" ? -Infinity : 0),
  plane: ({ shape, values }) => ({ shape: shape.slice(1), values }),
  pool: pooled,
  repeat: ({ shape, values }, step) => {
    const maps = new Float64Array(step.channels * values.length);
    for (let channel = 0; channel < step.channels; channel++) maps.set(values, channel * values.length);
    return { shape: [step.channels, shape[1], shape[2]], values: maps };
  },
  resize: ({ values }, step) => {
    const [size, side] = step.matrix.shape, matrix = step.matrix.values;
    const down = multiplied(matrix, values, size, side, side);
    return { shape: [1, size, size], values: multiplied(down, transposed(matrix, size, side), size, side, size) };
  },
  slopes: ({ shape, values }, step) => {
    const slope = perValue(step.slopes.values, shape);
    return { shape, values: values.map((value, index) => (value > 0 ? value : value * slope(index))) };
  },
  standardise: ({ shape, values }, step) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const sd = Math.max(Math.sqrt(variance), step.least);
    return { shape, values: values.map((value) => (value - mean) / sd) };
  },
  transpose: ({ shape, values }) => ({ shape, values: transposed(values, 28, 28) }),
  whole: ({ shape: [channels, rows, columns], values }, step) => {
    const size = rows * columns, maps = Array.from({ length: channels }, (_, map) => values.subarray(map * size, (map + 1) * size));
    const reduced = step.how === "max" ? (map) => Math.max(...map) : (map) => map.reduce((sum, value) => sum + value, 0) / size;
    return row(Float64Array.from(maps, reduced));
  },
};

const row = (values) => ({ shape: [values.length], values });

// One number, one for each channel, or one for each value.
function perValue(numbers, shape) {
  if (numbers.length === 1) return () => numbers[0];
  const count = shape.reduce((product, side) => product * side, 1), each = count / numbers.length;
  return (index) => numbers[Math.floor(index / each)];
}

function activated(name, a) {
  switch (name) {
    case "relu": return (x) => (x > 0 ? x : 0);
    case "leaky": return (x) => (x > 0 ? x : a * x);
    case "elu": return (x) => (x > 0 ? x : a * Math.expm1(x));
    case "selu": return (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
    case "gelu": return (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
    case "silu": return (x) => x / (1 + Math.exp(-x));
    case "mish": return (x) => x * Math.tanh(softplus(x));
    case "tanh": return Math.tanh;
    case "sigmoid": return (x) => 1 / (1 + Math.exp(-x));
    case "softplus": return softplus;
    case "softsign": return (x) => x / (1 + Math.abs(x));
    case "exponential": return Math.exp;
    case "clip": return (x) => Math.min(Math.max(x, 0), a);
    case "log": return (x) => Math.log(Math.max(x, a));
  }
  throw new Error(`no activation ${name}`);
}

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// To 1.2e-7. Source: Press et al., "Numerical recipes in C", 2nd edition, 1992, section 6.2 (Chebyshev fit of erfc).
function erf(x) {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const fit = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const power = fit.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const tail = t * Math.exp(-x * x + power);
  return x >= 0 ? 1 - tail : tail - 1;
}

function dense(values, step) {
  const [outputs, inputs] = step.weight.shape, weight = step.weight.values;
  const result = Float64Array.from(step.bias.values);
  for (let output = 0; output < outputs; output++) {
    const start = output * inputs;
    let first = 0, second = 0, third = 0, fourth = 0, input = 0;
    for (; input + 3 < inputs; input += 4) {
      first += weight[start + input] * values[input];
      second += weight[start + input + 1] * values[input + 1];
      third += weight[start + input + 2] * values[input + 2];
      fourth += weight[start + input + 3] * values[input + 3];
    }
    for (; input < inputs; input++) first += weight[start + input] * values[input];
    result[output] += first + second + third + fourth;
  }
  return result;
}

// A convolution as a product of kernels and patches, two kernels by four patches at once: eight sums stay in registers.
function convolved(given, step) {
  const { shape: [channels, height, width], values } = framed(given, step.padding, 0);
  const [outputs, , rows, columns] = step.weight.shape, [down, across] = step.stride, [apart, aside] = step.dilation;
  const groups = step.groups, inputs = channels / groups, kernels = outputs / groups, size = inputs * rows * columns;
  const high = Math.floor((height - apart * (rows - 1) - 1) / down) + 1;
  const wide = Math.floor((width - aside * (columns - 1) - 1) / across) + 1, count = high * wide;
  const result = new Float64Array(outputs * count), bias = step.bias.values;
  const patches = (step.patches ??= new Float64Array(size * (count + 3)));
  for (let group = 0; group < groups; group++) {
    let at = 0;
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++) {
        for (let input = 0; input < inputs; input++) {
          for (let i = 0; i < rows; i++) {
            let from = ((group * inputs + input) * height + y * down + i * apart) * width + x * across;
            for (let j = 0; j < columns; j++, from += aside) patches[at++] = values[from];
          }
        }
      }
    }
    for (let kernel = group * kernels; kernel < (group + 1) * kernels; kernel += 2) {
      const two = kernel + 1 < (group + 1) * kernels;
      multiplyTwo(step.weight.values, kernel * size, two ? size : 0, patches, size, count, result, kernel * count, two ? count : 0, bias[kernel], bias[two ? kernel + 1 : kernel]);
    }
  }
  return { shape: [outputs, high, wide], values: result };
}

// Rows of `result` at `out` and `out + nextOut`: the kernels at `at` and `at + nextAt` times each of `count` patches.
function multiplyTwo(weight, at, nextAt, patches, size, count, result, out, nextOut, bias, nextBias) {
  const other = at + nextAt;
  for (let patch = 0; patch < count; patch += 4) {
    const p0 = patch * size, p1 = p0 + size, p2 = p1 + size, p3 = p2 + size;
    let a0 = bias, a1 = bias, a2 = bias, a3 = bias, b0 = nextBias, b1 = nextBias, b2 = nextBias, b3 = nextBias;
    for (let k = 0; k < size; k++) {
      const a = weight[at + k], b = weight[other + k];
      const v0 = patches[p0 + k], v1 = patches[p1 + k], v2 = patches[p2 + k], v3 = patches[p3 + k];
      a0 += a * v0; b0 += b * v0;
      a1 += a * v1; b1 += b * v1;
      a2 += a * v2; b2 += b * v2;
      a3 += a * v3; b3 += b * v3;
    }
    // Behind the last patch there are none; where there is a kernel alone, both sums are its own.
    const left = count - patch, second = out + nextOut + patch, first = out + patch;
    result[second] = b0;
    if (left > 1) result[second + 1] = b1;
    if (left > 2) result[second + 2] = b2;
    if (left > 3) result[second + 3] = b3;
    result[first] = a0;
    if (left > 1) result[first + 1] = a1;
    if (left > 2) result[first + 2] = a2;
    if (left > 3) result[first + 3] = a3;
  }
}

function pooled(given, step) {
  const most = step.how === "max", [rows, columns] = step.size, [down, across] = step.stride;
  const { shape: [channels, height, width], values } = framed(given, step.padding, most ? -Infinity : 0);
  const [left, , top] = step.padding, [, inHeight, inWidth] = given.shape;
  const high = Math.floor((height - rows) / down) + 1, wide = Math.floor((width - columns) / across) + 1;
  const result = new Float64Array(channels * high * wide);
  if (most && rows === 2 && columns === 2 && down === 2 && across === 2) return { shape: [channels, high, wide], values: halved(values, result, channels, height, width) };
  const within = (start, length, before, side) => Math.min(start + length, before + side) - Math.max(start, before);
  for (let channel = 0, at = 0; channel < channels; channel++) {
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++, at++) {
        let value = most ? -Infinity : 0;
        for (let i = 0; i < rows; i++) {
          const from = (channel * height + y * down + i) * width + x * across;
          for (let j = 0; j < columns; j++) {
            const next = values[from + j];
            if (most) { if (next > value) value = next; } else value += next;
          }
        }
        const counted = step.inside ? within(y * down, rows, top, inHeight) * within(x * across, columns, left, inWidth) : rows * columns;
        result[at] = most ? value : value / counted;
      }
    }
  }
  return { shape: [channels, high, wide], values: result };
}

// The usual pooling, 2 x 2.
function halved(values, result, channels, height, width) {
  const high = height >> 1, wide = width >> 1;
  for (let channel = 0, at = 0; channel < channels; channel++) {
    for (let y = 0; y < high; y++) {
      let from = (channel * height + 2 * y) * width;
      for (let x = 0; x < wide; x++, from += 2) {
        const upper = Math.max(values[from], values[from + 1]), lower = Math.max(values[from + width], values[from + width + 1]);
        result[at++] = Math.max(upper, lower);
      }
    }
  }
  return result;
}

// Maps with a frame of `value`: left, right, top, bottom; a negative side is cut off.
function framed({ shape, values }, [left, right, top, bottom], value) {
  if (!(left || right || top || bottom)) return { shape, values };
  const [channels, height, width] = shape, high = height + top + bottom, wide = width + left + right;
  const result = new Float64Array(channels * high * wide).fill(value);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = Math.max(0, -top); y < Math.min(height, height + bottom); y++) {
      const from = (channel * height + y) * width, first = Math.max(0, -left), end = Math.min(width, width + right);
      result.set(values.subarray(from + first, from + end), (channel * high + y + top) * wide + left + first);
    }
  }
  return { shape: [channels, high, wide], values: result };
}

// Keras' Flatten and Reshape, which see maps as (H, W, C).
function rearranged({ shape, values }, step) {
  const last = shape.length === 3 ? transposed(values, shape[0], shape[1] * shape[2]) : values;
  const [height, width, channels] = step.shape;
  if (step.shape.length === 1) return row(last);
  if (step.shape.length === 2) return { shape: step.shape, values: last };
  return { shape: [channels, height, width], values: transposed(last, height * width, channels) };
}

function transposed(values, rows, columns) {
  const result = new Float64Array(values.length);
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) result[x * rows + y] = values[y * columns + x];
  return result;
}

function multiplied(first, second, rows, inner, columns) {
  const result = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let k = 0; k < inner; k++) {
      const weight = first[y * inner + k];
      if (weight) for (let x = 0; x < columns; x++) result[y * columns + x] += weight * second[k * columns + x];
    }
  }
  return result;
}
