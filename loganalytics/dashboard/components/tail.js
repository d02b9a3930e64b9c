// The live tail. Log text becomes text nodes only. Rows are identified by their number, so that an update does not move
// rows that stay; whoever has scrolled up is not scrolled down, and sees how many new events there are.
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
      updatePill();
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
    const current = new Set(data.number);
    for (const [number, row] of tail.rows) {
      if (!current.has(number)) {
        const height = tail.follows ? 0 : row.offsetHeight;
        const above = row.offsetTop < list.scrollTop;
        row.remove();
        tail.rows.delete(number);
        if (above && height) list.scrollTop -= height;
      }
    }
    let next = list.firstChild;
    for (let index = 0; index < data.number.length; index++) {
      const number = data.number[index];
      let row = tail.rows.get(number);
      if (row) {
        next = row.nextSibling;
        continue;
      }
      row = makeRow(index, number);
      tail.rows.set(number, row);
      list.insertBefore(row, next);
    }
    tail.last = data.number.length ? data.number[data.number.length - 1] : tail.last;
    if (tail.follows && !data.paused) {
      list.scrollTop = list.scrollHeight;
      tail.seen = tail.last;
    }
    updatePill();
  }

  function makeRow(index, number) {
    const row = document.createElement("div");
    row.className = "row";
    row.tabIndex = -1;
    row.dataset.number = number;
    const colour = data.colours[data.level[index]] || data.colours.unknown;
    if (["ERROR", "CRITICAL", "WARNING", "SECURITY"].includes(data.level[index])) row.style.borderLeftColor = colour;
    for (const [field, content] of [
      ["time", data.time[index]],
      ["level", data.level[index]],
      ["service", data.service[index]],
      ["message", data.message[index]],
    ]) {
      const cell = document.createElement("span");
      cell.className = field;
      cell.textContent = content;
      if (field === "level") cell.style.color = colour;
      row.appendChild(cell);
    }
    return row;
  }

  function updatePill() {
    let below = 0;
    if (!tail.follows) for (const number of tail.rows.keys()) if (number > tail.seen) below += 1;
    const unseen = tail.paused ? tail.waiting : below;
    pill.textContent = unseen ? unseen.toLocaleString("en") + " new ↓" : "to the newest ↓";
    pill.classList.toggle("shown", tail.paused ? unseen > 0 : !tail.follows);
  }
}
