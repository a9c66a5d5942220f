// Buttons that copy a value, or take a neighbour's. Without this file there are none.
"use strict";
(() => {
  const status = document.getElementById("copied");

  // navigator.clipboard is absent on plain http.
  const copyOldWay = (text) => {
    const area = document.createElement("textarea");
    area.className = "visually-hidden";
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };

  const copy = async (text) => {
    if (!navigator.clipboard) return copyOldWay(text);
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyOldWay(text);
    }
  };

  const tell = (button, done) => {
    status.textContent = "";
    const words = done ? "Copied" : "Could not copy";
    // A change that follows another one at once would not be read out.
    setTimeout(() => { status.textContent = `${words} ${button.dataset.label}.`; }, 50);
    const label = button.firstChild;
    label.data = words;
    setTimeout(() => { label.data = "Copy"; }, 2000);
  };

  const textOf = (button) => {
    const source = document.getElementById(button.dataset.copy);
    if (source) return source.textContent;
    const field = button.parentElement.querySelector("input, textarea");
    return field ? field.value : button.dataset.text;
  };

  for (const button of document.querySelectorAll("button.copy")) {
    const { row } = button.dataset;
    if (row) {
      const place = document.querySelector(`.form-row.${row} .flex-container`);
      if (!place) continue;
      place.append(button);
    }
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = textOf(button);
      tell(button, await copy(text));
      button.focus();
    });
  }

  for (const button of document.querySelectorAll("button.take")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const values = Object.entries(JSON.parse(button.dataset.take));
      for (const [name, value] of values) {
        const field = document.getElementsByName(name)[0];
        field.value = value;
      }
      const [name] = values[0];
      document.getElementsByName(name)[0].focus();
      status.textContent = `The form now has the newer value of ${button.dataset.label}.`;
    });
  }
})();
