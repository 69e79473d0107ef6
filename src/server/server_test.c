#include "server/rig_test.h"

LW_TEST(register_update_deregister)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=urn:dev1&lt=300&lwm2m=1.1&b=U", RIG_LINKS, location);
    assert_string_equal(rig_told(r), "REGISTERED");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_string_equal(rig_told(r), "UPDATED");
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_ONLINE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_DELETE, location, NULL), LW_COAP_DELETED);
    assert_string_equal(rig_told(r), "DEREGISTERED");
    assert_int_equal(rig_device(r, "urn:dev1").state, LW_DEVICE_OFFLINE);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_NOT_FOUND);
    rig_free(r);
}

/* ---- Lists ------------------------------------------------------------------------------------
 */

typedef struct seen {
    size_t count;
    char names[400];
} seen;

static void see(void *ctx, const lw_server_device *device)
{
    seen *s = ctx;
    s->count++;
    strncat(s->names, (const char *)device->row.endpoint.ptr, device->row.endpoint.len);
    strcat(s->names, " ");
}

static rig *three(void)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=Bob&lt=300&lwm2m=1.1", "</3/0>,</5/0>", location);
    rig_register(r, 4001, "/rd?ep=alice&lt=300&lwm2m=1.1", "</3/0>", location);
    rig_register(r, 4002, "/rd?ep=carol&lt=300&lwm2m=1.1&Q", "</3/0>", location);
    return r;
}

static uint64_t list(rig *r, const lw_device_filter *filter, seen *out)
{
    *out = (seen){.count = 0};
    return lw_server_list(r->server, filter, see, out);
}

LW_TEST(devices_are_listed_in_the_order_of_their_arrival_page_by_page)
{
    rig *r = three();
    seen s;
    lw_device_filter all = {.limit = 2, .visits = 100, .object = -1};
    uint64_t next = list(r, &all, &s);
    assert_string_equal(s.names, "Bob alice ");
    assert_int_not_equal(next, 0);
    all.after = next;
    assert_int_equal(list(r, &all, &s), 0);
    assert_string_equal(s.names, "carol ");
    /* One that went does not disturb, and its number is not given again. */
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("alice"), NULL, NULL));
    rig_commit(r, LW_OK);
    char location[32];
    rig_register(r, 4001, "/rd?ep=alice&lt=300&lwm2m=1.1", "</3/0>", location);
    all = (lw_device_filter){.limit = 100, .visits = 100, .object = -1};
    assert_int_equal(list(r, &all, &s), 0);
    assert_string_equal(s.names, "Bob carol alice ");
    rig_free(r);
}

LW_TEST(devices_are_found_by_state_object_and_text)
{
    rig *r = three();
    seen s;
    lw_device_filter f = {.limit = 9, .visits = 9, .object = 5};
    assert_int_equal(list(r, &f, &s), 0);
    assert_string_equal(s.names, "Bob ");
    f = (lw_device_filter){.limit = 9, .visits = 9, .object = -1, .text = LW_BYTES_LIT("O")};
    assert_int_equal(list(r, &f, &s), 0);
    assert_string_equal(s.names, "Bob carol ");
    rig_pass(r, 100000);
    f = (lw_device_filter){.limit = 9, .visits = 9, .object = -1, .states = LW_DEVICE_ASLEEP};
    assert_int_equal(list(r, &f, &s), 0);
    assert_string_equal(s.names, "carol ");
    f.visits = 1; /* looked at one, and goes on later */
    assert_int_not_equal(list(r, &f, &s), 0);
    assert_int_equal(s.count, 0);
    rig_free(r);
}

LW_TEST(names_that_are_not_there_are_not_found)
{
    rig *r = three();
    lw_server_device device;
    assert_err(lw_server_get(r->server, lw_bytes_str("dave"), &device), LW_ENOTFOUND);
    assert_err(lw_server_remove(r->server, r->now, lw_bytes_str("dave"), NULL, NULL), LW_ENOTFOUND);
    rig_free(r);
}

static lw_err removed_err;
static unsigned removed_calls;

static void on_removed(void *ctx, lw_err err)
{
    (void)ctx;
    removed_calls++;
    removed_err = err;
}

LW_TEST(a_device_that_could_not_be_removed_stays)
{
    rig *r = three();
    removed_calls = 0;
    (void)rig_told(r);
    r->put_answer = LW_EIO;
    assert_err(lw_server_remove(r->server, r->now, lw_bytes_str("Bob"), on_removed, NULL), LW_EIO);
    r->put_answer = LW_OK;
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("Bob"), on_removed, NULL));
    assert_err(lw_server_remove(r->server, r->now, lw_bytes_str("Bob"), on_removed, NULL),
               LW_ENOTFOUND);
    rig_commit(r, LW_EIO);
    assert_int_equal(removed_calls, 1);
    assert_err(removed_err, LW_EIO);
    assert_int_equal(rig_device(r, "Bob").state, LW_DEVICE_ONLINE);
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(a_call_that_waits_for_the_store_ends_with_the_server)
{
    rig *r = three();
    removed_calls = 0;
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("Bob"), on_removed, NULL));
    rig_free(r);
    assert_int_equal(removed_calls, 1);
    assert_err(removed_err, LW_ECANCELED);
}

/* ---- Peers ------------------------------------------------------------------------------------
 */

LW_TEST(strangers_have_a_ceiling_and_the_idle_are_let_go)
{
    lw_server_cfg cfg = {.limits.peers = 4};
    rig *r = rig_new(&cfg);
    for (uint16_t port = 5000; port < 5020; port++) {
        assert_int_equal(rig_request(r, port, LW_COAP_GET, "/x", NULL), LW_COAP_NOT_FOUND);
    }
    assert_int_equal(lw_server_get_stats(r->server).peers, 4);
    rig_pass(r, 300000);
    assert_int_equal(lw_server_get_stats(r->server).peers, 0);
    assert_int_equal(lw_server_step(r->server, r->now), LW_TIME_NEVER);
    rig_free(r);
}

LW_TEST(a_device_that_was_silent_for_hours_is_known_by_its_address)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=86400&lwm2m=1.1", RIG_LINKS, location);
    rig_pass(r, 4 * 3600 * 1000);
    assert_int_equal(lw_server_get_stats(r->server).peers, 0);
    lw_hop hop = rig_hop(4000);
    rig_message send = {.type = LW_COAP_CON,
                        .code = LW_COAP_POST,
                        .target = "/dp",
                        .format = 111,
                        .payload = LW_BYTES_LIT("[{\"n\":\"/3/0/9\",\"v\":95}]")};
    assert_int_equal(rig_answer(r, rig_message_from(r, &hop, &send))->msg.code, LW_COAP_CHANGED);
    rig_free(r);
}

LW_TEST(messages_are_counted)
{
    rig *r = three();
    lw_hop hop = rig_hop(4000);
    lw_server_feed(r->server, r->now, &hop, lw_bytes_str("\x4f\x01zz"));
    lw_server_stats s = lw_server_get_stats(r->server);
    assert_int_equal(s.received, 4);
    assert_int_equal(s.malformed, 1);
    assert_int_equal(s.sent, 4); /* and a Reset */
    assert_int_equal(s.registers, 3);
    assert_int_equal(s.devices, 3);
    assert_int_equal(s.registered, 3);
    rig_free(r);
}

/* ---- Set-up -----------------------------------------------------------------------------------
 */

LW_TEST(without_a_host_there_is_no_server)
{
    lw_server *server;
    lw_server_cfg cfg = {.shard = 0};
    assert_err(lw_server_new(&cfg, 0, 0, &server), LW_EINVAL);
    assert_null(server);
    lw_server_free(NULL);
}

LW_TEST(whichever_allocation_fails_no_server_is_left_behind)
{
    rig *r = rig_new(NULL);
    lw_server_free(r->server);
    size_t n = 1;
    lw_err err = LW_ENOMEM;
    while (err == LW_ENOMEM) {
        r->heap.fail_at = r->heap.count + n++;
        err = lw_server_new(&r->cfg, r->now, RIG_WALL, &r->server);
        assert_true(err == LW_OK || r->heap.live == 0);
    }
    assert_true(n > 8); /* it was more than a few pieces */
    rig_free(r);
}

LW_TEST(a_server_that_drains_is_done_when_nothing_is_in_flight)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, location);
    lw_row_wish wish = {
        .endpoint = LW_BYTES_LIT("a"), .target = LW_BYTES_LIT("/3/0/9"), .format = 65535};
    assert_ok(lw_server_observe(r->server, r->now, &wish, NULL, NULL));
    assert_false(lw_server_drain(r->server, r->now));
    rig_commit(r, LW_OK);
    rig_step(r);
    assert_true(lw_server_drain(r->server, r->now)); /* it is not asked any more */
    rig_free(r);
}

LW_TEST(a_server_keeps_nothing_without_a_store)
{
    rig *r = rig_new(NULL);
    lw_server_free(r->server);
    r->cfg.store = NULL;
    r->cfg.record = true;
    assert_ok(lw_server_new(&r->cfg, r->now, RIG_WALL, &r->server));
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=300&lwm2m=1.1", RIG_LINKS, location);
    removed_calls = 0;
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("a"), on_removed, NULL));
    assert_int_equal(removed_calls, 1);
    assert_ok(removed_err);
    assert_int_equal(r->row_count, 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_update_deregister),
        cmocka_unit_test(devices_are_listed_in_the_order_of_their_arrival_page_by_page),
        cmocka_unit_test(devices_are_found_by_state_object_and_text),
        cmocka_unit_test(names_that_are_not_there_are_not_found),
        cmocka_unit_test(a_device_that_could_not_be_removed_stays),
        cmocka_unit_test(a_call_that_waits_for_the_store_ends_with_the_server),
        cmocka_unit_test(strangers_have_a_ceiling_and_the_idle_are_let_go),
        cmocka_unit_test(a_device_that_was_silent_for_hours_is_known_by_its_address),
        cmocka_unit_test(messages_are_counted),
        cmocka_unit_test(without_a_host_there_is_no_server),
        cmocka_unit_test(whichever_allocation_fails_no_server_is_left_behind),
        cmocka_unit_test(a_server_that_drains_is_done_when_nothing_is_in_flight),
        cmocka_unit_test(a_server_keeps_nothing_without_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
