// A chat between all who have this page open.

import { $, appendBounded, formatTime, make } from "/_duplex/dom.js";
import { Link } from "/_duplex/link.js";

const MESSAGES_MAX = 200;
const COLOURS = 6;
const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Vint", "Radia", "Tim", "Hedy", "Alan", "Joan"];

const storedName = () => {
  try {
    return sessionStorage.getItem("duplex-name");
  } catch {
    return null;  // storage is forbidden here; a new name does no harm
  }
};

function storeName(name) {
  try {
    sessionStorage.setItem("duplex-name", name);
  } catch {
    // As above.
  }
}

/** Always the same colour for a name. */
function colourOf(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return `name-${sum % COLOURS}`;
}

export function startChat(showChatState) {
  const log = $("chat-log");
  const name = $("chat-name");
  const text = $("chat-text");
  name.value = storedName() ?? `${NAMES[Math.floor(Math.random() * NAMES.length)]} ${Math.floor(Math.random() * 90 + 10)}`;
  storeName(name.value);

  /** Our own number on this connection. */
  let self = 0;
  /** The numbers of the messages that are shown, and which run of the server gave them. */
  const shown = new Set();
  let server = 0;

  function show(message) {
    if (shown.has(message.n)) return;  // came both as history and as news
    shown.add(message.n);
    const entry = make("li", message.by === self ? "said mine" : "said",
                       make("b", colourOf(message.name), message.name), " ",
                       make("span", "words", message.text), " ",
                       make("time", "fine", formatTime(message.at).slice(0, 8)));
    appendBounded(log, entry, MESSAGES_MAX);
  }

  const showHere = (here) => {
    $("chat-here").textContent = here === 1 ? "you are alone here: open a second tab" : `${here} are here`;
  };

  const link = new Link(() => `/_duplex/chat?name=${encodeURIComponent(name.value.trim())}`, {
    state: showChatState,
    message({ data }) {
      const message = JSON.parse(data);
      if (message.history) {
        if (message.server !== server) shown.clear();  // it was restarted, and counts anew
        server = message.server;
        self = message.you;
        message.history.forEach(show);
      } else if (message.text !== undefined) {
        show(message);
      }
      if (message.here !== undefined) showHere(message.here);
    },
    close() {
      $("chat-here").textContent = "";
    },
  });

  $("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim() && link.send(text.value)) text.value = "";
  });
  name.addEventListener("change", () => {
    if (!name.value.trim()) name.value = storedName() ?? "somebody";
    storeName(name.value.trim());
    link.send(`/name ${name.value.trim()}`);
  });
  link.open();
}
