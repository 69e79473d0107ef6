/* What other threads want done on a loop's thread: a bounded queue of tasks.
 *
 * A task is part of something its poster owns (see LW_CONTAINER) and is the loop's from
 * lw_inbox_post until its `run` is called. Tasks run in the order they were posted; those that
 * gathered run together, and `ran` is called once after them: the place to step an engine and to
 * flush sockets.
 */
#ifndef LW_HOST_INBOX_H
#define LW_HOST_INBOX_H

#include "host/loop.h"
#include "lw/err.h"

#define LW_INBOX_MAX 65536u /* tasks that may wait */

typedef struct lw_task lw_task;
struct lw_task {
    lw_task *next;
    void (*run)(lw_task *task);
};

typedef struct lw_inbox lw_inbox;

/* `max` tasks may wait; 0: LW_INBOX_MAX. `ran` may be NULL. NULL when out of memory. */
lw_inbox *lw_inbox_new(lw_loop *loop, unsigned max, void (*ran)(void *ctx), void *ctx);

/* From any thread. LW_ENOMEM: it is full; LW_ESTATE: it was closed. The task is then untouched. */
LW_MUST_CHECK lw_err lw_inbox_post(lw_inbox *inbox, lw_task *task);

/* On the loop's thread: takes no more tasks, and runs those that wait. */
void lw_inbox_close(lw_inbox *inbox);

/* When no other thread can post any more, before the loop is freed. NULL is ignored. */
void lw_inbox_free(lw_inbox *inbox);

#endif
