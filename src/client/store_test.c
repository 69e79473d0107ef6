#include "client/observe_rig_test.h"

static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,  &lw_feature_create, &lw_feature_observe,   &lw_feature_observe_1_2,
    &lw_feature_thresholds, &lw_feature_store,  &lw_feature_composite, NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 12,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = features,
                                    .servers_max = 2,
                                    .observations_max = 3,
                                    .attributes_max = 4,
                                    .stored_max = 4,
                                    .dynamic = 6144};

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_start(r, &plain);
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

static lw_observing *observing(rig *r)
{
    return lw_client_feature_state(r->client, &lw_feature_observe);
}

static size_t stored_of(rig *r)
{
    size_t count = 0;
    for (lw_link *l = observing(r)->list.next; l != &observing(r)->list; l = l->next) {
        for (const lw_snapshot *s = lw_observed_of(l)->stored; s != NULL; s = s->next) {
            count++;
        }
    }
    return count;
}

static void offline(rig *r)
{
    r->client->servers[0].offline = true;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_OFFLINE);
    rig_pass(r, 0);
}

static void online(rig *r)
{
    r->client->servers[0].offline = false;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ONLINE);
}

static void change_each_second(rig *r, const char *path, int64_t first, int64_t last)
{
    for (int64_t v = first; v <= last; v++) {
        rig_pass(r, 1 * SECOND);
        set_number(r, path, v);
        rig_pass(r, 0);
        r->wall++;
    }
}

static void observe_json(rig *r, uint8_t token, const char *target)
{
    assert_int_equal(ask_observe(r, 0, token, target, LW_CF_SENML_JSON), LW_COAP_CONTENT);
}

static void expect_delivered(rig *r, uint8_t token, const char *text)
{
    rig_datagram *d = expect_told(r, token, text);
    assert_int_equal(d->msg.type, LW_COAP_CON);
    acknowledge(r, d);
}

/* OBS-16, OBS-17: one message with all of them */
static void what_was_missed_is_delivered_with_its_times(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    expect_silence(r);
    assert_int_equal(stored_of(r), 3);
    online(r);
    expect_delivered(r, 1,
                     "[{\"bn\":\"/42769/0/0\",\"bt\":1700000001,\"v\":1},"
                     "{\"v\":2,\"t\":1},{\"v\":3,\"t\":2}]");
    assert_int_equal(stored_of(r), 0);
    set_number(r, "/42769/0/0", 4);
    assert_int_equal(expect_told(r, 1, "[{\"n\":\"/42769/0/0\",\"v\":4}]")->msg.type, LW_COAP_NON);
}

/* P-OBS-22: without a clock the times are relative to the delivery */
static void without_a_clock_times_are_relative(void **state)
{
    rig *r = *state;
    r->wall = -100;
    observe_json(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 2);
    rig_pass(r, 5 * SECOND);
    online(r);
    expect_delivered(r, 1, "[{\"bn\":\"/42769/0/0\",\"v\":1,\"t\":-6},{\"v\":2,\"t\":-5}]");
}

/* OBS-17 */
static void plain_formats_replay_one_by_one(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    online(r);
    expect_delivered(r, 1, "1");
    expect_delivered(r, 1, "2");
    set_number(r, "/42769/0/0", 4); /* behind those that wait */
    expect_delivered(r, 1, "3");
    expect_delivered(r, 1, "4");
    set_number(r, "/42769/0/0", 5);
    assert_int_equal(expect_told(r, 1, "5")->msg.type, LW_COAP_NON);
}

/* rule 37: 1/x/6 false, and what is due then is the value of now */
static void without_storing_the_present_value_is_sent(void **state)
{
    rig *r = *state;
    set(r, "/1/0/6", lw_value_boolean(false));
    observe_text(r, 1, "/42769/0/0?pmax=10");
    observe_text(r, 2, "/42769/1/0?pmax=10");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    rig_pass(r, 20 * SECOND);
    assert_int_equal(stored_of(r), 0);
    online(r);
    expect_told(r, 1, "3");
    expect_told(r, 2, "0"); /* pmax is over */
    rig_pass(r, 10 * SECOND);
    expect_told(r, 1, "3");
    expect_told(r, 2, "0");
    expect_silence(r);
}

/* 1/x/6 turned off while values wait */
static void what_is_stored_goes_when_storing_is_turned_off(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    set(r, "/1/0/6", lw_value_boolean(false));
    change_each_second(r, "/42769/0/0", 4, 4);
    online(r);
    expect_told(r, 1, "4");
    assert_int_equal(stored_of(r), 0);
    expect_silence(r);
}

/* rule 37 */
static void the_oldest_is_dropped(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    observe_text(r, 2, "/42769/1/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    change_each_second(r, "/42769/1/0", 1, 3);
    assert_int_equal(stored_of(r), 4);
    online(r);
    expect_delivered(r, 1, "3");
    expect_delivered(r, 2, "1");
    expect_delivered(r, 2, "2");
    expect_delivered(r, 2, "3");
    expect_silence(r);
}

/* rule 37 */
static void one_in_flight_is_never_dropped(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 4);
    online(r);
    rig_datagram *d = expect_told(r, 1, "1");
    for (int64_t v = 5; v <= 9; v++) {
        set_number(r, "/42769/0/0", v);
        rig_pass(r, 10);
    }
    assert_int_equal(stored_of(r), 4);
    acknowledge(r, d);
    expect_delivered(r, 1, "7");
    expect_delivered(r, 1, "8");
    expect_delivered(r, 1, "9");
    expect_silence(r);
}

/* A value that takes the room of several; one for which there is no room at all is not kept. */
static void long_values_take_the_room_of_others(void **state)
{
    rig *r = *state;
    uint8_t octets[600] = {1};
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, 1)));
    observe_text(r, 1, "/42769/0/0");
    observe(r, 2, "/42769/0/5");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 4);
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, 90)));
    rig_pass(r, 0);
    assert_true(stored_of(r) < 4);
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, 600)));
    rig_pass(r, 0);
    assert_int_equal(stored_of(r), 0);
    online(r);
    expect_told(r, 2, NULL); /* the value of now all the same */
}

/* OBS-15: nothing is lost with a confirmable notification */
static void what_was_not_acknowledged_is_delivered_after_an_update(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0?con=1");
    set_number(r, "/42769/0/0", 1);
    expect_told(r, 1, "[{\"n\":\"/42769/0/0\",\"v\":1}]");
    for (int i = 0; i < 100; i++) {
        rig_pass(r, 1 * SECOND);
        r->wall++;
    }
    assert_int_equal(rig_requests(r, 0), 1); /* an Update asks whether the server is there */
    set_number(r, "/42769/0/0", 2);
    rig_pass(r, 10 * SECOND);
    seen = r->sent_count;
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_datagram *d = next_told(r);
    assert_non_null(d);
    assert_memory_equal(d->msg.payload.ptr, "[{\"bn\":\"/42769/0/0\",\"bt\":", 25);
    acknowledge(r, d);
    assert_int_equal(stored_of(r), 0);
    expect_silence(r);
}

/* In order, though each is confirmable */
static void confirmable_ones_follow_each_other(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0?con=1");
    set_number(r, "/42769/0/0", 1);
    rig_datagram *d = expect_told(r, 1, "1");
    set_number(r, "/42769/0/0", 2);
    expect_silence(r);
    acknowledge(r, d);
    expect_delivered(r, 1, "2");
}

/* rule 33 */
static void a_reset_drops_what_is_stored(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    online(r);
    answer_empty(r, expect_told(r, 1, "1"), LW_COAP_RST);
    assert_int_equal(observing(r)->count, 0);
    expect_silence(r);
}

/* rule 37: after a pending Update, not before */
static void stored_ones_wait_for_an_update(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 1);
    online(r);
    assert_int_equal(lw_client_update(r->client, 1), LW_OK);
    expect_silence(r);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    expect_delivered(r, 1, "1");
}

/* OBS-18 */
static void sleep_is_not_offline(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    r->client->servers[0].asleep = true;
    set_number(r, "/42769/0/0", 1);
    expect_told(r, 1, "1");
    assert_int_equal(stored_of(r), 0);
}

/* ATT-38 */
static void hqmax_bounds_what_is_stored(void **state)
{
    rig *r = *state;
    attach(r, "/42769/0/0?hqmax=2");
    attach(r, "/42769/1/0?hqmax=0");
    observe_text(r, 1, "/42769/0/0");
    observe_text(r, 2, "/42769/1/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 4);
    change_each_second(r, "/42769/1/0", 1, 2);
    assert_int_equal(stored_of(r), 2);
    online(r);
    expect_delivered(r, 1, "3");
    expect_told(r, 2, "2"); /* only that of now */
    expect_delivered(r, 1, "4");
}

/* ATT-38: only parts with hqmax are stored once one has it */
static void hqmax_counts_for_each_part_of_a_list(void **state)
{
    rig *r = *state;
    uint8_t body[] = "\x82\xA1\x00\x6A/42769/0/0\xA1\x00\x6A/42769/1/0";
    attach(r, "/42769/0/0?hqmax=2");
    request(r, &(ask){.code = LW_COAP_FETCH,
                      .token = 1,
                      .target = "",
                      .accept = LW_CF_SENML_JSON,
                      .format = LW_CF_SENML_CBOR,
                      .payload = lw_bytes_of(body, sizeof body - 1),
                      .block2 = NOTHING});
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 3);
    online(r);
    expect_delivered(r, 1, "[{\"bn\":\"/42769/0/0\",\"bt\":1700000002,\"v\":2},{\"v\":3,\"t\":1}]");
    offline(r);
    attach(r, "/42769/1/0?hqmax=1");
    change_each_second(r, "/42769/0/0", 4, 5);
    online(r);
    expect_delivered(r, 1,
                     "[{\"bn\":\"/42769/\",\"bt\":1700000004,\"n\":\"0/0\",\"v\":4},"
                     "{\"n\":\"0/0\",\"v\":5,\"t\":1},{\"n\":\"1/0\",\"v\":0,\"t\":1}]");
}

/* OBS-20: blocks after the first would be those of another representation */
static void a_delivery_fits_one_block(void **state)
{
    rig *r = *state;
    uint32_t block;
    rig_use_blocks(r, 0, 2); /* 64 octets */
    observe_json(r, 1, "/42769/0/0");
    offline(r);
    change_each_second(r, "/42769/0/0", 1, 4);
    online(r);
    for (size_t left = 4; left > 0; left = stored_of(r)) {
        rig_datagram *d = expect_told(r, 1, NULL);
        assert_false(lw_coap_opt_find_uint(&d->msg.options, LW_COAP_OPT_BLOCK2, &block));
        acknowledge(r, d);
        assert_true(stored_of(r) < left);
    }
}

static void values_of_every_type_are_kept(void **state)
{
    rig *r = *state;
    lw_tree *tree = lw_client_tree(r->client);
    assert_int_equal(lw_device_set_ext_dev_info(tree, 0, 0, (lw_objlnk){4, 1}), LW_OK);
    set(r, "/42769/0/1", lw_value_float(0.5));
    set(r, "/42769/0/2", lw_value_boolean(true));
    set(r, "/42769/0/5", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of("\x01\x02", 2)));
    set_number(r, "/42769/0/4/2", -5);
    observe_json(r, 1, "/42769/0");
    observe_json(r, 2, "/3/0/22");
    observe_json(r, 3, "/3/0/16");
    offline(r);
    set_number(r, "/42769/0/0", 70000);
    assert_int_equal(lw_device_set_ext_dev_info(tree, 0, 1, (lw_objlnk){5, 2}), LW_OK);
    set(r, "/3/0/16", lw_value_string("UQ"));
    rig_pass(r, 1 * SECOND);
    online(r);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL); /* of the Update that tells the binding */
    expect_delivered(r, 1,
                     "[{\"bn\":\"/42769/0/\",\"bt\":1699999999,\"n\":\"0\",\"v\":70000},"
                     "{\"n\":\"1\",\"v\":0.5},{\"n\":\"2\",\"vb\":true},{\"n\":\"4/2\",\"v\":-5},"
                     "{\"n\":\"5\",\"vd\":\"AQI\"}]");
    expect_delivered(r, 2,
                     "[{\"bn\":\"/3/0/22/\",\"bt\":1699999999,\"n\":\"0\",\"vlo\":\"4:1\"},"
                     "{\"n\":\"1\",\"vlo\":\"5:2\"}]");
    expect_delivered(r, 3, "[{\"bt\":1699999999,\"n\":\"/3/0/16\",\"vs\":\"UQ\"}]");
}

/* ---- Over the end of a registration (P-OBS-08) ---- */

static void end_and_register(rig *r)
{
    r->client->servers[0].registered = false;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ENDED);
    change_each_second(r, "/42769/0/0", 1, 2);
    expect_silence(r);
    r->client->servers[0].registered = true;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REGISTERED);
}

static void what_was_collected_is_delivered_when_observed_again(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0");
    end_and_register(r);
    rig_pass(r, 30 * SECOND);
    expect_silence(r);
    observe_json(r, 7, "/42769/0/0");
    expect_text(&r->sent[r->sent_count - 1], "[{\"n\":\"/42769/0/0\",\"v\":2}]");
    rig_datagram *d = expect_told(r, 7, NULL);
    assert_memory_equal(d->msg.payload.ptr, "[{\"bn\":\"/42769/0/0\",\"bt\":", 25);
    acknowledge(r, d);
    assert_int_equal(observing(r)->count, 1);
}

static void what_was_collected_is_dropped_when_nobody_observes(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0");
    observe_json(r, 2, "/42769/1/0"); /* has nothing to deliver */
    observe_text(r, 3, "/42769/1/0"); /* has no times */
    end_and_register(r);
    assert_int_equal(observing(r)->count, 1);
    rig_pass(r, 60 * SECOND);
    assert_int_equal(observing(r)->count, 0);
    expect_silence(r);
}

static void those_that_only_collect_give_way(void **state)
{
    rig *r = *state;
    uint32_t sequence;
    observe_json(r, 1, "/42769/0/0");
    end_and_register(r);
    observe_text(r, 1, "/42769/1/0"); /* the token of old means nothing */
    observe_text(r, 2, "/3/0/9");
    assert_int_equal(observing(r)->count, 3);
    observe_text(r, 3, "/3/0/16");
    assert_true(has_observe(&r->sent[r->sent_count - 1], &sequence));
    assert_int_equal(stored_of(r), 0);
}

static void nothing_is_collected_by_a_client_that_stops(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0");
    lw_client_stop(r->client, r->now);
    r->client->servers[0].registered = false;
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_ENDED);
    assert_int_equal(observing(r)->count, 0);
}

static void what_was_collected_goes_when_the_client_stops(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0");
    end_and_register(r);
    assert_int_equal(observing(r)->count, 1);
    lw_client_stop(r->client, r->now);
    assert_int_equal(observing(r)->count, 0);
}

static void nothing_is_collected_for_an_account_that_is_gone(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0?con=1");
    set_number(r, "/42769/0/0", 1);
    expect_told(r, 1, NULL);
    lw_client_dispatch(&r->client->servers[0], LW_SERVER_EV_REMOVED);
    assert_int_equal(observing(r)->count, 0);
}

/* One in flight when the registration ends is delivered with the others. */
static void one_in_flight_at_the_end_is_delivered_again(void **state)
{
    rig *r = *state;
    observe_json(r, 1, "/42769/0/0?con=1");
    set_number(r, "/42769/0/0", 9);
    expect_told(r, 1, NULL);
    end_and_register(r);
    observe_json(r, 2, "/42769/0/0?con=1");
    rig_datagram *d = expect_told(r, 2, NULL);
    assert_memory_equal(d->msg.payload.ptr, "[{\"bn\":\"/42769/0/0\",\"bt\":", 25);
    acknowledge(r, d);
    assert_int_equal(stored_of(r), 0);
}

/* ---- Set-up ---- */

static void storing_needs_observe(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const wrong[] = {&lw_feature_store, &lw_feature_observe, NULL};
    static uint8_t memory[RIG_MEMORY];
    lw_client_cfg cfg = r->cfg;
    lw_client *client;
    cfg.features = wrong;
    assert_int_equal(lw_client_init(&client, &cfg, memory, sizeof memory), LW_EINVAL);
}

/* A notification that cannot be sent for want of memory is stored once and tried again. */
static void a_delivery_that_finds_no_memory_is_tried_again(void **state)
{
    rig *r = *state;
    void *hogs[64];
    size_t count = 0;
    observe_text(r, 1, "/42769/0/0?con=1");
    for (size_t size = r->client->pool->size; size > 0; size = size > 16 ? size - 16 : 0) {
        hogs[count] = lw_mem_alloc(&r->client->pool->mem, size);
        count += hogs[count] != NULL ? 1 : 0;
    }
    set_number(r, "/42769/0/0", 1);
    rig_pass(r, 3 * SECOND);
    expect_silence(r);
    assert_int_equal(stored_of(r), 1);
    while (count > 0) {
        lw_mem_release(&r->client->pool->mem, hogs[--count]);
    }
    rig_pass(r, 1 * SECOND);
    expect_delivered(r, 1, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IS(what_was_missed_is_delivered_with_its_times),
        IS(without_a_clock_times_are_relative),
        IS(plain_formats_replay_one_by_one),
        IS(without_storing_the_present_value_is_sent),
        IS(what_is_stored_goes_when_storing_is_turned_off),
        IS(the_oldest_is_dropped),
        IS(one_in_flight_is_never_dropped),
        IS(long_values_take_the_room_of_others),
        IS(what_was_not_acknowledged_is_delivered_after_an_update),
        IS(confirmable_ones_follow_each_other),
        IS(a_reset_drops_what_is_stored),
        IS(stored_ones_wait_for_an_update),
        IS(sleep_is_not_offline),
        IS(hqmax_bounds_what_is_stored),
        IS(hqmax_counts_for_each_part_of_a_list),
        IS(a_delivery_fits_one_block),
        IS(values_of_every_type_are_kept),
        IS(what_was_collected_is_delivered_when_observed_again),
        IS(what_was_collected_is_dropped_when_nobody_observes),
        IS(those_that_only_collect_give_way),
        IS(nothing_is_collected_by_a_client_that_stops),
        IS(what_was_collected_goes_when_the_client_stops),
        IS(nothing_is_collected_for_an_account_that_is_gone),
        IS(one_in_flight_at_the_end_is_delivered_again),
        IS(storing_needs_observe),
        IS(a_delivery_that_finds_no_memory_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
