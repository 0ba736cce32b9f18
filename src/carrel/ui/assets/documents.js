// The table of documents: sorted and filtered here, also when it is rendered again.
(() => {
  const LANGUAGE = () => document.documentElement.lang;
  let column = "";
  let falling = false;
  const wanted = { "filter-name": "", "filter-status": "" };

  const table = () => document.querySelector("table.documents");
  const valueIn = (row, at) => row.cells[at].dataset.value ?? "";

  const sort = () => {
    const head = table()?.querySelector(`[data-sort="${column}"]`)?.closest("th");
    if (!head) return;
    for (const each of table().tHead.rows[0].cells) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const compare = new Intl.Collator(LANGUAGE(), { numeric: true }).compare;
    const at = head.cellIndex;
    const rows = [...table().tBodies[0].rows].map((row) => [valueIn(row, at), row]);
    rows.sort(([one], [other]) => (falling ? -1 : 1) * compare(one, other));
    table().tBodies[0].append(...rows.map(([, row]) => row));
  };
  const filter = () => {
    const name = wanted["filter-name"].trim().toLocaleLowerCase();
    const status = wanted["filter-status"];
    let shown = 0;
    for (const row of table()?.tBodies[0].rows ?? []) {
      const fits = valueIn(row, 0).toLocaleLowerCase().includes(name);
      row.hidden = !fits || (status !== "" && !row.classList.contains(status));
      shown += !row.hidden;
    }
    const none = document.querySelector(".none-like-that");
    if (none) none.hidden = shown > 0;
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-sort]") : null;
    if (!button) return;
    falling = column === button.dataset.sort && !falling;
    column = button.dataset.sort;
    sort();
  });
  document.addEventListener("input", (event) => {
    if (!(event.target.name in wanted)) return;
    wanted[event.target.name] = event.target.value;
    filter();
  });

  // Gradio's own name of the field is English in every language.
  const nameField = () => {
    const name = document.querySelector("[data-drop]")?.dataset.drop;
    for (const field of document.querySelectorAll("#upload button[aria-dropeffect]")) {
      if (name) field.setAttribute("aria-label", name);
    }
  };
  window.carrel.nameField = nameField;
  window.carrel.documentsArrived = () =>
    requestAnimationFrame(() => {
      nameField();
      for (const [name, value] of Object.entries(wanted)) {
        const field = document.querySelector(`.document-filters [name="${name}"]`);
        if (field) field.value = value;
        else wanted[name] = "";
      }
      sort();
      filter();
    });
})();
