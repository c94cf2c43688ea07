// The drawing pad: pen, touch, mouse and keys write on the ink; `changed` is called whenever it is another.

function startPad(ink, widths, changed) {
  const canvas = byId("pad"), cursor = byId("cursor"), pen = { down: false, at: null, key: { x: 140, y: 140, down: false } };
  const width = () => byId("width").valueAsNumber * PER_PIXEL, erasing = () => byId("erase").getAttribute("aria-pressed") === "true";
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width * POINTS, y: (event.clientY - box.top) / box.height * POINTS };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    remember(ink);
    pen.down = true;
    pen.at = point(event);
    draw(pen.at);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pen.down || !event.isPrimary) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) draw(point(each), false);
    changed();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { pen.down = false; });

  function draw(to, tell = true) {
    stroke(ink, pen.at, to, width(), erasing());
    pen.at = to;
    if (tell) changed();
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const key = pen.key, step = STEPS[event.key], inside = (value) => Math.min(Math.max(value, 0), POINTS);
    if (step) {
      pen.at = { x: key.x, y: key.y };
      for (const [axis, by] of [["x", step[0]], ["y", step[1]]]) key[axis] = inside(key[axis] + by * (event.shiftKey ? 20 : 5));
      if (key.down) draw({ x: key.x, y: key.y });
    } else if (event.key === " ") {
      key.down = !key.down;
      if (key.down) {
        remember(ink);
        pen.at = { x: key.x, y: key.y };
        draw(pen.at);
      }
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key === "e") toggle();
    else return;
    event.preventDefault();
    showCursor();
  });
  canvas.addEventListener("blur", () => { pen.key.down = false; cursor.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); back(); }
  });

  function showCursor() {
    cursor.hidden = false;
    cursor.classList.toggle("down", pen.key.down);
    cursor.style.left = `${pen.key.x / POINTS * 100}%`;
    cursor.style.top = `${pen.key.y / POINTS * 100}%`;
    cursor.style.width = `${width() / POINTS * 100}%`;
  }

  function clear() {
    if (isBlank(ink)) return;
    remember(ink);
    ink.levels = new Uint8Array(POINTS * POINTS);
    ink.digit = null;
    changed();
  }
  function back() { if (undo(ink)) changed(); }
  function toggle() { byId("erase").setAttribute("aria-pressed", String(!erasing())); }

  byId("clear").addEventListener("click", clear);
  byId("undo").addEventListener("click", back);
  byId("erase").addEventListener("click", toggle);
  byId("width").addEventListener("input", showWidth);
  const [least, most] = [Number(byId("width").min), Number(byId("width").max)], part = (value) => 100 * (value - least) / (most - least);
  span(byId("pen-band"), part(widths[0]), part(widths[1]));
  showWidth();
  function showWidth() { byId("width-text").textContent = withUnit(byId("width").valueAsNumber, "px", 1); }
}
