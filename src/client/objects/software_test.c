#include "client/objects/objects_for_tests.h"
#include "lw/software.h"

typedef struct machine {
    char log[256];
    lw_err write, finish, install, uninstall, activate;
    lw_fetch_job *job;
} machine;

static machine the_machine; /* for the fetcher, which has no context of its own */

static void note(const char *what)
{
    size_t len = strlen(the_machine.log);
    snprintf(the_machine.log + len, sizeof the_machine.log - len, "%s%s", len > 0 ? " " : "", what);
}

static lw_err do_open(void *ctx)
{
    (void)ctx;
    note("open");
    return LW_OK;
}

static lw_err do_write(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    (void)offset;
    (void)octets;
    return the_machine.write;
}

static lw_err do_finish(void *ctx)
{
    (void)ctx;
    note("finish");
    return the_machine.finish;
}

static void do_discard(void *ctx)
{
    (void)ctx;
    note("discard");
}

static lw_err do_install(void *ctx)
{
    (void)ctx;
    note("install");
    return the_machine.install;
}

static lw_err do_uninstall(void *ctx, bool for_update)
{
    (void)ctx;
    note(for_update ? "prepare" : "uninstall");
    return the_machine.uninstall;
}

static lw_err do_activate(void *ctx, bool on)
{
    (void)ctx;
    note(on ? "on" : "off");
    return the_machine.activate;
}

static lw_err fetch_start(void *ctx, lw_fetch_job *job, lw_bytes uri)
{
    (void)ctx;
    the_machine.job = job;
    return uri.len > 0 ? LW_OK : LW_EFORMAT;
}

static void fetch_stop(void *ctx, lw_fetch_job *job)
{
    (void)ctx;
    (void)job;
    note("stop");
}

static const lw_fetch fetcher = {
    .protocols = LW_FETCH_COAP, .start = fetch_start, .stop = fetch_stop};

static const lw_software_port port = {.package = {.open = do_open,
                                                  .write = do_write,
                                                  .finish = do_finish,
                                                  .discard = do_discard,
                                                  .fetch = &fetcher},
                                      .install = do_install,
                                      .uninstall = do_uninstall,
                                      .activate = do_activate};

typedef struct fixture {
    bench *b;
    lw_software_unit unit;
} fixture;

static void start(fixture *f, const bench *before)
{
    static const lw_object *const objects[] = {&lw_software_object, NULL};
    f->b = bench_new(objects);
    f->b->keeps = true;
    if (before != NULL) {
        f->b->has_record = before->has_record;
        f->b->record_len = before->record_len;
        memcpy(f->b->record, before->record, sizeof before->record);
        strcpy(f->b->record_name, before->record_name);
    }
    assert_ok(lw_software_start(&f->unit, &f->b->tree, 7, &port, NULL));
}

static void restart(fixture *f)
{
    bench *before = f->b;
    the_machine.log[0] = '\0';
    start(f, before);
    bench_free(before);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    the_machine = (machine){.write = LW_OK};
    start(f, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    bench_free(f->b);
    free(f);
    return 0;
}

#define expect_state(f, state, result)        \
    do {                                      \
        expect_at((f)->b, "/9/7/7", #state);  \
        expect_at((f)->b, "/9/7/9", #result); \
    } while (0)

#define expect_log(text)                              \
    do {                                              \
        assert_string_equal(the_machine.log, (text)); \
        the_machine.log[0] = '\0';                    \
    } while (0)

static lw_err push(fixture *f, const char *octets)
{
    return bench_write(f->b, "/9/7/2", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str(octets)));
}

static lw_err block(fixture *f, size_t offset, const char *octets, bool more)
{
    return lw_software_hooks.write(f->b, &f->b->tree, at("/9/7/2"),
                                   lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str(octets)), offset,
                                   more);
}

static lw_err write_uri(fixture *f, const char *uri)
{
    return bench_write(f->b, "/9/7/3", lw_value_string(uri));
}

static void install(fixture *f)
{
    assert_ok(push(f, "package"));
    expect_state(f, 3, 3);
    assert_ok(bench_execute(f->b, "/9/7/4", ""));
    bench_answered(f->b);
    expect_state(f, 4, 2);
    the_machine.log[0] = '\0';
}

LW_TEST(a_package_is_pushed_verified_and_installed)
{
    fixture *f = *state;
    expect_state(f, 0, 0);
    assert_ok(block(f, 0, "1234", true));
    expect_state(f, 1, 1);
    assert_ok(block(f, 4, "56", false));
    expect_state(f, 3, 3);
    assert_ok(bench_execute(f->b, "/9/7/4", ""));
    expect_state(f, 3, 3);
    expect_log("open finish");
    bench_answered(f->b); /* DM-63 */
    expect_state(f, 4, 2);
    expect_log("install");
    expect_at(f->b, "/9/7/12", "false");
}

LW_TEST(a_package_is_pulled)
{
    fixture *f = *state;
    assert_ok(write_uri(f, "coap://example.org/sw"));
    expect_state(f, 1, 1);
    assert_err(push(f, "other"), LW_EMETHOD);
    assert_ok(the_machine.job->on_block(the_machine.job, 0, lw_bytes_str("12")));
    the_machine.job->on_end(the_machine.job, LW_OK);
    expect_state(f, 3, 3);
}

LW_TEST(a_download_that_fails_leaves_its_reason)
{
    fixture *f = *state;
    assert_ok(write_uri(f, ""));
    expect_state(f, 0, 56);
    assert_ok(write_uri(f, "coap://example.org/sw"));
    the_machine.job->on_end(the_machine.job, LW_ETIMEOUT);
    expect_state(f, 0, 52);
    the_machine.write = LW_ETOOBIG;
    assert_err(block(f, 0, "1234", true), LW_ETOOBIG);
    expect_state(f, 0, 50);
    the_machine.write = LW_ENOMEM;
    assert_ok(push(f, "package"));
    expect_state(f, 0, 51);
    the_machine.write = LW_OK;
    the_machine.finish = LW_EFORMAT;
    assert_ok(push(f, "package"));
    expect_state(f, 0, 53);
    the_machine.finish = LW_ENOTSUP;
    assert_ok(push(f, "package"));
    expect_state(f, 0, 54);
    assert_ok(block(f, 0, "1234", true));
    assert_err(block(f, 8, "9", true), LW_EIO);
    expect_state(f, 0, 52);
    assert_err(block(f, 12, "x", true), LW_EMETHOD);
    assert_err(
        lw_software_hooks.write(f->b, &f->b->tree, at("/9/7/3"), lw_value_string("c"), 0, true),
        LW_ETOOBIG);
}

LW_TEST(a_verdict_may_come_later)
{
    fixture *f = *state;
    the_machine.finish = LW_AGAIN;
    assert_ok(push(f, "package"));
    expect_state(f, 2, 1);
    lw_software_verified(&f->unit, LW_OK);
    expect_state(f, 3, 3);
    assert_ok(bench_execute(f->b, "/9/7/6", ""));
    assert_ok(push(f, "package"));
    lw_software_verified(&f->unit, LW_EFORMAT);
    expect_state(f, 0, 53);
}

LW_TEST(an_installation_that_fails_stays_delivered)
{
    fixture *f = *state;
    assert_ok(push(f, "package"));
    the_machine.install = LW_EIO;
    assert_ok(bench_execute(f->b, "/9/7/4", ""));
    assert_err(bench_execute(f->b, "/9/7/4", ""), LW_EMETHOD);
    bench_answered(f->b);
    expect_state(f, 3, 58);
    the_machine.install = LW_AGAIN;
    assert_ok(bench_execute(f->b, "/9/7/4", ""));
    bench_answered(f->b);
    expect_state(f, 3, 58);
    lw_software_installed(&f->unit, LW_OK);
    expect_state(f, 4, 2);
}

LW_TEST(only_what_is_installed_is_turned_on_and_off)
{
    fixture *f = *state;
    assert_err(bench_execute(f->b, "/9/7/10", ""), LW_EMETHOD);
    install(f);
    assert_ok(bench_execute(f->b, "/9/7/10", ""));
    expect_at(f->b, "/9/7/12", "true");
    assert_ok(bench_execute(f->b, "/9/7/10", "")); /* already */
    assert_ok(bench_execute(f->b, "/9/7/11", ""));
    expect_at(f->b, "/9/7/12", "false");
    expect_log("on off");
    the_machine.activate = LW_EIO;
    assert_err(bench_execute(f->b, "/9/7/10", ""), LW_EIO);
    expect_at(f->b, "/9/7/12", "false");
    expect_state(f, 4, 2);
}

LW_TEST(uninstall_removes_or_makes_room_for_an_update)
{
    fixture *f = *state;
    assert_err(bench_execute(f->b, "/9/7/6", ""), LW_EMETHOD);
    install(f);
    assert_ok(bench_execute(f->b, "/9/7/10", ""));
    assert_err(bench_execute(f->b, "/9/7/6", "2"), LW_EINVAL);
    assert_err(bench_execute(f->b, "/9/7/6", "x"), LW_EINVAL);
    assert_err(bench_execute(f->b, "/9/7/6", "0,1"), LW_EINVAL);
    assert_ok(bench_execute(f->b, "/9/7/6", "0"));
    expect_state(f, 0, 0);
    expect_at(f->b, "/9/7/12", "false");
    expect_log("on uninstall");
    install(f);
    assert_ok(bench_execute(f->b, "/9/7/6", "1"));
    expect_state(f, 0, 0);
    expect_log("prepare");
    install(f);
    the_machine.uninstall = LW_EIO;
    assert_ok(bench_execute(f->b, "/9/7/6", "1"));
    expect_state(f, 4, 59);
    assert_err(bench_execute(f->b, "/9/7/6", ""), LW_EIO);
    expect_state(f, 4, 59);
}

LW_TEST(uninstall_ends_a_download)
{
    fixture *f = *state;
    assert_ok(write_uri(f, "coap://example.org/sw"));
    assert_err(bench_execute(f->b, "/9/7/6", "1"), LW_EMETHOD);
    assert_ok(bench_execute(f->b, "/9/7/6", ""));
    expect_state(f, 0, 0);
    expect_log("open stop discard");
}

LW_TEST(what_is_installed_outlives_a_restart)
{
    fixture *f = *state;
    install(f);
    assert_ok(bench_execute(f->b, "/9/7/10", ""));
    assert_string_equal(f->b->record_name, "sw.00007");
    restart(f);
    expect_state(f, 4, 2);
    expect_at(f->b, "/9/7/12", "true");
    assert_ok(bench_execute(f->b, "/9/7/6", ""));
    assert_false(f->b->has_record);
}

LW_TEST(a_state_that_could_not_be_stored_is_stored_later)
{
    fixture *f = *state;
    f->b->fails = true;
    install(f);
    f->b->fails = false;
    f->b->now += 60000;
    assert_true(lw_tree_step(&f->b->tree, f->b->now) == LW_TIME_NEVER);
    restart(f);
    expect_state(f, 4, 2);
}

LW_TEST(a_restart_ends_a_download_and_goes_on_with_an_installation)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "1234", true));
    restart(f);
    expect_state(f, 0, 52);
    assert_ok(push(f, "package"));
    assert_ok(bench_execute(f->b, "/9/7/4", ""));
    restart(f);
    expect_state(f, 4, 2);
    expect_log("install");
}

LW_TEST(an_instance_that_was_not_started_does_nothing)
{
    fixture *f = *state;
    lw_software_unit second;
    bench_add(f->b, 9, 1);
    expect_at(f->b, "/9/1/7", "LW_ENOTFOUND");
    assert_err(bench_execute(f->b, "/9/1/4", ""), LW_EMETHOD);
    assert_err(bench_write(f->b, "/9/1/3", lw_value_string("coap://x")), LW_EMETHOD);
    assert_err(lw_software_start(&second, &f->b->tree, 1, &port, NULL), LW_EEXISTS);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_package_is_pushed_verified_and_installed),
        CASE(a_package_is_pulled),
        CASE(a_download_that_fails_leaves_its_reason),
        CASE(a_verdict_may_come_later),
        CASE(an_installation_that_fails_stays_delivered),
        CASE(only_what_is_installed_is_turned_on_and_off),
        CASE(uninstall_removes_or_makes_room_for_an_update),
        CASE(uninstall_ends_a_download),
        CASE(what_is_installed_outlives_a_restart),
        CASE(a_state_that_could_not_be_stored_is_stored_later),
        CASE(a_restart_ends_a_download_and_goes_on_with_an_installation),
        CASE(an_instance_that_was_not_started_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
