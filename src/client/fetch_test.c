#include "client/rig_test.h"

#include "client/fetch.h"
#include "coap/block.h"
#include "lw/firmware.h"

#define LINK 2 /* one server, the Bootstrap-Server, then downloads */

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_minimal_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, NULL};
static const lw_client_cfg cfg = {
    .endpoint = "dev1", .version = 11, .objects = objects, .formats = formats};

typedef struct fixture {
    rig r;
    lw_fetch_job job;
    size_t received;
    unsigned ends;
    lw_err end, refuse;
} fixture;

static lw_err on_block(lw_fetch_job *job, size_t offset, lw_bytes octets)
{
    fixture *f = job->owner;
    assert_int_equal(offset, f->received);
    f->received += octets.len;
    return f->refuse;
}

static void on_end(lw_fetch_job *job, lw_err err)
{
    fixture *f = job->owner;
    f->ends++;
    f->end = err;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    rig_init(&f->r, &cfg);
    f->job = (lw_fetch_job){.on_block = on_block, .on_end = on_end, .owner = f};
    lw_client_start(f->r.client, f->r.now);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    lw_client_fini(f->r.client);
    free(f);
    return 0;
}

static lw_err start(fixture *f, const char *uri)
{
    lw_err err = lw_fetch_coap.start(f->r.client, &f->job, lw_bytes_str(uri));
    assert_int_equal(f->ends, 0);
    rig_pass(&f->r, 0);
    return err;
}

static lw_server *running(fixture *f)
{
    return lw_client_peer(f->r.client, LINK);
}

/* Answers the last request with block `num` of a body of `total` octets, 64 a block. */
static void give_block(fixture *f, uint32_t num, size_t total)
{
    static const uint8_t zeros[64];
    uint8_t buf[256];
    lw_writer w;
    lw_coap_out out;
    rig_datagram *request = rig_last_request(&f->r, LINK);
    size_t left = total - num * 64;
    uint32_t block = lw_block_of((size_t)num * 64, 2, left > 64);
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_ACK, LW_COAP_CONTENT, request->msg.mid, request->msg.token);
    lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK2, block);
    lw_coap_put_payload(&out, lw_bytes_of(zeros, left < 64 ? left : 64));
    rig_feed(&f->r, LINK, lw_writer_bytes(&w));
    rig_pass(&f->r, 0);
}

static void a_package_is_fetched_block_by_block(void **state)
{
    fixture *f = *state;
    char text[512];
    assert_int_equal(start(f, "coap://192.0.2.7/fw/new.bin?v=2"), LW_OK);
    assert_int_equal(f->r.opened[LINK], 1);
    assert_string_equal(rig_path(rig_last_request(&f->r, LINK), text), "/fw/new.bin");
    assert_string_equal(rig_query(rig_last_request(&f->r, LINK), text), "v=2");
    give_block(f, 0, 150);
    give_block(f, 1, 150);
    assert_int_equal(f->ends, 0);
    give_block(f, 2, 150);
    assert_int_equal(f->received, 150);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->end, LW_OK);
    assert_int_equal(f->r.closed[LINK], 1);
    assert_null(running(f));
}

static void a_wrong_uri_is_refused_at_once(void **state)
{
    fixture *f = *state;
    assert_int_equal(start(f, "not a uri"), LW_EFORMAT);
    assert_int_equal(start(f, "http://192.0.2.7/x"), LW_ENOTSUP);
    assert_int_equal(start(f, "coap+tcp://192.0.2.7/x"), LW_ENOTSUP);
    assert_int_equal(f->r.opened[LINK], 0);
}

static void coaps_needs_a_platform_that_opens_it(void **state)
{
    fixture *f = *state;
    lw_bytes uri = lw_bytes_str("coaps://192.0.2.7/a");
    assert_int_equal(lw_fetch_coap.protocols, LW_FETCH_COAP);
    assert_int_equal(lw_fetch_coap.start(f->r.client, &f->job, uri), LW_ENOTSUP);
    assert_int_equal(lw_fetch_coaps.protocols, LW_FETCH_COAP | LW_FETCH_COAPS);
    assert_int_equal(lw_fetch_coaps.start(f->r.client, &f->job, uri), LW_OK);
    rig_pass(&f->r, 0);
    assert_int_equal(f->r.opened[LINK], 1);
}

static void one_fetch_at_a_time(void **state)
{
    fixture *f = *state;
    lw_fetch_job other = f->job;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    lw_err err = lw_fetch_coap.start(f->r.client, &other, lw_bytes_str("coap://192.0.2.7/b"));
    assert_int_equal(err, LW_ESTATE);
}

static void what_is_not_there_is_told(void **state)
{
    fixture *f = *state;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    rig_answer(&f->r, LINK, LW_COAP_NOT_FOUND, NULL);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->end, LW_ENOTFOUND);
}

static void silence_ends_as_a_lost_connection(void **state)
{
    fixture *f = *state;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    rig_pass(&f->r, 100000);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->end, LW_ETIMEOUT);
}

static void a_link_that_takes_time_is_waited_for(void **state)
{
    fixture *f = *state;
    f->r.link_answer = LW_AGAIN;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    assert_int_equal(f->r.sent_count, 0);
    lw_client_link_up(f->r.client, f->r.now, LINK);
    rig_pass(&f->r, 0);
    assert_int_equal(rig_requests(&f->r, LINK), 1);
    lw_client_link_down(f->r.client, f->r.now, LINK, LW_EIO);
    rig_pass(&f->r, 0);
    assert_int_equal(f->end, LW_EIO);
}

static void a_link_that_does_not_come_up_is_given_up(void **state)
{
    fixture *f = *state;
    f->r.link_answer = LW_AGAIN;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    rig_pass(&f->r, 247000);
    assert_int_equal(f->end, LW_ETIMEOUT);
    assert_int_equal(f->r.closed[LINK], 1);
}

/* The time that a link may take is not that of the download. */
static void a_download_may_take_longer_than_a_link(void **state)
{
    fixture *f = *state;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    for (uint32_t num = 0; num < 5; num++) {
        assert_int_equal(f->ends, 0);
        rig_pass(&f->r, 60000);
        give_block(f, num, 5 * 64);
    }
    assert_int_equal(f->received, 5 * 64);
    assert_int_equal(f->ends, 1);
    assert_int_equal(f->end, LW_OK);
}

static void a_job_that_refuses_a_block_is_not_told_again(void **state)
{
    fixture *f = *state;
    f->refuse = LW_EIO;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    give_block(f, 0, 150);
    assert_int_equal(f->ends, 0);
    assert_null(running(f));
}

static void a_stopped_fetch_is_silent(void **state)
{
    fixture *f = *state;
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    lw_fetch_coap.stop(f->r.client, &f->job);
    rig_pass(&f->r, 0);
    assert_int_equal(f->ends, 0);
    assert_null(running(f));
    lw_fetch_coap.stop(f->r.client, &f->job);
}

/* Whoever we fetch from is not a server of ours. */
static void requests_of_the_other_side_are_not_served(void **state)
{
    fixture *f = *state;
    static const uint8_t read_device[] = {0x41, 0x01, 0x00, 0x01, 0xB2, 0xB1, '3'};
    assert_int_equal(start(f, "coap://192.0.2.7/a"), LW_OK);
    size_t sent = f->r.sent_count;
    rig_feed(&f->r, LINK, lw_bytes_of(read_device, sizeof read_device));
    assert_int_equal(f->r.sent_count, sent);
}

/* ---- The object that asks for it --------------------------------------------------------------
 */

static lw_err is_fine(void *ctx)
{
    (void)ctx;
    return LW_OK;
}

static lw_err take(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    (void)offset;
    (void)octets;
    return LW_OK;
}

static void discard(void *ctx)
{
    (void)ctx;
}

/* What ends within a step changes when the object is to be stepped next. */
static void a_package_that_is_there_is_installed_without_waiting(void **state)
{
    static const lw_object *const with_firmware[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                                     &lw_device_minimal_object,
                                                     &lw_firmware_object_1_2, NULL};
    static const lw_firmware_port port = {
        .package = {is_fine, take, is_fine, discard, &lw_fetch_coap}, .install = is_fine};
    fixture *f = *state;
    lw_updater updater;
    lw_client_cfg with = cfg;
    with.objects = with_firmware;
    lw_client_fini(f->r.client);
    rig_init(&f->r, &with);
    lw_tree *tree = lw_client_tree(f->r.client);
    assert_int_equal(lw_updater_start(&updater, tree, &port, NULL), LW_OK);
    assert_int_equal(lw_firmware_set_auto_upgrade(tree, 0, true), LW_OK);
    lw_client_start(f->r.client, f->r.now);
    lw_path uri = lw_path_resource(5, 0, 1), shown = lw_path_resource(5, 0, 3);
    lw_value value = lw_value_string("coap://192.0.2.7/a");
    assert_int_equal(lw_firmware_hooks.write(f->r.client, tree, uri, value, 0, false), LW_OK);
    rig_pass(&f->r, 0);
    rig_answer(&f->r, LINK, LW_COAP_CONTENT, NULL);
    assert_int_equal(lw_tree_number(tree, shown, 9), 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The awake window of queue mode runs for whoever talks; it must not outlive the link's owner. */
static void a_download_in_queue_mode_leaves_no_alarm_behind(void **state)
{
    fixture *f = *state;
    lw_client_fini(f->r.client);
    lw_client_cfg with = cfg;
    with.queue_mode = true;
    rig_init(&f->r, &with);
    lw_client_start(f->r.client, f->r.now);
    assert_int_equal(start(f, "coap://192.0.2.7/p"), LW_OK);
    give_block(f, 0, 64);
    assert_int_equal(f->ends, 1);
    assert_true(lw_client_step(f->r.client, f->r.now) == LW_TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_package_is_fetched_block_by_block),
        T(a_wrong_uri_is_refused_at_once),
        T(coaps_needs_a_platform_that_opens_it),
        T(one_fetch_at_a_time),
        T(what_is_not_there_is_told),
        T(silence_ends_as_a_lost_connection),
        T(a_link_that_takes_time_is_waited_for),
        T(a_link_that_does_not_come_up_is_given_up),
        T(a_download_may_take_longer_than_a_link),
        T(a_job_that_refuses_a_block_is_not_told_again),
        T(a_stopped_fetch_is_silent),
        T(requests_of_the_other_side_are_not_served),
        T(a_package_that_is_there_is_installed_without_waiting),
        T(a_download_in_queue_mode_leaves_no_alarm_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
