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

  // What was typed before the page listened is heard now.
  window.addEventListener("load", () => {
    for (const form of document.querySelectorAll("form[hx-trigger*=input]")) {
      const named = [...form.elements].filter((field) => field.name && "defaultValue" in field);
      const typed = named.find((field) => field.value !== field.defaultValue);
      typed?.dispatchEvent(new Event("input", { bubbles: true }));
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
