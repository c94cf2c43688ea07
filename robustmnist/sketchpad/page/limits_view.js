// How far the digit may go: for every push a track with handwriting's band, each model's reach, and a slider.

function startLimits(given, pushTo) {
  const rows = given.pushes.map((push) => ({ push, row: document.querySelector(`[data-push="${push.key}"]`) }));
  for (const { push, row } of rows) {
    const band = row.querySelector(".band"), slider = row.querySelector("input");
    if (push.band) span(band, share(push, push.band[0]), share(push, push.band[1]));
    row.querySelector(".neutral").style.left = `${share(push, push.neutral)}%`;
    slider.addEventListener("input", () => { alone(push.key); pushTo(push, slider.valueAsNumber); });
  }
  byId("back").addEventListener("click", () => { alone(null); pushTo(null); });

  // One push at a time: all other sliders go back.
  function alone(key) {
    for (const { push, row } of rows) {
      const slider = row.querySelector("input");
      if (push.key !== key) slider.valueAsNumber = push.neutral;
      slider.setAttribute("aria-valuetext", pushWords(push, slider.valueAsNumber));
    }
  }
  alone(null);

  return {
    clear() {
      for (const { row } of rows) {
        row.classList.remove("known");
        for (const bar of all(".reach i", row)) bar.hidden = true;
        for (const pose of all(".pose", row)) pose.hidden = true;
      }
    },
    show(key, limits) {
      const { push, row } = rows.find((each) => each.push.key === key);
      row.classList.add("known");
      limits.forEach(([low, high], model) => {
        const bar = row.querySelectorAll(".reach i")[model];
        bar.hidden = false;
        span(bar, low ? share(push, low.strength) : 0, high ? share(push, high.strength) : 100);
        bar.classList.toggle("open-low", !low && push.low !== push.neutral);
        bar.classList.toggle("open-high", !high);
        showPose(row.querySelectorAll(".pose")[model], push, nearer(push, low, high));
      });
    },
    reset: () => alone(null),
  };

  function showPose(button, push, limit) {
    button.hidden = false;
    button.disabled = !limit;
    const picture = button.querySelector("canvas"), [name, at] = all("[data-text]", button);
    if (limit) paint(picture, limit.image, 28, 1); else wipe(picture);
    name.textContent = limit ? `reads ${limit.answer}` : "never";
    at.textContent = limit ? strengthText(push, limit.strength) : "within this range";
    button.onclick = limit && (() => {
      document.querySelector(`[data-push="${push.key}"] input`).valueAsNumber = limit.strength;  // to its nearest step
      alone(push.key);
      pushTo(push, limit.strength);
      byId("pushed").scrollIntoView({ block: "nearest" });
    });
  }
}

const share = (push, strength) => 100 * (Math.min(Math.max(strength, push.low), push.high) - push.low) / (push.high - push.low);

function span(element, from, to) {
  element.style.left = `${from}%`;
  element.style.width = `${to - from}%`;
}

// Of two limits the one that takes the smaller part of its way.
function nearer(push, low, high) {
  const way = (limit, end) => (limit ? (limit.strength - push.neutral) / (end - push.neutral) : Infinity);
  return way(low, push.low) <= way(high, push.high) ? low ?? high : high;
}

const DECIMALS = { px: 1, "\u00b0": 0, "\u00d7": 2, "of ink": 2 };

function strengthText(push, strength) {
  const sign = push.signs[strength < push.neutral ? 0 : 1], decimals = DECIMALS[push.unit];
  return sign ? `${sign} ${withUnit(Math.abs(strength), push.unit, decimals)}` : withUnit(strength, push.unit, decimals, push.neutral === 0 && push.low < 0);
}

// What a push does to the digit, in words.
function pushWords(push, strength) {
  const side = push.ends[strength < push.neutral ? 0 : 1], size = Math.abs(strength);
  if (strength === push.neutral) return "As it is";
  if (push.key === "scale") return `${withUnit(strength, push.unit, 2)} its size`;
  return `${push.title.split(" ")[0]} ${withUnit(size, push.unit, DECIMALS[push.unit])} ${push.key === "noise" ? "" : side}`.trim();
}
