/* The event loop of a hosted program: descriptors, timers and signals, one thread.
 *
 * The only folder that names libuv. An lw_loop is used from the thread that runs it; lw_wake_send
 * is the one call that other threads and signal handlers may make.
 */
#ifndef LW_HOST_LOOP_H
#define LW_HOST_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "lw/err.h"
#include "lw/time.h"

typedef struct lw_loop lw_loop;

lw_loop *lw_loop_new(void); /* NULL when out of memory or descriptors */
/* Everything that was started on the loop must have been freed before. NULL is ignored. */
void lw_loop_free(lw_loop *loop);

/* Runs until lw_loop_stop, or until nothing is left to wait for. */
void lw_loop_run(lw_loop *loop);
void lw_loop_stop(lw_loop *loop);

/* Monotonic milliseconds, read once an iteration: one `now` for a whole batch. */
lw_time lw_loop_now(const lw_loop *loop);

/* Milliseconds since 1970-01-01T00:00:00Z by the machine's clock. */
lw_time lw_wall_clock(void);

/* A one-shot timer. */
typedef struct lw_timer lw_timer;
typedef void lw_timer_fn(void *ctx);
lw_timer *lw_timer_new(lw_loop *loop, lw_timer_fn *fn, void *ctx);
void lw_timer_free(lw_timer *timer);
/* Fires once at `at` (lw_loop_now's clock); at once when that is past; LW_TIME_NEVER stops it. */
void lw_timer_arm(lw_timer *timer, lw_time at);

/* Readiness of a descriptor, which stays the caller's. */
#define LW_READABLE 1
#define LW_WRITABLE 2
typedef struct lw_poll lw_poll;
typedef void lw_poll_fn(void *ctx, int events); /* events 0: the descriptor failed */
lw_poll *lw_poll_new(lw_loop *loop, int fd, lw_poll_fn *fn, void *ctx);
void lw_poll_free(lw_poll *poll);
void lw_poll_set(lw_poll *poll, int events); /* 0 pauses */

typedef struct lw_signal lw_signal;
typedef void lw_signal_fn(void *ctx, int signum);
lw_signal *lw_signal_new(lw_loop *loop, int signum, lw_signal_fn *fn, void *ctx);
void lw_signal_free(lw_signal *signal);

/* Calls fn on the loop's thread soon after lw_wake_send; several sends may become one call. */
typedef struct lw_wake lw_wake;
typedef void lw_wake_fn(void *ctx);
lw_wake *lw_wake_new(lw_loop *loop, lw_wake_fn *fn, void *ctx);
void lw_wake_free(lw_wake *wake);
void lw_wake_send(lw_wake *wake);

#endif
