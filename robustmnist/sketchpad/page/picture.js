// Ink on a canvas: black of as much opacity as there is ink. The style sheet inverts it on a dark page.

function paint(canvas, values, side, full) {
  const context = canvas.getContext("2d"), image = context.createImageData(side, side);
  for (let at = 0; at < values.length; at++) image.data[4 * at + 3] = 255 * values[at] / full;
  context.putImageData(image, 0, 0);
}

// Values of either sign over a picture: vermilion for the class, blue against it.
function paintHeat(canvas, values) {
  const context = canvas.getContext("2d"), image = context.createImageData(28, 28);
  const sizes = Array.from(values, Math.abs).sort((a, b) => a - b), most = sizes[Math.floor(0.99 * (sizes.length - 1))] || 1;
  values.forEach((value, at) => {
    image.data.set(value > 0 ? [213, 94, 0] : [0, 114, 178], 4 * at);
    image.data[4 * at + 3] = 255 * Math.min(Math.abs(value) / most, 1);
  });
  context.putImageData(image, 0, 0);
}

const wipe = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);

const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Numbers as the reports write them: a true minus, a sign where asked for.
function plain(value, decimals, signed = false) {
  const text = Math.abs(value).toFixed(decimals), zero = Number(text) === 0;
  return (value < 0 && !zero ? "\u2212" : signed && !zero ? "+" : "") + text;
}

// Never 100 % where it is less.
function percent(share) {
  if (share > 0.9994 && share < 1) return ">99.9 %";
  return (100 * share).toFixed(share < 0.9995 && share > 0.0005 ? 1 : 0) + " %";
}

const withUnit = (value, unit, decimals, signed) => plain(value, decimals, signed) + (unit === "\u00b0" || unit === "\u00d7" ? unit : unit && `\u00a0${unit}`);
