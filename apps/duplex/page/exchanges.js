// The left side of the wire: HTTP, one closed box for each exchange.

import { $, appendBounded, byteLength, formatBytes, formatMs, formatNumber, formatTime, make, now } from "/_duplex/dom.js";
import { protection } from "/_duplex/secrecy.js";

const EXCHANGES_MAX = 40;
const PATH = "/_duplex/exchange";

/**
 * The head of `response` as the browser reports it. Names come in small letters and their order is
 * lost, but not a byte of its length: so it can be counted.
 */
export function responseHead(response) {
  const fields = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${response.status} ${response.statusText}\r\n${fields.join("")}\r\n`;
}

/** An arrow of a sequence diagram: "right" from the browser to the server, or "left". */
export function arrow(direction, label, meta) {
  return make("div", `arrow ${direction}`, make("span", "label", ...label), make("span", "meta", meta));
}

/** Heads as they are, [title, text] each, behind a summary that opens them. */
export function headDetails(summary, open, ...heads) {
  const details = make("details", "heads", make("summary", "", summary));
  details.open = open;
  for (const [title, head] of heads) {
    details.append(make("h4", "", title), make("pre", "", head.trimEnd()));
  }
  return details;
}

export function startExchanges() {
  const list = $("exchanges");
  let count = 0;
  let bytes = 0;

  function showSums() {
    $("http-count").textContent = formatNumber(count);
    $("http-bytes").textContent = formatNumber(bytes);
    $("http-each").textContent = formatBytes(Math.round(bytes / count));
  }

  async function send(text) {
    const box = make("li", "exchange");
    const request = arrow("right", ["POST ", make("q", "", text)], formatTime(now()));
    box.append(request);
    appendBounded(list, box, EXCHANGES_MAX);
    const begun = performance.now();
    try {
      const response = await fetch(PATH, { method: "POST", body: text, cache: "no-store" });
      const content = await response.text();
      const took = performance.now() - begun;
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      const seen = JSON.parse(content);
      const head = responseHead(response);
      const sent = seen.head.length + byteLength(text);
      const received = head.length + byteLength(content);
      count += 1;
      bytes += sent + received;
      request.querySelector(".meta").textContent = formatBytes(sent);
      box.append(
        arrow("left", [`${response.status} ${response.statusText} `, make("q", "", seen.echo)],
              `${formatBytes(received)} · ${formatMs(took)}`),
        headDetails("the heads", count === 1,
                    ["request, byte for byte", seen.head],
                    ["response, as the browser reports it", head]),
        make("p", "end", `the end · from ${seen.peer} · ${protection(seen.tls)}`));
      showSums();
    } catch (error) {
      box.append(make("p", "end failed", `no answer: ${error.message}`));
    }
    if (count > 1) list.scrollTop = list.scrollHeight;
  }

  send($("both-text").value);
  return { send };
}
