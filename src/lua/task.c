/* task.c - see task.h.
 *
 * DESIGN: a wait returns to Lua either true, or false and an error object; the Lua side raises it (tidewire.task), since a C function cannot
 * go on after lua_yield(). A task that yields by itself (coroutine.yield at its top level) lets the others run and goes on in the next step.
 * INVARIANTS: a task is on `ready` iff its state is TASK_READY; `timer` is in the heap only while it waits. */
#include "lua/task.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_BITS = 22, SPARE_MAX = 4096 };

void scheduler_init(struct scheduler *s, lua_State *L, atomic_long *total) {
  *s = (struct scheduler){.L = L, .total = total};
  heap_init(&s->timers);
  heap_init(&s->deadlines);
  list_init(&s->ready);
  s->spare = xcalloc(SPARE_MAX, sizeof(struct task *));
}

static void clean_up(struct task *t) {
  while (!list_empty(&t->cleanups)) {
    struct task_cleanup *last = list_entry(t->cleanups.prev, struct task_cleanup, link);
    list_remove(&last->link);
    last->run(last);
  }
}

void scheduler_fini(struct scheduler *s) {
  for (size_t i = 0; i < s->slot_count; i++) {
    if (s->slots[i].task) clean_up(s->slots[i].task);
    free(s->slots[i].task);
  }
  while (s->spare_count) free(s->spare[--s->spare_count]);
  atomic_fetch_sub(s->total, (long)s->task_count);
  free(s->slots);
  free(s->free_slots);
  free(s->spare);
  heap_fini(&s->timers);
  heap_fini(&s->deadlines);
}

static uint32_t take_slot(struct scheduler *s) {
  if (!s->free_count) {
    const size_t count = s->slot_count ? s->slot_count * 2 : 256;
    s->slots = xrealloc(s->slots, count * sizeof *s->slots);
    s->free_slots = xrealloc(s->free_slots, count * sizeof *s->free_slots);
    for (size_t i = count; i > s->slot_count; i--) {
      s->slots[i - 1] = (struct task_slot){0};
      s->free_slots[s->free_count++] = (uint32_t)(i - 1);
    }
    s->slot_count = count;
  }
  return s->free_slots[--s->free_count];
}

static struct task *fresh(struct scheduler *s) {
  struct task *t = xcalloc(1, sizeof *t);
  t->scheduler = s;
  t->co = lua_newthread(s->L);
  t->co_ref = luaL_ref(s->L, LUA_REGISTRYINDEX);
  list_init(&t->ready_link);
  list_init(&t->joiners);
  list_init(&t->join_link);
  list_init(&t->owner_link);
  list_init(&t->cleanups);
  t->error_ref = t->deadline_ref = LUA_NOREF;
  return t;
}

struct task *task_new(struct scheduler *s, task_done done, void *owner) {
  struct task *t = s->spare_count ? s->spare[--s->spare_count] : fresh(s);
  const uint32_t index = take_slot(s);
  s->slots[index].task = t;
  s->slots[index].generation = (s->slots[index].generation + 1) & 0x3fffffff;
  t->id = (uint64_t)s->slots[index].generation << INDEX_BITS | index;
  t->state = TASK_NEW;
  t->done = done;
  t->owner = owner;
  s->task_count++;
  atomic_fetch_add_explicit(s->total, 1, memory_order_relaxed);
  return t;
}

struct task *task_find(struct scheduler *s, uint64_t id) {
  const uint64_t index = id & ((1u << INDEX_BITS) - 1);
  struct task *t = index < s->slot_count ? s->slots[index].task : NULL;
  return t && t->id == id ? t : NULL;
}

static void make_ready(struct scheduler *s, struct task *t) {
  heap_remove(&s->timers, &t->timer);
  list_remove(&t->join_link);
  t->state = TASK_READY;
  list_push(&s->ready, &t->ready_link);
}

static void forget(struct scheduler *s, int *ref) {
  if (*ref != LUA_NOREF) luaL_unref(s->L, LUA_REGISTRYINDEX, *ref);
  *ref = LUA_NOREF;
}

static void recycle(struct scheduler *s, struct task *t, bool usable) {
  if (usable && s->spare_count < SPARE_MAX) {
    lua_settop(t->co, 0);
    t->cancelled = false;
    s->spare[s->spare_count++] = t;
    return;
  }
  luaL_unref(s->L, LUA_REGISTRYINDEX, t->co_ref);
  free(t);
}

static void end(struct scheduler *s, struct task *t, enum task_end how) {
  clean_up(t);
  const uint32_t index = (uint32_t)(t->id & ((1u << INDEX_BITS) - 1));
  heap_remove(&s->timers, &t->timer);
  heap_remove(&s->deadlines, &t->deadline);
  list_remove(&t->ready_link);
  list_remove(&t->owner_link);
  for (struct list *l; (l = list_shift(&t->joiners));) make_ready(s, list_entry(l, struct task, join_link));
  s->slots[index].task = NULL;
  s->free_slots[s->free_count++] = index;
  s->task_count--;
  atomic_fetch_sub_explicit(s->total, 1, memory_order_relaxed);
  t->state = TASK_NEW;
  forget(s, &t->error_ref);
  forget(s, &t->deadline_ref);
  t->done(t, t->co, how);
  recycle(s, t, how != TASK_FAILED); /* an error leaves the coroutine dead */
}

static void resume(struct scheduler *s, struct task *t, int arguments) {
  t->state = TASK_RUNNING;
  s->current = t;
  const int status = lua_resume(t->co, arguments);
  s->current = NULL;
  if (status == LUA_YIELD) {
    if (t->state != TASK_RUNNING) return;
    lua_settop(t->co, 0);
    t->arguments = 0;
    make_ready(s, t);
    return;
  }
  end(s, t, status ? TASK_FAILED : TASK_RETURNED);
}

void task_start(struct scheduler *s, struct task *t, int arguments) { resume(s, t, arguments); }

void task_queue(struct scheduler *s, struct task *t, int arguments) {
  t->arguments = arguments;
  t->state = TASK_READY;
  list_push(&s->ready, &t->ready_link);
}

/* Push what the wait returns when it fails: false and the error. */
static int push_failure(struct scheduler *s, lua_State *L, struct task *t) {
  lua_pushboolean(L, 0);
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->error_ref);
  if (!t->cancelled) forget(s, &t->error_ref);
  return 2;
}

bool task_wait_fails(struct scheduler *s, lua_State *L) {
  const struct task *t = s->current;
  if (!t) return luaL_error(L, "waiting is possible inside a task only, not while the app loads");
  if (L != t->co) return luaL_error(L, "waiting inside a coroutine of your own is not possible; use tidewire.spawn");
  if (!lua_isyieldable(L)) /* lua_yield() would raise, but only after whoever waits has begun what it waits for */
    return luaL_error(L, "waiting is not possible inside a function that C calls back (table.sort, string.gsub, require, tostring)");
  return t->error_ref != LUA_NOREF;
}

void task_defer(struct task *t, struct task_cleanup *cleanup) { list_push(&t->cleanups, &cleanup->link); }
void task_forgo(struct task_cleanup *cleanup) { list_remove(&cleanup->link); }

int task_wait(struct scheduler *s, lua_State *L, uint64_t until) {
  struct task *t = s->current;
  if (task_wait_fails(s, L)) return push_failure(s, L, t);
  if (until) heap_set(&s->timers, &t->timer, until);
  t->state = TASK_WAITING;
  return lua_yield(L, 0);
}

void task_wake(struct scheduler *s, struct task *t) {
  if (t->state == TASK_WAITING) make_ready(s, t);
}

static void set_error(struct scheduler *s, lua_State *L, struct task *t) {
  forget(s, &t->error_ref);
  t->error_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  task_wake(s, t);
}

void task_cancel(struct scheduler *s, lua_State *L, struct task *t) {
  t->cancelled = true;
  set_error(s, L, t);
}

void task_set_deadline(struct scheduler *s, lua_State *L, struct task *t, uint64_t at) {
  forget(s, &t->deadline_ref);
  t->deadline_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  if (at) heap_set(&s->deadlines, &t->deadline, at);
  else heap_remove(&s->deadlines, &t->deadline);
}

static void deadline_passed(struct scheduler *s, struct task *t) {
  heap_remove(&s->deadlines, &t->deadline);
  if (t->cancelled) return; /* cancelling is the stronger reason */
  lua_rawgeti(s->L, LUA_REGISTRYINDEX, t->deadline_ref);
  set_error(s, s->L, t);
}

static void expire(struct scheduler *s, uint64_t now) {
  for (struct heap_node *n; (n = heap_peek(&s->timers)) && n->at <= now;) make_ready(s, list_entry(n, struct task, timer));
  for (struct heap_node *n; (n = heap_peek(&s->deadlines)) && n->at <= now;) deadline_passed(s, list_entry(n, struct task, deadline));
}

static void go_on(struct scheduler *s, struct task *t) {
  const bool begun = lua_status(t->co) == LUA_YIELD;
  if (!begun && t->cancelled) {
    end(s, t, TASK_NEVER_BEGAN);
  } else if (!begun) {
    resume(s, t, t->arguments);
  } else if (t->error_ref != LUA_NOREF) {
    resume(s, t, push_failure(s, t->co, t));
  } else {
    lua_pushboolean(t->co, 1);
    resume(s, t, 1);
  }
}

void task_begin(struct scheduler *s, struct task *t) {
  if (t->state != TASK_READY || lua_status(t->co) == LUA_YIELD) return;
  list_remove(&t->ready_link);
  go_on(s, t);
}

uint64_t scheduler_run(struct scheduler *s, uint64_t now) {
  struct list batch;
  expire(s, now);
  list_take(&batch, &s->ready); /* what becomes ready meanwhile waits for the next step, so that nobody starves the sockets */
  for (struct list *l; (l = list_shift(&batch));) go_on(s, list_entry(l, struct task, ready_link));
  if (!list_empty(&s->ready)) return 0;
  const struct heap_node *timer = heap_peek(&s->timers), *deadline = heap_peek(&s->deadlines);
  const uint64_t first = timer ? timer->at : UINT64_MAX;
  return deadline && deadline->at < first ? deadline->at : first;
}
