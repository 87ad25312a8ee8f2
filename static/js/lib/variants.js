// Fields that are only for some of a choice's variants, such as the sizes of one family.

/** Show what is for the variants that are chosen; the rest is hidden, and is not sent. */
export function showVariants(form) {
  for (const part of form.querySelectorAll("[data-chosen-by]")) {
    const { chosenBy, variants } = part.dataset;
    const isShown = variants.split(" ").includes(form.elements[chosenBy].value);
    const isField = "name" in part;
    (isField ? part.closest("[data-field]") : part).hidden = !isShown;
    if (isField) part.disabled = !isShown;
  }
}
