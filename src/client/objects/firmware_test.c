#include "client/objects/objects_for_tests.h"
#include "lw/firmware.h"

/* A device with a slot of 16 octets, that writes down what it is asked. */
typedef struct slot {
    char log[256];
    uint8_t image[16];
    size_t len;
    lw_err open, write, finish, install, confirm;
    bool may_install;
    lw_err fetch; /* what fetching starts with */
    lw_fetch_job *job;
} slot;

static slot the_slot; /* for the fetcher, which has no context of its own */

static void note(slot *s, const char *what)
{
    size_t len = strlen(s->log);
    snprintf(s->log + len, sizeof s->log - len, "%s%s", len > 0 ? " " : "", what);
}

static lw_err slot_open(void *ctx)
{
    slot *s = ctx;
    note(s, "open");
    s->len = 0;
    return s->open;
}

static lw_err slot_write(void *ctx, size_t offset, lw_bytes octets)
{
    slot *s = ctx;
    note(s, "write");
    if (s->write != LW_OK || offset + octets.len > sizeof s->image) {
        return s->write != LW_OK ? s->write : LW_ETOOBIG;
    }
    assert_int_equal(offset, s->len);
    memcpy(s->image + offset, octets.ptr, octets.len);
    s->len += octets.len;
    return LW_OK;
}

static lw_err slot_finish(void *ctx)
{
    slot *s = ctx;
    note(s, "finish");
    return s->finish;
}

static void slot_discard(void *ctx)
{
    note(ctx, "discard");
}

static lw_err slot_install(void *ctx)
{
    slot *s = ctx;
    note(s, "install");
    return s->install;
}

static lw_err slot_confirm(void *ctx)
{
    slot *s = ctx;
    note(s, "confirm");
    return s->confirm;
}

static bool slot_may_install(void *ctx)
{
    slot *s = ctx;
    return s->may_install;
}

static lw_err fetch_start(void *ctx, lw_fetch_job *job, lw_bytes uri)
{
    (void)ctx;
    (void)uri;
    note(&the_slot, "fetch");
    the_slot.job = job;
    return the_slot.fetch;
}

static void fetch_stop(void *ctx, lw_fetch_job *job)
{
    (void)ctx;
    assert_ptr_equal(job, the_slot.job);
    note(&the_slot, "stop");
}

static const lw_fetch fetcher = {
    .protocols = LW_FETCH_COAP | LW_FETCH_COAPS, .start = fetch_start, .stop = fetch_stop};

#define PACKAGE_PORT(fetcher)                                                                   \
    {                                                                                           \
        .open = slot_open, .write = slot_write, .finish = slot_finish, .discard = slot_discard, \
        .fetch = (fetcher),                                                                     \
    }
static const lw_firmware_port port = {.package = PACKAGE_PORT(&fetcher),
                                      .install = slot_install,
                                      .confirm = slot_confirm,
                                      .may_install = slot_may_install};
static const lw_firmware_port push_only = {
    .package = PACKAGE_PORT(NULL), .install = slot_install, .confirm = slot_confirm};

typedef struct fixture {
    bench *b;
    lw_updater updater;
} fixture;

/* A device that starts, with what its platform kept. */
static void start(fixture *f, const lw_firmware_port *with, const bench *before)
{
    static const lw_object *const objects[] = {&lw_firmware_object_1_2, NULL};
    f->b = bench_new(objects);
    f->b->keeps = true;
    if (before != NULL) {
        f->b->has_record = before->has_record;
        f->b->record_len = before->record_len;
        memcpy(f->b->record, before->record, sizeof before->record);
        strcpy(f->b->record_name, before->record_name);
    }
    assert_ok(lw_updater_start(&f->updater, &f->b->tree, with, &the_slot));
    f->b->told[0] = '\0';
}

static void restart(fixture *f)
{
    bench *before = f->b;
    the_slot.log[0] = '\0';
    start(f, &port, before);
    bench_free(before);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    the_slot = (slot){.install = LW_AGAIN, .may_install = true};
    start(f, &port, NULL);
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
        expect_at((f)->b, "/5/0/3", #state);  \
        expect_at((f)->b, "/5/0/5", #result); \
    } while (0)

#define expect_log(text)                           \
    do {                                           \
        assert_string_equal(the_slot.log, (text)); \
        the_slot.log[0] = '\0';                    \
    } while (0)

static lw_err push(fixture *f, const char *octets)
{
    return bench_write(f->b, "/5/0/0", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str(octets)));
}

/* A block as the engine hands it on. */
static lw_err block(fixture *f, size_t offset, const char *octets, bool more)
{
    return lw_firmware_hooks.write(f->b, &f->b->tree, at("/5/0/0"),
                                   lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str(octets)), offset,
                                   more);
}

static lw_err write_uri(fixture *f, const char *uri)
{
    return bench_write(f->b, "/5/0/1", lw_value_string(uri));
}

static lw_err push_nul(fixture *f)
{
    return bench_write(f->b, "/5/0/0", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of("", 1)));
}

static void download(fixture *f)
{
    assert_ok(push(f, "image"));
    expect_state(f, 2, 0);
    expect_log("open write finish");
}

static void begin_update(fixture *f)
{
    download(f);
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    expect_state(f, 3, 0);
}

/* ---- Push ---- */

LW_TEST(a_device_starts_idle_and_says_what_it_can_do)
{
    fixture *f = *state;
    expect_state(f, 0, 0);
    expect_at(f->b, "/5/0/9", "2");
    expect_at(f->b, "/5/0/8/0", "0");
    expect_at(f->b, "/5/0/8/1", "1");
    assert_int_equal(lw_tree_count(&f->b->tree, at("/5/0/8")), 2);
    expect_at(f->b, "/5/0/11", "1");
    expect_at(f->b, "/5/0/12", "LW_ENOTFOUND");
    expect_at(f->b, "/5/0/1", "");
}

LW_TEST(a_package_in_one_write_is_downloaded_at_once)
{
    fixture *f = *state;
    f->b->wall = 1700000000;
    download(f);
    assert_memory_equal(the_slot.image, "image", 5);
    expect_at(f->b, "/5/0/12", "1700000000");
}

LW_TEST(a_package_in_blocks_shows_downloading_until_the_last)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "1234", true));
    expect_state(f, 1, 0);
    expect_told(f->b, "=/5/0/1 =/5/0/12 =/5/0/3 =/5/0/5 ");
    assert_ok(block(f, 4, "5678", true));
    expect_state(f, 1, 0);
    expect_told(f->b, "");
    assert_ok(block(f, 8, "9", false));
    expect_state(f, 2, 0);
    expect_log("open write write write finish");
    assert_memory_equal(the_slot.image, "123456789", 9);
}

LW_TEST(a_server_may_begin_a_push_again)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "1234", true));
    assert_ok(block(f, 0, "abcd", true));
    assert_ok(block(f, 4, "e", false));
    expect_state(f, 2, 0);
    assert_memory_equal(the_slot.image, "abcde", 5);
}

LW_TEST(a_push_that_is_not_continued_is_a_lost_connection)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "im", true));
    expect_state(f, 1, 0);
    lw_firmware_hooks.lost(f->b, &f->b->tree, at("/5/0/0"));
    expect_state(f, 0, 4);
    lw_firmware_hooks.lost(f->b, &f->b->tree, at("/5/0/0"));
    expect_state(f, 0, 4);
    expect_log("open write discard");
}

LW_TEST(a_missing_block_ends_the_download)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "1234", true));
    assert_err(block(f, 8, "9", true), LW_EIO);
    expect_state(f, 0, 4);
    assert_err(block(f, 12, "x", true), LW_EMETHOD);
    expect_state(f, 0, 4);
}

/* P-OBJ-01: the server learns it from 5/0/5, unless it must be stopped. */
LW_TEST(without_room_a_server_that_still_sends_is_stopped)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "0123456789", true));
    assert_err(block(f, 10, "0123456789", true), LW_ETOOBIG);
    expect_state(f, 0, 2);
    expect_log("open write write discard");
}

LW_TEST(a_package_that_came_whole_is_refused_in_the_result_alone)
{
    fixture *f = *state;
    assert_ok(push(f, "larger than sixteen octets"));
    expect_state(f, 0, 2);
    the_slot.open = LW_ENOMEM;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 3);
    the_slot.open = LW_OK;
    the_slot.write = LW_EIO;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 2);
}

LW_TEST(a_wrong_package_is_told_by_its_kind)
{
    fixture *f = *state;
    the_slot.finish = LW_EFORMAT;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 5);
    the_slot.finish = LW_EDENIED;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 5);
    the_slot.finish = LW_ENOTSUP;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 6);
    the_slot.finish = LW_OK;
    assert_ok(push(f, "image")); /* a new download resets the result */
    expect_state(f, 2, 0);
}

LW_TEST(a_verdict_may_come_later)
{
    fixture *f = *state;
    the_slot.finish = LW_AGAIN;
    assert_ok(push(f, "image"));
    expect_state(f, 1, 0);
    assert_err(push(f, "other"), LW_EMETHOD);
    lw_updater_verified(&f->updater, LW_OK);
    expect_state(f, 2, 0);
    lw_updater_verified(&f->updater, LW_EFORMAT); /* nobody asked */
    expect_state(f, 2, 0);
    assert_ok(push_nul(f));
    assert_ok(push(f, "image"));
    lw_updater_verified(&f->updater, LW_EFORMAT);
    expect_state(f, 0, 5);
    assert_ok(push(f, "image"));
    assert_ok(push_nul(f));
    expect_state(f, 0, 0);
    assert_ok(push(f, "image"));
    assert_ok(bench_execute(f->b, "/5/0/10", ""));
    expect_state(f, 0, 10);
}

/* ---- Pull ---- */

/* P-OBJ-02, rule 42 */
LW_TEST(a_uri_shows_downloading_at_once)
{
    fixture *f = *state;
    assert_ok(write_uri(f, "coap://[::1]/fw"));
    expect_state(f, 1, 0);
    expect_at(f->b, "/5/0/1", "coap://[::1]/fw");
    expect_log("fetch open");
    assert_ok(the_slot.job->on_block(the_slot.job, 0, lw_bytes_str("12")));
    assert_ok(the_slot.job->on_block(the_slot.job, 2, lw_bytes_str("34")));
    expect_state(f, 1, 0);
    the_slot.job->on_end(the_slot.job, LW_OK);
    expect_state(f, 2, 0);
    expect_log("write write finish");
}

/* P-OBJ-01, rule 42 */
LW_TEST(what_is_wrong_with_a_uri_is_told_in_the_result)
{
    fixture *f = *state;
    the_slot.fetch = LW_EFORMAT;
    assert_ok(write_uri(f, "coap//x"));
    expect_state(f, 0, 7);
    the_slot.fetch = LW_ENOTSUP;
    assert_ok(write_uri(f, "ftp://example.org/fw"));
    expect_state(f, 0, 9);
    the_slot.fetch = LW_EIO;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    expect_state(f, 0, 4);
    the_slot.fetch = LW_OK;
    the_slot.open = LW_ETOOBIG;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    expect_state(f, 0, 2);
}

LW_TEST(a_uri_of_more_than_255_octets_is_no_uri)
{
    fixture *f = *state;
    char uri[300];
    memset(uri, 'a', sizeof uri);
    uri[256] = '\0';
    assert_err(write_uri(f, uri), LW_ERANGE);
    assert_err(
        lw_firmware_hooks.write(f->b, &f->b->tree, at("/5/0/1"), lw_value_string(uri), 0, false),
        LW_ETOOBIG);
    assert_err(
        lw_firmware_hooks.write(f->b, &f->b->tree, at("/5/0/1"), lw_value_string("c"), 0, true),
        LW_ETOOBIG);
    expect_state(f, 0, 0);
}

LW_TEST(a_fetch_that_fails_leaves_its_reason)
{
    fixture *f = *state;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    the_slot.job->on_end(the_slot.job, LW_ETIMEOUT);
    expect_state(f, 0, 4);
    expect_log("fetch open discard");
    assert_ok(write_uri(f, "coap://example.org/fw"));
    the_slot.job->on_end(the_slot.job, LW_ENOTFOUND);
    expect_state(f, 0, 7);
    assert_ok(write_uri(f, "coap://example.org/fw"));
    the_slot.write = LW_ETOOBIG;
    assert_err(the_slot.job->on_block(the_slot.job, 0, lw_bytes_str("12")), LW_ETOOBIG);
    expect_state(f, 0, 2);
    the_slot.write = LW_OK;
    the_slot.finish = LW_EFORMAT;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    the_slot.job->on_end(the_slot.job, LW_OK);
    expect_state(f, 0, 5);
}

LW_TEST(push_and_pull_do_not_mix)
{
    fixture *f = *state;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    assert_err(push(f, "image"), LW_EMETHOD);
    assert_err(write_uri(f, "coap://example.org/other"), LW_EMETHOD);
    expect_at(f->b, "/5/0/1", "coap://example.org/fw");
    assert_ok(write_uri(f, ""));
    assert_ok(block(f, 0, "1234", true));
    assert_err(write_uri(f, "coap://example.org/fw"), LW_EMETHOD);
    expect_state(f, 1, 0);
}

LW_TEST(a_device_that_only_takes_pushes_knows_no_protocol)
{
    fixture *f = *state;
    bench_free(f->b);
    start(f, &push_only, NULL);
    expect_at(f->b, "/5/0/9", "1");
    assert_int_equal(lw_tree_count(&f->b->tree, at("/5/0/8")), 0);
    assert_ok(write_uri(f, "coap://example.org/fw"));
    expect_state(f, 0, 9);
    assert_ok(lw_firmware_set_max_defer(&f->b->tree, 0, 60));
    assert_ok(push(f, "image"));
    assert_ok(bench_execute(f->b, "/5/0/2", "")); /* nobody there who could defer */
    expect_state(f, 3, 0);
}

/* ---- Reset and Cancel ---- */

/* P-OBJ-03, P-OBJ-04, rule 42 */
LW_TEST(an_empty_uri_and_a_nul_package_reset_any_state_but_updating)
{
    fixture *f = *state;
    the_slot.finish = LW_EFORMAT;
    assert_ok(push(f, "image"));
    expect_state(f, 0, 5);
    assert_ok(write_uri(f, "")); /* idle: only the result goes */
    expect_state(f, 0, 0);
    the_slot.log[0] = '\0';
    the_slot.finish = LW_OK;
    assert_ok(block(f, 0, "1234", true));
    assert_ok(push_nul(f));
    expect_state(f, 0, 0);
    expect_log("open write discard");
    assert_ok(write_uri(f, "coap://example.org/fw"));
    assert_ok(write_uri(f, ""));
    expect_state(f, 0, 0);
    expect_at(f->b, "/5/0/1", "");
    expect_log("fetch open stop discard");
    download(f);
    assert_ok(push(f, ""));
    expect_state(f, 0, 0);
    expect_log("discard");
    begin_update(f);
    assert_err(push_nul(f), LW_EMETHOD);
    assert_err(write_uri(f, ""), LW_EMETHOD);
    expect_state(f, 3, 0);
}

LW_TEST(cancel_ends_a_download_and_drops_a_package)
{
    fixture *f = *state;
    assert_err(bench_execute(f->b, "/5/0/10", ""), LW_EMETHOD);
    expect_state(f, 0, 0);
    assert_ok(block(f, 0, "1234", true));
    assert_ok(bench_execute(f->b, "/5/0/10", ""));
    expect_state(f, 0, 10);
    assert_ok(write_uri(f, "coap://example.org/fw"));
    expect_state(f, 1, 0);
    assert_ok(bench_execute(f->b, "/5/0/10", ""));
    expect_state(f, 0, 10);
    the_slot.log[0] = '\0';
    download(f);
    assert_ok(bench_execute(f->b, "/5/0/10", ""));
    expect_state(f, 0, 10);
    the_slot.log[0] = '\0';
    begin_update(f);
    assert_err(bench_execute(f->b, "/5/0/10", ""), LW_EMETHOD);
    expect_state(f, 3, 0);
}

/* ---- Update ---- */

LW_TEST(update_is_for_a_downloaded_package_alone)
{
    fixture *f = *state;
    assert_err(bench_execute(f->b, "/5/0/2", ""), LW_EMETHOD);
    assert_ok(block(f, 0, "1234", true));
    assert_err(bench_execute(f->b, "/5/0/2", ""), LW_EMETHOD);
    assert_ok(block(f, 4, "5", false));
    assert_err(push(f, "other"), LW_EMETHOD); /* reset first */
    assert_err(write_uri(f, "coap://example.org/fw"), LW_EMETHOD);
    assert_ok(bench_execute(f->b, "/5/0/2", "0='x'"));
    assert_err(bench_execute(f->b, "/5/0/2", ""), LW_EMETHOD);
    assert_err(push(f, "other"), LW_EMETHOD);
    expect_state(f, 3, 0);
}

/* DM-63 */
LW_TEST(the_installation_waits_for_the_answer)
{
    fixture *f = *state;
    begin_update(f);
    expect_log("");
    bench_answered(f->b);
    expect_log("install");
    expect_state(f, 3, 0);
    lw_updater_installed(&f->updater, LW_OK);
    expect_state(f, 0, 1);
    expect_log(""); /* what runs now is not discarded */
}

static void another_act(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    (void)tree;
    (void)path;
}

LW_TEST(an_update_whose_answer_cannot_be_waited_for_is_not_begun)
{
    fixture *f = *state;
    download(f);
    assert_ok(lw_act_when_answered(f->b, another_act, at("/3/0/4")));
    assert_err(bench_execute(f->b, "/5/0/2", ""), LW_ENOMEM);
    expect_state(f, 2, 0);
}

/* P-OBJ-05 */
LW_TEST(an_update_that_fails_keeps_a_package_that_is_good)
{
    fixture *f = *state;
    begin_update(f);
    the_slot.install = LW_EIO;
    bench_answered(f->b);
    expect_state(f, 2, 8);
    expect_log("install");
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    expect_state(f, 3, 0);
    the_slot.install = LW_EFORMAT;
    bench_answered(f->b);
    expect_state(f, 0, 5);
    expect_log("install discard");
    begin_update(f);
    the_slot.install = LW_OK;
    bench_answered(f->b);
    expect_state(f, 0, 1);
}

/* 5/0/13 */
LW_TEST(a_user_defers_as_long_as_the_server_allows)
{
    fixture *f = *state;
    the_slot.may_install = false;
    assert_err(lw_updater_accept(&f->updater), LW_ESTATE);
    begin_update(f); /* 0: no deferral */
    lw_updater_installed(&f->updater, LW_EIO);
    f->b->act = NULL;
    assert_ok(bench_write(f->b, "/5/0/13", lw_value_unsigned(60)));
    f->b->now = 5000;
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    expect_state(f, 2, 11);
    assert_int_equal(lw_tree_step(&f->b->tree, 6000), 65000);
    f->b->now = 30000;
    assert_ok(bench_execute(f->b, "/5/0/2", "")); /* does not begin the period anew */
    assert_int_equal(lw_tree_step(&f->b->tree, 64999), 65000);
    expect_state(f, 2, 11);
    assert_true(lw_tree_step(&f->b->tree, 65000) == LW_TIME_NEVER);
    expect_state(f, 3, 0);
    bench_answered(f->b);
    expect_log("install");
}

LW_TEST(a_user_who_agrees_ends_the_deferral)
{
    fixture *f = *state;
    the_slot.may_install = false;
    assert_ok(bench_write(f->b, "/5/0/13", lw_value_unsigned(60)));
    download(f);
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    assert_ok(lw_updater_accept(&f->updater));
    expect_state(f, 3, 0);
    assert_err(lw_updater_accept(&f->updater), LW_ESTATE);
}

LW_TEST(a_reset_ends_the_deferral)
{
    fixture *f = *state;
    the_slot.may_install = false;
    assert_ok(bench_write(f->b, "/5/0/13", lw_value_unsigned(60)));
    download(f);
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    assert_ok(push_nul(f));
    assert_true(lw_tree_step(&f->b->tree, 100000) == LW_TIME_NEVER);
    expect_state(f, 0, 0);
}

/* 5/0/14 */
LW_TEST(an_automatic_upgrade_needs_no_execute)
{
    fixture *f = *state;
    assert_ok(bench_write(f->b, "/5/0/14", lw_value_boolean(true)));
    download(f);
    f->b->act = another_act;
    assert_int_equal(lw_tree_step(&f->b->tree, 10), 1010); /* another act waits */
    f->b->act = NULL;
    assert_true(lw_tree_step(&f->b->tree, 1010) == LW_TIME_NEVER);
    expect_state(f, 3, 0);
    bench_answered(f->b);
    expect_log("install");
}

/* ---- Restarts: CLI-74, rule 42 ---- */

/* What was going on is taken up by the first step. */
static void restart_and_step(fixture *f)
{
    restart(f);
    assert_true(lw_tree_step(&f->b->tree, 0) == LW_TIME_NEVER);
}

LW_TEST(the_result_of_an_update_outlives_its_restart)
{
    fixture *f = *state;
    begin_update(f);
    bench_answered(f->b);
    restart_and_step(f);
    expect_state(f, 0, 1);
    expect_log("confirm");
    restart_and_step(f);
    expect_state(f, 0, 1);
    assert_ok(write_uri(f, ""));
    expect_state(f, 0, 0);
    assert_false(f->b->has_record);
}

LW_TEST(a_restart_into_the_old_firmware_is_a_failure)
{
    fixture *f = *state;
    begin_update(f);
    the_slot.confirm = LW_ESTATE;
    restart_and_step(f);
    expect_state(f, 2, 8);
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    the_slot.confirm = LW_EFORMAT;
    restart_and_step(f);
    expect_state(f, 0, 5);
    expect_log("confirm discard");
}

LW_TEST(a_restart_before_the_installation_installs)
{
    fixture *f = *state;
    begin_update(f);
    the_slot.confirm = LW_AGAIN;
    restart_and_step(f);
    expect_state(f, 3, 0);
    expect_log("confirm install");
}

LW_TEST(a_restart_ends_a_push_and_goes_on_with_a_pull)
{
    fixture *f = *state;
    assert_ok(block(f, 0, "1234", true));
    restart_and_step(f);
    expect_state(f, 0, 4);
    assert_ok(write_uri(f, "coap://example.org/fw"));
    restart(f);
    expect_state(f, 1, 0);
    expect_log("");
    assert_true(lw_tree_step(&f->b->tree, 0) == LW_TIME_NEVER);
    expect_log("fetch open");
    expect_at(f->b, "/5/0/1", "coap://example.org/fw");
    lw_tree_step(&f->b->tree, 1);
    expect_log("");
}

LW_TEST(a_restart_ends_what_was_pushed_and_not_judged)
{
    fixture *f = *state;
    the_slot.finish = LW_AGAIN;
    assert_ok(push(f, "image"));
    expect_state(f, 1, 0);
    restart_and_step(f);
    expect_state(f, 0, 4);
    expect_log("discard");
}

LW_TEST(a_downloaded_package_and_its_deferral_outlive_a_restart)
{
    fixture *f = *state;
    the_slot.may_install = false;
    assert_ok(bench_write(f->b, "/5/0/13", lw_value_unsigned(3600)));
    download(f);
    restart(f);
    expect_state(f, 2, 0);
    assert_ok(bench_write(f->b, "/5/0/13", lw_value_unsigned(3600)));
    assert_ok(bench_execute(f->b, "/5/0/2", ""));
    restart(f);
    expect_state(f, 2, 11);
    assert_int_equal(lw_tree_step(&f->b->tree, 1000000), 4600000);
    assert_true(lw_tree_step(&f->b->tree, 4600000) == LW_TIME_NEVER);
    expect_state(f, 3, 0);
}

LW_TEST(a_record_that_makes_no_sense_is_not_taken)
{
    fixture *f = *state;
    bench before = {.has_record = true, .record_name = "fw.3", .record_len = 8};
    before.record[0] = 2;
    bench_free(f->b);
    start(f, &port, &before);
    expect_state(f, 2, 0); /* this one does */
    bench_free(f->b);
    before.record[0] = 5; /* no such state */
    start(f, &port, &before);
    expect_state(f, 0, 0);
    bench_free(f->b);
    before.record[0] = 2;
    before.record_len = 7; /* torn */
    start(f, &port, &before);
    expect_state(f, 0, 0);
    bench_free(f->b);
    before.record_len = 8;
    before.record[2] = 1; /* a URI that is not there */
    start(f, &port, &before);
    expect_state(f, 0, 0);
    bench_free(f->b);
    before.record[2] = 0;
    strcpy(before.record_name, "fw"); /* of another layout */
    start(f, &port, &before);
    expect_state(f, 0, 0);
}

LW_TEST(a_download_that_finds_no_memory_says_so)
{
    fixture *f = *state;
    the_slot.fetch = LW_ENOMEM;
    assert_ok(write_uri(f, "coap://example.org/fw"));
    expect_state(f, 0, 3);
}

LW_TEST(a_state_that_could_not_be_stored_is_stored_later)
{
    fixture *f = *state;
    f->b->fails = true;
    download(f);
    assert_int_equal(lw_tree_step(&f->b->tree, f->b->now), f->b->now + 60000);
    f->b->now += 60000;
    assert_int_equal(lw_tree_step(&f->b->tree, f->b->now), f->b->now + 60000);
    f->b->fails = false;
    f->b->now += 60000;
    assert_true(lw_tree_step(&f->b->tree, f->b->now) == LW_TIME_NEVER);
    restart(f);
    expect_state(f, 2, 0);
}

LW_TEST(without_storage_everything_else_works)
{
    fixture *f = *state;
    f->b->keeps = false;
    download(f);
    assert_int_equal(f->b->stores, 0);
}

LW_TEST(an_object_that_was_not_started_does_nothing)
{
    static const lw_object *const objects[] = {&lw_firmware_object_1_0, NULL};
    bench *b = bench_new(objects);
    lw_updater second;
    bench_add(b, LW_OBJ_FIRMWARE_UPDATE, 0);
    expect_at(b, "/5/0/3", "LW_ENOTFOUND");
    assert_err(bench_execute(b, "/5/0/2", ""), LW_EMETHOD);
    assert_err(bench_write(b, "/5/0/1", lw_value_string("coap://x")), LW_EMETHOD);
    assert_int_equal(lw_tree_count(&b->tree, at("/5/0/8")), 0);
    assert_true(lw_tree_step(&b->tree, 0) == LW_TIME_NEVER);
    assert_err(lw_updater_start(&second, &b->tree, &port, &the_slot), LW_EEXISTS);
    bench_free(b);
}

LW_TEST(a_bootstrap_that_writes_the_instance_anew_leaves_the_machine)
{
    fixture *f = *state;
    download(f);
    assert_ok(lw_tree_begin(&f->b->tree));
    assert_ok(lw_tree_start_with(&f->b->tree, at("/5/0"), LW_TREE_CLEAR));
    assert_ok(lw_tree_commit(&f->b->tree));
    expect_state(f, 2, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_device_starts_idle_and_says_what_it_can_do),
        CASE(a_package_in_one_write_is_downloaded_at_once),
        CASE(a_package_in_blocks_shows_downloading_until_the_last),
        CASE(a_server_may_begin_a_push_again),
        CASE(a_push_that_is_not_continued_is_a_lost_connection),
        CASE(a_missing_block_ends_the_download),
        CASE(without_room_a_server_that_still_sends_is_stopped),
        CASE(a_package_that_came_whole_is_refused_in_the_result_alone),
        CASE(a_wrong_package_is_told_by_its_kind),
        CASE(a_verdict_may_come_later),
        CASE(a_uri_shows_downloading_at_once),
        CASE(what_is_wrong_with_a_uri_is_told_in_the_result),
        CASE(a_uri_of_more_than_255_octets_is_no_uri),
        CASE(a_fetch_that_fails_leaves_its_reason),
        CASE(push_and_pull_do_not_mix),
        CASE(a_device_that_only_takes_pushes_knows_no_protocol),
        CASE(an_empty_uri_and_a_nul_package_reset_any_state_but_updating),
        CASE(cancel_ends_a_download_and_drops_a_package),
        CASE(update_is_for_a_downloaded_package_alone),
        CASE(the_installation_waits_for_the_answer),
        CASE(an_update_whose_answer_cannot_be_waited_for_is_not_begun),
        CASE(an_update_that_fails_keeps_a_package_that_is_good),
        CASE(a_user_defers_as_long_as_the_server_allows),
        CASE(a_user_who_agrees_ends_the_deferral),
        CASE(a_reset_ends_the_deferral),
        CASE(an_automatic_upgrade_needs_no_execute),
        CASE(the_result_of_an_update_outlives_its_restart),
        CASE(a_restart_into_the_old_firmware_is_a_failure),
        CASE(a_restart_before_the_installation_installs),
        CASE(a_restart_ends_a_push_and_goes_on_with_a_pull),
        CASE(a_restart_ends_what_was_pushed_and_not_judged),
        CASE(a_downloaded_package_and_its_deferral_outlive_a_restart),
        CASE(a_record_that_makes_no_sense_is_not_taken),
        CASE(a_download_that_finds_no_memory_says_so),
        CASE(a_state_that_could_not_be_stored_is_stored_later),
        CASE(without_storage_everything_else_works),
        CASE(an_object_that_was_not_started_does_nothing),
        CASE(a_bootstrap_that_writes_the_instance_anew_leaves_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
