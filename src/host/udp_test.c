#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/udp.h"

/* A server that answers every datagram with its octets, and a plain socket as its peer. */
typedef struct fixture {
    lw_loop *loop;
    lw_udp *udp;
    lw_timer *deadline;
    size_t expected, seen;
    size_t largest_batch;
    lw_addr last_local;
} fixture;

static void echo(void *ctx, lw_time now, const lw_datagram *batch, size_t count)
{
    fixture *f = ctx;
    (void)now;
    for (size_t i = 0; i < count; i++) {
        lw_udp_send(f->udp, &batch[i]);
    }
    f->last_local = batch[count - 1].local;
    f->largest_batch = count > f->largest_batch ? count : f->largest_batch;
    f->seen += count;
    if (f->seen >= f->expected) {
        lw_loop_stop(f->loop);
    }
}

static void give_up(void *ctx)
{
    fixture *f = ctx;
    lw_loop_stop(f->loop);
}

static void open_echo(fixture *f, const char *bind)
{
    char why[160] = "";
    *f = (fixture){.loop = lw_loop_new()};
    assert_non_null(f->loop);
    lw_udp_cfg cfg = {.on_batch = echo, .ctx = f};
    assert_int_equal(lw_addr_parse(bind, 0, &cfg.bind), LW_OK);
    f->udp = lw_udp_open(f->loop, &cfg, why, sizeof why);
    assert_string_equal(why, "");
    assert_non_null(f->udp);
    assert_int_not_equal(lw_udp_bound(f->udp).port, 0);
    f->deadline = lw_timer_new(f->loop, give_up, f);
}

static void close_echo(fixture *f)
{
    lw_timer_free(f->deadline);
    lw_udp_close(f->udp);
    lw_loop_free(f->loop);
}

static void run_until(fixture *f, size_t expected)
{
    f->expected = expected;
    lw_timer_arm(f->deadline, lw_loop_now(f->loop) + 10000);
    lw_loop_run(f->loop);
    assert_int_equal(f->seen, expected);
}

/* A socket connected to ip:port, so that only answers from there are received. */
static int connect_peer(const char *ip, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, ip, &to.sin_addr), 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void a_burst_comes_in_batches_and_every_answer_returns(void **state)
{
    (void)state;
    fixture f;
    open_echo(&f, "127.0.0.1");
    int fd = connect_peer("127.0.0.1", lw_udp_bound(f.udp).port);
    enum { COUNT = 150 };
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
    }
    run_until(&f, COUNT);
    assert_int_equal(f.largest_batch, LW_UDP_BATCH);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t got = 0;
        assert_int_equal(recv(fd, &got, sizeof got, 0), sizeof got);
        assert_int_equal(got, i);
    }
    assert_int_equal(lw_udp_get_stats(f.udp)->received, COUNT);
    assert_int_equal(lw_udp_get_stats(f.udp)->sent, COUNT);
    close(fd);
    close_echo(&f);
}

static void expect_answer_from(const char *bind, const char *asked)
{
    fixture f;
    open_echo(&f, bind);
    int fd = connect_peer(asked, lw_udp_bound(f.udp).port);
    char octet = 'x';
    assert_int_equal(send(fd, &octet, 1, 0), 1);
    run_until(&f, 1);
    assert_int_equal(recv(fd, &octet, 1, 0), 1);
    lw_addr expected;
    assert_int_equal(lw_addr_parse(asked, lw_udp_bound(f.udp).port, &expected), LW_OK);
    assert_true(lw_addr_equal(&f.last_local, &expected));
    close(fd);
    close_echo(&f);
}

/* TRN-12: also when the socket listens everywhere. */
static void answers_leave_from_the_address_that_was_asked(void **state)
{
    (void)state;
    expect_answer_from("0.0.0.0", "127.0.0.9");
    expect_answer_from("[::]", "127.0.0.8");
}

static void too_long_datagrams_are_counted_not_cut(void **state)
{
    (void)state;
    static uint8_t big[LW_UDP_DATAGRAM_MAX + 1];
    fixture f;
    open_echo(&f, "127.0.0.1");
    int fd = connect_peer("127.0.0.1", lw_udp_bound(f.udp).port);
    assert_int_equal(send(fd, big, sizeof big, 0), sizeof big);
    assert_int_equal(send(fd, big, sizeof big - 1, 0), sizeof big - 1);
    run_until(&f, 1);
    assert_int_equal(lw_udp_get_stats(f.udp)->dropped_too_long, 1);
    assert_int_equal(recv(fd, big, sizeof big, 0), sizeof big - 1);
    close(fd);
    close_echo(&f);
}

static void a_taken_port_is_told_in_a_sentence(void **state)
{
    (void)state;
    fixture f;
    char why[160] = "";
    open_echo(&f, "127.0.0.1");
    lw_udp_cfg cfg = {.bind = lw_udp_bound(f.udp), .on_batch = echo, .ctx = &f};
    assert_null(lw_udp_open(f.loop, &cfg, why, sizeof why));
    assert_non_null(strstr(why, "cannot listen on UDP 127.0.0.1:"));
    assert_non_null(strstr(why, "already in use"));
    close_echo(&f);
}

static void what_cannot_be_sent_is_counted(void **state)
{
    (void)state;
    fixture f;
    open_echo(&f, "127.0.0.1");
    lw_datagram out = {.bytes = lw_bytes_str("x")};
    assert_int_equal(lw_addr_parse("[2001:db8::1]:9", 0, &out.peer), LW_OK);
    lw_udp_send(f.udp, &out); /* IPv6 on an IPv4 socket */
    assert_int_equal(lw_udp_get_stats(f.udp)->dropped_send, 1);
    close_echo(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_comes_in_batches_and_every_answer_returns),
        cmocka_unit_test(answers_leave_from_the_address_that_was_asked),
        cmocka_unit_test(too_long_datagrams_are_counted_not_cut),
        cmocka_unit_test(a_taken_port_is_told_in_a_sentence),
        cmocka_unit_test(what_cannot_be_sent_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
