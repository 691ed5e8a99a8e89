/* offload.h - one thread for slow C calls (reading files, later password hashing), so that no worker ever blocks.
 *
 * A job embeds the mail that brings it back: run() works on the offload thread, then the mail is delivered to the worker's mailbox. */
#pragma once
#include "base/mailbox.h"

struct offload;

struct offload_job {
  struct mail mail;                     /* deliver and drop set by the submitter; both own the job */
  struct mailbox *reply;                /* borrowed; must outlive the job */
  void (*run)(struct offload_job *job); /* on the offload thread; may not touch worker state */
  struct offload_job *next;
};

/* Start the thread. */
struct offload *offload_new(void);

/* Finish the running job, drop the waiting ones, join. Call before the mailboxes go. */
void offload_free(struct offload *o);

/* Queue a job. Any thread. */
void offload_submit(struct offload *o, struct offload_job *job);
