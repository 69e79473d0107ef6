#include "store/group.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "lw/time.h"
#include "store/tickets.h"

typedef enum group_state { WELL, FAILING, DAMAGED } group_state;

struct lw_group {
    lw_group_config config;
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows; not held while others are called */
    pthread_cond_t work;  /* for the thread */
    pthread_cond_t settled;
    group_state state;
    lw_err err;
    const char *why;
    lw_changes waiting;
    size_t in_flight, in_flight_octets; /* of the commit that runs */
    lw_tickets tickets;
    uint64_t commits, rows;
    lw_time lazy_due;  /* when the oldest change has waited long enough */
    lw_time retry_due; /* while FAILING */
    lw_time tidy_due;
    bool stopping;
};

lw_time lw_group_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (lw_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void set_state(lw_group *g, group_state state, lw_err err, const char *why)
{
    g->state = state;
    g->err = err;
    g->why = why;
}

/* ---- What other threads call ---- */

static lw_err refusal(const lw_group *g, const lw_change *change)
{
    if (g->stopping || g->state == DAMAGED || (g->state == FAILING && change->urgent)) {
        return LW_EIO;
    }
    size_t octets = g->waiting.octets + g->in_flight_octets;
    return octets + change->octets > g->config.waiting_max ? LW_ENOMEM : LW_OK;
}

lw_err lw_group_take(lw_group *g, lw_change *change, lw_ticket *out_ticket)
{
    pthread_mutex_lock(&g->lock);
    lw_err err = refusal(g, change);
    if (err == LW_OK) {
        change->ticket = lw_tickets_take(&g->tickets, change->urgent ? LW_URGENT : LW_LAZY);
        if (out_ticket != NULL) {
            *out_ticket = change->ticket;
        }
        bool is_first = g->waiting.count == 0;
        if (is_first) {
            g->lazy_due = lw_group_now() + LW_GROUP_LAZY_MS;
        }
        lw_changes_add(&g->waiting, change);
        if (is_first || (change->urgent && g->waiting.urgent == 1)) {
            pthread_cond_signal(&g->work); /* the thread knows of the others */
        }
    }
    pthread_mutex_unlock(&g->lock);
    return err;
}

lw_err lw_group_wait(lw_group *g, lw_ticket ticket)
{
    pthread_mutex_lock(&g->lock);
    lw_err fate = lw_tickets_fate(&g->tickets, ticket);
    while (fate == LW_AGAIN && g->state != DAMAGED) {
        pthread_cond_wait(&g->settled, &g->lock);
        fate = lw_tickets_fate(&g->tickets, ticket);
    }
    pthread_mutex_unlock(&g->lock);
    return fate == LW_AGAIN ? LW_EIO : fate;
}

void lw_group_damage(lw_group *g, const char *why)
{
    pthread_mutex_lock(&g->lock);
    set_state(g, DAMAGED, LW_EFORMAT, why);
    pthread_cond_broadcast(&g->settled);
    pthread_cond_signal(&g->work);
    pthread_mutex_unlock(&g->lock);
}

lw_store_health lw_group_health(lw_group *g)
{
    pthread_mutex_lock(&g->lock);
    lw_store_health health = {.err = g->err,
                              .why = g->why,
                              .waiting = g->waiting.count + g->in_flight,
                              .commits = g->commits,
                              .rows = g->rows};
    pthread_mutex_unlock(&g->lock);
    return health;
}

/* ---- The thread; all with the lock, which is let go to commit, to tell and to tidy ---- */

static lw_changes take_batch(lw_group *g)
{
    lw_changes batch = {0};
    if (g->waiting.count <= LW_GROUP_BATCH) {
        lw_changes_append(&batch, &g->waiting);
    }
    while (g->waiting.count > 0 && batch.count < LW_GROUP_BATCH) {
        lw_changes_add(&batch, lw_changes_take_first(&g->waiting));
    }
    g->in_flight = batch.count;
    g->in_flight_octets = batch.octets;
    return batch;
}

static lw_ticket note_success(lw_group *g, lw_changes *batch)
{
    lw_ticket upto = batch->count > 0 ? batch->last->ticket : 0;
    if (g->state != DAMAGED) {
        set_state(g, WELL, LW_OK, "");
    }
    g->commits += batch->count > 0 ? 1u : 0u;
    g->rows += batch->count;
    if (batch->count > 0) {
        lw_tickets_settle(&g->tickets, upto, LW_OK);
    }
    lw_changes_clear(batch);
    return upto;
}

/* Everything urgent that waits is refused, whether it was in this commit or not. */
static lw_ticket note_failure(lw_group *g, lw_changes *batch, lw_err err, const char *why)
{
    lw_ticket upto = lw_tickets_newest(&g->tickets);
    bool is_news = batch->urgent + g->waiting.urgent > 0;
    if (g->state != DAMAGED) {
        set_state(g, err == LW_EFORMAT ? DAMAGED : FAILING, err, why);
    }
    g->retry_due = lw_group_now() + g->config.retry_ms;
    lw_changes_append(batch, &g->waiting);
    lw_changes_drop_urgent(batch);
    g->waiting = *batch;
    *batch = (lw_changes){0};
    lw_tickets_settle(&g->tickets, upto, err);
    return is_news ? upto : 0;
}

static void commit_batch(lw_group *g)
{
    lw_changes batch = take_batch(g);
    const char *why = g->why;
    lw_err err = LW_EFORMAT;
    if (g->state != DAMAGED) {
        pthread_mutex_unlock(&g->lock);
        err = g->config.commit(g->config.ctx, batch.first, &why);
        pthread_mutex_lock(&g->lock);
    }
    g->in_flight = g->in_flight_octets = 0;
    g->tidy_due = 0;
    lw_ticket told = err == LW_OK ? note_success(g, &batch) : note_failure(g, &batch, err, why);
    pthread_cond_broadcast(&g->settled);
    if (told != 0 && g->config.store->on_commit != NULL) {
        pthread_mutex_unlock(&g->lock);
        g->config.store->on_commit(g->config.store->ctx, told, err == LW_OK ? LW_OK : LW_EIO);
        pthread_mutex_lock(&g->lock);
    }
}

/* When there is something to commit, LW_TIME_NEVER: nothing. */
static lw_time commit_due(const lw_group *g)
{
    switch (g->state) {
    case FAILING:
        return g->retry_due;
    case DAMAGED:
        return g->waiting.urgent > 0 ? 0 : LW_TIME_NEVER; /* who waits is told */
    default:
        if (g->waiting.urgent > 0) {
            return 0;
        }
        return g->waiting.count > 0 ? g->lazy_due : LW_TIME_NEVER;
    }
}

static void sleep_until(lw_group *g, lw_time due)
{
    struct timespec t = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    pthread_cond_timedwait(&g->work, &g->lock, &t);
}

static void tidy(lw_group *g)
{
    pthread_mutex_unlock(&g->lock);
    bool has_more = g->config.tidy(g->config.ctx);
    pthread_mutex_lock(&g->lock);
    g->tidy_due = has_more ? 0 : lw_group_now() + g->config.tidy_ms;
}

/* The last commits: all that waits, unless one fails. */
static void drain(lw_group *g)
{
    bool goes_on = true;
    while (goes_on && g->waiting.count > 0) {
        commit_batch(g);
        goes_on = g->state == WELL;
    }
}

static void *run(void *ctx)
{
    lw_group *g = ctx;
    pthread_mutex_lock(&g->lock);
    while (!g->stopping) {
        lw_time now = lw_group_now();
        lw_time due = commit_due(g);
        lw_time tidy_due = g->state == WELL ? g->tidy_due : LW_TIME_NEVER;
        if (due > now && tidy_due > now) {
            lw_time earliest = due < tidy_due ? due : tidy_due;
            sleep_until(g, earliest < now + 3600000 ? earliest : now + 3600000);
            continue;
        }
        if (due <= now) {
            commit_batch(g);
        }
        if (tidy_due <= now && g->state == WELL) {
            tidy(g);
        }
    }
    drain(g);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

static void free_group(lw_group *g)
{
    lw_changes_clear(&g->waiting);
    pthread_cond_destroy(&g->settled);
    pthread_cond_destroy(&g->work);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

lw_err lw_group_start(const lw_group_config *config, lw_group **out_group)
{
    lw_group *g = calloc(1, sizeof *g);
    pthread_condattr_t monotonic;
    if (g == NULL) {
        return LW_ENOMEM;
    }
    g->config = *config;
    set_state(g, WELL, LW_OK, "");
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&g->settled, NULL);
    if (pthread_create(&g->thread, NULL, run, g) != 0) {
        free_group(g);
        return LW_ENOMEM;
    }
    *out_group = g;
    return LW_OK;
}

void lw_group_stop(lw_group *g)
{
    pthread_mutex_lock(&g->lock);
    g->stopping = true;
    pthread_cond_signal(&g->work);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    free_group(g);
}
