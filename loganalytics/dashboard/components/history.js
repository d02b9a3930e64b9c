// One entry of the browser's history a step, so that Back undoes one. Streamlit adds an entry for a page without
// parameters, and one more for the parameters; and the first entry of a session has none yet.
const TYPING_MS = 3000;

export default function ({ data }) {
  if (!location.search && data.query) replace(location.pathname + "?" + data.query);
  if (window.loganalyticsHistory) return;
  window.loganalyticsHistory = true;
  const push = window.history.pushState.bind(window.history);
  let typedAt = 0;
  window.history.pushState = (state, title, url) => {
    const target = new URL(url, location.href);
    const isTyping = differsInTextOnly(target) && Date.now() - typedAt < TYPING_MS;
    typedAt = differsInTextOnly(target) ? Date.now() : 0;
    if (!location.search || isTyping) replace(url);
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
