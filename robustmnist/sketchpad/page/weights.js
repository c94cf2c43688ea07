// Weights as robustmnist/sketchpad/packing.py wrote them: an entry {type, shape, at} of a block of bytes -> numbers.

// Doubles: engines compute in them, and what is read in a loop need not be converted.
function readArray(entry, block) {
  const count = entry.shape.reduce((product, side) => product * side, 1);
  if (entry.type === "float32") return Float64Array.from(new Float32Array(block.slice(entry.at, entry.at + 4 * count)));
  if (entry.type === "float16") return Float64Array.from(new Uint16Array(block.slice(entry.at, entry.at + 2 * count)), halfToNumber);
  const rows = entry.shape[0], row = count / rows;
  const levels = new Int8Array(block, entry.at, count);
  const scales = new Float32Array(block.slice(entry.scales, entry.scales + 4 * rows));
  return Float64Array.from(levels, (level, index) => level * scales[Math.floor(index / row)]);
}

function halfToNumber(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

// The block: base64 of gzip.
async function unpackBlock(base64) {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// Chains whose arrays are read, ready for `answer`.
function readChains(tables, block) {
  return tables.map((table) => ({
    name: table.name,
    operations: table.operations.map((step) => {
      const read = (value) => (value && value.type ? { shape: value.shape, values: readArray(value, block) } : value);
      return Object.fromEntries(Object.entries(step).map(([name, value]) => [name, read(value)]));
    }),
  }));
}
