"use strict";
// The client of docs/tutorial.md: ?user=ann says who one is.
const name = new URLSearchParams(location.search).get("user") || "ann";
const $ = (id) => document.getElementById(id);

// A socket whose ask() answers with the reply to a request; frames under an older request's id go to its listener.
function connect(path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}${path}?user=${encodeURIComponent(name)}`);
  const waiting = new Map();
  const listeners = new Map();
  let last = 0;
  socket.onmessage = (event) => {
    const reply = JSON.parse(event.data);
    const done = waiting.get(reply.request_id);
    if (done && reply.action === done.action) {
      waiting.delete(reply.request_id);
      if (reply.errors.length) done.reject(reply);
      else done.resolve(reply.data);
    } else if (listeners.has(reply.request_id)) listeners.get(reply.request_id)(reply);
  };
  socket.onclose = () => { $("status").textContent = "The connection is closed. Reload the page."; };
  const opened = new Promise((resolve) => { socket.onopen = resolve; });
  async function ask(action, args = {}, listener) {
    await opened;
    const request_id = ++last;
    if (listener) listeners.set(request_id, listener);
    return new Promise((resolve, reject) => {
      waiting.set(request_id, { action, resolve, reject });
      socket.send(JSON.stringify({ ...args, action, request_id }));
    });
  }
  return { ask };
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function show(message) {
  const item = document.createElement("li");
  item.append(element("b", message.user.username), element("span", message.text), element("time", message.created_at_formatted));
  $("messages").append(item);
}

function show_users(users) { $("users").textContent = `Here: ${users.map((user) => user.username).join(", ")}`; }

function complain(reply) { $("status").textContent = reply.errors ? JSON.stringify(reply.errors) : String(reply); }

async function sign_up() {
  const users = connect("/ws/users/");
  if (!(await users.ask("list")).some((user) => user.username === name)) await users.ask("create", { data: { username: name } });
}

async function start() {
  await sign_up();
  const rooms = connect("/ws/rooms/");
  const messages = connect("/ws/messages/");
  $("status").textContent = `You are ${name}.`;

  async function room_called(wanted) {
    const { results } = await rooms.ask("list", { search: `"${wanted.replace(/["\\]/g, "\\$&")}"`, limit: 100 });
    return results.find((room) => room.name === wanted) || rooms.ask("create", { data: { name: wanted } });
  }

  $("open").onsubmit = async (event) => {
    event.preventDefault();
    try {
      const room = await room_called(event.target.room.value.trim());
      $("messages").replaceChildren();
      await rooms.ask("join_room", { pk: room.pk }, (frame) => {
        if (frame.action === "create") show(frame.data);
        else if (frame.action === "update_users") show_users(frame.data.users);
      });
      const page = await messages.ask("list", { room: room.pk, limit: 200 }, (more) => more.data.results.forEach(show));
      page.results.forEach(show);
      $("say").hidden = false;
    } catch (reply) { complain(reply); }
  };

  $("say").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await rooms.ask("create_message", { data: { text: event.target.text.value } });
      event.target.reset();
    } catch (reply) { complain(reply); }
  };
}

start().catch(complain);
