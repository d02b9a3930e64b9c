// Keys that work on every page: / search, g and a letter for a page, ? shows them all. What a list of lines or events
// does with j, k, Enter and Escape is in virtual_rows.js and in the scripts of the lists.
const GO_MS = 1500;
let current = null; // one listener, however often the script is drawn

export default function ({ data, parentElement }) {
  const dialog = parentElement.querySelector("dialog");
  drawHelp(dialog, data);
  const isFirst = current === null;
  current = { pages: data.pages, dialog };
  if (isFirst) document.addEventListener("keydown", keydown, true);
}

let pressedGoAt = -Infinity;

// In the phase before all others: the letter after g is no key of a list.
function keydown(event) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || isEditable(target)) return;
  const isGo = event.timeStamp - pressedGoAt < GO_MS;
  pressedGoAt = event.key === "g" && !isGo ? event.timeStamp : -Infinity;
  if (isGo && Object.hasOwn(current.pages, event.key)) openPage(current.pages[event.key].path);
  else if (event.key === "/") focusSearch();
  else if (event.key === "?") toggleHelp();
  else if (event.key !== "g") return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function isEditable(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function openPage(path) {
  const links = [...document.querySelectorAll("a[href]")];
  const link = links.find((candidate) => new URL(candidate.href).pathname === new URL(path || ".", document.baseURI).pathname);
  if (link) link.click();
}

function focusSearch() {
  const search = () => document.querySelector("[data-testid=stSidebar] input[aria-label=Text]");
  const expand = document.querySelector("[data-testid=stExpandSidebarButton]");
  if (!expand) return search()?.focus();
  expand.click();
  setTimeout(() => search()?.focus(), 400);
}

function toggleHelp() {
  if (current.dialog.open) current.dialog.close();
  else current.dialog.showModal();
}

function drawHelp(dialog, data) {
  if (dialog.childElementCount) return;
  const heading = document.createElement("h2");
  heading.textContent = "Keys";
  const table = document.createElement("table");
  const pages = Object.entries(data.pages).map(([letter, { title }]) => [`g ${letter}`, title]);
  for (const [keys, what] of [...data.keys, ...pages]) {
    const row = table.insertRow();
    for (const key of keys.split(" ")) row.appendChild(document.createElement("kbd")).textContent = key;
    const cell = document.createElement("td");
    cell.append(...row.childNodes);
    row.append(cell);
    row.insertCell().textContent = what;
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(heading, table, close);
}
