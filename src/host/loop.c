#include "host/loop.h"

#include <stdlib.h>
#include <time.h>
#include <uv.h>

struct lw_loop {
    uv_loop_t uv;
};

/* libuv closes handles asynchronously, so each is a piece of heap that frees itself. */
struct lw_timer {
    uv_timer_t uv;
    lw_timer_fn *fn;
    void *ctx;
};

struct lw_poll {
    uv_poll_t uv;
    lw_poll_fn *fn;
    void *ctx;
};

struct lw_signal {
    uv_signal_t uv;
    lw_signal_fn *fn;
    void *ctx;
};

struct lw_wake {
    uv_async_t uv;
    lw_wake_fn *fn;
    void *ctx;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

lw_loop *lw_loop_new(void)
{
    lw_loop *loop = calloc(1, sizeof *loop);
    if (loop != NULL && uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    return loop;
}

void lw_loop_free(lw_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT); /* lets handles that were freed finish closing */
    uv_loop_close(&loop->uv);
    free(loop);
}

void lw_loop_run(lw_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void lw_loop_stop(lw_loop *loop)
{
    uv_stop(&loop->uv);
}

lw_time lw_loop_now(const lw_loop *loop)
{
    return (lw_time)uv_now(&loop->uv);
}

lw_time lw_wall_clock(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (lw_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

lw_timer *lw_timer_new(lw_loop *loop, lw_timer_fn *fn, void *ctx)
{
    lw_timer *timer = calloc(1, sizeof *timer);
    if (timer != NULL) {
        timer->fn = fn;
        timer->ctx = ctx;
        uv_timer_init(&loop->uv, &timer->uv);
        timer->uv.data = timer;
    }
    return timer;
}

void lw_timer_free(lw_timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->uv, free_handle);
    }
}

static void on_timer(uv_timer_t *uv)
{
    lw_timer *timer = uv->data;
    timer->fn(timer->ctx);
}

void lw_timer_arm(lw_timer *timer, lw_time at)
{
    if (at == LW_TIME_NEVER) {
        uv_timer_stop(&timer->uv);
        return;
    }
    lw_time now = (lw_time)uv_now(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, at > now ? (uint64_t)(at - now) : 0, 0);
}

lw_poll *lw_poll_new(lw_loop *loop, int fd, lw_poll_fn *fn, void *ctx)
{
    lw_poll *poll = calloc(1, sizeof *poll);
    if (poll == NULL) {
        return NULL;
    }
    poll->fn = fn;
    poll->ctx = ctx;
    if (uv_poll_init(&loop->uv, &poll->uv, fd) != 0) {
        free(poll);
        return NULL;
    }
    poll->uv.data = poll;
    return poll;
}

void lw_poll_free(lw_poll *poll)
{
    if (poll != NULL) {
        uv_close((uv_handle_t *)&poll->uv, free_handle);
    }
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
    lw_poll *poll = uv->data;
    if (status < 0) {
        poll->fn(poll->ctx, 0);
        return;
    }
    int ours = ((events & UV_READABLE) != 0 ? LW_READABLE : 0) |
               ((events & UV_WRITABLE) != 0 ? LW_WRITABLE : 0);
    poll->fn(poll->ctx, ours);
}

void lw_poll_set(lw_poll *poll, int events)
{
    int theirs = ((events & LW_READABLE) != 0 ? UV_READABLE : 0) |
                 ((events & LW_WRITABLE) != 0 ? UV_WRITABLE : 0);
    if (theirs == 0) {
        uv_poll_stop(&poll->uv);
    } else {
        uv_poll_start(&poll->uv, theirs, on_poll);
    }
}

static void on_signal(uv_signal_t *uv, int signum)
{
    lw_signal *signal = uv->data;
    signal->fn(signal->ctx, signum);
}

lw_signal *lw_signal_new(lw_loop *loop, int signum, lw_signal_fn *fn, void *ctx)
{
    lw_signal *signal = calloc(1, sizeof *signal);
    if (signal == NULL) {
        return NULL;
    }
    signal->fn = fn;
    signal->ctx = ctx;
    uv_signal_init(&loop->uv, &signal->uv);
    signal->uv.data = signal;
    uv_signal_start(&signal->uv, on_signal, signum);
    return signal;
}

void lw_signal_free(lw_signal *signal)
{
    if (signal != NULL) {
        uv_close((uv_handle_t *)&signal->uv, free_handle);
    }
}

static void on_wake(uv_async_t *uv)
{
    lw_wake *wake = uv->data;
    wake->fn(wake->ctx);
}

lw_wake *lw_wake_new(lw_loop *loop, lw_wake_fn *fn, void *ctx)
{
    lw_wake *wake = calloc(1, sizeof *wake);
    if (wake == NULL) {
        return NULL;
    }
    wake->fn = fn;
    wake->ctx = ctx;
    if (uv_async_init(&loop->uv, &wake->uv, on_wake) != 0) {
        free(wake);
        return NULL;
    }
    wake->uv.data = wake;
    return wake;
}

void lw_wake_free(lw_wake *wake)
{
    if (wake != NULL) {
        uv_close((uv_handle_t *)&wake->uv, free_handle);
    }
}

void lw_wake_send(lw_wake *wake)
{
    uv_async_send(&wake->uv);
}
