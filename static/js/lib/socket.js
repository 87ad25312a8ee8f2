// Keeps a page current: a socket that replays from the last event seen; polling while it is lost.

const BEAT_MS = 1_500; // the server's heartbeat
const SILENCE_MS = 4_000; // without any frame the line is dead, whatever the socket says
const LOOK_MS = 500; // so that a reader knows within five seconds
export const POLL_MS = 3_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const REFUSED = { 4401: "signed_out", 4404: "gone" };
const REFUSED_STATUS = { 401: "signed_out", 403: "signed_out", 404: "gone" };

/** How long to wait before trying again: doubling, with jitter, so that not all come at once. */
export const waitBefore = (tries, random = Math.random) =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2);

/**
 * @param socketUrl (after) -> address of the socket
 * @param fetchEvents async (after) -> {events in order, and the state as frames say it}
 * @param sequence () -> of the last event that the page knows
 * @param onEvents (events, {complete, ...state}); true answers that a number is missing
 * @param onChanged ({ids, all}): rows of a list have changed
 * @param onConnection "connecting", "live", "reconnecting", "polling", "offline", or why it was
 *   refused: "signed_out", "gone"
 * @param onReload the page is too far behind: it must read the whole state anew
 */
export class LiveFeed {
  socketUrl;
  fetchEvents;
  sequence;
  onEvents;
  onChanged;
  onConnection;
  onReload;

  constructor({ parts = {}, ...page }) {
    Object.assign(this, page);
    this.parts = {
      Socket: globalThis.WebSocket,
      now: () => Date.now(),
      random: Math.random,
      later: (action, delay) => setTimeout(action, delay),
      never: (id) => clearTimeout(id),
      ...parts,
    };
    Object.assign(this, { tries: 0, connection: "", closed: false, fetching: null, poll: null });
  }

  start() {
    this.#say("connecting");
    this.#open();
    this.#watch();
  }

  stop(reason = "") {
    this.closed = true;
    this.#drop();
    [this.retry, this.poll, this.watch].forEach(this.parts.never);
    if (reason) this.#say(reason);
  }

  /** Try at once: the network is back, or the page is looked at again. */
  wake() {
    if (this.closed || this.connection === "live") return;
    this.parts.never(this.retry);
    this.tries = 0;
    this.#drop();
    this.#open();
  }

  /** The network is gone: do not wait until silence proves it. */
  lose() {
    if (!this.closed) this.#lost();
  }

  #open() {
    const socket = new this.parts.Socket(this.socketUrl(this.sequence()));
    this.socket = socket;
    this.heard = this.parts.now();
    socket.onmessage = ({ data }) => socket === this.socket && this.#read(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.#closed(code);
    socket.onopen = () => {
      // Ask: a server answers at once, also where nothing happens.
      if (socket === this.socket) socket.send(JSON.stringify({ type: "ping" }));
    };
  }

  #read(frame) {
    this.heard = this.parts.now();
    if (this.connection !== "live") {
      this.tries = 0;
      this.parts.never(this.poll);
      this.poll = null;
      this.#say("live");
    }
    if (frame.type === "reload") this.onReload(frame.reason);
    if (frame.type === "changed") this.onChanged(frame);
    if (frame.type === "events" && this.#take(frame)) this.catchUp();
    if (frame.type === "heartbeat" && frame.sequence > this.sequence()) this.catchUp();
  }

  /** A frame says after which event it goes on; what is left out after that was overtaken. */
  #take({ type: _, events, after, ...state }) {
    const complete = after != null && after <= this.sequence();
    return this.onEvents(events, { ...state, complete });
  }

  #closed(code) {
    if (REFUSED[code]) this.stop(REFUSED[code]);
    else this.#lost();
  }

  #lost() {
    this.#drop();
    if (this.connection === "live" || this.connection === "connecting") this.#say("reconnecting");
    this.parts.never(this.retry);
    this.retry = this.parts.later(() => this.#open(), waitBefore(this.tries, this.parts.random));
    this.tries += 1;
    this.poll ??= this.parts.later(() => this.#polled(), POLL_MS);
  }

  #drop() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }

  /** Read what is missing, page by page. Also where numbers were compacted away: this is all. */
  async catchUp() {
    this.fetching ??= this.#fetchAll().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  async #fetchAll() {
    try {
      for (;;) {
        const before = this.sequence();
        const { events, sequence: _, ...state } = await this.fetchEvents(before);
        if (events.length) this.onEvents(events, { ...state, complete: true });
        if (!events.length || this.sequence() === before) return "polling";
      }
    } catch (error) {
      return REFUSED_STATUS[error.status] ?? "offline";
    }
  }

  async #polled() {
    this.poll = null;
    const outcome = await this.catchUp();
    if (this.closed || this.connection === "live") return;
    if (Object.values(REFUSED).includes(outcome)) {
      this.stop(outcome);
      return;
    }
    this.#say(outcome);
    this.poll ??= this.parts.later(() => this.#polled(), POLL_MS);
  }

  /** A lost Wi-Fi raises no close event: silence must be noticed. Asking brings it out sooner. */
  #watch() {
    const silence = this.parts.now() - this.heard;
    if (this.socket && silence > SILENCE_MS) this.#lost();
    else if (this.socket && this.connection === "live" && silence > BEAT_MS + 1000) {
      if (this.socket.readyState === 1) this.socket.send(JSON.stringify({ type: "ping" }));
    }
    this.watch = this.parts.later(() => this.#watch(), LOOK_MS);
  }

  #say(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    this.onConnection(connection);
  }
}
