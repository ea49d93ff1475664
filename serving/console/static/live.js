// Keeps the places of the page that say so up to date with what the server sends, while the page is seen.
(() => {
  "use strict";
  const streams = new Map();
  const staff = new BroadcastChannel("prelabel");
  const again = 60_000;

  function open(place) {
    if (document.hidden || streams.has(place) || !place.isConnected) return;
    const stream = new EventSource(place.dataset.live);
    streams.set(place, stream);
    stream.addEventListener("progress", (event) => { place.innerHTML = event.data; });
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      streams.delete(place);
      setTimeout(() => open(place), again);
    });
  }

  function close() {
    for (const stream of streams.values()) stream.close();
    streams.clear();
  }

  function all(root) {
    for (const [place, stream] of streams) {
      if (!place.isConnected) {
        stream.close();
        streams.delete(place);
      }
    }
    root.querySelectorAll("[data-live]").forEach(open);
  }

  document.addEventListener("htmx:load", (event) => all(event.detail.elt));
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : all(document)));
  addEventListener("pagehide", close);
  document.addEventListener("submit", (event) => {
    if (event.target.action.endsWith("/sign-out")) staff.postMessage("signed out");
  });
  staff.addEventListener("message", close);
})();
