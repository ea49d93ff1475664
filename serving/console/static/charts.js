// Draws each chart of the page from the specification beside it, in the page's colours. No code comes from a
// specification: expressions are interpreted (ast), so that the policy need not allow eval.
(() => {
  "use strict";
  const views = new Map();

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const text = { labelColor: of("--ink"), titleColor: of("--ink"), labelFontSize: 12, titleFontSize: 12 };
    return {
      background: null,
      font: getComputedStyle(document.body).fontFamily,
      view: { stroke: null },
      axis: { ...text, gridColor: of("--line"), domainColor: of("--soft"), tickColor: of("--soft") },
      legend: { ...text, orient: "top" },
      text: { color: of("--ink") },
    };
  }

  function draw(figure) {
    const place = figure.querySelector("[data-picture]");
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const options = { ast: true, actions: false, defaultStyle: false, tooltip: false, renderer: "svg", config: colours() };
    vegaEmbed(place, spec, options).then((made) => {
      views.get(figure)?.finalize();
      views.set(figure, made);
    }, (error) => {
      place.textContent = place.dataset.undrawn;
      console.error(error);
    });
  }

  function all(root) {
    for (const [figure, made] of views) {
      if (!figure.isConnected) {
        made.finalize();
        views.delete(figure);
      }
    }
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  document.addEventListener("htmx:load", (event) => all(event.detail.elt));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all(document));
})();
