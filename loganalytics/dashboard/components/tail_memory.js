// What the live tail does not lose: the reader's actions until the server confirms them, and pause and marks of the tab.
//
// While a script runs, Streamlit keeps only the newest answer of a component: of two quick keys the first would be lost.
// So each answer carries every action that is not confirmed, by number; the server does each once and says up to which.
const RESEND_MILLISECONDS = 1500;

function outbox(transmit) {
  const unconfirmed = []; // [number, name, value]
  let newest = 0;
  let sentAt = 0;

  function flush() {
    sentAt = performance.now();
    transmit([...unconfirmed]);
  }

  return {
    post(name, value) {
      newest = Math.max(newest + 1, Date.now());
      unconfirmed.push([newest, name, value]);
      flush();
      return newest;
    },
    confirm(done) {
      newest = Math.max(newest, done);
      while (unconfirmed.length && unconfirmed[0][0] <= done) unconfirmed.shift();
      if (unconfirmed.length && performance.now() - sentAt > RESEND_MILLISECONDS) flush();
    },
    awaits: (...names) => unconfirmed.some((action) => names.includes(action[1])),
  };
}

// Pause and marks of a source in this tab: they outlive a reload, and a change of page that comes before the server knows.
function tabMemory() {
  const parameters = new URLSearchParams(location.search);
  const key = `loganalytics-tail ${parameters.getAll("source").join(" ")}`;
  const read = (name) => {
    try {
      return JSON.parse(sessionStorage.getItem(name));
    } catch {
      return null; // storage is switched off, or somebody else wrote there
    }
  };
  const write = (name, value) => {
    try {
      sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // storage is switched off: the server's own session still remembers
    }
  };
  let tab = read("loganalytics-tab");
  if (typeof tab !== "string") {
    tab = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    write("loganalytics-tab", tab);
  }
  return { tab, load: () => read(key), save: (kept) => write(key, kept) };
}
