#include "host/inbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* One lock, held for a few instructions: posters are HTTP threads, a few thousand times a second at
 * most. */
struct lw_inbox {
    pthread_mutex_t lock;
    lw_task *first, **last;
    unsigned count, max;
    bool closed;
    lw_wake *wake;
    void (*ran)(void *ctx);
    void *ctx;
};

static lw_task *take_all(lw_inbox *inbox, bool close)
{
    pthread_mutex_lock(&inbox->lock);
    lw_task *tasks = inbox->first;
    inbox->first = NULL;
    inbox->last = &inbox->first;
    inbox->count = 0;
    inbox->closed = inbox->closed || close;
    pthread_mutex_unlock(&inbox->lock);
    return tasks;
}

static void run_all(lw_inbox *inbox, lw_task *task)
{
    if (task == NULL) {
        return;
    }
    while (task != NULL) {
        lw_task *next = task->next; /* a task may be gone once it ran */
        task->run(task);
        task = next;
    }
    if (inbox->ran != NULL) {
        inbox->ran(inbox->ctx);
    }
}

static void on_wake(void *ctx)
{
    lw_inbox *inbox = ctx;
    run_all(inbox, take_all(inbox, false));
}

lw_inbox *lw_inbox_new(lw_loop *loop, unsigned max, void (*ran)(void *ctx), void *ctx)
{
    lw_inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL) {
        return NULL;
    }
    inbox->wake = lw_wake_new(loop, on_wake, inbox);
    if (inbox->wake == NULL) {
        free(inbox);
        return NULL;
    }
    pthread_mutex_init(&inbox->lock, NULL);
    inbox->last = &inbox->first;
    inbox->max = max > 0 ? max : LW_INBOX_MAX;
    inbox->ran = ran;
    inbox->ctx = ctx;
    return inbox;
}

lw_err lw_inbox_post(lw_inbox *inbox, lw_task *task)
{
    lw_err err = LW_OK;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->closed) {
        err = LW_ESTATE;
    } else if (inbox->count == inbox->max) {
        err = LW_ENOMEM;
    } else {
        task->next = NULL;
        *inbox->last = task;
        inbox->last = &task->next;
        inbox->count++;
        if (inbox->count == 1) {
            lw_wake_send(inbox->wake);
        }
    }
    pthread_mutex_unlock(&inbox->lock);
    return err;
}

void lw_inbox_close(lw_inbox *inbox)
{
    run_all(inbox, take_all(inbox, true));
}

void lw_inbox_free(lw_inbox *inbox)
{
    if (inbox == NULL) {
        return;
    }
    lw_wake_free(inbox->wake);
    pthread_mutex_destroy(&inbox->lock);
    free(inbox);
}
