// The events of a page of Explore: rows of which only the visible are drawn, and the open event in a drawer over them.
const EMPHASIZED = new Set(["WARNING", "ERROR", "CRITICAL", "SECURITY"]);
const STEP_MS = 150; // whoever holds a key down asks for the event that is reached, not for each on the way
const eventLists = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".events");
  if (!eventLists.has(root)) eventLists.set(root, eventList(root));
  const list = eventLists.get(root);
  list.update(JSON.parse(new TextDecoder().decode(component.data)), component.setTriggerValue);
  return list.dispose;
}

function eventList(root) {
  const find = (selector) => root.querySelector(selector);
  let shown = { page: null, columns: [], cells: [], found: null, colours: {} };
  let send = () => {};
  let asked = null;
  let opening = 0;
  const rows = virtualRows(find(".rows"), { fill, open: (key) => ask(key), select: (key) => panel.isOpen() && askSoon(key) });
  const panel = eventPanel(find(".event"), {
    close: () => send("open", null),
    step: (by) => step(by),
    filter: (field, exclude) => send("filter", { field, exclude, event: shown.event.id }),
    act: (name) => send("act", { name, event: shown.event.id }),
    openLine: (id) => send("line", id),
  });
  find(".rows").addEventListener("scroll", () => {
    find(".head div").style.transform = `translateX(${-find(".rows").scrollLeft}px)`;
  });
  document.addEventListener("keydown", keydown);
  window.addEventListener("resize", fit);

  function update(data, setTriggerValue) {
    send = setTriggerValue;
    const isNew = data.page !== shown.page;
    shown = data;
    if (isNew) {
      drawHead();
      find(".rows").scrollTop = 0;
      rows.unselect();
      rows.show(data.cells[0].map((_, index) => index), true);
    }
    select(data.selected);
    panel.draw(data.event);
    fit();
  }

  function select(index) {
    if (index === null || index === rows.selected()) return;
    asked = index;
    rows.moveTo(index);
  }

  function drawHead() {
    const line = make("div");
    line.append(...shown.columns.map((column) => sized(make("span", column.label), column)));
    find(".head").replaceChildren(line);
    const fixed = shown.columns.reduce((sum, column) => sum + (column.width || 46), 0);
    root.style.setProperty("--row-width", `calc(${fixed}ch + ${10 * shown.columns.length + 24}px)`);
  }

  function sized(cell, column) {
    if (column.width) cell.style.width = `${column.width}ch`;
    else cell.style.flex = "1 1 46ch";
    return cell;
  }

  function fill(row, key, index) {
    const names = shown.columns.map((column) => column.name);
    if (row.page !== shown.page) {
      row.replaceChildren(...shown.columns.map((column) => sized(make("span"), column)));
      row.page = shown.page;
    }
    const level = shown.levels[index];
    row.style.setProperty("--level-colour", shown.colours[level] || shown.colours.unknown);
    row.classList.toggle("emphasized", EMPHASIZED.has(level));
    names.forEach((name, place) => {
      const cell = row.children[place];
      cell.className = name === "level" || name === "message" ? name : "quiet";
      markText(cell, shown.cells[place][index] ?? "", name === "message" && shown.found ? shown.found[index] : null);
    });
  }

  function ask(index) {
    clearTimeout(opening);
    asked = index;
    send("open", { page: shown.page, index });
  }

  function askSoon(index) {
    if (index === asked) return;
    clearTimeout(opening);
    opening = setTimeout(() => ask(index), STEP_MS);
  }

  function step(by) {
    const current = rows.selected();
    const count = shown.cells[0].length;
    if (current === null) return;
    if (current + by >= 0 && current + by < count) rows.moveTo(current + by);
    else send("turn", by); // the last event of the page before, or the first of the next
  }

  function keydown(event) {
    if (!isForList(event, root)) return;
    if (event.key === "Escape" && panel.isOpen()) send("open", null);
    else if (panel.isOpen() && ["j", "k"].includes(event.key)) step(event.key === "j" ? 1 : -1);
    else if (!["j", "k"].includes(event.key) || !rows.keydown(event)) return;
    event.preventDefault();
  }

  function fit() {
    fitToWindow(root, 380);
  }

  function dispose() {
    document.removeEventListener("keydown", keydown);
    window.removeEventListener("resize", fit);
    clearTimeout(opening);
    rows.dispose();
    eventLists.delete(root);
  }

  return { update, dispose };
}
