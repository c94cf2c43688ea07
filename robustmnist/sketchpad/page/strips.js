// The digit against MNIST: four strips with the middle 95 % of the training digits; a ring as drawn, a dot in MNIST's form.

function startStrips(strips) {
  const at = (strip, value) => 100 * (Math.min(Math.max(value, strip.low), strip.high) - strip.low) / (strip.high - strip.low);
  const rows = strips.map((strip) => ({ strip, row: document.querySelector(`[data-strip="${strip.measure}"]`) }));
  for (const { strip, row } of rows) span(row.querySelector(".band"), at(strip, strip.band[0]), at(strip, strip.band[1]));
  return (measures) => {
    for (const { strip, row } of rows) {
      for (const form of ["drawn", "mnist"]) {
        const value = measures ? measures[form][strip.measure] : NaN, known = Number.isFinite(value);
        const mark = row.querySelector(`.${form}`), text = row.querySelector(`[data-value="${form}"]`);
        mark.hidden = !known;
        if (known) mark.style.left = `${at(strip, value)}%`;
        text.textContent = known ? withUnit(value, strip.unit === "px/px" ? "" : strip.unit, strip.unit === "px/px" ? 2 : 1) : "\u2013";
        text.classList.toggle("out", known && (value < strip.band[0] || value > strip.band[1]));
      }
    }
  };
}
