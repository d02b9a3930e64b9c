// The live tail. Log text becomes text nodes only. Rows are known by their number, so that a change moves none that
// stays; whoever has scrolled up is left in peace, and told how many have come since.
const tails = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".tail");
  const pill = parentElement.querySelector(".pill");
  let tail = tails.get(list);
  if (!tail) {
    tail = { rows: new Map(), last: 0, seen: 0, follows: true };
    tails.set(list, tail);
    list.addEventListener("scroll", () => {
      tail.follows = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
      if (tail.follows) tail.seen = tail.last;
      tell();
    });
    pill.addEventListener("click", () => {
      list.scrollTop = list.scrollHeight;
    });
    list.addEventListener("click", open);
    list.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open(event);
    });
  }
  tail.open = (number) => setTriggerValue("opened", number);
  tail.paused = data.paused;
  tail.waiting = data.new;
  list.style.setProperty("--height", data.height + "px");
  update();

  function open(event) {
    const row = event.target.closest(".row");
    if (row) tail.open(Number(row.dataset.number));
  }

  function update() {
    const keep = new Set(data.number);
    for (const [number, row] of tail.rows) {
      if (!keep.has(number)) {
        const height = tail.follows ? 0 : row.offsetHeight;
        const above = row.offsetTop < list.scrollTop;
        row.remove();
        tail.rows.delete(number);
        if (above && height) list.scrollTop -= height;
      }
    }
    let next = list.firstChild;
    for (let at = 0; at < data.number.length; at++) {
      const number = data.number[at];
      let row = tail.rows.get(number);
      if (row) {
        next = row.nextSibling;
        continue;
      }
      row = make(at, number);
      tail.rows.set(number, row);
      list.insertBefore(row, next);
    }
    tail.last = data.number.length ? data.number[data.number.length - 1] : tail.last;
    if (tail.follows && !data.paused) {
      list.scrollTop = list.scrollHeight;
      tail.seen = tail.last;
    }
    tell();
  }

  function make(at, number) {
    const row = document.createElement("div");
    row.className = "row";
    row.tabIndex = -1;
    row.dataset.number = number;
    const colour = data.colours[data.level[at]] || data.colours.unknown;
    if (["ERROR", "CRITICAL", "WARNING", "SECURITY"].includes(data.level[at])) row.style.borderLeftColor = colour;
    for (const [kind, text] of [
      ["time", data.time[at]],
      ["level", data.level[at]],
      ["service", data.service[at]],
      ["text", data.text[at]],
    ]) {
      const cell = document.createElement("span");
      cell.className = kind;
      cell.textContent = text;
      if (kind === "level") cell.style.color = colour;
      row.appendChild(cell);
    }
    return row;
  }

  function tell() {
    let below = 0;
    if (!tail.follows) for (const number of tail.rows.keys()) if (number > tail.seen) below += 1;
    const fresh = tail.paused ? tail.waiting : below;
    pill.textContent = fresh ? fresh.toLocaleString("en") + " new ↓" : "to the newest ↓";
    pill.classList.toggle("shown", tail.paused ? fresh > 0 : !tail.follows);
  }
}
