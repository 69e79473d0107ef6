/* A server on a free port of this host, and a client that sends octets as they stand here. */
#include "http/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/addr.h"
#include "testing/lw_test.h"

/* ---- What is served ------------------------------------------------------------------------- */

static struct {
    lw_http *http;
    atomic_int ended;
    atomic_int waiting; /* calls that wait */
    _Atomic(lw_http_call *) sleeper;
    atomic_bool rang; /* the sleeper was resumed by its alarm */
} served;

static bool is_at(const lw_http_call *call, const char *name)
{
    return lw_bytes_is(call->target.segments[0], name);
}

static void on_head(void *ctx, lw_http_call *call)
{
    (void)ctx;
    call->body_max = is_at(call, "nobody") ? 0 : 1000;
    if (is_at(call, "early")) {
        lw_http_answer(call, 401, "text/plain", lw_bytes_str("who?"));
    }
}

static size_t read_numbers(lw_http_call *call, char *out, size_t cap)
{
    int *n = call->user;
    if (*n == 3) {
        return LW_HTTP_STREAM_END;
    }
    (void)cap;
    return (size_t)sprintf(out, "n%d\n", ++*n);
}

/* One line at once, then nothing until the server stops. */
static size_t read_and_hang(lw_http_call *call, char *out, size_t cap)
{
    int *n = call->user;
    (void)cap;
    if (*n > 0) {
        served.waiting++;
        return 0;
    }
    return (size_t)sprintf(out, "n%d\n", ++*n);
}

static void on_call(void *ctx, lw_http_call *call)
{
    (void)ctx;
    if (call->stopping) {
        lw_http_answer(call, 503, "text/plain", lw_bytes_str("stopping"));
    } else if (is_at(call, "echo")) {
        lw_http_add_header(call, "X-Method", call->method_name);
        lw_http_answer(call, 200, "text/plain", call->body);
    } else if (is_at(call, "wait")) {
        if (call->timed_out) {
            lw_http_answer(call, 504, "text/plain", lw_bytes_str("too long"));
        } else if (served.rang) {
            lw_http_answer(call, 200, "text/plain", lw_bytes_str("rang"));
        } else {
            served.waiting++;
            served.sleeper = call;
            lw_http_wait(call, lw_target_item_of(&call->target, "short") != NULL ? 1 : 0);
        }
    } else if (is_at(call, "numbers") || is_at(call, "hang")) {
        call->user = calloc(1, sizeof(int));
        lw_http_answer_stream(call, "text/plain",
                              is_at(call, "hang") ? read_and_hang : read_numbers);
    } else if (is_at(call, "take")) {
        lw_http_answer_take(call, 201, "text/plain", strdup("taken"), 5);
    } else {
        lw_http_answer(call, 204, NULL, lw_bytes_of(NULL, 0));
    }
}

static void on_end(void *ctx, lw_http_call *call)
{
    (void)ctx;
    free(call->user);
    served.ended++;
}

static void on_refuse(void *ctx, lw_http_call *call, unsigned status, const char *why)
{
    (void)ctx;
    lw_http_answer(call, status, "text/plain", lw_bytes_str(why));
}

static int start(void **state)
{
    char why[128];
    lw_http_cfg cfg = {.threads = 2,
                       .on_head = on_head,
                       .on_call = on_call,
                       .on_end = on_end,
                       .on_refuse = on_refuse};
    (void)state;
    served.ended = served.waiting = 0;
    served.rang = false;
    assert_ok(lw_addr_parse("127.0.0.1:0", 0, &cfg.bind));
    served.http = lw_http_open(&cfg, why, sizeof why);
    return served.http != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    lw_http_close(served.http);
    return 0;
}

/* ---- Who asks ------------------------------------------------------------------------------- */

static int try_to_connect(int fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_port = htons(lw_http_bound(served.http).port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)&at, sizeof at);
}

static int connect_to_it(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(try_to_connect(fd), 0);
    struct timeval patience = {10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything until the server closes. */
static const char *hear(int fd)
{
    static char heard[65536];
    size_t len = 0;
    ssize_t got;
    while ((got = recv(fd, heard + len, sizeof heard - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    heard[len] = '\0';
    close(fd);
    return heard;
}

static const char *ask(const char *text)
{
    int fd = connect_to_it();
    say(fd, text);
    return hear(fd);
}

#define assert_starts(text, start) \
    assert_int_equal(strncmp((text), "HTTP/1.1 " start, strlen("HTTP/1.1 " start)), 0)
#define assert_has(text, part) assert_non_null(strstr((text), (part)))

#define HOST  "Host: x\r\n"
#define CLOSE HOST "Connection: close\r\n"

/* ---- Cases ---------------------------------------------------------------------------------- */

LW_TEST(a_call_is_answered)
{
    const char *heard = ask("PUT /echo HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\n\r\nhello");
    assert_starts(heard, "200");
    assert_has(heard, "X-Method: PUT");
    assert_has(heard, "Cache-Control: no-store");
    assert_has(heard, "\r\n\r\nhello");
}

LW_TEST(a_chunked_body_is_put_together)
{
    const char *heard = ask("POST /echo HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
                            "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    assert_starts(heard, "200");
    assert_has(heard, "\r\n\r\nhello");
}

LW_TEST(an_answer_may_come_before_the_body)
{
    assert_starts(ask("PUT /early HTTP/1.1\r\n" CLOSE "Content-Length: 900\r\n\r\n"), "401");
}

LW_TEST(answers_without_and_with_taken_bodies)
{
    assert_starts(ask("DELETE /x HTTP/1.1\r\n" CLOSE "\r\n"), "204");
    const char *heard = ask("POST /take HTTP/1.1\r\n" CLOSE "Content-Length: 0\r\n\r\n");
    assert_starts(heard, "201");
    assert_has(heard, "taken");
}

LW_TEST(head_is_get_without_the_body)
{
    const char *heard = ask("HEAD /take HTTP/1.1\r\n" CLOSE "\r\n");
    assert_starts(heard, "201");
    assert_null(strstr(heard, "taken"));
}

LW_TEST(two_lengths_of_one_body_are_refused)
{
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                  "400");
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
                      "Content-Length: 6\r\n\r\nhello"),
                  "400");
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
                      "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
                  "400");
}

LW_TEST(lengths_that_are_none_are_refused)
{
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: five\r\n\r\nhello"), "400");
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nhello"), "400");
    assert_starts(ask("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nhello"),
                  "400");
}

LW_TEST(headers_that_a_proxy_may_read_in_another_way_are_refused)
{
    static const char *const heads[] = {
        HOST "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
        HOST "Content-Length\t: 5\r\n",
        HOST "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
        HOST "Content-Length:\r\n\t5\r\n",
        HOST "X: y\r\n Content-Length: 5\r\n",
        HOST HOST "Content-Length: 5\r\n",
        "Content-Length: 5\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n%s\r\nhello", heads[i]);
        const char *heard = ask(text);
        assert_starts(heard, "400");
        assert_null(strstr(heard + 1, "HTTP/1.1")); /* one answer */
    }
    assert_starts(ask("GET /take HTTP/1.0\r\n\r\n"), "201");
}

LW_TEST(a_body_that_is_too_large_is_refused)
{
    assert_starts(ask("PUT /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n"), "413");
    char text[4000] = "PUT /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5dc\r\n";
    size_t len = strlen(text);
    memset(text + len, 'x', 1500);
    strcpy(text + len + 1500, "\r\n0\r\n\r\n");
    assert_starts(ask(text), "413");
}

LW_TEST(a_body_where_none_belongs_is_refused)
{
    assert_starts(ask("GET /nobody HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), "400");
}

LW_TEST(a_target_that_cannot_be_decoded_is_refused)
{
    assert_starts(ask("GET /%zz HTTP/1.1\r\n" HOST "\r\n"), "400");
    assert_starts(ask("GET /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17 HTTP/1.1\r\n" HOST "\r\n"),
                  "400");
}

LW_TEST(a_head_that_is_too_large_is_refused)
{
    static char text[50000];
    strcpy(text, "GET /echo HTTP/1.1\r\n" HOST "X: ");
    size_t len = strlen(text);
    memset(text + len, 'x', 40000);
    strcpy(text + len + 40000, "\r\n\r\n");
    assert_starts(ask(text), "431");
}

static void wait_until(atomic_int *counter, int value)
{
    for (int i = 0; *counter < value && i < 1000; i++) {
        usleep(10 * 1000);
    }
    assert_true(*counter >= value);
}

LW_TEST(a_call_waits_and_is_resumed)
{
    int fd = connect_to_it();
    say(fd, "GET /wait HTTP/1.1\r\n" CLOSE "\r\n");
    wait_until(&served.waiting, 1);
    served.rang = true;
    lw_http_resume(served.sleeper);
    const char *heard = hear(fd);
    assert_starts(heard, "200");
    assert_has(heard, "rang");
}

LW_TEST(a_wait_ends_at_its_deadline)
{
    assert_starts(ask("GET /wait?short HTTP/1.1\r\n" CLOSE "\r\n"), "504");
}

LW_TEST(a_stream_comes_in_pieces)
{
    const char *heard = ask("GET /numbers HTTP/1.1\r\n" CLOSE "\r\n");
    assert_starts(heard, "200");
    assert_has(heard, "n1\n");
    assert_has(heard, "n3\n");
}

LW_TEST(stopping_ends_what_waits)
{
    int waits = connect_to_it();
    int hangs = connect_to_it();
    say(waits, "GET /wait HTTP/1.1\r\n" CLOSE "\r\n");
    say(hangs, "GET /hang HTTP/1.1\r\n" CLOSE "\r\n");
    wait_until(&served.waiting, 2);
    lw_http_stop(served.http);
    assert_starts(hear(waits), "503");
    assert_has(hear(hangs), "n1\n");
    wait_until(&served.ended, 2);
}

LW_TEST(who_stopped_refuses_connections)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    lw_http_stop(served.http);
    assert_int_equal(try_to_connect(fd), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
}

/* A hasty end meets threads that have only begun to wait for connections. */
LW_TEST(what_was_just_started_can_be_stopped)
{
    for (int i = 0; i < 100; i++) {
        lw_http_close(served.http);
        assert_int_equal(start(NULL), 0);
    }
}

LW_TEST(an_address_that_is_taken_is_told)
{
    char why[128];
    lw_http_cfg cfg = {.bind = lw_http_bound(served.http), .on_head = on_head};
    assert_null(lw_http_open(&cfg, why, sizeof why));
    assert_has(why, "cannot listen on 127.0.0.1:");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(a_call_is_answered),
        CASE(a_chunked_body_is_put_together),
        CASE(an_answer_may_come_before_the_body),
        CASE(answers_without_and_with_taken_bodies),
        CASE(head_is_get_without_the_body),
        CASE(two_lengths_of_one_body_are_refused),
        CASE(lengths_that_are_none_are_refused),
        CASE(headers_that_a_proxy_may_read_in_another_way_are_refused),
        CASE(a_body_that_is_too_large_is_refused),
        CASE(a_body_where_none_belongs_is_refused),
        CASE(a_target_that_cannot_be_decoded_is_refused),
        CASE(a_head_that_is_too_large_is_refused),
        CASE(a_call_waits_and_is_resumed),
        CASE(a_wait_ends_at_its_deadline),
        CASE(a_stream_comes_in_pieces),
        CASE(stopping_ends_what_waits),
        CASE(who_stopped_refuses_connections),
        CASE(what_was_just_started_can_be_stopped),
        CASE(an_address_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
