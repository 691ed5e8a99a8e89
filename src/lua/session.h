/* session.h - one WebSocket connection's life in Lua: its consumer, its inbox and its tasks.
 *
 * Messages are handled strictly one after another, each in a task of its own; detached tasks run beside. When the connection closes,
 * detached tasks are cancelled, messages that had come before are still handled (within close_timeout), then the consumer's disconnect runs, and
 * the session ends. Worker's thread only. */
#pragma once
#include "lua/worker.h"

struct session;

/* Handlers for net_new(); their ctx is the worker. */
extern const struct net_handlers session_net_handlers;

/* The session of an open connection, NULL when it is closed or unknown. */
struct session *session_find(struct worker *w, uint64_t conn);

/* Start fn (with `arguments` values above it on L's stack, all popped) as a detached task of the session in the next step; returns its id. */
uint64_t session_spawn(struct session *s, lua_State *L, int arguments);

/* The same for a task that belongs to no connection. */
uint64_t worker_spawn(struct worker *w, lua_State *L, int arguments);

/* Queue a group message (JSON text) for the session's consumer. */
void session_group_message(struct session *s, const char *json, size_t len);

/* The session's membership in groups, made when it is first needed. */
struct hub_member *session_member(struct session *s);

/* Cancel what closed connections still run when their close_timeout is over; returns when to call again at the latest. */
uint64_t sessions_tick(struct worker *w, uint64_t now);

/* Shutting down, out of patience: drop what waits in inboxes and cancel what runs. */
void sessions_cancel(struct worker *w);

/* The same for tasks that belong to no connection. */
void background_cancel(struct worker *w);

/* Free what is left when the worker ends: nothing runs any more. */
void sessions_free(struct worker *w);

/* The consumer has accepted the handshake: its disconnect will be called. */
void session_accepted(struct session *s);

/* Push the error object for a cancelled task (exceptions.Cancelled). */
void push_cancelled(lua_State *L, const char *reason);
