// One entry of the browser's history a step, so that Back undoes one. Streamlit adds an entry for a page without
// parameters, and one more for the parameters; and the first entry of a session has none yet, or what a link named that is
// not shown: what cannot be read, or a password.
const TYPING_MS = 3000;
const SWITCHING_MS = 1000;

export default function ({ data }) {
  if (window.loganalyticsHistory) return;
  window.loganalyticsHistory = true;
  const [named, shown] = [new URLSearchParams(location.search), new URLSearchParams(data.query)];
  if (named.toString() !== shown.toString()) replace(location.pathname + "?" + data.query);
  const push = window.history.pushState.bind(window.history);
  let typedAt = 0;
  let changedAt = 0;
  window.history.pushState = (state, title, url) => {
    const target = new URL(url, location.href);
    const isTyping = differsInTextOnly(target) && Date.now() - typedAt < TYPING_MS;
    // A button that changes the view and leads to another page: the old page may be drawn once more before.
    const isSwitching =
      target.pathname !== location.pathname && target.search === location.search && Date.now() - changedAt < SWITCHING_MS;
    typedAt = differsInTextOnly(target) ? Date.now() : 0;
    changedAt = Date.now();
    if (!location.search || isTyping || isSwitching) replace(url);
    else push(state, title, url);
  };
}

function replace(url) {
  window.history.replaceState({}, "", url);
}

function differsInTextOnly(target) {
  if (target.pathname !== location.pathname) return false;
  const [before, after] = [new URLSearchParams(location.search), target.searchParams];
  if (!before.get("text") || before.get("text") === after.get("text")) return false;
  const rest = (parameters) => [...parameters].filter(([name]) => name !== "text").join("&");
  return rest(before) === rest(after);
}
