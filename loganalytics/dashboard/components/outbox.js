// The reader's actions in a component, until the server confirms them.
//
// While a script runs, Streamlit keeps only the newest answer of a component: of two quick clicks the first would be lost.
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
