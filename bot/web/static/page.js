// The page works without this: links lead on, forms are sent. This sends them without a reload and draws what changed.
"use strict";

const served = new Map(); // id -> HTML as it was served last, so that what a person opened or typed does not count
let running = false;
let again = false;
let pressed = null; // the message in which something was pressed last, and its replies then: what comes of it stands in its thread

for (const part of document.querySelectorAll("[data-live], [data-keyed] > [id]")) served.set(part.id, part.outerHTML);
document.documentElement.classList.add("scripted");

// --- drawing --------------------------------------------------------------------------------------

async function refresh() {
  if (running) { again = true; return; }
  running = true;
  try {
    do {
      again = false;
      const answer = await fetch(location.pathname + location.search);
      if (answer.ok) draw(await answer.text());
    } while (again);
  } catch { /* the server is gone: the next change or the next press tells */ } finally { running = false; }
}

function draw(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  for (const here of document.querySelectorAll("[data-live]")) {
    const there = next.getElementById(here.id);
    if (there) replace(here, there);
  }
  openModal();
  tellOfThread();
}

function repliesOf(message) { return message?.querySelector("a.replies")?.textContent ?? ""; }

function tellOfThread() {
  const message = pressed && document.getElementById(pressed.id);
  if (!message || repliesOf(message) === pressed.replies) return;
  pressed = null;
  if (!document.querySelector("aside.thread")) tell("It stands in the thread of this message.");
}

function replace(here, there) {
  const html = there.outerHTML;
  if (served.get(here.id) === html) return;
  if (there.hasAttribute("data-keyed")) { keyed(here, there); served.set(here.id, html); return; }
  const focus = focused(here);
  served.set(here.id, html);
  const scroll = here.scrollTop;
  here.replaceWith(there);
  there.scrollTop = scroll;
  focusAgain(there, focus);
}

// Children by id: those that did not change stay, with the menus that are open in them.
function keyed(here, there) {
  const low = here.scrollHeight - here.scrollTop - here.clientHeight < 60;
  let at = here.firstElementChild;
  for (const wanted of [...there.children]) {
    const known = document.getElementById(wanted.id);
    const html = wanted.outerHTML;
    if (known && known.parentElement === here && served.get(wanted.id) === html) {
      if (known === at) at = at.nextElementSibling; else here.insertBefore(known, at);
      continue;
    }
    served.set(wanted.id, html);
    if (known && known.parentElement === here) {
      const focus = focused(known);
      if (known === at) at = at.nextElementSibling;
      here.insertBefore(wanted, at);
      known.remove();
      focusAgain(wanted, focus);
    } else here.insertBefore(wanted, at);
  }
  const left = new Set([...there.children].map((one) => one.id));
  while (at) { const gone = at; at = at.nextElementSibling; if (!left.has(gone.id)) { served.delete(gone.id); gone.remove(); } }
  if (low) here.scrollTop = here.scrollHeight;
}

// A focused control is found again by its place among its kind.
const CONTROLS = "a, button, input, select, textarea, summary";
function focused(part) {
  if (part === document.activeElement) return "self";
  return part.contains(document.activeElement) ? [...part.querySelectorAll(CONTROLS)].indexOf(document.activeElement) : -1;
}
function focusAgain(part, focus) {
  if (focus === "self") { part.focus({ preventScroll: true }); return; }
  if (focus < 0) return;
  const controls = part.querySelectorAll(CONTROLS);
  const found = controls[Math.min(focus, controls.length - 1)];
  if (found) found.focus({ preventScroll: true }); else { part.tabIndex = -1; part.focus({ preventScroll: true }); }
}

function openModal() {
  const dialog = document.querySelector("dialog.modal");
  if (!dialog || dialog.matches(":modal")) return;
  dialog.close();
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); document.getElementById("close-modal").requestSubmit(); });
}

function tell(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  if (text) setTimeout(() => { if (said.textContent === text) said.textContent = ""; }, 6000);
}

// --- sending --------------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const question = form.dataset.confirm;
  if (question && !confirm(question)) return;
  const data = new URLSearchParams(new FormData(form, event.submitter));
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  const message = form.closest("#lines > li.message");
  pressed = message && { id: message.id, replies: repliesOf(message) };
  await send(form, data);
});

async function send(form, data) {
  let answer;
  try {
    answer = await fetch(form.getAttribute("action"), { method: "POST", body: data });
  } catch {
    tell("Nightdesk's demo has ended: start it again with make demo.");
    return;
  }
  if (!answer.ok) { tell(await answer.text()); refresh(); return; }
  tell("");
  const here = location.pathname + location.search;
  const there = new URL(answer.url);
  if (form.matches("[data-composer]")) { form.reset(); grow(form.querySelector("textarea")); }
  if (there.pathname + there.search !== here) { location.assign(answer.url); return; }
  draw(await answer.text());
  if (form.matches("[data-composer]")) { // who has written wants to see it, wherever they had scrolled to
    const list = form.closest("main, aside").querySelector("ol.lines");
    list.scrollTop = list.scrollHeight;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-press]");
  if (link) {
    const form = link.closest("form");
    fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form)), keepalive: true });
  }
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    const text = insert.closest("form").querySelector("textarea");
    text.setRangeText(insert.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    text.focus();
  }
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) document.body.classList.toggle(`show-${toggle.dataset.toggle}`);
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("change", (event) => {
  if (event.target.form?.matches("[data-at-once]")) event.target.form.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
    document.body.classList.remove("show-side");
  }
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("[data-composer] textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  const menu = event.target.closest("details.menu[open]");
  if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const items = [...menu.querySelectorAll(".choices button, .choices a")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  }
});

function grow(text) {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 2, 200)}px`;
}
document.addEventListener("input", (event) => { if (event.target.matches("[data-composer] textarea")) grow(event.target); });

// --- beginning ------------------------------------------------------------------------------------

// At the end, but at the beginning of a last message that is longer than what one sees.
for (const list of document.querySelectorAll("ol.lines")) {
  const last = list.lastElementChild;
  list.scrollTop = last && last.offsetHeight > list.clientHeight ? last.offsetTop - list.offsetTop - 8 : list.scrollHeight;
}
if (location.hash) {
  const wanted = document.getElementById(`t-${location.hash.slice(1)}`) || document.getElementById(location.hash.slice(1));
  if (wanted) { wanted.scrollIntoView({ block: "center" }); wanted.classList.add("wanted"); }
}
openModal();
new EventSource("/changes").onmessage = refresh;
