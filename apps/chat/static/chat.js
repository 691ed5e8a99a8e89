// The chat's page: one socket for the lobby's list, one for the room. It joins again by itself after the connection breaks.

const $ = (selector) => document.querySelector(selector);

// ---- the connection ----

/** A DCRF connection: call(action, args) is answered or fails; events of subscriptions go to onevent. */
class Connection extends EventTarget {
  #socket;
  #calls = new Map();
  #last = 0;

  constructor(path) {
    super();
    const address = new URL(path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    this.#socket = new WebSocket(address);
    this.#socket.onopen = () => this.dispatchEvent(new Event("open"));
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = ({ code, reason }) => {
      for (const { reject } of this.#calls.values()) reject(new Error("The connection is lost."));
      this.#calls.clear();
      this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
    };
  }

  #receive(reply) {
    const call = this.#calls.get(reply.request_id);
    if (!call || call.action !== reply.action) {
      this.dispatchEvent(Object.assign(new Event("event"), { reply }));
      return;
    }
    this.#calls.delete(reply.request_id);
    if (reply.response_status < 400) call.resolve(reply.data);
    else call.reject(Object.assign(new Error(readable(reply.errors)), { status: reply.response_status }));
  }

  call(action, args = {}) {
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) throw new Error("There is no connection at the moment.");
      const request_id = ++this.#last;
      this.#calls.set(request_id, { action, resolve, reject });
      this.#socket.send(JSON.stringify({ action, request_id, ...args }));
    });
  }

  close() { this.#socket.close(1000); }
}

/** DRF's errors as one sentence. */
function readable(errors) {
  const texts = (value) => (typeof value === "object" && value ? Object.values(value).flatMap(texts) : [String(value)]);
  return errors.flatMap(texts).join(" ");
}

// ---- state ----

const state = { name: "", room: "", connection: null, members: new Set(), seen: new Set(), tries: 0, timer: 0, unread: 0, last: null, atEnd: true };

const hue = (name) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);

function show(id) {
  $("#lobby").hidden = id !== "lobby";
  $("#chat").hidden = id !== "chat";
}

// ---- drawing ----

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Whoever reads further up is left there; everybody else stays at the last message, also when the list gets smaller. */
function follow() {
  const list = $("#messages");
  if (state.atEnd) list.scrollTop = list.scrollHeight;
}

$("#messages").addEventListener("scroll", ({ target }) => {
  state.atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
});
new ResizeObserver(follow).observe($("#messages"));

function append(item, mine) {
  $("#messages").append(item);
  state.atEnd ||= mine;
  follow();
}

function addMessage({ id, name, text, at }) {
  if (state.seen.has(id)) return;
  state.seen.add(id);
  const mine = name === state.name;
  const again = state.last && state.last.name === name && at - state.last.at < 120;
  state.last = { name, at };
  const item = element("li", `message${mine ? " mine" : ""}${again ? " again" : ""}`);
  item.style.setProperty("--hue", hue(name));
  const when = element("time", "", new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  when.dateTime = new Date(at * 1000).toISOString();
  const head = element("div", "head");
  head.append(element("span", "who", name), when);
  item.append(head, element("div", "text", text));
  append(item, mine);
  if (document.hidden && !mine) {
    state.unread += 1;
    document.title = `(${state.unread}) ${state.room}`;
  }
}

function addNote(text) {
  state.last = null;
  append(element("li", "note", text));
}

function drawMembers() {
  const names = [...state.members].sort((a, b) => a.localeCompare(b));
  $("#count").textContent = names.length;
  $("#members ul").replaceChildren(...names.map((name) => {
    const item = element("li", "", name === state.name ? `${name} (you)` : name);
    item.dataset.initial = [...name][0].toUpperCase();
    item.style.setProperty("--hue", hue(name));
    return item;
  }));
}

function setStatus(kind, text) {
  $("#status").dataset.state = kind;
  $("#status").textContent = text;
  $("#say button").disabled = kind !== "open";
}

function complain(text) {
  $("#banner").textContent = text;
  $("#banner").hidden = !text;
}

function refuse(text) {
  $("#join-error").textContent = text;
  $("#join-error").hidden = !text;
}

// ---- the room ----

const events = {
  message: (data) => addMessage(data),
  join({ name }) {
    if (!state.members.has(name)) addNote(`${name} has come in`);
    state.members.add(name);
    drawMembers();
  },
  leave({ name }) {
    if (name === state.name) return; // an older connection of ours
    if (state.members.delete(name)) addNote(`${name} has left`);
    drawMembers();
  },
};

async function join(connection) {
  const room = await connection.call("join", { name: state.name });
  state.tries = 0;
  state.members = new Set(room.members);
  show("chat");
  $("#room-name").textContent = `# ${room.room}`;
  document.title = room.room;
  for (const message of room.messages) addMessage(message);
  drawMembers();
  setStatus("open", "connected");
  complain("");
}

/** Wait 0.5 s, 1 s, 2 s … at most 15 s, a little random so that a restart does not bring everybody back at once. */
function connectLater() {
  const wait = Math.min(15, 0.5 * 2 ** state.tries) * (0.75 + Math.random() / 2);
  state.tries += 1;
  setStatus("waiting", `connection lost, trying again in ${Math.max(1, Math.round(wait))} s`);
  clearTimeout(state.timer);
  state.timer = setTimeout(connect, wait * 1000);
}

function connect() {
  clearTimeout(state.timer);
  const connection = new Connection(`ws/rooms/${encodeURIComponent(state.room)}/`);
  let refused = false;
  state.connection = connection;
  setStatus("connecting", "connecting…");
  connection.addEventListener("event", ({ reply }) => events[reply.action]?.(reply.data));
  connection.addEventListener("open", () => join(connection).catch((error) => {
    if (!error.status) return; // the connection broke: "close" goes on from here
    if (error.status === 409 && !$("#chat").hidden) { // our old connection has not been noticed as gone yet
      connection.close();
      return;
    }
    refused = true;
    connection.close();
    back(error.message);
  }));
  connection.addEventListener("close", () => {
    if (state.connection !== connection || refused) return;
    if ($("#chat").hidden && state.tries === 0) back("The server cannot be reached.");
    else connectLater();
  });
}

/** Back to the door. */
function back(why = "") {
  const old = state.connection;
  state.connection = null;
  clearTimeout(state.timer);
  old?.close();
  show("lobby");
  document.title = "Tidewire chat";
  refuse(why);
  listRooms();
}

async function listRooms() {
  const connection = new Connection("ws/rooms/");
  connection.addEventListener("open", async () => {
    const rooms = await connection.call("list").catch(() => []);
    connection.close();
    $("#rooms").hidden = rooms.length === 0;
    $("#rooms ul").replaceChildren(...rooms.map(({ name, members }) => {
      const button = element("button", "", `${name} `);
      button.type = "button";
      button.append(element("small", "", members));
      button.onclick = () => {
        $("#join").elements.room.value = name;
        $("#join").requestSubmit();
      };
      const item = element("li");
      item.append(button);
      return item;
    }));
  });
}

// ---- what people do ----

$("#join").addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = event.target.elements;
  Object.assign(state, { name: fields.name.value.trim(), room: fields.room.value.trim(), tries: 0, seen: new Set(), last: null });
  localStorage.setItem("name", state.name);
  location.hash = state.room;
  $("#messages").replaceChildren();
  refuse("");
  connect();
});

$("#say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.text;
  const text = field.value;
  if (!text.trim()) return;
  try {
    field.value = "";
    resize(field);
    await state.connection.call("say", { text });
    complain("");
  } catch (error) {
    if (!field.value) field.value = text; // nothing typed is lost
    resize(field);
    complain(`Not sent: ${error.message}`);
  }
  field.focus();
});

function resize(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

$("#say textarea").addEventListener("input", ({ target }) => resize(target));
$("#say textarea").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("#say").requestSubmit();
});

$("#leave").addEventListener("click", () => back());

$("#people").addEventListener("click", ({ currentTarget }) => {
  const open = $("#members").classList.toggle("open");
  currentTarget.setAttribute("aria-expanded", open);
});
$("#messages").addEventListener("click", () => {
  $("#members").classList.remove("open");
  $("#people").setAttribute("aria-expanded", false);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  state.unread = 0;
  if (state.connection) document.title = state.room;
});
addEventListener("online", () => { if (state.connection && $("#status").dataset.state === "waiting") connect(); });

$("#join").elements.name.value = localStorage.getItem("name") ?? "";
if (location.hash.length > 1) $("#join").elements.room.value = decodeURIComponent(location.hash.slice(1));
listRooms();
