// Fetches the page's <main> again when something happened. Without this the page is complete, only not live.
"use strict";
const badge = document.getElementById("live");
let heard = Date.now();
let state = "connecting";
let pending = null;

async function refresh() {
  pending = null;
  const main = document.querySelector("main");
  // Not under somebody's hands: a form being filled in, text being selected.
  if (main.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
  if (String(getSelection()) !== "") return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("main");
  if (fresh && fresh.innerHTML !== main.innerHTML) main.replaceChildren(...fresh.childNodes);
}

function soon() {
  heard = Date.now();
  if (pending === null) pending = setTimeout(() => refresh().catch(() => {}), 300);
}

function show() {
  const silent = Math.round((Date.now() - heard) / 1000);
  const stale = silent > 10;
  const text = stale ? `stale ${silent} s` : state === "live" ? "live" : state;
  if (badge.textContent !== text) badge.textContent = text;
  badge.dataset.state = stale ? "stale" : state;
}

const events = new EventSource("/v1/events");
events.addEventListener("event", soon);
events.addEventListener("reverted", soon);
events.addEventListener("reset", soon);
events.addEventListener("heartbeat", (message) => {
  heard = Date.now();
  state = JSON.parse(message.data).state;
  show();
});
events.onopen = soon;
setInterval(show, 1000);
badge.hidden = false;
show();
