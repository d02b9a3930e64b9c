// A list of rows of equal height of which only the visible ones are in the page, however long it is.
//
// The text of this file is put before the script of a component that shows rows (see virtual_rows.py). There:
//
//   const rows = virtualRows(list, {        // list: an element of the class "rows"; it scrolls and takes the focus
//     fill(row, key, index) { ... },        // write a row into an element, which held another row before
//     open(key, index) { ... },             // a click, or Enter
//     select(key, index) { ... },           // optional: another row was selected, by a click or by the keyboard
//     visible(first, last) { ... },         // optional: other rows are in sight, by their indexes
//     follow: true,                         // optional: stay at the end while rows are added there
//     held(isHeld) { ... },                 // optional: the reader scrolled up from the end, or came back to it
//   });
//   rows.show(keys);                        // the rows by number, each number once; where they have changed
//   rows.show(keys, true);                  // the same, and each row is written anew
//
// A row is known by its number: `show` keeps the row at the top of the window exactly where it is, whatever was put
// before it or taken away, and the selected row selected. rows.keydown(event) moves the selection (j k, arrows, page up
// and down, Home, End) and opens (Enter); it is called for keys that are typed in the list, and returns whether it took
// the key, so that a page can pass on what is typed elsewhere. rows.selected() is a key or null.
//
// Log text is hostile: write it with cell.textContent, or with markText, which makes text nodes and <mark> only.
const ROW_HEIGHT = 22;
const OVERSCAN = 6;
let lists = 0;

function virtualRows(list, { fill, open, select, visible, held, follow = false }) {
  const canvas = list.appendChild(document.createElement("div"));
  const id = `rows-${(lists += 1)}`;
  let keys = [];
  let slots = []; // the row of index i is written in slots[i % slots.length]
  let version = 0;
  let follows = follow;
  let selectedKey = null;
  let top = 0;
  let height = list.clientHeight;
  let paintRequest = 0;
  let pressed = null;
  canvas.className = "rows-canvas";
  list.setAttribute("role", "listbox");
  list.tabIndex = 0;
  const resized = new ResizeObserver(() => {
    height = list.clientHeight;
    if (follows) scrollTo(Infinity);
    requestPaint();
  });
  resized.observe(list);
  list.addEventListener("scroll", () => {
    readPosition();
    requestPaint();
  });
  list.addEventListener("keydown", (event) => {
    if (keydown(event)) event.preventDefault();
  });
  // Rows may move between press and release: what counts is the row that was pressed.
  list.addEventListener("pointerdown", (event) => {
    const slot = event.target.closest(".row");
    pressed = slot && event.button === 0 ? { key: slot.key, x: event.clientX, y: event.clientY } : null;
    if (pressed) setFollows(false);
  });
  list.addEventListener("click", (event) => {
    const moved = pressed && Math.abs(event.clientX - pressed.x) + Math.abs(event.clientY - pressed.y) > 4;
    if (!pressed || moved) return; // a text was selected
    const index = keys.indexOf(pressed.key);
    if (index < 0) return;
    choose(index);
    open(keys[index], index);
  });

  function show(newKeys, isRewritten = false) {
    if (top !== list.scrollTop) readPosition(); // scrolled, and not told yet
    const anchor = keys[Math.floor(top / ROW_HEIGHT)];
    const offset = top % ROW_HEIGHT;
    const isSame = newKeys.length === keys.length;
    keys = newKeys;
    if (isRewritten) version += 1;
    if (!isSame) canvas.style.height = `${keys.length * ROW_HEIGHT}px`;
    if (follows) scrollTo(Infinity);
    else if (anchor !== undefined) scrollTo(indexNear(anchor) * ROW_HEIGHT + offset);
    paint();
  }

  // Where the row is; where it is gone, the next one of a list that is sorted by number.
  function indexNear(key) {
    const index = keys.indexOf(key);
    return index >= 0 ? index : Math.max(0, keys.findIndex((other) => other > key));
  }

  function scrollTo(wanted) {
    const position = Math.max(0, Math.min(wanted, keys.length * ROW_HEIGHT - height));
    if (position === top) return;
    list.scrollTop = position;
    top = list.scrollTop;
  }

  function readPosition() {
    const before = top;
    top = list.scrollTop;
    height = list.clientHeight; // a list that has grown is scrolled before its observer is told
    if (follow && top !== before) setFollows(top + height >= keys.length * ROW_HEIGHT - ROW_HEIGHT / 2);
  }

  function setFollows(isFollowing) {
    if (!follow || follows === isFollowing) return;
    follows = isFollowing;
    if (held) held(!follows);
  }

  function requestPaint() {
    if (!paintRequest) paintRequest = requestAnimationFrame(paint);
  }

  function paint() {
    cancelAnimationFrame(paintRequest);
    paintRequest = 0;
    const firstVisible = Math.floor(top / ROW_HEIGHT);
    const endVisible = Math.min(keys.length, Math.ceil((top + height) / ROW_HEIGHT));
    const first = Math.max(0, firstVisible - OVERSCAN);
    const end = Math.min(keys.length, endVisible + OVERSCAN);
    addSlots(Math.ceil(height / ROW_HEIGHT) + 2 * OVERSCAN + 2);
    for (let index = first; index < end; index++) write(slots[index % slots.length], index);
    for (const slot of slots) {
      const isUsed = slot.index >= first && slot.index < end;
      if (slot.hidden === isUsed) slot.hidden = !isUsed;
    }
    markActive();
    if (visible) visible(firstVisible, Math.max(firstVisible, endVisible - 1));
  }

  function addSlots(number) {
    if (slots.length >= number) return;
    while (slots.length < number) {
      const slot = canvas.appendChild(document.createElement("div"));
      slot.className = "row";
      slot.setAttribute("role", "option");
      slots.push(slot);
    }
    for (const slot of slots) slot.index = -1;
  }

  function write(slot, index) {
    const key = keys[index];
    if (slot.index !== index) {
      slot.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
      slot.classList.toggle("odd", index % 2 === 1);
      slot.index = index;
    }
    slot.setAttribute("aria-posinset", index + 1);
    slot.setAttribute("aria-setsize", keys.length);
    const isSelected = key === selectedKey;
    if (slot.key !== key || slot.version !== version) {
      slot.key = key;
      slot.version = version;
      slot.id = `${id}-${key}`;
      fill(slot, key, index);
    }
    slot.setAttribute("aria-selected", isSelected);
    slot.classList.toggle("selected", isSelected);
  }

  function markActive() {
    const index = selectedKey === null ? -1 : keys.indexOf(selectedKey);
    const slot = index < 0 ? null : slots[index % slots.length];
    if (slot && slot.index === index && !slot.hidden) list.setAttribute("aria-activedescendant", slot.id);
    else list.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    selectedKey = keys[index];
    if (select) select(selectedKey, index);
    requestPaint();
  }

  function moveTo(index) {
    if (!keys.length) return;
    const target = Math.max(0, Math.min(index, keys.length - 1));
    setFollows(false);
    if (target * ROW_HEIGHT < top) scrollTo(target * ROW_HEIGHT);
    else if ((target + 1) * ROW_HEIGHT > top + height) scrollTo((target + 1) * ROW_HEIGHT - height);
    choose(target);
  }

  function keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const current = selectedKey === null ? -1 : keys.indexOf(selectedKey);
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const start = follows ? keys.length - 1 : Math.ceil(top / ROW_HEIGHT);
    const step = (rows) => moveTo(current < 0 ? start : current + rows);
    const moves = {
      ArrowDown: () => step(1), j: () => step(1), ArrowUp: () => step(-1), k: () => step(-1),
      PageDown: () => step(page), PageUp: () => step(-page), Home: () => moveTo(0),
      End: () => (follow ? toEnd() : moveTo(keys.length - 1)),
      Enter: () => current >= 0 && open(keys[current], current),
    };
    if (!Object.hasOwn(moves, event.key)) return false;
    moves[event.key]();
    return true;
  }

  function toEnd() {
    scrollTo(Infinity);
    setFollows(true);
    requestPaint();
  }

  return {
    show,
    keydown,
    toEnd,
    moveTo,
    hold: () => setFollows(false),
    follows: () => follows,
    selected: () => selectedKey,
    unselect() {
      selectedKey = null;
      requestPaint();
    },
    range: () => [Math.floor(top / ROW_HEIGHT), Math.min(keys.length, Math.ceil((top + height) / ROW_HEIGHT)) - 1],
    dispose() {
      resized.disconnect();
      cancelAnimationFrame(paintRequest);
      canvas.remove();
    },
  };
}

// The cells of a row by name, made when it is written for the first time.
function cellsOf(row, names) {
  if (!row.cells) {
    row.cells = {};
    for (const name of names) {
      row.cells[name] = row.appendChild(document.createElement("span"));
      row.cells[name].className = name;
    }
  }
  return row.cells;
}

// Write text into a cell, with what the search found in it marked: texts that occur one after the other.
function markText(cell, text, found) {
  if (!found || !found.length) {
    cell.textContent = text;
    return;
  }
  const parts = [];
  let end = 0;
  for (const match of found) {
    const start = match ? text.indexOf(match, end) : -1;
    if (start < 0) continue;
    const mark = document.createElement("mark");
    mark.textContent = match;
    parts.push(text.slice(end, start), mark);
    end = start + match.length;
  }
  cell.replaceChildren(...parts, text.slice(end));
}

// Make an element reach to the bottom of the window, but never lower than some rows.
function fitToWindow(root, least) {
  const scroller = root.getRootNode().host?.closest("[data-testid=stMain]");
  const top = root.getBoundingClientRect().top + (scroller ? scroller.scrollTop : 0);
  const height = `${Math.max(least, Math.floor(window.innerHeight - top - 16))}px`;
  if (root.style.height !== height) root.style.height = height;
}

// Whether a key is meant for the list: not while somebody types, nor with a modifier, nor for a page that is gone.
function isForList(event, root) {
  const target = event.composedPath()[0];
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !root.isConnected) return false;
  return !target.isContentEditable && !/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
