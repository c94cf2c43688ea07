// Keeping a digit: as a picture, as MNIST's own files, or with all answers; nothing leaves the computer.

function startKeep(ink, models, state) {
  const label = byId("label");
  label.addEventListener("input", () => { label.dataset.chosen = "yes"; });
  const levels = () => Uint8Array.from(state.seen.images[state.form], (value) => Math.round(255 * value));
  const actions = {
    png: () => byId("pad-copy").toBlob((blob) => save(blob, "digit.png")),
    idx: () => {
      const bytes = (...parts) => new Blob(parts, { type: "application/octet-stream" });  // else browsers add an ending
      save(bytes(idxHeader(1, 28, 28), levels()), "images-idx3-ubyte");
      save(bytes(idxHeader(1), Uint8Array.of(Number(label.value))), "labels-idx1-ubyte");
    },
    json: () => save(new Blob([JSON.stringify(record(), null, 1)]), "digit.json"),
  };
  for (const button of all("[data-keep]")) {
    button.addEventListener("click", () => {
      if (!state.seen) return;
      if (button.dataset.keep === "png") paintWhiteOnBlack(byId("pad-copy"), ink.levels);
      actions[button.dataset.keep]();
    });
  }

  function record() {
    const answers = Object.fromEntries(["drawn", "mnist"].map((form) => [form, models.map((model, index) => ({
      model: model.name, logits: Array.from(state.seen.answers[form][index]), probabilities: softmax(state.seen.answers[form][index], model.temperature),
    }))]));
    const images = Object.fromEntries(["drawn", "mnist"].map((form) => [form, Array.from(state.seen.images[form], (value) => Number(value.toFixed(4)))]));
    return { label: Number(label.value), read: state.form, images, measures: state.seen.measures, answers, limits: state.limits };
  }

  // The label follows the first model's answer until somebody says what it is.
  return (answers) => { if (answers && !label.dataset.chosen) label.value = best(answers[0]); };
}

// The header of MNIST's files: two zeros, unsigned bytes, the number of sizes, the sizes.
function idxHeader(...sizes) {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  header.setUint32(0, 0x0800 + sizes.length);
  sizes.forEach((size, index) => header.setUint32(4 + 4 * index, size));
  return header.buffer;
}

function paintWhiteOnBlack(canvas, levels) {
  const context = canvas.getContext("2d"), image = context.createImageData(POINTS, POINTS);
  levels.forEach((level, at) => image.data.set([level, level, level, 255], 4 * at));
  context.putImageData(image, 0, 0);
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
