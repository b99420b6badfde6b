// How late news arrives: by polling a URL, and by a WebSocket at the same URL.

import { $, byteLength, formatBytes, formatMs, formatNumber, median, now } from "/_duplex/dom.js";
import { Chart } from "/_duplex/chart.js";
import { responseHead } from "/_duplex/exchanges.js";
import { Link } from "/_duplex/link.js";

const PATH = "/_duplex/news";
const MEDIAN_OF = 50;
const CLOCK_EVERY_MS = 5_000;
const CLOCK_SAMPLES = 8;

/**
 * How far the server's clock is ahead of ours. The server's time is taken to lie in the middle of
 * the round trip; the shortest of the last round trips is believed, as NTP does.
 */
class ServerClock {
  #samples = [];
  #askedAt = 0;

  ask(link) {
    this.#askedAt = now();
    link.send("clock");
  }

  answer(serverMs) {
    const received = now();
    this.#samples.push({
      roundTrip: received - this.#askedAt,
      ahead: serverMs - (this.#askedAt + received) / 2,
    });
    if (this.#samples.length > CLOCK_SAMPLES) this.#samples.shift();
  }

  get best() {
    return this.#samples.reduce((a, b) => (b.roundTrip < a.roundTrip ? b : a));
  }
  get known() {
    return this.#samples.length > 0;
  }
  /** How long ago it was `serverMs` by the server's clock. */
  since(serverMs) {
    return Math.max(0, now() + this.best.ahead - serverMs);
  }
}

/** One way by which news arrives: its numbers on the page, and its points in the chart. */
class Way {
  #lateness = [];
  #items = 0;
  #bytes = 0;
  #name;
  #chart;

  constructor(name, chart) {
    this.#name = name;
    this.#chart = chart;
  }

  take(item, lateMs) {
    this.#items += 1;
    this.#lateness.push(lateMs);
    if (this.#lateness.length > MEDIAN_OF) this.#lateness.shift();
    this.#chart.add(this.#name, lateMs, `#${item.n}: ${formatMs(lateMs)} late`);
    const middle = median(this.#lateness);
    this.#chart.setMedian(this.#name, middle);
    $(`${this.#name}-median`).textContent = formatMs(middle);
    $(`${this.#name}-items`).textContent = formatNumber(this.#items);
    $(`${this.#name}-latest`).textContent = `#${item.n}, ${formatMs(lateMs)} late: ${item.text}`;
  }

  count(bytes) {
    this.#bytes += bytes;
    $(`${this.#name}-bytes`).textContent = formatBytes(this.#bytes);
  }
}

/** The size of an unmasked frame with this payload: what a pushed item costs. */
const frameBytes = (payload) => payload + (payload < 126 ? 2 : payload < 65536 ? 4 : 10);

export function startNews(showNewsState) {
  const chart = new Chart($("chart"));
  const clock = new ServerClock();
  const polled = new Way("poll", chart);
  const pushed = new Way("push", chart);

  let clockTimer = 0;
  const link = new Link(() => PATH, {
    state: showNewsState,
    open() {
      clock.ask(link);
      clockTimer = setInterval(() => clock.ask(link), CLOCK_EVERY_MS);
    },
    close: () => clearInterval(clockTimer),
    message({ data }) {
      const news = JSON.parse(data);
      if (news.clock !== undefined) {
        clock.answer(news.clock);
        const { ahead, roundTrip } = clock.best;
        $("clock-text").textContent =
          `The server's clock is ${formatMs(Math.abs(ahead))} ${ahead < 0 ? "behind" : "ahead of"} this browser's, ` +
          `give or take ${formatMs(roundTrip / 2)}: measured over the WebSocket, and allowed for.`;
        if (since === null) poll();
      } else if (news.handshake !== undefined) {
        pushed.count(news.handshake);
      } else if (clock.known) {
        pushed.count(frameBytes(byteLength(data)));
        pushed.take(news, clock.since(news.at));
      }
    },
  });

  let since = null;
  let requests = 0;
  let empty = 0;
  let pollTimer = 0;
  async function poll() {
    clearTimeout(pollTimer);
    pollTimer = setTimeout(poll, Number($("poll-every").value) * 1000);
    if (document.hidden || !link.isOpen) return;
    const first = since === null;
    since ??= -1;
    try {
      const response = await fetch(`${PATH}?since=${since}`, { cache: "no-store" });
      const content = await response.text();
      const answer = JSON.parse(content);
      since = answer.latest;
      if (first) return;  // tells where the news begins; what is older was nobody's to wait for
      requests += 1;
      if (answer.items.length === 0) empty += 1;
      for (const item of answer.items) polled.take(item, clock.since(item.at));
      polled.count(answer.request_bytes + responseHead(response).length + byteLength(content));
      $("poll-requests").textContent = formatNumber(requests);
      $("poll-empty").textContent = formatNumber(empty);
    } catch {
      // The server is away; the state of the WebSocket says so already.
    }
  }

  $("poll-every").addEventListener("input", (event) => {
    $("poll-every-text").textContent = `${event.target.value} s`;
    clearTimeout(pollTimer);
    pollTimer = setTimeout(poll, Number(event.target.value) * 1000);
  });
  for (const radio of document.querySelectorAll("input[name=scale]")) {
    radio.addEventListener("change", () => chart.setScale(radio.value));
  }
  link.open();
}
