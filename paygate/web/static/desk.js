// Comfort only: every page reads and acts without it.

// The summary of what is wrong takes the focus, so that it is read first.
document.querySelector(".faults")?.focus();

// Text to be said to a citizen is copied with one press.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

// A page is printed with one press.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A page that shows work under way loads itself again.
const wait = document.querySelector("[data-again]");
if (wait) setTimeout(() => location.reload(), Number(wait.dataset.again) * 1000);

// Before the session ends one is warned, and may stay without losing what is typed.
const ending = document.querySelector("[data-ends]");
if (ending) {
  const told = ending.firstElementChild;
  let over;
  const last = (seconds) => {
    clearTimeout(over);
    over = setTimeout(() => { told.textContent = ending.dataset.over; told.hidden = false; }, seconds * 1000);
    setTimeout(() => { told.hidden = false; }, Math.max(seconds - 120, 0) * 1000);
    told.hidden = true;
  };
  ending.querySelector("button").addEventListener("click", async () => {
    const left = /data-ends="(\d+)"/.exec(await (await fetch("/account/help")).text());
    last(left ? Number(left[1]) : 0);
  });
  last(Number(ending.dataset.ends));
}

// What is ticked is counted and added up beside the choice.
const chosen = document.querySelector("[data-chosen]");
const ticks = [...document.querySelectorAll("input[data-amount]")];
const tell = () => {
  const ticked = ticks.filter((one) => one.checked);
  const sum = ticked.reduce((all, one) => all + BigInt(one.dataset.amount), 0n);
  const written = String(sum).replace(/\B(?=(\d{3})+$)/g, ".");
  chosen.textContent = ticked.length ? `${ticked.length} · ${written}\u00a0₫` : "";
  chosen.hidden = !ticked.length;
};
if (chosen) {
  for (const one of ticks) one.addEventListener("change", tell);
  tell();
}

// Keys, for those who switch them on in this browser. None acts: each moves, or opens a page that asks.
const keys = document.querySelector("[data-keys]");
if (keys) {
  const [box, list] = [keys.querySelector("input"), keys.querySelector("dialog")];
  const stored = () => {
    try { return localStorage.getItem("keys") === "on"; } catch { return false; }
  };
  keys.hidden = false;
  box.checked = stored();
  box.addEventListener("change", () => {
    try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* then they last for this page */ }
  });

  const items = [...document.querySelectorAll("[data-item]")];
  const place = () => items.findIndex((one) => one.closest("tr")?.contains(document.activeElement));
  const go = (step) => {
    if (!items.length) return document.querySelector(step > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
    const next = items[Math.min(Math.max(place() + step, 0), items.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const open = (key) => {
    const one = document.querySelector(`[data-key=${key}]`);
    if (one?.matches("button")) one.click();
    else one?.focus();
  };
  const acts = {
    j: () => go(1),
    k: () => go(-1),
    x: () => items[place()]?.closest("tr").querySelector("input[data-amount]")?.click(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => list.showModal(),
    a: () => open("a"),
    p: () => open("p"),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog");
    if (!box.checked || typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });
}
