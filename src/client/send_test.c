#include "client/observe_rig_test.h"

static const lw_client_feature *const features[] = {&lw_feature_blockwise, &lw_feature_create,
                                                    &lw_feature_observe,   &lw_feature_send,
                                                    &feature_rights,       NULL};
static const lw_format *const json[] = {&lw_format_senml_json, &lw_format_text, NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 12,
                                    .objects = objects,
                                    .formats = json,
                                    .features = features,
                                    .servers_max = 2,
                                    .stored_max = 3,
                                    .dynamic = 6144};

#define number_0 lw_path_resource(42769, 0, 0)
#define number_1 lw_path_resource(42769, 1, 0)
#define box_0    lw_path_instance(42769, 0)

static void unmute(rig *r)
{
    set(r, "/1/0/23", lw_value_boolean(false));
    set(r, "/1/1/23", lw_value_boolean(false));
    rig_pass(r, 0);
}

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_start(r, &plain);
    unmute(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    free(r);
    return 0;
}

static lw_err send_to(rig *r, uint16_t ssid, lw_path path)
{
    lw_err err = lw_client_send(r->client, ssid, &path, 1);
    rig_pass(r, 0);
    return err;
}

static void expect_request(rig *r, uint8_t link, int format, const char *text)
{
    char path[256];
    uint32_t got;
    rig_datagram *d = rig_last_request(r, link);
    assert_int_equal(d->msg.code, LW_COAP_POST);
    assert_int_equal(d->msg.type, LW_COAP_CON);
    assert_string_equal(rig_path(d, path), "/dp");
    assert_true(lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_CONTENT_FORMAT, &got));
    assert_int_equal(got, format);
    if (text != NULL) {
        expect_text(d, text);
    }
}

static void expect_event(rig *r, uint16_t ssid, lw_err err, uint8_t code)
{
    assert_true(r->event_count > 0);
    const lw_client_event *e = &r->events[r->event_count - 1];
    assert_int_equal(e->kind, LW_CLIENT_SENT);
    assert_int_equal(e->ssid, ssid);
    assert_int_equal(e->err, err);
    assert_int_equal(e->code, code);
}

static void time_passes(rig *r, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        r->wall++;
        rig_pass(r, 1 * SECOND);
    }
}

/* OBS-30; the test case "Send command" */
static void values_are_sent_and_acknowledged(void **state)
{
    rig *r = *state;
    const lw_path paths[] = {number_1, number_0};
    set_number(r, "/42769/1/0", 7);
    assert_int_equal(lw_client_send(r->client, 1, paths, 2), LW_OK);
    rig_pass(r, 0);
    expect_request(r, 0, LW_CF_SENML_JSON,
                   "[{\"bn\":\"/42769/\",\"n\":\"0/0\",\"v\":0},{\"n\":\"1/0\",\"v\":7}]");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    expect_event(r, 1, LW_OK, LW_COAP_CHANGED);
    assert_int_equal(rig_requests(r, 1), 0);
}

/* OBS-30 */
static void the_format_is_one_that_the_device_has(void **state)
{
    rig *r = *state;
    lw_client_cfg cfg = plain;
    cfg.formats = formats;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
    unmute(r);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    expect_request(r, 0, LW_CF_SENML_CBOR, NULL);
}

static void zero_means_all_servers(void **state)
{
    rig *r = *state;
    rights_of_2 = 0;
    assert_int_equal(send_to(r, 2, number_0), LW_EDENIED);
    assert_int_equal(send_to(r, 0, number_0), LW_OK);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(rig_requests(r, 1), 0);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rights_of_2 = 31;
    assert_int_equal(send_to(r, 0, number_0), LW_OK);
    assert_int_equal(rig_requests(r, 0), 2);
    assert_int_equal(rig_requests(r, 1), 1);
}

/* OBS-31 */
static void only_what_may_be_read_is_sent(void **state)
{
    rig *r = *state;
    set(r, "/42769/0/3", lw_value_string("secret"));
    assert_int_equal(send_to(r, 1, lw_path_object(0)), LW_EDENIED);
    assert_int_equal(send_to(r, 1, lw_path_resource(42769, 0, 3)), LW_EDENIED);
    assert_int_equal(send_to(r, 1, lw_path_resource(42769, 2, 0)), LW_EDENIED);
    assert_int_equal(lw_client_send(r->client, 1, NULL, 0), LW_EINVAL);
    assert_int_equal(send_to(r, 1, box_0), LW_OK);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"n\":\"/42769/0/0\",\"v\":0}]");
}

/* rule 40; the test case "Mute Send" */
static void absent_or_true_means_muted(void **state)
{
    rig *r = *state;
    lw_path mute = lw_path_resource(1, 0, 23);
    assert_int_equal(lw_tree_unset(lw_client_tree(r->client), mute), LW_OK);
    assert_int_equal(send_to(r, 1, number_0), LW_EDENIED);
    set(r, "/1/0/23", lw_value_boolean(true));
    assert_int_equal(send_to(r, 1, number_0), LW_EDENIED);
    set(r, "/1/0/23", lw_value_boolean(false));
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
}

static void who_is_not_registered_is_sent_nothing(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 9, number_0), LW_ESTATE);
    r->client->servers[0].registered = false;
    assert_int_equal(send_to(r, 1, number_0), LW_ESTATE);
    r->client->servers[0].registered = true;
    r->client->servers[0].version = LW_VERSION_1_0;
    assert_int_equal(send_to(r, 1, number_0), LW_ENOTSUP);
}

static void without_the_feature_there_is_no_send(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const fewer[] = {&lw_feature_observe, NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
    assert_int_equal(send_to(r, 1, number_0), LW_ENOTSUP);
    assert_int_equal(lw_client_record(r->client, number_0), LW_ENOTSUP);
}

static void a_device_without_a_format_for_it_hears_so(void **state)
{
    rig *r = *state;
    static const lw_format *const text[] = {&lw_format_text, NULL};
    lw_client_cfg cfg = plain;
    cfg.formats = text;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
    unmute(r);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    expect_event(r, 1, LW_ENOTSUP, 0);
    assert_int_equal(rig_requests(r, 0), 0);
}

static void more_than_32_servers_are_too_many(void **state)
{
    (void)state;
    static uint8_t memory[96 * 1024];
    lw_client *client;
    rig r = {.now = 0};
    lw_client_cfg cfg = plain;
    rig_init(&r, &plain);
    cfg.platform = r.client->cfg.platform;
    cfg.servers_max = 33;
    assert_true(lw_client_mem_needed(&cfg) <= sizeof memory);
    assert_int_equal(lw_client_init(&client, &cfg, memory, sizeof memory), LW_EINVAL);
    cfg.servers_max = 32;
    assert_int_equal(lw_client_init(&client, &cfg, memory, sizeof memory), LW_OK);
    lw_client_fini(client);
    lw_client_fini(r.client);
}

/* OBS-33 */
static void a_server_without_send_is_left_alone_until_it_is_registered_with(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    assert_int_equal(send_to(r, 1, number_1), LW_OK);
    assert_int_equal(rig_requests(r, 0), 1); /* one after the other */
    rig_answer(r, 0, LW_COAP_NOT_FOUND, NULL);
    expect_event(r, 1, LW_ECANCELED, 0); /* the second, after the first */
    assert_int_equal(r->events[r->event_count - 2].code, LW_COAP_NOT_FOUND);
    assert_int_equal(send_to(r, 1, number_0), LW_ENOTSUP);
    assert_int_equal(send_to(r, 2, number_0), LW_OK);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
}

static void a_refusal_is_told(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_answer(r, 0, LW_COAP_BAD_REQUEST, NULL);
    expect_event(r, 1, LW_EPROTO, LW_COAP_BAD_REQUEST);
    time_passes(r, 100);
    assert_int_equal(rig_requests(r, 0), 1);
}

/* OBS-33, CLI-50 */
static void data_is_kept_and_sent_again_with_its_time(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
    set_number(r, "/42769/0/0", 5);
    time_passes(r, 59);
    assert_int_equal(rig_requests(r, 0), 1);
    time_passes(r, 1);
    assert_int_equal(rig_requests(r, 0), 2);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"bt\":1700000000,\"n\":\"/42769/0/0\",\"v\":0}]");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    expect_event(r, 1, LW_OK, LW_COAP_CHANGED);
}

/* CLI-50 */
static void news_of_a_server_does_not_shorten_the_wait(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
    time_passes(r, 30);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_UPDATED);
    assert_int_equal(send_to(r, 1, number_1), LW_OK);
    assert_int_equal(rig_requests(r, 0), 1);
    time_passes(r, 30);
    assert_int_equal(rig_requests(r, 0), 2);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"bt\":1700000000,\"n\":\"/42769/0/0\",\"v\":0}]");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 3);
}

/* CLI-50, rule 31: it waited for what is gone. */
static void a_new_registration_ends_the_wait_as_well(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
    time_passes(r, 1);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    expect_event(r, 1, LW_ECANCELED, 0);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 2);
}

/* OBS-33: a cancelled transfer is none that failed. */
static void what_a_closed_link_interrupted_goes_on_with_the_next(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    assert_int_equal(rig_requests(r, 0), 1);
    lw_server_close_link(&r->client->servers[0]);
    r->event_count = 0;
    time_passes(r, 100);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_server_open_link(&r->client->servers[0]), LW_OK);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_UPDATED);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 2);
    assert_int_equal(r->event_count, 0);
}

/* OBS-31 */
static void rights_are_those_of_the_moment_it_is_sent(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 2, number_0), LW_OK);
    expect_request(r, 1, LW_CF_SENML_JSON, "[{\"n\":\"/42769/0/0\",\"v\":0}]");
    rig_answer(r, 1, LW_COAP_SERVICE_UNAVAILABLE, NULL);
    rights_of_2 = 0;
    time_passes(r, 60);
    expect_request(r, 1, LW_CF_SENML_JSON, "[]");
    rights_of_2 = 31;
}

/* CLI-50 */
static void after_all_attempts_it_is_given_up(void **state)
{
    rig *r = *state;
    set_number(r, "/1/0/17", 2);
    set_number(r, "/1/0/18", 10);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    for (int i = 0; i < 30; i++) {
        forget_sent(r);
        rig_pass(r, 10 * SECOND);
    }
    expect_event(r, 1, LW_ETIMEOUT, 0);
}

/* CLI-50 */
static void many_attempts_without_a_wait_end_too(void **state)
{
    rig *r = *state;
    set_number(r, "/1/0/17", 300);
    set_number(r, "/1/0/18", 0);
    r->event_count = 0;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(r->event_count, 0);
        rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
        r->sent[0] = r->sent[r->sent_count - 1];
        r->sent_count = 1;
    }
    expect_event(r, 1, LW_EPROTO, LW_COAP_SERVICE_UNAVAILABLE);
}

/* rule 31 */
static void a_new_registration_ends_what_waits(void **state)
{
    rig *r = *state;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    expect_event(r, 1, LW_ECANCELED, 0);
    size_t sent = r->sent_count;
    time_passes(r, 100);
    assert_int_equal(r->sent_count, sent);
}

/* An application that sends again when it hears that it failed. */
static rig *resender;

static void on_event(lw_client *client, const lw_client_event *event)
{
    rig_on_event(client, event);
    if (event->kind == LW_CLIENT_SENT && event->err == LW_ECANCELED) {
        lw_path again = number_1;
        assert_int_equal(lw_client_send(resender->client, 1, &again, 1), LW_OK);
    }
}

static void what_is_sent_from_the_event_is_new(void **state)
{
    rig *r = *state;
    resender = r;
    r->client->cfg.on_event = on_event;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
    rig_pass(r, 0);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"n\":\"/42769/1/0\",\"v\":0}]");
}

static void it_waits_for_the_server_to_come_back(void **state)
{
    rig *r = *state;
    r->client->servers[0].offline = true;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    assert_int_equal(rig_requests(r, 0), 0);
    r->client->servers[0].offline = false;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ONLINE);
    rig_pass(r, 0);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"n\":\"/42769/0/0\",\"v\":0}]");
}

/* OBS-34 */
static void a_history_is_sent_with_its_times(void **state)
{
    rig *r = *state;
    for (int v = 1; v <= 4; v++) { /* the oldest of more than three is dropped */
        set_number(r, "/42769/0/0", v);
        assert_int_equal(lw_client_record(r->client, number_0), LW_OK);
        time_passes(r, 1);
        rig_pass(r, 0);
    }
    set_number(r, "/42769/0/0", 9);
    assert_int_equal(send_to(r, 1, number_1), LW_OK); /* covers none of them */
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"n\":\"/42769/1/0\",\"v\":0}]");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    assert_int_equal(send_to(r, 1, box_0), LW_OK);
    expect_request(r, 0, LW_CF_SENML_JSON,
                   "[{\"bn\":\"/42769/0/0\",\"bt\":1700000001,\"v\":2},{\"v\":3,\"t\":1},"
                   "{\"v\":4,\"t\":2},{\"v\":9,\"t\":3}]");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    assert_int_equal(send_to(r, 1, box_0), LW_OK);
    expect_request(r, 0, LW_CF_SENML_JSON, "[{\"n\":\"/42769/0/0\",\"v\":9}]");
    assert_int_equal(lw_client_record(r->client, lw_path_instance(42769, 2)), LW_ENOTFOUND);
}

/* LwM2M CBOR has no times: a format that has them is taken instead, or the last moment alone. */
static void without_times_only_the_last_moment_is_sent(void **state)
{
    rig *r = *state;
    static const lw_format *const both[] = {&lw_format_lwm2m_cbor, &lw_format_senml_cbor, NULL};
    static const lw_format *const timeless[] = {&lw_format_lwm2m_cbor, NULL};
    lw_client_cfg cfg = plain;
    cfg.formats = both;
    lw_client_fini(r->client);
    rig_start(r, &cfg);
    unmute(r);
    r->client->servers[0].answers_lwm2m_cbor = true;
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    expect_request(r, 0, LW_CF_LWM2M_CBOR, NULL);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    assert_int_equal(lw_client_record(r->client, number_0), LW_OK);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    expect_request(r, 0, LW_CF_SENML_CBOR, NULL);
    lw_client_fini(r->client);
    cfg.formats = timeless;
    rig_start(r, &cfg);
    unmute(r);
    assert_int_equal(lw_client_record(r->client, number_0), LW_OK);
    assert_int_equal(send_to(r, 1, number_0), LW_OK);
    rig_datagram *d = rig_last_request(r, 0);
    const uint8_t value_once[] = {0xA1, 0x84, 0x19, 0xA7, 0x11, 0x00, 0x00, 0x00};
    assert_true(d->msg.payload.len <= sizeof value_once + 1);
}

/* Bodies of several blocks are written from the pack, block by block. */
static void a_large_body_goes_in_blocks(void **state)
{
    rig *r = *state;
    uint8_t octets[600];
    uint8_t whole[1024];
    size_t len = 0;
    uint32_t block = 8;
    memset(octets, 0x5a, sizeof octets);
    rig_use_blocks(r, 0, 4);
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, sizeof octets)));
    assert_int_equal(send_to(r, 1, lw_path_resource(42769, 0, 5)), LW_OK);
    while ((block & 8) != 0) {
        rig_datagram *d = rig_last_request(r, 0);
        assert_true(lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_BLOCK1, &block));
        memcpy(whole + len, d->msg.payload.ptr, d->msg.payload.len);
        len += d->msg.payload.len;
        set_number(r, "/42769/0/0", (int64_t)len); /* changes nothing of it */
        uint8_t buf[32];
        lw_writer w;
        lw_coap_out out;
        lw_writer_init(&w, buf, sizeof buf);
        lw_coap_begin(&out, &w, LW_COAP_ACK, (block & 8) != 0 ? LW_COAP_CONTINUE : LW_COAP_CHANGED,
                      d->msg.mid, d->msg.token);
        lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK1, block);
        rig_feed(r, 0, lw_writer_bytes(&w));
        rig_pass(r, 0);
    }
    expect_event(r, 1, LW_OK, LW_COAP_CHANGED);
    assert_int_equal(len, 25 + 800 + 3);
    assert_memory_equal(whole, "[{\"n\":\"/42769/0/5\",\"vd\":\"Wlpa", 29);
}

/* Whatever allocation fails: an error or a later attempt, and nothing is lost of the memory. */
static void without_memory_it_fails_or_waits(void **state)
{
    rig *r = *state;
    size_t used = r->client->pool->used;
    for (size_t room = 0; room < 1600; room += 16) {
        void *hogs[64] = {NULL};
        size_t count = 0;
        for (size_t size = r->client->pool->size; size > 0; size = size > 16 ? size - 16 : 0) {
            void *hog = lw_mem_alloc(&r->client->pool->mem, size);
            if (hog != NULL) {
                assert_true(count < 64);
                hogs[count++] = hog;
            }
        }
        lw_mem_release(&r->client->pool->mem, hogs[0]);
        size_t largest = 4096;
        while (largest > 16 && (hogs[0] = lw_mem_alloc(&r->client->pool->mem, largest)) == NULL) {
            largest -= 16;
        }
        lw_mem_release(&r->client->pool->mem, hogs[0]);
        hogs[0] = largest > room ? lw_mem_alloc(&r->client->pool->mem, largest - room) : NULL;
        lw_err recorded = lw_client_record(r->client, number_0);
        lw_err err = send_to(r, 1, number_0);
        assert_true(err == LW_OK || err == LW_ENOMEM);
        assert_true(recorded == LW_OK || recorded == LW_ENOMEM);
        while (count > 0) {
            lw_mem_release(&r->client->pool->mem, hogs[--count]);
        }
        if (err == LW_OK) {
            rig_pass(r, 1 * SECOND);
            rig_answer(r, 0, LW_COAP_CHANGED, NULL);
            expect_event(r, 1, LW_OK, LW_COAP_CHANGED);
        }
        r->event_count = 0;
        forget_sent(r);
    }
    rig_pass(r, 300 * SECOND);
    assert_true(r->client->pool->used <= used + 200); /* a record may be left */
}

static void packs_have_a_ceiling(void **state)
{
    rig *r = *state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(send_to(r, 1, number_0), LW_OK);
    }
    assert_int_equal(send_to(r, 1, number_0), LW_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IS(values_are_sent_and_acknowledged),
        IS(the_format_is_one_that_the_device_has),
        IS(zero_means_all_servers),
        IS(only_what_may_be_read_is_sent),
        IS(absent_or_true_means_muted),
        IS(who_is_not_registered_is_sent_nothing),
        IS(without_the_feature_there_is_no_send),
        IS(a_device_without_a_format_for_it_hears_so),
        IS(more_than_32_servers_are_too_many),
        IS(a_server_without_send_is_left_alone_until_it_is_registered_with),
        IS(a_refusal_is_told),
        IS(data_is_kept_and_sent_again_with_its_time),
        IS(news_of_a_server_does_not_shorten_the_wait),
        IS(a_new_registration_ends_the_wait_as_well),
        IS(what_a_closed_link_interrupted_goes_on_with_the_next),
        IS(rights_are_those_of_the_moment_it_is_sent),
        IS(after_all_attempts_it_is_given_up),
        IS(many_attempts_without_a_wait_end_too),
        IS(a_new_registration_ends_what_waits),
        IS(what_is_sent_from_the_event_is_new),
        IS(it_waits_for_the_server_to_come_back),
        IS(a_history_is_sent_with_its_times),
        IS(without_times_only_the_last_moment_is_sent),
        IS(a_large_body_goes_in_blocks),
        IS(without_memory_it_fails_or_waits),
        IS(packs_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
