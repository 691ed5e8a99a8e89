/* hub.h - groups and their members on one worker. No sockets: a member is an id, and delivery is a callback. One thread.
 *
 * A member may join a group several times with different request ids (subscriptions). Order of delivery is order of joining. */
#pragma once
#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;
struct hub_member; /* one member's subscriptions, for leaving everything at once */

/* Called for each subscription of a group; request_id is JSON text, empty when the subscription was made without. */
typedef void (*hub_visit)(void *arg, uint64_t member, const char *request_id, size_t request_id_len);

struct hub *hub_new(void);
void hub_free(struct hub *h);

/* A member of this hub, named `id` in visits. Freed by hub_leave_all(). */
struct hub_member *hub_member_new(struct hub *h, uint64_t id);

/* Join; false when this very subscription exists already. */
bool hub_join(struct hub *h, struct hub_member *m, const char *group, size_t group_len, const char *request_id, size_t request_id_len);

/* Leave with that request id, or with every one when request_id is NULL. Returns how many subscriptions ended. */
size_t hub_leave(struct hub *h, struct hub_member *m, const char *group, size_t group_len, const char *request_id, size_t request_id_len);

/* Leave everything and free the member. Calls left(arg, group, len) once for each group that was left. */
void hub_leave_all(struct hub *h, struct hub_member *m, void (*left)(void *arg, const char *group, size_t len), void *arg);

/* True when the member has a subscription of the group. */
bool hub_is_member(struct hub *h, const struct hub_member *m, const char *group, size_t group_len);

/* Visit all subscriptions of `group`. visit may not join or leave. Returns their number. */
size_t hub_publish(struct hub *h, const char *group, size_t group_len, hub_visit visit, void *arg);

/* Visit each member of `group` once, with an empty request id, at its first subscription. */
size_t hub_members(struct hub *h, const char *group, size_t group_len, hub_visit visit, void *arg);
