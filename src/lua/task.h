/* task.h - Lua coroutines as tasks: the only place that calls lua_resume().
 *
 * A task runs until it ends or waits (sleep, join). It is woken by a timer, by another task's end, or by cancelling; it then goes on in the next
 * step of the worker's tick. Coroutines of ended tasks are used again.
 *
 * Everything here belongs to one worker's thread. */
#pragma once
#include "base/heap.h"
#include "base/list.h"

#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum task_state { TASK_NEW, TASK_READY, TASK_RUNNING, TASK_WAITING };

struct task;

/* Something that a task holds and that has to end with it: run() is called when the task ends, however it does, unless task_forgo() came first. */
struct task_cleanup {
  struct list link;
  void (*run)(struct task_cleanup *cleanup);
};

enum task_end { TASK_RETURNED, TASK_FAILED, TASK_NEVER_BEGAN };

/* Called when the task has ended: `co` holds what the function returned, or the error object on top when it failed. */
typedef void (*task_done)(struct task *t, lua_State *co, enum task_end end);

struct task {
  uint64_t id;
  lua_State *co;
  int co_ref;
  enum task_state state;
  bool cancelled;   /* every further wait fails at once */
  int error_ref;    /* what the next wait raises, LUA_NOREF for nothing */
  int deadline_ref; /* the error of `deadline` */
  int arguments;    /* on co's stack, for the first resume */
  struct heap_node timer, deadline;
  struct list ready_link; /* on scheduler->ready */
  struct list joiners;    /* tasks that wait for this one, by join_link */
  struct list join_link;
  struct list owner_link; /* on the owner's list of tasks */
  void *owner;            /* whatever `done` needs; the session of a connection's task */
  task_done done;
  struct scheduler *scheduler;
  struct list cleanups; /* newest last */
  void *awaited;        /* what the wait in progress will be answered with, owned by whoever waits; see bind_db.c */
  int awaited_kind;     /* its meaning to them */
  bool answered;        /* it has come */
};

struct task_slot {
  struct task *task;
  uint32_t generation;
};

struct scheduler {
  lua_State *L;
  struct task *current;
  struct heap timers, deadlines;
  struct list ready;
  struct task_slot *slots; /* owned */
  uint32_t *free_slots;
  size_t slot_count, free_count, task_count;
  struct task **spare; /* ended tasks with a usable coroutine, owned */
  size_t spare_count;
  atomic_long *total; /* tasks of the process, for /healthz */
};

void scheduler_init(struct scheduler *s, lua_State *L, atomic_long *total);

/* Forget all tasks without running them again. Before lua_close(). */
void scheduler_fini(struct scheduler *s);

/* A task with an empty stack: push a function and its arguments on t->co, then task_start() or task_queue(). */
struct task *task_new(struct scheduler *s, task_done done, void *owner);

/* Run it now, with `arguments` values above the function; may be over (and freed) when this returns. Not from inside a task. */
void task_start(struct scheduler *s, struct task *t, int arguments);

/* Run it in the next step. */
void task_queue(struct scheduler *s, struct task *t, int arguments);

/* Run a queued task that has not begun now instead of in the next step; any other is left alone. Not from inside a task. */
void task_begin(struct scheduler *s, struct task *t);

struct task *task_find(struct scheduler *s, uint64_t id);

/* For C functions that Lua calls: `return task_wait(s, L, until)` parks the running task; `until` 0 waits for a wake-up only. On resume Lua sees
 * true, or false and an error. When the task is cancelled these are returned at once. Raises when L is not the task's own coroutine. */
int task_wait(struct scheduler *s, lua_State *L, uint64_t until);

/* True when a wait would fail at once because the task is cancelled or late. Raises where task_wait() would. */
bool task_wait_fails(struct scheduler *s, lua_State *L);

/* Have `cleanup` run when the task ends; forgo it again. */
void task_defer(struct task *t, struct task_cleanup *cleanup);
void task_forgo(struct task_cleanup *cleanup);

/* Let a waiting task go on with `true`. */
void task_wake(struct scheduler *s, struct task *t);

/* Make the task's current and every later wait fail with the error on top of L's stack (popped). A task that has not begun never begins. */
void task_cancel(struct scheduler *s, lua_State *L, struct task *t);

/* At `at` (0: never) the wait that then holds the task fails with the error on top of L's stack (popped). */
void task_set_deadline(struct scheduler *s, lua_State *L, struct task *t, uint64_t at);

/* Resume what is due or ready. Returns when the next timer is due, UINT64_MAX for none, 0 when tasks are ready already. */
uint64_t scheduler_run(struct scheduler *s, uint64_t now);
