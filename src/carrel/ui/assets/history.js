// The list of saved chats: its keys, the menu of a chat and the dialogs, files in and out.
(() => {
  const byId = (id) => document.getElementById(id);
  const GAP = 4; // pixels between a button and its menu

  const field = () => document.querySelector("#find-chat input");
  const menu = () => byId("chat-menu");
  const tools = () => byId("chat-tools");
  let opener = null; // the button whose menu, or dialog, is open

  const openMenu = (button) => {
    opener = button;
    for (const item of tools().querySelectorAll("[data-action]")) {
      item.dataset.id = button.dataset.chatMenu;
    }
    const pinned = "pinned" in button.dataset;
    menu().querySelector("[data-action=pin_chat]").hidden = pinned;
    menu().querySelector("[data-action=unpin_chat]").hidden = !pinned;
    menu().showPopover();
    const at = button.getBoundingClientRect();
    const size = menu().getBoundingClientRect();
    const below = at.bottom + GAP + size.height < innerHeight;
    menu().style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - size.height)}px`;
    menu().style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - size.width - GAP))}px`;
    menu().querySelector("button:not([hidden])").focus();
  };
  const openDialog = (name) => {
    const dialog = byId(`${name}-chat`);
    const title = opener.dataset.title;
    const box = dialog.querySelector("[name=title]");
    if (box) box.value = title;
    const subject = dialog.querySelector(".dialog-subject");
    if (subject) subject.textContent = title;
    dialog.showModal();
    box?.select();
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    if (button.dataset.chatMenu) openMenu(button);
    else if (button.dataset.opens) {
      menu().hidePopover();
      openDialog(button.dataset.opens);
    } else if (button.closest("#chat-menu")) menu().hidePopover();
    else if ("importChat" in button.dataset) {
      button.closest("dialog").close();
      byId("import-chat").querySelector("input").click();
    }
  });
  document.addEventListener("submit", (event) => {
    event.target.closest("dialog")?.close();
  });

  // The file is read here and sent as the field of a form; a large one is not sent at all.
  document.addEventListener("change", async (event) => {
    const form = event.target.closest("#import-chat");
    const [file] = event.target.files ?? [];
    if (!form || !file) return;
    const content = form.querySelector("[name=content]");
    // What is too large becomes what the server refuses with the reason.
    const largest = Number(form.dataset.largest);
    content.value = file.size > largest ? " ".repeat(largest + 1) : await file.text();
    event.target.value = "";
    form.requestSubmit();
    content.value = "";
    window.carrel.openSidebar(false);
  });

  const among = (items, step) => {
    const at = items.indexOf(document.activeElement);
    return items[(at + step + items.length) % items.length];
  };
  const find = () => {
    window.carrel.openSidebar(true);
    field().focus();
    field().select();
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      find();
      return;
    }
    if (!(event.target instanceof Element)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const titles = [...document.querySelectorAll("#chats .chat-title")];
    if (step && event.target.closest("#chat-menu")) {
      event.preventDefault();
      among([...menu().querySelectorAll("button:not([hidden])")], step).focus();
    } else if (event.target === field()) {
      if (event.key === "ArrowDown" && titles.length) {
        event.preventDefault();
        titles[0].focus();
      } else if (event.key === "Enter" && field().value) titles[0]?.click();
      else if (event.key === "Escape" && field().value) {
        event.stopPropagation();
        field().value = "";
        field().dispatchEvent(new Event("input", { bubbles: true }));
      }
    } else if (step && event.target.matches("#chats .chat-title")) {
      event.preventDefault();
      const first = event.target === titles[0] && step < 0;
      (first ? field() : among(titles, step)).focus();
    }
  }, true);

  let hiding;
  Object.assign(window.carrel, {
    showToast: (element) => {
      clearTimeout(hiding);
      const toast = element.querySelector(".toast");
      if (toast) hiding = setTimeout(() => toast.remove(), Number(toast.dataset.seconds) * 1000);
    },
    keepFile: (sent) => {
      const file = JSON.parse(sent);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  });
})();
