#include "app/lapwingd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "app/lapwingd/ageing.h"
#include "app/lapwingd/log.h"
#include "app/lapwingd/notify.h"
#include "app/lapwingd/rest.h"
#include "app/lapwingd/shard.h"
#include "store/store.h"

#define WHY_MAX         1024
#define DRAIN_PERIOD_MS ((lw_time)50)
#define SIGNALS         3u

typedef struct daemon {
    options options;
    daemon_reread_fn *reread;
    void *reread_ctx;
    logger log;
    ageing ageing;
    lw_store *store;
    rest rest;
    lw_loop *loop;
    shard shard;
    lw_signal *signals[SIGNALS];
    lw_timer *watchdog;
    lw_timer *drain;
    lw_time drain_until; /* 0: it serves */
} daemon;

/* ---- Signals ----------------------------------------------------------------------------------
 */

static void on_drain(void *ctx)
{
    daemon *d = ctx;
    lw_time now = lw_loop_now(d->loop);
    bool is_done = lw_server_drain(d->shard.server, now);
    shard_step(&d->shard);
    if (!is_done && now < d->drain_until) {
        lw_timer_arm(d->drain, now + DRAIN_PERIOD_MS);
        return;
    }
    if (!is_done) {
        log_say(&d->log, LEVEL_WARNING, "lapwingd", "something is still in flight; it is cut off");
    }
    lw_loop_stop(d->loop);
}

/* SIGTERM, SIGINT: finish what is in flight, and end; the second one ends at once. */
static void on_end(void *ctx, int number)
{
    daemon *d = ctx;
    if (d->drain_until != 0) {
        lw_loop_stop(d->loop);
        return;
    }
    log_say(&d->log, LEVEL_INFO, "lapwingd", "%s: ending", strsignal(number));
    notify_systemd("STOPPING=1");
    d->drain_until = lw_loop_now(d->loop) + (lw_time)d->options.config.drain_s * LW_SECOND_MS;
    on_drain(d);
}

/* SIGHUP: keys that can be taken over are; the others are named. */
static void on_reload(void *ctx, int number)
{
    daemon *d = ctx;
    options read;
    (void)number;
    notify_systemd("RELOADING=1");
    if (!d->reread(d->reread_ctx, &read)) {
        log_say(&d->log, LEVEL_ERROR, "config", "the configuration is wrong; nothing changed");
        notify_systemd("READY=1");
        return;
    }
    for (size_t i = 0; i < config_key_count; i++) {
        const config_key *key = &config_keys[i];
        if (key->name != NULL && !config_equal(key, &d->options.config, &read.config)) {
            log_say(&d->log, LEVEL_INFO, "config", "%s changed%s", key->name,
                    key->reloads ? "" : "; it needs a restart");
        }
    }
    d->options.config.log = read.config.log;
    d->options.config.drain_s = read.config.drain_s;
    atomic_store(&d->log.level, (int)read.config.log);
    log_say(&d->log, LEVEL_INFO, "config", "reloaded");
    notify_systemd("READY=1");
}

static void on_watchdog(void *ctx)
{
    daemon *d = ctx;
    notify_systemd("WATCHDOG=1");
    lw_timer_arm(d->watchdog, lw_loop_now(d->loop) + notify_watchdog_ms());
}

/* ---- Start ------------------------------------------------------------------------------------
 */

static lw_time monotonic_clock(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (lw_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static lw_time store_clock(void *ctx)
{
    return ageing_clock(ctx, monotonic_clock(), lw_wall_clock());
}

static bool open_store(daemon *d, char *why)
{
    const config *c = &d->options.config;
    d->ageing = (ageing){.now = monotonic_clock(), .wall = lw_wall_clock()};
    lw_store_options kept = {.values_age = (lw_time)c->record_age_s * LW_SECOND_MS,
                             .values_octets = c->record_size,
                             .requests_age = (lw_time)c->request_age_s * LW_SECOND_MS,
                             .clock = store_clock,
                             .clock_ctx = &d->ageing};
    if (mkdir(c->data_dir, 0700) != 0 && errno != EEXIST) {
        snprintf(why, WHY_MAX, "data-dir %s: %s", c->data_dir, strerror(errno));
        return false;
    }
    if (c->store == CONFIG_STORE_MEMORY) {
        d->store = lw_store_memory_new();
        snprintf(why, WHY_MAX, "out of memory");
        return d->store != NULL;
    }
    return lw_store_sqlite_open(c->data_dir, &kept, &d->store, why, WHY_MAX) == LW_OK;
}

/* What the loop takes, and so its thread alone. */
static const struct {
    int number;
    lw_signal_fn *fn;
} handled[SIGNALS] = {{SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_reload}};

static bool open_loop(daemon *d, char *why)
{
    d->loop = lw_loop_new();
    bool is_open = d->loop != NULL;
    for (size_t i = 0; i < SIGNALS && is_open; i++) {
        d->signals[i] = lw_signal_new(d->loop, handled[i].number, handled[i].fn, d);
        is_open = d->signals[i] != NULL;
    }
    if (is_open) {
        d->watchdog = lw_timer_new(d->loop, on_watchdog, d);
        d->drain = lw_timer_new(d->loop, on_drain, d);
    }
    snprintf(why, WHY_MAX, "out of memory or descriptors");
    return is_open && d->watchdog != NULL && d->drain != NULL;
}

static bool open_all(daemon *d, char *why)
{
    const config *c = &d->options.config;
    if (!open_store(d, why) || !open_loop(d, why) ||
        !rest_open(&d->rest, c, d->store, &d->log, why, WHY_MAX)) {
        return false;
    }
    shard_cfg cfg = {.config = c,
                     .store = d->store,
                     .registry = rest_registry(&d->rest),
                     .log = &d->log,
                     .on_event = rest_event,
                     .ctx = &d->rest};
    return shard_open(&d->shard, d->loop, &cfg, why, WHY_MAX) &&
           rest_start(&d->rest, &d->shard, why, WHY_MAX);
}

static void announce(daemon *d)
{
    static const char *const unserved[] = {"coaps-port", "bs-coap-port", "bs-coaps-port"};
    config defaults;
    char why[CONFIG_WHY_MAX];
    char *no_environment[] = {NULL};
    bool loaded = config_load(&defaults, NULL, no_environment, why);
    for (size_t i = 0; loaded && i < sizeof unserved / sizeof unserved[0]; i++) {
        const config_key *key = config_find(unserved[i]);
        if (!config_equal(key, &defaults, &d->options.config)) {
            log_say(&d->log, LEVEL_WARNING, "config", "%s: %s", key->name, key->help);
        }
    }
    rest_print_addresses(&d->rest);
    puts("ready");
    fflush(stdout);
    notify_systemd("READY=1");
    if (notify_watchdog_ms() > 0) {
        on_watchdog(d);
    }
}

static void close_all(daemon *d)
{
    rest_stop(&d->rest);
    if (d->shard.loop != NULL) {
        shard_stop(&d->shard);
    }
    if (d->store != NULL) {
        d->store->ops->close(d->store);
    }
    if (d->shard.loop != NULL) {
        shard_close(&d->shard);
    }
    rest_close(&d->rest);
    for (size_t i = 0; i < SIGNALS; i++) {
        lw_signal_free(d->signals[i]);
    }
    lw_timer_free(d->watchdog);
    lw_timer_free(d->drain);
    lw_loop_free(d->loop);
}

static sigset_t handled_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaddset(&set, handled[i].number);
    }
    return set;
}

int daemon_run(const options *o, daemon_reread_fn *reread, void *ctx)
{
    char why[WHY_MAX];
    daemon d = {.options = *o, .reread = reread, .reread_ctx = ctx};
    int status = 1;
    log_init(&d.log, (int)o->config.log);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a store that may not grow is an error, not the end */
    sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* in all threads that are started now */
    if (open_all(&d, why)) {
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
        announce(&d);
        lw_loop_run(d.loop);
        log_say(&d.log, LEVEL_INFO, "lapwingd", "ended");
        status = 0;
    } else {
        log_say(&d.log, LEVEL_ERROR, "lapwingd", "%s", why);
    }
    close_all(&d);
    return status;
}
