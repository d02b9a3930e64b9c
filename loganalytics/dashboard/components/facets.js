// Counts of the values of some fields. A click keeps only a value, the minus leaves it out; a field folds.
const outboxes = new WeakMap();
const folded = new Set(); // the names of fields, for as long as the tab is open

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".facets");
  if (!outboxes.has(root)) outboxes.set(root, outbox((unconfirmed) => root.transmit("actions", unconfirmed)));
  root.transmit = setTriggerValue;
  outboxes.get(root).confirm(data.done);
  root.replaceChildren(...data.fields.map((field) => drawField(root, field)));
}

function drawField(root, field) {
  const details = document.createElement("details");
  details.open = !folded.has(field.name);
  details.addEventListener("toggle", () => {
    if (details.open) folded.delete(field.name);
    else folded.add(field.name);
  });
  const summary = document.createElement("summary");
  summary.textContent = field.label;
  const list = document.createElement("ul");
  const most = Math.max(1, ...field.values.map(([, , events]) => events));
  list.append(...field.values.map((row) => drawValue(root, field, row, most)));
  details.append(summary, list);
  return details;
}

function drawValue(root, field, [value, label, events], most) {
  const row = document.createElement("li");
  const choose = (exclude) => () => outboxes.get(root).post("filter", { field: field.name, value, exclude });
  const only = document.createElement("button");
  only.type = "button";
  only.className = "only";
  only.title = `Only ${label}`;
  only.style.setProperty("--share", `${(100 * events) / most}%`);
  const name = document.createElement("span");
  name.textContent = label;
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = events.toLocaleString("en");
  only.append(name, number);
  only.addEventListener("click", choose(false));
  const without = document.createElement("button");
  without.type = "button";
  without.className = "without";
  without.textContent = "−";
  without.title = `Without ${label}`;
  without.setAttribute("aria-label", `Without ${label}`);
  without.addEventListener("click", choose(true));
  row.append(only, without);
  return row;
}
