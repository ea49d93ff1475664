// What the browser finds wrong in a field is seen, wherever the field is; sliders and fields of one number go together.
(() => {
  "use strict";
  document.addEventListener("invalid", (event) => {
    for (let fold = event.target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }, true);

  // htmx sends no form with a field that is wrong: the field that somebody types in says so, as it does on sending.
  document.addEventListener("htmx:validation:failed", (event) => {
    if (event.target === document.activeElement) event.target.reportValidity();
  });

  // What was typed or picked before the page listened is heard now; a slider that was moved has not set its field yet.
  const PICKED = ["input", "change"];
  const chosen = (field) => {
    const options = [...field.options], marked = options.filter((one) => one.defaultSelected);
    const shown = field.multiple ? marked : [marked.at(-1) ?? options.find((one) => !one.disabled)];
    return options.some((one) => one.selected !== shown.includes(one));
  };
  const early = (field) => {
    if (!field.name) return [];
    if (field.localName === "select") return chosen(field) ? PICKED : [];
    if (field.type !== "radio" && field.type !== "checkbox") return field.value === field.defaultValue ? [] : ["input"];
    return field.checked !== field.defaultChecked && (field.checked || field.type === "checkbox") ? PICKED : [];
  };
  const moved = (slider) => {
    const still = slider.cloneNode();
    still.value = slider.defaultValue;  // as the slider shows it: within its ends, on one of its steps
    return slider.value !== still.value;
  };
  window.addEventListener("load", () => {
    for (const slider of document.querySelectorAll("[data-sets]")) {
      const field = document.getElementById(slider.dataset.sets);
      if (moved(slider) && field.value === field.defaultValue) field.value = slider.value;
    }
    const listening = ":is(form[hx-trigger], form:has([hx-trigger]))";
    for (const field of document.querySelectorAll(`${listening} :is(input, select, textarea)`)) {
      for (const event of early(field)) field.dispatchEvent(new Event(event, { bubbles: true }));
    }
  });

  // A slider and the field beside it show the same number; the field is what is sent.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.sets) document.getElementById(field.dataset.sets).value = field.value;
    else if (field.id && field.value) {
      const slider = document.querySelector(`[data-sets="${CSS.escape(field.id)}"]`);
      if (slider) slider.value = field.value;
    }
  }, true);

  // A number that cannot be read is sent as none by browsers: as if the field were empty.
  document.addEventListener("formdata", (event) => {
    for (const field of event.target.elements) {
      if (field.name && field.validity?.badInput) event.formData.set(field.name, "?");
    }
  });
})();
