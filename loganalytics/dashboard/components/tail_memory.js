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
