// The WebSocket to the server. The server sends the next message when this page has drawn the one before, so that a
// page that is slow, or that nobody sees, gets less, and is never behind.

const kFirstWait = 250; // ms until it is tried again
const kLongestWait = 4000;

export class Connection {
  #socket = null;
  #wait = kFirstWait;
  #take;
  #tell;

  /// take(message) is called for each message, tell(isOpen) when the connection comes and goes.
  constructor(take, tell) {
    this.#take = take;
    this.#tell = tell;
    this.#open();
  }

  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /// What was sent has been drawn.
  next() {
    this.send({ op: "next" });
  }

  #open() {
    const socket = new WebSocket(`ws://${location.host}/live`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#wait = kFirstWait;
      this.#tell(true);
    };
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = () => {
      this.#tell(false);
      setTimeout(() => this.#open(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, kLongestWait);
    };
  }
}
