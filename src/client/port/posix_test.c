#include "lw/posix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/port/posix_priv.h"
#include "lw/core_objects.h"
#include "testing/lw_test.h"

/* ---- URIs ---- */

static lw_err parse(const char *uri, lw_posix_target *out)
{
    return lw_posix_target_parse(lw_bytes_str(uri), out);
}

LW_TEST(a_uri_has_a_host_and_perhaps_a_port)
{
    static const struct {
        const char *uri, *host, *port;
    } rows[] = {{"coap://server", "server", "5683"},
                {"COAP://server.example.org:1234", "server.example.org", "1234"},
                {"coap://192.0.2.1/", "192.0.2.1", "5683"},
                {"coap://[2001:db8::1]:5783/fw?v=1", "2001:db8::1", "5783"},
                {"coap://server?a=/b", "server", "5683"},
                {"coap://[::1]", "::1", "5683"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lw_posix_target t;
        assert_ok(parse(rows[i].uri, &t));
        assert_string_equal(t.host, rows[i].host);
        assert_string_equal(t.port, rows[i].port);
    }
}

LW_TEST(what_is_no_uri_of_a_server)
{
    static const char *const bad[] = {"",
                                      "coap",
                                      "coap:",
                                      "coap://",
                                      "coap://:5683",
                                      "http://server",
                                      "coap://server:",
                                      "coap://server:0",
                                      "coap://server:65536",
                                      "coap://server:123456",
                                      "coap://server:56a",
                                      "coap://[::1",
                                      "coap://[]:5683",
                                      "coap://[::1]5683"};
    lw_posix_target t;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i], &t) != LW_EFORMAT) {
            fail_msg("%s was accepted", bad[i]);
        }
    }
}

LW_TEST(other_transports_and_secured_links_are_not_supported)
{
    assert_ok(lw_posix_check_uri("coap://server", LW_SECURITY_NOSEC));
    assert_err(lw_posix_check_uri("coap://server", LW_SECURITY_PSK), LW_ENOTSUP);
    assert_err(lw_posix_check_uri("coaps://server", LW_SECURITY_PSK), LW_ENOTSUP);
    assert_err(lw_posix_check_uri("coap+tcp://server", LW_SECURITY_NOSEC), LW_ENOTSUP);
    assert_err(lw_posix_check_uri("mailto:server", LW_SECURITY_NOSEC), LW_EFORMAT);
}

/* ---- A client, and a server played by hand ---- */

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_minimal_object, NULL};
static const lw_format *const formats[] = {&lw_format_tlv, NULL};

typedef struct table {
    lw_posix *posix;
    lw_client *client;
    lw_client_cfg cfg;
    void *memory;
    int server; /* -1: none */
    unsigned registered, failed;
    unsigned port; /* that the Register came from */
    char log[4096];
} table;

static void on_event(lw_client *client, const lw_client_event *event)
{
    table *t = lw_client_app(client);
    t->registered += event->kind == LW_CLIENT_REGISTERED;
    t->failed += event->kind == LW_CLIENT_LINK_FAILED;
}

static void on_log(void *ctx, int level, const char *module, lw_bytes text)
{
    table *t = ctx;
    size_t len = strlen(t->log);
    snprintf(t->log + len, sizeof t->log - len, "%d %s %.*s\n", level, module, (int)text.len,
             (const char *)text.ptr);
}

static void set_up_in(table *t, const char *uri, const char *dir)
{
    lw_posix_cfg cfg = {.dir = dir, .log = on_log, .log_ctx = t};
    *t = (table){.server = -1};
    assert_ok(lw_posix_new(&t->posix, &cfg));
    t->cfg = (lw_client_cfg){.endpoint = "posix",
                             .version = 11,
                             .objects = objects,
                             .formats = formats,
                             .platform = lw_posix_platform(t->posix),
                             .app = t,
                             .on_event = on_event};
    size_t size = lw_client_mem_needed(&t->cfg);
    t->memory = malloc(size);
    assert_non_null(t->memory);
    assert_ok(lw_client_init(&t->client, &t->cfg, t->memory, size));
    lw_client_account account = {.uri = uri, .ssid = 1, .security = LW_SECURITY_NOSEC};
    assert_ok(lw_client_add_server(t->client, &account));
}

static void set_up(table *t, const char *uri)
{
    set_up_in(t, uri, NULL);
}

static void tear_down(table *t)
{
    lw_client_fini(t->client);
    lw_posix_free(t->posix);
    free(t->memory);
    if (t->server >= 0) {
        close(t->server);
    }
}

/* A socket on a free port of this host; -1 when the host has no such family. */
static int listen_on(int family, unsigned *out_port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool is_v4 = family == AF_INET;
    struct sockaddr *address = is_v4 ? (void *)&v4 : (void *)&v6;
    socklen_t len = is_v4 ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_DGRAM, 0);
    if (fd >= 0 && (bind(fd, address, len) != 0 || getsockname(fd, address, &len) != 0)) {
        close(fd);
        fd = -1;
    }
    *out_port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
    if (fd >= 0) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

/* Answers a Register with 2.01 and a location, when one came. */
static void answer_register(table *t)
{
    uint8_t in[1500], out[64];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t n = recvfrom(t->server, in, sizeof in, 0, (struct sockaddr *)&from, &from_len);
    if (n < 4 || in[1] != 0x02) {
        return;
    }
    size_t token = in[0] & 15u;
    t->port = ntohs(((struct sockaddr_in *)&from)->sin_port); /* at the same place in IPv6 */
    out[0] = (uint8_t)(0x60 | token);
    out[1] = 0x41;
    memcpy(out + 2, in + 2, 2 + token);
    memcpy(out + 4 + token, "\x82rd\x01x", 5);
    sendto(t->server, out, 9 + token, 0, (struct sockaddr *)&from, from_len);
}

/* Runs the loop until `flag` is set, for three seconds at most. */
static void run_until(table *t, const unsigned *flag)
{
    lw_time until = lw_posix_now() + 3000;
    while (*flag == 0 && lw_posix_now() < until) {
        assert_ok(lw_posix_wait(t->posix, t->client, lw_posix_now() + 20));
        if (t->server >= 0) {
            answer_register(t);
        }
    }
}

static void registers_at(int family, const char *host)
{
    table t;
    unsigned port;
    char uri[64];
    int server = listen_on(family, &port);
    if (server < 0) {
        return; /* a host without this family */
    }
    snprintf(uri, sizeof uri, "coap://%s:%u", host, port);
    set_up(&t, uri);
    t.server = server;
    lw_client_start(t.client, lw_posix_now());
    run_until(&t, &t.registered);
    assert_int_equal(t.registered, 1);
    tear_down(&t);
}

LW_TEST(registers_over_ipv4)
{
    registers_at(AF_INET, "127.0.0.1");
}

LW_TEST(registers_over_ipv6)
{
    registers_at(AF_INET6, "[::1]");
}

/* Where localhost has two addresses, the one where nobody listens is passed over. */
LW_TEST(a_name_is_looked_up_and_its_addresses_are_tried)
{
    registers_at(AF_INET, "localhost");
}

LW_TEST(a_name_that_is_none_fails_the_link)
{
    table t;
    set_up(&t, "coap://no..such..name");
    lw_client_start(t.client, lw_posix_now());
    assert_int_equal(t.failed, 0);
    run_until(&t, &t.failed);
    assert_int_equal(t.failed, 1);
    assert_non_null(strstr(t.log, "the name was not found"));
    tear_down(&t);
}

LW_TEST(nobody_waits_for_a_lookup_that_is_no_longer_wanted)
{
    table t;
    set_up(&t, "coap://localhost:5683");
    lw_client_start(t.client, lw_posix_now());
    const lw_platform *p = lw_posix_platform(t.posix);
    p->link_close(p->ctx, 0);
    usleep(50000);
    assert_ok(lw_posix_wait(t.posix, t.client, 0));
    assert_null(strstr(t.log, "goes to"));
    tear_down(&t);
    set_up(&t, "coap://localhost:5683");
    lw_client_start(t.client, lw_posix_now());
    tear_down(&t);
}

static unsigned port_of_a_start(const char *dir, const char *uri, int server)
{
    table t;
    set_up_in(&t, uri, dir);
    t.server = server;
    lw_client_start(t.client, lw_posix_now());
    run_until(&t, &t.registered);
    assert_int_equal(t.registered, 1);
    t.server = -1; /* stays open */
    tear_down(&t);
    return t.port;
}

LW_TEST(a_link_keeps_its_port_over_restarts)
{
    char dir[] = "/tmp/lw-posix-XXXXXX", uri[64];
    unsigned port, first, second;
    assert_non_null(mkdtemp(dir));
    int server = listen_on(AF_INET, &port);
    snprintf(uri, sizeof uri, "coap://127.0.0.1:%u", port);
    first = port_of_a_start(dir, uri, server);
    assert_int_equal(port_of_a_start(dir, uri, server), first);

    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_port = htons((uint16_t)first)};
    int other = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(other, (struct sockaddr *)&taken, sizeof taken), 0);
    second = port_of_a_start(dir, uri, server);
    assert_int_not_equal(second, first);
    close(other);
    assert_int_equal(port_of_a_start(dir, uri, server), second);
    close(server);

    lw_posix *posix;
    assert_ok(lw_posix_new(&posix, &(lw_posix_cfg){.dir = dir}));
    lw_posix_platform(posix)->erase_all(posix);
    lw_posix_free(posix);
    assert_int_equal(rmdir(dir), 0);
}

static uint32_t own_address_towards(const char *uri)
{
    lw_posix *posix;
    assert_ok(lw_posix_new(&posix, &(lw_posix_cfg){0}));
    const lw_platform *p = lw_posix_platform(posix);
    lw_link_to to = {.uri = lw_bytes_str(uri), .security = LW_SECURITY_NOSEC};
    assert_int_equal(p->own_address(p->ctx, 0), 0); /* not open */
    assert_ok(p->link_open(p->ctx, 0, &to));
    uint32_t address = p->own_address(p->ctx, 0);
    assert_int_equal(p->own_address(p->ctx, 0), address);
    lw_posix_free(posix);
    return address;
}

LW_TEST(each_address_and_port_of_this_host_is_another_one)
{
    uint32_t v4 = own_address_towards("coap://127.0.0.1"), v6 = own_address_towards("coap://[::1]");
    assert_true(v4 != 0 && v6 != 0 && v4 != v6);
}

LW_TEST(a_refusal_is_told_once_and_is_not_the_end)
{
    table t;
    unsigned port;
    char uri[64];
    int other = listen_on(AF_INET, &port);
    close(other);
    snprintf(uri, sizeof uri, "coap://127.0.0.1:%u", port);
    set_up(&t, uri);
    lw_client_start(t.client, lw_posix_now());
    for (int i = 0; i < 5; i++) {
        assert_ok(lw_posix_wait(t.posix, t.client, lw_posix_now() + 10));
    }
    const char *first = strstr(t.log, "nobody listens there");
    assert_non_null(first);
    assert_null(strstr(first + 1, "nobody listens there"));
    assert_int_equal(t.failed, 0);
    tear_down(&t);
}

LW_TEST(a_uri_that_never_works_says_why)
{
    static const struct {
        const char *uri, *why;
    } rows[] = {{"coaps://127.0.0.1", "without DTLS or TCP"}, {"ftp://x", "not a URI of the form"}};
    for (size_t i = 0; i < 2; i++) {
        table t;
        set_up(&t, rows[i].uri);
        lw_client_start(t.client, lw_posix_now());
        lw_client_step(t.client, lw_posix_now());
        assert_int_equal(t.failed, 1);
        assert_non_null(strstr(t.log, rows[i].why));
        tear_down(&t);
    }
}

LW_TEST(a_link_without_security_takes_no_keys)
{
    table t;
    set_up(&t, "coap://127.0.0.1");
    const lw_platform *p = lw_posix_platform(t.posix);
    lw_link_to to = {.uri = lw_bytes_str("coap://127.0.0.1"), .security = LW_SECURITY_PSK};
    assert_err(p->link_open(p->ctx, 0, &to), LW_ENOTSUP);
    to.security = LW_SECURITY_NOSEC;
    assert_err(p->link_open(p->ctx, LW_POSIX_LINKS_MAX, &to), LW_ENOTSUP);
    tear_down(&t);
}

LW_TEST(a_check_says_what_opening_would_and_opens_nothing)
{
    static const struct {
        const char *uri;
        lw_security_mode security;
        lw_err err;
        const char *why;
    } rows[] = {{"coap://127.0.0.1", LW_SECURITY_NOSEC, LW_OK, NULL},
                {"coap://nowhere.invalid", LW_SECURITY_NOSEC, LW_OK, NULL},
                {"coap://127.0.0.1", LW_SECURITY_PSK, LW_ENOTSUP, "needs security mode 3"},
                {"coaps://127.0.0.1", LW_SECURITY_PSK, LW_ENOTSUP, "without DTLS or TCP"},
                {"", LW_SECURITY_NOSEC, LW_EFORMAT, "not a URI of the form"}};
    table t;
    set_up(&t, "coap://127.0.0.1");
    const lw_platform *p = lw_posix_platform(t.posix);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lw_bytes uri = lw_bytes_str(rows[i].uri);
        t.log[0] = '\0';
        assert_int_equal(p->link_check(p->ctx, uri, (uint8_t)rows[i].security), rows[i].err);
        assert_true(rows[i].why == NULL ? t.log[0] == '\0' : strstr(t.log, rows[i].why) != NULL);
    }
    assert_int_equal(p->own_address(p->ctx, 0), 0);
    tear_down(&t);
}

/* ---- Waiting ---- */

LW_TEST(waiting_ends_at_a_watched_descriptor)
{
    table t;
    int ends[2];
    set_up(&t, "coap://127.0.0.1");
    assert_int_equal(pipe(ends), 0);
    assert_ok(lw_posix_watch(t.posix, ends[0]));
    assert_int_equal(write(ends[1], "x", 1), 1);
    lw_time before = lw_posix_now();
    assert_ok(lw_posix_wait(t.posix, t.client, before + 5000));
    assert_true(lw_posix_now() - before < 2000);
    lw_posix_unwatch(t.posix, ends[0]);
    before = lw_posix_now();
    assert_ok(lw_posix_wait(t.posix, t.client, before + 60));
    assert_true(lw_posix_now() - before >= 60);
    close(ends[0]);
    close(ends[1]);
    tear_down(&t);
}

LW_TEST(only_so_many_descriptors_are_watched)
{
    table t;
    set_up(&t, "coap://127.0.0.1");
    for (int i = 0; i < (int)LW_POSIX_WATCHED_MAX; i++) {
        assert_ok(lw_posix_watch(t.posix, i));
    }
    assert_err(lw_posix_watch(t.posix, 0), LW_ENOMEM);
    lw_posix_unwatch(t.posix, 99);
    tear_down(&t);
}

LW_TEST(clocks_go_forward_and_randomness_differs)
{
    table t;
    uint8_t a[600] = {0}, b[600] = {0};
    set_up(&t, "coap://127.0.0.1");
    const lw_platform *p = lw_posix_platform(t.posix);
    p->random(p->ctx, a, sizeof a);
    p->random(p->ctx, b, sizeof b);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a + 584, b + 584, 16);
    assert_true(p->wall_clock(p->ctx) > 1577836800); /* 2020 */
    lw_time before = lw_posix_now();
    usleep(2000);
    assert_true(lw_posix_now() > before);
    tear_down(&t);
}

LW_TEST(without_a_hook_lines_go_to_stderr)
{
    lw_posix *posix;
    char text[64] = "";
    int ends[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_ok(lw_posix_new(&posix, &(lw_posix_cfg){.log_level = 1}));
    dup2(ends[1], STDERR_FILENO);
    const lw_platform *p = lw_posix_platform(posix);
    p->log(p->ctx, 2, "test", lw_bytes_str("not this"));
    p->log(p->ctx, 1, "test", lw_bytes_str("but this"));
    dup2(before, STDERR_FILENO);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "warning: test: but this\n");
    lw_posix_free(posix);
    close(ends[0]);
    close(ends[1]);
    close(before);
}

/* ---- Records ---- */

typedef struct shelf {
    char dir[64];
    lw_posix *posix;
    const lw_platform *p;
} shelf;

static void open_shelf(shelf *s)
{
    assert_ok(lw_posix_new(&s->posix, &(lw_posix_cfg){.dir = s->dir}));
    s->p = lw_posix_platform(s->posix);
}

static void make_shelf(shelf *s)
{
    strcpy(s->dir, "/tmp/lw-posix-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    open_shelf(s);
}

static void drop_shelf(shelf *s)
{
    s->p->erase_all(s->p->ctx);
    lw_posix_free(s->posix);
    rmdir(s->dir);
}

static void expect_record(shelf *s, const char *name, const char *text)
{
    uint8_t octets[64];
    size_t len;
    assert_ok(s->p->load(s->p->ctx, name, octets, sizeof octets, &len));
    assert_int_equal(len, strlen(text));
    assert_memory_equal(octets, text, len);
}

static lw_err store(shelf *s, const char *name, const char *text)
{
    return s->p->store(s->p->ctx, name, lw_bytes_str(text));
}

LW_TEST(a_record_is_there_after_a_restart)
{
    shelf s;
    make_shelf(&s);
    assert_ok(store(&s, "reg.1", "old"));
    assert_ok(store(&s, "reg.1", "newer"));
    lw_posix_free(s.posix);
    open_shelf(&s);
    expect_record(&s, "reg.1", "newer");
    drop_shelf(&s);
}

LW_TEST(an_empty_record_erases)
{
    shelf s;
    size_t len;
    make_shelf(&s);
    assert_ok(store(&s, "a", "x"));
    assert_ok(store(&s, "a", ""));
    assert_ok(store(&s, "a", ""));
    assert_err(s.p->load(s.p->ctx, "a", NULL, 0, &len), LW_ENOTFOUND);
    drop_shelf(&s);
}

LW_TEST(load_tells_the_length_of_a_record_that_does_not_fit)
{
    shelf s;
    uint8_t octets[3];
    size_t len;
    make_shelf(&s);
    assert_ok(store(&s, "a", "longer"));
    assert_ok(s.p->load(s.p->ctx, "a", octets, sizeof octets, &len));
    assert_int_equal(len, 6);
    assert_memory_equal(octets, "lon", 3);
    drop_shelf(&s);
}

/* A power cut between the write and the rename. */
LW_TEST(a_write_that_was_cut_off_leaves_the_old_record)
{
    shelf s;
    char path[128];
    make_shelf(&s);
    assert_ok(store(&s, "a", "old"));
    snprintf(path, sizeof path, "%s/a.new", s.dir);
    FILE *half = fopen(path, "w");
    assert_non_null(half);
    fputs("ne", half);
    fclose(half);
    expect_record(&s, "a", "old");
    assert_ok(store(&s, "a", "new"));
    expect_record(&s, "a", "new");
    drop_shelf(&s);
}

LW_TEST(a_write_that_fails_leaves_the_old_record)
{
    shelf s;
    char path[128];
    make_shelf(&s);
    assert_ok(store(&s, "a", "old"));
    snprintf(path, sizeof path, "%s/a.new", s.dir);
    assert_int_equal(mkdir(path, 0700), 0); /* cannot be opened for writing */
    assert_err(store(&s, "a", "new"), LW_EIO);
    expect_record(&s, "a", "old");
    rmdir(path);
    drop_shelf(&s);
}

LW_TEST(names_with_slashes_are_refused)
{
    shelf s;
    size_t len;
    make_shelf(&s);
    assert_err(store(&s, "../a", "x"), LW_EINVAL);
    assert_err(s.p->load(s.p->ctx, "../a", NULL, 0, &len), LW_EINVAL);
    drop_shelf(&s);
}

LW_TEST(erasing_all_leaves_files_of_others)
{
    shelf s;
    char path[128];
    size_t len;
    struct stat st;
    make_shelf(&s);
    assert_ok(store(&s, "a", "x"));
    snprintf(path, sizeof path, "%s/notes.txt", s.dir);
    fclose(fopen(path, "w"));
    s.p->erase_all(s.p->ctx);
    assert_err(s.p->load(s.p->ctx, "a", NULL, 0, &len), LW_ENOTFOUND);
    assert_int_equal(stat(path, &st), 0);
    unlink(path);
    drop_shelf(&s);
}

LW_TEST(a_directory_has_one_user_and_must_be_one)
{
    shelf s;
    lw_posix *second;
    char path[128];
    make_shelf(&s);
    assert_err(lw_posix_new(&second, &(lw_posix_cfg){.dir = s.dir}), LW_ESTATE);
    assert_null(second);
    snprintf(path, sizeof path, "%s/a/b", s.dir);
    assert_err(lw_posix_new(&second, &(lw_posix_cfg){.dir = path}), LW_EIO);
    assert_int_equal(errno, ENOENT);
    snprintf(path, sizeof path, "%s/a.lw", s.dir);
    assert_ok(store(&s, "a", "x"));
    assert_err(lw_posix_new(&second, &(lw_posix_cfg){.dir = path}), LW_EIO);
    drop_shelf(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_has_a_host_and_perhaps_a_port),
        cmocka_unit_test(what_is_no_uri_of_a_server),
        cmocka_unit_test(other_transports_and_secured_links_are_not_supported),
        cmocka_unit_test(registers_over_ipv4),
        cmocka_unit_test(registers_over_ipv6),
        cmocka_unit_test(a_name_is_looked_up_and_its_addresses_are_tried),
        cmocka_unit_test(a_name_that_is_none_fails_the_link),
        cmocka_unit_test(nobody_waits_for_a_lookup_that_is_no_longer_wanted),
        cmocka_unit_test(a_link_keeps_its_port_over_restarts),
        cmocka_unit_test(each_address_and_port_of_this_host_is_another_one),
        cmocka_unit_test(a_refusal_is_told_once_and_is_not_the_end),
        cmocka_unit_test(a_uri_that_never_works_says_why),
        cmocka_unit_test(a_link_without_security_takes_no_keys),
        cmocka_unit_test(a_check_says_what_opening_would_and_opens_nothing),
        cmocka_unit_test(waiting_ends_at_a_watched_descriptor),
        cmocka_unit_test(only_so_many_descriptors_are_watched),
        cmocka_unit_test(clocks_go_forward_and_randomness_differs),
        cmocka_unit_test(without_a_hook_lines_go_to_stderr),
        cmocka_unit_test(a_record_is_there_after_a_restart),
        cmocka_unit_test(an_empty_record_erases),
        cmocka_unit_test(load_tells_the_length_of_a_record_that_does_not_fit),
        cmocka_unit_test(a_write_that_was_cut_off_leaves_the_old_record),
        cmocka_unit_test(a_write_that_fails_leaves_the_old_record),
        cmocka_unit_test(names_with_slashes_are_refused),
        cmocka_unit_test(erasing_all_leaves_files_of_others),
        cmocka_unit_test(a_directory_has_one_user_and_must_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
