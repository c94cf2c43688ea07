// What the address asks for: #digit=3 is a test digit to start from, #draw=80,80,140,78;90,150,… are strokes of points.

const MOST_POINTS = 2000;

// Put it on the ink, and return whether there was anything.
function drawFromAddress(ink, address, labels, starters) {
  const digit = /^#digit=(\d)$/.exec(address), strokes = /^#draw=([\d.,;]+)$/.exec(address);
  const at = digit ? labels.indexOf(Number(digit[1])) : -1;
  if (at >= 0) putDigit(ink, starters.slice(784 * at, 784 * (at + 1)));
  else if (strokes && strokes[1].length < 12 * MOST_POINTS) strokes[1].split(";").forEach((text) => drawStroke(ink, text.split(",").map(Number)));
  else return false;
  return true;
}

function drawStroke(ink, numbers) {
  const points = [];
  for (let k = 0; k + 1 < numbers.length; k += 2) points.push({ x: numbers[k], y: numbers[k + 1] });
  const onPaper = points.every(({ x, y }) => x >= 0 && x <= POINTS && y >= 0 && y <= POINTS);
  if (onPaper) points.forEach((to, k) => stroke(ink, points[Math.max(k - 1, 0)], to, byId("width").valueAsNumber * PER_PIXEL, false));
}
