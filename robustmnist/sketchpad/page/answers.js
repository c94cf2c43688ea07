// What the models answer: ten bars each, and under each picture a line for each model.

function showBars(within, answers, models) {
  models.forEach((model, index) => {
    const block = within.querySelector(`[data-bars="${index}"]`), shares = answers && softmax(answers[index], model.temperature);
    const chosen = shares && best(shares);
    block.querySelector("[data-digit]").textContent = shares ? chosen : "\u2013";
    block.querySelector("[data-share]").textContent = shares ? percent(shares[chosen]) : "";
    all("li", block).forEach((line, digit) => {
      const share = shares ? shares[digit] : 0;
      line.classList.toggle("chosen", digit === chosen);
      line.querySelector("i").style.width = `${100 * share}%`;
      line.lastElementChild.textContent = share >= 0.005 ? (100 * share).toFixed(0) : "";
    });
  });
}

function showLines(list, answers, models, other) {
  models.forEach((model, index) => {
    const line = list.children[index], shares = answers && softmax(answers[index], model.temperature);
    const chosen = shares && best(shares), apart = other && shares && best(other[index]) !== chosen;
    line.querySelector("b").textContent = shares ? chosen : "\u2013";
    line.querySelector("span").textContent = shares ? percent(shares[chosen]) : "";
    line.classList.toggle("apart", Boolean(apart));
  });
}

// One sentence for those who hear the page, once the pen has rested.
let speaking = 0;
function speak(answers, models) {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const words = answers && models.map((model, index) => {
      const shares = softmax(answers[index], model.temperature), chosen = best(shares);
      return `${model.name} reads ${chosen}, ${percent(shares[chosen])}`;
    });
    byId("spoken").textContent = words ? `${words.join("; ")}.` : "Nothing is drawn.";
  }, 700);
}
