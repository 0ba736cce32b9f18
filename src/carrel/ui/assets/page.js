// What the page does without asking the server: views, the drawer, the panel,
// confirmations, keys.
(() => {
  const byId = (id) => document.getElementById(id);

  // Which view is shown: the fragment of the address says which, so that reload and Back
  // keep it.
  const VIEWS = ["documents", "search", "compare", "models"];
  const viewInAddress = () => VIEWS.find((view) => location.hash === `#${view}`);
  const showView = () => {
    const shown = viewInAddress();
    document.body.dataset.view = shown ?? "chat";
    // Neither has sources, and their tables need the width.
    if (shown === "compare" || shown === "models") byId("desk")?.classList.remove("viewing", "opening");
    for (const view of VIEWS) {
      const link = byId(`${view}-link`);
      if (view === shown) link?.setAttribute("aria-current", "page");
      else link?.removeAttribute("aria-current");
    }
  };
  const go = (view) => {
    const target = VIEWS.includes(view) ? view : (document.body.dataset.chat ?? "");
    if (location.hash.slice(1) !== target) {
      history.pushState(null, "", target ? `#${target}` : location.pathname + location.search);
    }
    showView();
    openSidebar(false);
    if (view === "search") document.querySelector("#search-query input, #search-query textarea")?.focus();
  };

  // The panel with the cited page. It opens at once and is filled when the page has come.
  let opener = ""; // the place that is shown
  let origin = ""; // where the focus goes back to
  const OPENING = ["open_place", "open_document"];
  const isViewing = () => Boolean(byId("desk")?.classList.contains("viewing"));
  const openViewer = (button) => {
    opener = button.dataset.id;
    if (!button.closest("#viewer")) origin = opener;
    byId("desk")?.classList.add("viewing", "opening");
    requestAnimationFrame(() => byId("close-viewer")?.focus());
  };
  const closeViewer = () => {
    byId("desk")?.classList.remove("viewing", "opening");
    // The text may have been rendered again meanwhile: the button is found by its name.
    const buttons = OPENING.map((action) => `[data-action=${action}][data-id="${CSS.escape(origin)}"]`);
    document.querySelector(buttons.join(","))?.focus();
  };
  // Keyboard focus stays on the button, though it is rendered again.
  let turning = "";
  const placeArrived = () => {
    byId("desk")?.classList.remove("opening");
    if (!turning) return;
    const buttons = [...document.querySelectorAll("#viewer .page-turner button:enabled")];
    (buttons.find((each) => each.getAttribute("aria-label") === turning) ?? buttons[0])?.focus();
    turning = "";
  };
  const nextPlace = (step) => {
    const marks = [...document.querySelectorAll(".cite-mark")];
    const at = marks.findIndex((mark) => mark.dataset.id === opener);
    const fromList = opener.startsWith("source.");
    const next = at < 0 ? fromList && marks.at(step > 0 ? 0 : -1) : marks[at + step];
    if (!next) return;
    next.scrollIntoView({ block: "nearest" });
    next.click();
  };

  const openSidebar = (open) => {
    byId("desk")?.classList.toggle("sidebar-open", open);
    byId("menu-button")?.setAttribute("aria-expanded", String(open));
  };

  const question = () => document.querySelector("#question textarea");
  const fillQuestion = (text) => {
    const box = question();
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };

  const confirmFirst = (button) => {
    const asking = button.parentElement;
    asking.closest("li, tr")?.classList.add("confirming");
    button.hidden = true;
    const choice = asking.querySelector(".confirm");
    choice.hidden = false;
    const first = choice.querySelector("[data-first]");
    (first ?? choice.querySelector("[data-keep]")).focus();
    first?.select();
  };
  const keep = (button) => {
    const asking = button.closest(".confirmed");
    asking.closest("li, tr")?.classList.remove("confirming");
    asking.querySelector(".confirm").hidden = true;
    asking.querySelector("form")?.reset();
    const first = asking.querySelector("[data-ask]");
    first.hidden = false;
    first.focus();
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const button = target.closest("button");
    if (button?.hasAttribute("data-ask")) confirmFirst(button);
    else if (button?.hasAttribute("data-keep")) keep(button);
    else if (OPENING.includes(button?.dataset.action)) openViewer(button);
    else if (button?.dataset.action?.startsWith("turn_")) turning = button.ariaLabel || "none";
    else if (target.closest("#close-viewer")) closeViewer();
    else if (button?.dataset.view) go(button.dataset.view);
    else if (button?.dataset.example) fillQuestion(button.dataset.example);
    else if (target.closest("#menu-button")) openSidebar(true);
    else if (target.closest("#close-sidebar, #veil")) openSidebar(false);
    else if (target.closest("#new-chat, [data-action='open_chat']")) go("chat");
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const stop = document.querySelector("#stop-button:not(.hide)");
      const asked = document.querySelector(".confirm:not([hidden]) [data-keep]");
      if (byId("desk")?.classList.contains("sidebar-open")) {
        openSidebar(false);
        byId("menu-button")?.focus();
      } else if (document.querySelector("dialog[open], :popover-open")) return; // closes by itself
      else if (asked) keep(asked);
      else if (isViewing()) closeViewer();
      else if (event.target.closest?.("#answer-settings")) {
        byId("answer-settings-button")?.click();
        byId("answer-settings-button")?.focus();
      } else if (stop) stop.click();
    }
    const typing = event.target instanceof Element && event.target.matches("input, textarea");
    if (isViewing() && !typing && (event.key === "[" || event.key === "]")) {
      nextPlace(event.key === "[" ? -1 : 1);
    }
    const box = question();
    if (event.key === "ArrowUp" && event.target === box && box.value === "") {
      const edits = document.querySelectorAll("[data-edit]");
      if (edits.length) {
        event.preventDefault();
        edits[edits.length - 1].click();
      }
    }
  });

  // The open chat is in the address, so that a reload shows it again.
  const followChat = (chat) => {
    document.body.dataset.chat = chat ? `chat-${chat}` : "";
    if (viewInAddress()) return;
    const target = document.body.dataset.chat;
    const address = target ? `#${target}` : location.pathname + location.search;
    if (location.hash.slice(1) !== target) history.replaceState(null, "", address);
  };

  window.carrel = {
    openSidebar,
    showView,
    chatInAddress: () => (location.hash.startsWith("#chat-") ? location.hash.slice(6) : ""),
    followChat,
    placeArrived,
    // Whether the server answers now.
    reachable: () => fetch("gradio_api/app_id", { cache: "no-store" }).then((answer) => answer.ok, () => false),
  };

  window.addEventListener("hashchange", showView);
  window.addEventListener("popstate", showView);
  document.addEventListener("DOMContentLoaded", showView);
  showView();
})();
