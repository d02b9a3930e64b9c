// The filters of the view as chips. What they say comes from logs and links: text nodes only, never HTML.
const bars = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const bar = parentElement.querySelector(".bar");
  if (!bars.has(bar)) bars.set(bar, outbox((unconfirmed) => bar.transmit("actions", unconfirmed)));
  bar.transmit = setTriggerValue;
  bars.get(bar).confirm(data.done);
  bar.replaceChildren(...data.chips.map((chip) => drawChip(bar, chip)));
  if (data.chips.length > 1) bar.append(button(bar, "", "clear", "Clear all", "Remove every filter"));
}

function drawChip(bar, chip) {
  const box = document.createElement("span");
  box.className = "chip" + (chip.inverted ? " inverted" : "") + (chip.disabled ? " disabled" : "");
  const text = document.createElement("span");
  text.className = "text";
  text.textContent = chip.text;
  text.title = chip.text;
  const mode = chip.inverted ? "without" : "only";
  box.append(
    button(bar, chip.name, "invert", mode, chip.inverted ? "Keep only these" : "Leave these out"),
    text,
    button(bar, chip.name, "disable", chip.disabled ? "off" : "on", chip.disabled ? "Switch on again" : "Switch off for now"),
    button(bar, chip.name, "remove", "×", "Remove"),
  );
  return box;
}

function button(bar, name, action, label, title) {
  const element = document.createElement("button");
  element.className = action;
  element.textContent = label;
  element.title = title;
  element.setAttribute("aria-label", `${title}${name ? ": " + name : ""}`);
  element.addEventListener("click", () => bars.get(bar).post("act", { name, action }));
  return element;
}
