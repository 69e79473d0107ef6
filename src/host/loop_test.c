#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "host/loop.h"

typedef struct seen {
    lw_loop *loop;
    int calls;
    int order[4];
} seen;

static void first_fires(void *ctx)
{
    seen *s = ctx;
    s->order[s->calls++] = 1;
}

static void second_fires(void *ctx)
{
    seen *s = ctx;
    s->order[s->calls++] = 2;
    lw_loop_stop(s->loop);
}

static void timers_fire_once_in_order_of_time(void **state)
{
    (void)state;
    seen s = {.loop = lw_loop_new()};
    lw_timer *late = lw_timer_new(s.loop, second_fires, &s);
    lw_timer *early = lw_timer_new(s.loop, first_fires, &s);
    lw_timer *never = lw_timer_new(s.loop, first_fires, &s);
    lw_timer_arm(late, lw_loop_now(s.loop) + 20);
    lw_timer_arm(early, lw_loop_now(s.loop) - 5);
    lw_timer_arm(never, lw_loop_now(s.loop) + 10);
    lw_timer_arm(never, LW_TIME_NEVER);
    lw_loop_run(s.loop);
    assert_int_equal(s.calls, 2);
    assert_int_equal(s.order[0], 1);
    assert_int_equal(s.order[1], 2);
    lw_timer_free(late);
    lw_timer_free(early);
    lw_timer_free(never);
    lw_loop_free(s.loop);
}

static void stop_on_wake(void *ctx)
{
    seen *s = ctx;
    s->calls++;
    lw_loop_stop(s->loop);
}

static void *wake_it(void *wake)
{
    lw_wake_send(wake);
    return NULL;
}

static void another_thread_can_wake_the_loop(void **state)
{
    (void)state;
    seen s = {.loop = lw_loop_new()};
    lw_wake *wake = lw_wake_new(s.loop, stop_on_wake, &s);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_it, wake), 0);
    lw_loop_run(s.loop);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(s.calls, 1);
    lw_wake_free(wake);
    lw_loop_free(s.loop);
}

static void stop_on_signal(void *ctx, int signum)
{
    seen *s = ctx;
    s->order[s->calls++] = signum;
    lw_loop_stop(s->loop);
}

static void signals_arrive_on_the_loop(void **state)
{
    (void)state;
    seen s = {.loop = lw_loop_new()};
    lw_signal *hup = lw_signal_new(s.loop, SIGHUP, stop_on_signal, &s);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    lw_loop_run(s.loop);
    assert_int_equal(s.order[0], SIGHUP);
    lw_signal_free(hup);
    lw_loop_free(s.loop);
}

typedef struct pipe_seen {
    lw_loop *loop;
    lw_poll *poll;
    int fd;
    char octet;
} pipe_seen;

static void read_pipe(void *ctx, int events)
{
    pipe_seen *s = ctx;
    assert_int_equal(events, LW_READABLE);
    assert_int_equal(read(s->fd, &s->octet, 1), 1);
    lw_loop_stop(s->loop);
}

static void a_watched_descriptor_tells_when_it_is_readable(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pipe_seen s = {.loop = lw_loop_new(), .fd = fds[0]};
    s.poll = lw_poll_new(s.loop, fds[0], read_pipe, &s);
    lw_poll_set(s.poll, LW_READABLE);
    assert_int_equal(write(fds[1], "!", 1), 1);
    lw_loop_run(s.loop);
    assert_int_equal(s.octet, '!');
    lw_poll_set(s.poll, 0);
    lw_poll_free(s.poll);
    close(fds[0]);
    close(fds[1]);
    lw_loop_free(s.loop);
}

static void a_file_cannot_be_watched(void **state)
{
    (void)state;
    lw_loop *loop = lw_loop_new();
    assert_null(lw_poll_new(loop, -1, read_pipe, NULL));
    lw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_in_order_of_time),
        cmocka_unit_test(another_thread_can_wake_the_loop),
        cmocka_unit_test(signals_arrive_on_the_loop),
        cmocka_unit_test(a_watched_descriptor_tells_when_it_is_readable),
        cmocka_unit_test(a_file_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
