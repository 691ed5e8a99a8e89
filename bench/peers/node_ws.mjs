// The peer: Node's ws 8 with the actions of apps/bench and the same envelope, as a careful user would write it.
import { WebSocketServer } from "ws";

const subscribers = new Map(); // socket → request id

const envelope = (action, data, status, requestId) =>
  JSON.stringify({ errors: [], data, action, response_status: status, request_id: requestId ?? null });

const actions = {
  echo: (socket, { text, request_id: id }) => socket.send(envelope("echo", { text }, 200, id)),
  subscribe(socket, { request_id: id }) {
    subscribers.set(socket, id);
    socket.send(envelope("subscribe", null, 201, id));
  },
  publish(socket, { text, request_id: id }) {
    for (const [subscriber, own] of subscribers) subscriber.send(envelope("create", { text }, 200, own));
    socket.send(envelope("publish", null, 200, id));
  },
};

function receive(socket, data) {
  const message = JSON.parse(data);
  const action = actions[message.action];
  if (action) action(socket, message);
  else socket.send(JSON.stringify({ errors: [`Method "${message.action}" not allowed.`], data: null, action: message.action, response_status: 405, request_id: message.request_id ?? null }));
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws/", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data) => receive(socket, data));
  socket.on("close", () => subscribers.delete(socket));
  socket.on("error", () => socket.terminate());
});
server.on("listening", () => console.log(`listening ${server.address().port}`));
