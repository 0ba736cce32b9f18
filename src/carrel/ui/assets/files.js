// Files on their way in: chosen or dropped, whole folders too. What cannot go in is named.
(() => {
  const NAMED = 5; // files of a folder that are named where they are left out

  const byId = (id) => document.getElementById(id);
  const rule = () => document.querySelector("[data-largest-file]");
  const inChat = () => document.body.dataset.view === "chat";
  const field = () => document.querySelector(`${inChat() ? "#attach" : "#upload"} input[type=file]`);

  const named = (names) =>
    names.slice(0, NAMED).join(", ") + (names.length > NAMED ? `, +${names.length - NAMED}` : "");
  const tell = (large, unread) => {
    const line = document.querySelector(inChat() ? "#added-left-out p" : "#left-out p");
    const parts = [];
    if (large.length) parts.push(rule().dataset.leftOut.replace("{names}", () => large.join(", ")));
    if (unread.length) parts.push(rule().dataset.unread.replace("{names}", () => named(unread)));
    line.hidden = parts.length === 0;
    line.textContent = parts.join(" ");
  };

  // A file above the limit is left out here, so that the others still go in: the server would refuse
  // the whole upload. So is a file of a folder that has no reader; one that was chosen by itself gets
  // its reason from the server.
  const sift = (files, ofFolder) => {
    const largest = Number(rule()?.dataset.largestFile ?? Infinity);
    const endings = rule()?.dataset.suffixes.split(" ") ?? [];
    const kept = new DataTransfer();
    const large = [];
    const unread = [];
    for (const file of files) {
      const name = file.name.toLowerCase();
      if (file.size > largest) large.push(file.name);
      else if (ofFolder && !endings.some((each) => name.endsWith(each))) unread.push(file.name);
      else kept.items.add(file);
    }
    tell(large, unread);
    return large.length || unread.length || ofFolder ? kept.files : null;
  };
  let passingOn = false;
  const giveFiles = (input, files) => {
    input.files = files;
    passingOn = true;
    if (files.length) input.dispatchEvent(new Event("change", { bubbles: true }));
    passingOn = false;
  };

  // The name of a file keeps its folders: those of different folders may be called the same.
  const inFolder = (file, path) =>
    new File([file], path, { type: file.type, lastModified: file.lastModified });
  const isHidden = (path) => path.split("/").some((part) => part.startsWith("."));
  const filesBelow = async (entry, path) => {
    if (isHidden(path)) return [];
    if (entry.isFile) {
      return [inFolder(await new Promise((done, failed) => entry.file(done, failed)), path)];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      // A part of the entries comes at a time, and none at the end.
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return found;
      for (const each of some) found.push(...(await filesBelow(each, `${path}/${each.name}`)));
    }
  };
  const giveEntries = async (input, entries) => {
    const found = await Promise.all(entries.map((entry) => filesBelow(entry, entry.name)));
    giveFiles(input, sift(found.flat(), true));
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.id === "attach-button") field()?.click();
    else if (button?.hasAttribute("data-choose-folder")) byId("folder-input").click();
  });
  document.addEventListener(
    "change",
    (event) => {
      const input = event.target;
      if (passingOn || !(input instanceof HTMLInputElement) || input.type !== "file") return;
      if (input.id === "folder-input") {
        const files = [...input.files]
          .filter((file) => !isHidden(file.webkitRelativePath))
          .map((file) => inFolder(file, file.webkitRelativePath));
        giveFiles(field(), sift(files, true));
        input.value = "";
        return;
      }
      const kept = input.files.length ? sift(input.files, false) : null;
      if (kept) {
        event.stopImmediatePropagation();
        giveFiles(input, kept);
      }
    },
    true,
  );

  const zoneOf = (event) =>
    event.target instanceof Element ? event.target.closest("#upload, #chat-view") : null;
  const dropping = (shown) => byId("chat-view")?.classList.toggle("dropping", shown);
  document.addEventListener(
    "drop",
    (event) => {
      const zone = zoneOf(event);
      if (zone?.id === "chat-view") dropping(false);
      const input = zone && event.dataTransfer.files.length ? field() : null;
      if (!input) return;
      const items = [...(event.dataTransfer.items ?? [])].filter((item) => item.kind === "file");
      const entries = items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      const folders = entries.some((entry) => entry.isDirectory);
      const kept = folders ? null : sift(event.dataTransfer.files, false);
      // Over the documents' own field Gradio takes the files, unless some were left out.
      if (!folders && !kept && zone.id !== "chat-view") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (folders) giveEntries(input, entries);
      else giveFiles(input, kept ?? event.dataTransfer.files);
    },
    true,
  );
  document.addEventListener("dragover", (event) => {
    const files = event.dataTransfer.types.includes("Files");
    if (!files || zoneOf(event)?.id !== "chat-view") return dropping(false);
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) dropping(false);
  });
})();
