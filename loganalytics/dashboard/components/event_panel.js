// One event in full: a panel beside or over a list of events. Everything is log text: text nodes only, never HTML.
//
//   const panel = eventPanel(aside, {
//     close() { ... },
//     step(by) { ... },                 // optional: the previous or the next event
//     filter(field, exclude) { ... },   // only, or without, the value of a field
//     act(name) { ... },                // one of event.actions
//     openLine(id) { ... },             // optional: a line before or after was clicked
//   });
//   panel.draw(event);                  // null closes it
function eventPanel(aside, { close, step, filter, act, openLine }) {
  let shown = null;

  function draw(event) {
    aside.hidden = !event;
    if (!event || event.id === shown) {
      if (!event) shown = null;
      return;
    }
    shown = event.id;
    aside.replaceChildren(
      header(event), block("text", event.message), ...(event.exception ? [block("exception", event.exception)] : []),
      actions(event), section("Fields", fields(event.fields)),
      ...(event.lines.length ? [section(event.place, lines(event.lines))] : []),
    );
    aside.scrollTop = 0;
    const current = aside.querySelector(".this");
    if (current) current.parentElement.scrollTop = current.offsetTop - current.parentElement.offsetTop - 110;
  }

  function header(event) {
    const top = make("header");
    const title = make("h2", event.title);
    const steps = step ? [button("‹", () => step(-1), "Previous event (k)"), button("›", () => step(1), "Next event (j)")] : [];
    top.append(title, ...steps, button("✕", close, "Close the event (Esc)"));
    return top;
  }

  function actions(event) {
    const row = make("div");
    row.className = "actions";
    const copy = button("Copy as JSON", async () => {
      copy.textContent = (await copied(event.json)) ? "Copied" : "The browser refuses";
    });
    row.append(...event.actions.map(([name, label]) => button(label, () => act(name))), copy);
    return row;
  }

  function fields(rows) {
    const table = make("table");
    for (const [field, text, canFilter] of rows) {
      const row = table.insertRow();
      row.insertCell().textContent = field;
      const buttons = row.insertCell();
      if (canFilter)
        buttons.append(
          button("+", () => filter(field, false), `Only this value of ${field}`),
          button("−", () => filter(field, true), `Without this value of ${field}`),
        );
      row.insertCell().textContent = text;
    }
    return table;
  }

  function lines(rows) {
    const list = make("div");
    list.className = "context";
    list.tabIndex = 0;
    for (const [id, time, level, text] of rows) {
      const line = make("button", [time, level, text].filter(Boolean).join("  "));
      line.type = "button";
      if (id === shown) line.className = "this";
      if (id === shown) line.setAttribute("aria-current", "true");
      line.addEventListener("click", () => openLine(id));
      list.append(line);
    }
    return list;
  }

  return { draw, isOpen: () => shown !== null };
}

function section(title, content) {
  const details = make("details");
  details.open = true;
  details.append(make("summary", title), content);
  return details;
}

function block(name, text) {
  const shown = make("pre", text);
  shown.className = name;
  shown.tabIndex = 0;
  return shown;
}

function make(tag, text) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  return element;
}

function button(label, act, title) {
  const made = make("button", label);
  made.type = "button";
  if (title) made.title = title;
  if (title) made.setAttribute("aria-label", title);
  made.addEventListener("click", act);
  return made;
}

// Browsers give pages of plain http on another machine no clipboard.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make("textarea", text);
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}
