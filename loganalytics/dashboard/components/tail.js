// The live tail: a bar, the lines, and the open event. Log text becomes text nodes only.
//
// The browser keeps the lines, and the server sends what is new, by number. Three states: following (the end is in
// sight, the oldest lines drop out), held (scrolled up: nothing moves, new lines are added below), paused (nothing is
// added; what comes is counted).
const tails = new WeakMap();
const HELD_LINES = 20000; // so many are kept while held or after a mark; then the tail pauses, and says so
const PLAY = "M4 2 L14 8 L4 14 Z";
const PAUSE = "M3 2 H7 V14 H3 Z M9 2 H13 V14 H9 Z";
const EMPHASIZED = new Set(["WARNING", "ERROR", "CRITICAL", "SECURITY"]);

export default function (component) {
  const root = component.parentElement.querySelector(".live");
  if (!tails.has(root)) tails.set(root, liveTail(root));
  const tail = tails.get(root);
  tail.update(JSON.parse(new TextDecoder().decode(component.data)), component.setTriggerValue);
  return tail.dispose;
}

function liveTail(root) {
  const find = (selector) => root.querySelector(selector);
  const lines = []; // [number, time, level, service, message, found, how many are left out]
  let keys = [];
  let sending = null; // which sending of all lines this continues
  let upto = 0;
  let seen = 0; // the newest number that was in sight
  let limit = 0;
  let pausedAt = null;
  let feed = null; // whose numbers these are: the server's reader of the source, anew with each start of the server
  let isLost = false; // what was paused or marked is no longer at the server
  let waiting = { count: 0, exact: true };
  let marks = new Set();
  let colours = {};
  let setTriggerValue = () => {};
  let opening = 0;
  const actions = outbox((unconfirmed) => setTriggerValue("actions", unconfirmed));
  const send = actions.post;
  const memory = tabMemory();
  const rows = virtualRows(find(".rows"), {
    follow: true,
    fill,
    open: (number) => Number.isInteger(number) && send("open", number),
    select: (number) => panel.isOpen() && openSoon(number),
    held(isHeld) {
      seen = upto;
      if (pausedAt === null) send("held", isHeld);
      drawPill();
    },
    visible: drawPill,
  });

  const panel = eventPanel(find(".event"), {
    close: () => send("open", null),
    step,
    filter: (field, exclude) => send("filter", { field, exclude }),
    act: (name) => send("act", name),
    openLine: (id) => send("line", id),
  });

  find(".pause").addEventListener("click", () => (pausedAt === null ? pause() : resume()));
  find(".pill").addEventListener("click", () => (pausedAt === null ? rows.toEnd() : resume()));
  find(".explore").addEventListener("click", explore);
  document.addEventListener("keydown", keydown);
  window.addEventListener("resize", fit);

  function update(data, newSetTriggerValue) {
    setTriggerValue = newSetTriggerValue;
    colours = data.colours;
    limit = data.limit;
    actions.confirm(data.done);
    if (data.feed !== feed) restore(data);
    const keepsLines = isLost && pausedAt !== null && lines.length > 0; // the only place that still has them
    if (!actions.awaits("restore") && !keepsLines) {
      if (!actions.awaits("pause", "resume")) takePaused(data);
      takeLines(data);
    }
    drawBar(data);
    drawNotices([...data.notices, ...ownNotices()]);
    find(".empty").textContent = data.empty;
    find(".empty").hidden = lines.length > 0 || !data.empty;
    panel.draw(data.event);
    drawPill();
    fit();
  }

  // This page is new, or the server is. What the tab remembers is newer than what the server did, or it is all there is.
  function restore(data) {
    const kept = memory.load();
    feed = data.feed;
    if (!kept || kept.number <= data.done) return;
    const isSomething = kept.paused !== null || kept.marks.length > 0;
    if (kept.feed !== feed) {
      isLost = isSomething;
      memory.save({ feed, number: 0, paused: null, marks: [] });
    } else if (isSomething || data.paused !== null || data.marks.length) {
      send("restore", { tab: memory.tab, number: kept.paused, marks: kept.marks });
    }
  }

  function remember(number) {
    memory.save({ feed, number, paused: pausedAt, marks: [...marks] });
    isLost = false;
  }

  function takePaused(data) {
    pausedAt = data.paused;
    waiting = { count: data.waiting, exact: data.exact };
  }

  function takeLines(data) {
    if (data.after === null) {
      if (data.sending === sending) return; // drawn again, with nothing new
      sending = data.sending;
      lines.length = 0;
      upto = 0;
      if (!actions.awaits("marks")) marks = new Set(data.marks);
    } else if (data.sending !== sending || data.after > upto) {
      if (!actions.awaits("resend")) send("resend", null); // an update was missed, or this page is new
      return;
    } else if (pausedAt !== null || data.upto <= upto) {
      return;
    }
    if (data.skipped) lines.push(gap(data.after + 0.5, data.skipped));
    const { number, time, level, service, message, found } = data.lines;
    for (let index = 0; index < number.length; index++)
      if (number[index] > upto)
        lines.push([number[index], time[index], level[index], service[index], message[index], found && found[index]]);
    upto = data.upto;
    drop();
    keys = lines.map((line) => line[0]);
    root.style.setProperty("--time", `${longest(1, 12)}ch`);
    root.style.setProperty("--service", `${Math.min(16, longest(3, 6))}ch`);
    if (rows.follows()) seen = upto;
    rows.show(keys, data.after === null);
    if (pausedAt === null && lines.length >= HELD_LINES) pause();
  }

  function gap(number, skipped) {
    const text = `… ${count(skipped, "line is", "lines are")} left out here: more came at once than the page can show`;
    return [number, "", "", "", text, null, skipped];
  }

  // The oldest lines drop out, unless somebody reads there or set a mark before.
  function drop() {
    const most = rows.follows() ? limit : HELD_LINES;
    if (lines.length <= most) return;
    const firstMark = lines.findIndex((line) => marks.has(line[0]));
    const wanted = rows.follows() && firstMark >= 0 ? Math.max(most, lines.length - firstMark) : most;
    lines.splice(0, lines.length - Math.min(wanted, HELD_LINES));
  }

  function longest(column, least) {
    return lines.reduce((length, line) => Math.max(length, line[column].length), least);
  }

  function fill(row, number, index) {
    const [, time, level, service, message, found] = lines[index];
    const cells = cellsOf(row, ["mark", "time", "level", "service", "message"]);
    row.style.setProperty("--level-colour", colours[level] || colours.unknown);
    row.classList.toggle("emphasized", EMPHASIZED.has(level));
    row.classList.toggle("gap", !Number.isInteger(number));
    row.classList.toggle("marked", marks.has(number));
    cells.mark.textContent = marks.has(number) ? "⚑" : "";
    cells.time.textContent = time;
    cells.level.textContent = level;
    cells.service.textContent = service;
    markText(cells.message, message, found);
  }

  function pause() {
    pausedAt = upto;
    waiting = { count: 0, exact: true };
    remember(send("pause", { number: upto, tab: memory.tab }));
    drawPause();
    drawPill();
  }

  function resume() {
    pausedAt = null;
    remember(send("resume", { tab: memory.tab }));
    rows.toEnd();
    drawPause();
    drawPill();
  }

  function explore() {
    const [first, last] = rows.range();
    if (last >= first && lines.length) send("explore", { first: Math.ceil(keys[first]), last: Math.floor(keys[last]) });
  }

  function mark() {
    const [, last] = rows.range();
    const number = rows.selected() ?? keys[last];
    if (!Number.isInteger(number)) return;
    if (!marks.delete(number)) marks.add(number);
    remember(send("marks", [...marks]));
    rows.show(keys, true);
    drawMarks();
  }

  function nextMark(step) {
    const current = rows.selected() ?? (step > 0 ? -Infinity : Infinity);
    const ordered = [...marks].filter((number) => (number - current) * step > 0).sort((a, b) => (a - b) * step);
    const index = ordered.length ? keys.indexOf(ordered[0]) : -1;
    if (index >= 0) rows.moveTo(index);
  }

  function keydown(event) {
    const target = event.composedPath()[0];
    if (!isForList(event, root)) return;
    const keyActions = {
      p: () => (pausedAt === null ? pause() : resume()), f: () => (pausedAt === null ? rows.toEnd() : resume()),
      h: rows.hold, m: mark, n: () => nextMark(1), N: () => nextMark(-1), e: explore, Escape: close,
    };
    if (Object.hasOwn(keyActions, event.key)) keyActions[event.key]();
    else if (/^(BUTTON|A)$/.test(target.tagName) || !rows.keydown(event)) return;
    event.preventDefault();
  }

  function close() {
    if (panel.isOpen()) send("open", null);
    else rows.unselect();
  }

  function step(by) {
    const index = keys.indexOf(rows.selected());
    if (index >= 0) rows.moveTo(index + by);
  }

  // Not each of the rows that are gone over.
  function openSoon(number) {
    clearTimeout(opening);
    opening = setTimeout(() => Number.isInteger(number) && send("open", number), 150);
  }

  function drawBar(data) {
    drawPause();
    drawMarks();
    find(".connection").textContent = data.connection;
    find(".connection").dataset.state = data.connection;
    find(".rate b").textContent = data.rate;
    find(".counts").textContent = data.counts;
    drawSpark(data.arrivals);
  }

  function drawPause() {
    const isPaused = pausedAt !== null;
    find(".pause span").textContent = isPaused ? "Continue" : "Pause";
    find(".pause path").setAttribute("d", isPaused ? PLAY : PAUSE);
    find(".pause").classList.toggle("paused", isPaused);
  }

  function drawMarks() {
    const shown = new Set(keys);
    const gone = [...marks].filter((number) => !shown.has(number)).length;
    find(".marks").textContent = marks.size ? `⚑ ${marks.size}${gone ? ` (${gone} not shown)` : ""}` : "";
  }

  function ownNotices() {
    const texts = [];
    if (isLost) {
      const kept = pausedAt === null ? "What was paused or marked here is no longer held." : "The paused lines stay here until you continue.";
      texts.push(["warning", `The server has begun to read anew. ${kept}`]);
    }
    if (pausedAt !== null && lines.length >= HELD_LINES) {
      const held = `The tail paused itself: ${count(lines.length, "line is", "lines are")} held, and no more can be.`;
      texts.push(["info", `${held} ${count(waiting.count, "newer one is", "newer ones are")} not held: open in Explore to see them.`]);
    }
    return texts;
  }

  // Bars of the seconds: all events, and over them the errors among them.
  function drawSpark(arrivals) {
    const spark = find(".spark");
    const highest = Math.max(1, ...arrivals.map(([events]) => events));
    const bars = (which) =>
      arrivals.map((second, x) => (second[which] ? `M${x} 1V${1 - Math.max(0.06, second[which] / highest)}h.8V1z` : "")).join("");
    spark.setAttribute("viewBox", `0 0 ${arrivals.length} 1`);
    find(".spark .events").setAttribute("d", bars(0));
    find(".spark .errors").setAttribute("d", bars(1));
    const errors = arrivals.reduce((sum, second) => sum + second[1], 0);
    const text = `Events per second, the last ${arrivals.length} seconds: at most ${count(highest, "event")}; ${count(errors, "error")} in all`;
    spark.setAttribute("aria-label", text);
  }

  function drawNotices(notices) {
    const texts = notices.map(([kind, text]) => {
      const notice = document.createElement("div");
      notice.className = kind;
      notice.textContent = text;
      return notice;
    });
    const shown = find(".notices");
    const isSame = shown.children.length === texts.length && texts.every((text, n) => text.isEqualNode(shown.children[n]));
    if (!isSame) shown.replaceChildren(...texts);
  }

  function drawPill() {
    const below = rows.follows() ? 0 : countAfter(seen);
    const unseen = pausedAt === null ? below : waiting.count;
    const atLeast = waiting.exact || pausedAt === null ? "" : "at least ";
    const pill = find(".pill");
    const text = unseen ? `${atLeast}${unseen.toLocaleString("en")} new ↓` : "To the newest ↓";
    if (pill.textContent !== text) pill.textContent = text;
    pill.classList.toggle("shown", pausedAt === null ? !rows.follows() : true);
  }

  function countAfter(number) {
    let sum = 0;
    for (let index = lines.length - 1; index >= 0 && lines[index][0] > number; index--) sum += lines[index][6] || 1;
    return sum;
  }

  function count(number, one, more = `${one}s`) {
    return `${number.toLocaleString("en")} ${number === 1 ? one : more}`;
  }

  function fit() {
    fitToWindow(root, 300);
  }

  function dispose() {
    document.removeEventListener("keydown", keydown);
    window.removeEventListener("resize", fit);
    clearTimeout(opening);
    rows.dispose();
    tails.delete(root);
  }

  return { update, dispose };
}
