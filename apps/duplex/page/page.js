// The page's beginning: starts its parts.

import { $, showState } from "/_duplex/dom.js";
import { startChat } from "/_duplex/chat.js";
import { startConsole } from "/_duplex/console.js";
import { startExchanges } from "/_duplex/exchanges.js";
import { startFrames } from "/_duplex/frames.js";
import { startNews } from "/_duplex/news.js";
import { startSecrecy } from "/_duplex/secrecy.js";

const AUTOMATIC_MS = 2_000;

/** One state for the whole page: the worst of its connections. */
function summarize(states) {
  const values = [...states.values()];
  const waiting = values.find(({ state }) => state === "waiting");
  if (waiting) showState($("page-state"), "waiting", waiting.text);
  else if (values.some(({ state }) => state === "connecting")) showState($("page-state"), "connecting", "connecting");
  else if (values.some(({ state }) => state === "open")) showState($("page-state"), "open", "connected");
  else showState($("page-state"), "closed", "closed");
}

const states = new Map();
/** What a part calls to show its connection's state, in `element` and in the page's summary. */
const stateShower = (element) => (state, text) => {
  showState(element, state, text);
  states.set(element.id, { state, text });
  summarize(states);
};

startSecrecy();
const exchanges = startExchanges();
const frames = startFrames(stateShower($("socket-state")));
startNews(stateShower($("news-state")));
startChat(stateShower($("chat-state")));
startConsole();

function sendBoth() {
  exchanges.send($("both-text").value);
  frames.send($("both-text").value);
}
$("both-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sendBoth();
});
$("http-send").addEventListener("click", () => exchanges.send($("both-text").value));
$("ws-send").addEventListener("click", () => frames.send($("both-text").value));

let automatic = 0;
$("both-auto").addEventListener("change", (event) => {
  clearInterval(automatic);
  if (!event.target.checked) return;
  sendBoth();
  automatic = setInterval(() => document.hidden || sendBoth(), AUTOMATIC_MS);
});
