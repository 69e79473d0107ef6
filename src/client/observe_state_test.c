#include "client/observe_rig_test.h"

static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,   &lw_feature_create,     &lw_feature_observe,
    &lw_feature_observe_1_2, &lw_feature_thresholds, &lw_feature_store,
    &lw_feature_composite,   &lw_feature_persist,    NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 12,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = features,
                                    .servers_max = 2,
                                    .observations_max = 3,
                                    .attributes_max = 4,
                                    .stored_max = 4,
                                    .dynamic = 8192};

/* ---- Storage, which outlives the client ---- */

typedef struct record {
    char name[16];
    size_t len;
    uint8_t octets[2048];
} record;

static record records[2];
static unsigned stores;

static lw_err store_record(void *ctx, const char *name, lw_bytes octets)
{
    record *at = &records[strcmp(name, "state") == 0];
    (void)ctx;
    assert_true(octets.len <= sizeof at->octets);
    strcpy(at->name, name);
    at->len = octets.len;
    if (octets.len > 0) {
        memcpy(at->octets, octets.ptr, octets.len);
    }
    stores++;
    return LW_OK;
}

static lw_err load_record(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    const record *at = &records[strcmp(name, "state") == 0];
    (void)ctx;
    *out_len = at->len;
    if (cap > 0) {
        memcpy(out, at->octets, at->len < cap ? at->len : cap);
    }
    return at->len > 0 ? LW_OK : LW_ENOTFOUND;
}

static void build(rig *r, const lw_client_cfg *cfg)
{
    lw_path at;
    lw_client_cfg bare = *cfg;
    bare.features = NULL;
    rig_init(r, &bare);
    lw_client_fini(r->client);
    r->cfg.features = cfg->features;
    r->platform.store = store_record;
    r->platform.load = load_record;
    assert_int_equal(lw_client_init(&r->client, &r->cfg, r->memory, sizeof r->memory), LW_OK);
    lw_tree *tree = lw_client_tree(r->client);
    rig_add_server(r, 1, 4000000);
    rig_add_server(r, 2, 4000000);
    assert_int_equal(lw_device_set_battery_level(tree, 0, 100), LW_OK);
    assert_int_equal(lw_tree_add(tree, 42769, 0, &at), LW_OK);
    assert_int_equal(lw_tree_add(tree, 42769, 1, &at), LW_OK);
}

static void start(rig *r)
{
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
}

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    memset(records, 0, sizeof records);
    build(r, &plain);
    start(r);
    register_at(r, 0);
    register_at(r, 1);
    forget_sent(r);
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

/* The power goes and comes back a minute later; registrations are resumed by an Update. */
static void restart_with(rig *r, void (*meanwhile)(rig *r))
{
    int64_t wall = r->wall;
    rig_pass(r, 1 * SECOND);
    lw_client_fini(r->client);
    build(r, &plain);
    r->wall = wall + 60;
    if (meanwhile != NULL) {
        meanwhile(r);
    }
    seen = r->sent_count;
    start(r);
    for (uint8_t i = 0; i < 2; i++) {
        assert_true(lw_server_is_registered(&r->client->servers[i]));
        rig_answer(r, i, LW_COAP_CHANGED, NULL);
    }
}

static lw_observing *observing(rig *r)
{
    return lw_client_feature_state(r->client, &lw_feature_observe);
}

/* ---- Tests ---- */

/* CLI-75, CLI-72 */
static void observations_outlive_a_restart(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    observe_text(r, 2, "/3/0/9?pmin=5");
    assert_int_equal(write_attributes(r, 1, "/3/0?pmin=7"), LW_COAP_CHANGED);
    restart_with(r, NULL);
    assert_int_equal(observing(r)->count, 2);
    expect_silence(r); /* nothing has changed */
    set_number(r, "/42769/0/0", 5);
    expect_told(r, 1, "5");
    set_number(r, "/3/0/9", 90);
    expect_silence(r);
    rig_pass(r, 5 * SECOND);
    expect_told(r, 2, "90");
    lw_attrs attrs = {.has = 0};
    lw_attached_inherit(observing(r), &r->client->servers[1], lw_path_instance(3, 0), false,
                        &attrs);
    assert_int_equal(attrs.has, LW_ATTR_BIT(LW_ATTR_PMIN));
    assert_int_equal(attrs.pmin, 7);
}

static void change(rig *r)
{
    set_number(r, "/3/0/9", 9);
}

static void a_change_during_the_restart_is_told(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    observe_text(r, 2, "/42769/1/0");
    restart_with(r, change);
    expect_told(r, 1, "9");
    expect_silence(r);
}

/* P-OBS-11 */
static void the_sequence_goes_on_over_a_restart(void **state)
{
    rig *r = *state;
    uint32_t before, after;
    observe_text(r, 1, "/3/0/9");
    set_number(r, "/3/0/9", 3);
    assert_true(has_observe(expect_told(r, 1, "3"), &before));
    restart_with(r, change);
    assert_true(has_observe(expect_told(r, 1, "9"), &after));
    assert_true(lw_coap_observe_is_fresh(before, 0, after, 1));
}

static void what_is_stored_outlives_a_restart(void **state)
{
    rig *r = *state;
    assert_int_equal(ask_observe(r, 0, 1, "/3/0/9", LW_CF_SENML_JSON), LW_COAP_CONTENT);
    r->client->servers[0].offline = true;
    set_number(r, "/3/0/9", 1);
    rig_pass(r, 0);
    restart_with(r, NULL);
    rig_datagram *d = expect_told(r, 1, NULL);
    assert_int_equal(d->msg.type, LW_COAP_CON);
    assert_memory_equal(d->msg.payload.ptr, "[{\"bn\":\"/3/0/9\",\"bt\":1700000000,\"v\":1}", 38);
    acknowledge(r, d);
}

static void a_list_outlives_a_restart(void **state)
{
    rig *r = *state;
    uint8_t body[] = "\x82\xA1\x00\x6A/42769/0/0\xA1\x00\x66/3/0/6";
    request(r, &(ask){.code = LW_COAP_FETCH,
                      .token = 1,
                      .target = "?pmin=2",
                      .accept = LW_CF_SENML_JSON,
                      .format = LW_CF_SENML_CBOR,
                      .payload = lw_bytes_of(body, sizeof body - 1),
                      .block2 = NOTHING});
    restart_with(r, NULL);
    set_number(r, "/42769/0/0", 5);
    rig_pass(r, 2 * SECOND);
    expect_told(r, 1, "[{\"n\":\"/42769/0/0\",\"v\":5}]");
}

/* Flash memory wears out: a notification writes nothing. */
static void notifications_are_not_written_to_storage(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/3/0/9");
    rig_pass(r, 1 * SECOND);
    unsigned before = stores;
    for (int i = 0; i < 10; i++) {
        set_number(r, "/3/0/9", i);
        expect_told(r, 1, NULL);
        rig_pass(r, 1 * SECOND);
    }
    assert_int_equal(stores, before);
}

/* ---- What cannot be taken back (CLI-72) ---- */

/* Gives the state, as far as it goes, a digest that fits. */
static void seal_state(size_t len)
{
    lw_writer body, digest;
    lw_writer_init_window(&body, NULL, 0, 0);
    lw_write_octets(&body, records[1].octets + 4, len - 4);
    lw_writer_init(&digest, records[1].octets, 4);
    lw_write_u32(&digest, body.digest);
    records[1].len = len;
}

/* The power comes back to a device that may be another: nothing that is observed without its
 * registration, and no harm. */
static void wake(rig *r, const lw_client_cfg *cfg)
{
    int64_t wall = r->wall;
    lw_client_fini(r->client);
    build(r, cfg);
    r->wall = wall;
    seen = r->sent_count = 0;
    start(r);
}

static unsigned count_stored(rig *r)
{
    unsigned count = 0;
    for (lw_link *l = observing(r)->list.next; l != &observing(r)->list; l = l->next) {
        for (const lw_snapshot *s = lw_observed_of(l)->stored; s != NULL; s = s->next) {
            count++;
        }
    }
    return count;
}

static void observe_and_attach(rig *r)
{
    observe_text(r, 1, "/42769/0/0?pmin=5&gt=3");
    attach(r, "/3?pmin=7");
    attach(r, "/42769?pmin=8");
    assert_int_equal(ask_observe(r, 0, 2, "/42769/1/0", LW_CF_SENML_JSON), LW_COAP_CONTENT);
    r->client->servers[0].offline = true;
    for (int64_t i = 1; i < 3; i++) {
        set_number(r, "/42769/1/0", i);
        rig_pass(r, 10 * SECOND);
    }
    assert_int_equal(count_stored(r), 2);
}

/* Cut at any octet, by whatever writes records that are sound: all that is there, or a new
 * registration. */
static void a_state_that_ends_early_is_no_state(void **state)
{
    rig *r = *state;
    observe_and_attach(r);
    const record whole = records[1];
    unsigned resumed = 0;
    for (size_t len = 5; len < whole.len; len++) {
        records[1] = whole;
        seal_state(len);
        wake(r, &plain);
        bool is_registered = lw_server_is_registered(&r->client->servers[0]);
        assert_true(is_registered || observing(r)->count == 0);
        resumed += is_registered ? 1 : 0;
    }
    assert_int_equal(resumed, 9); /* between two pieces */
}

static void expect_registers_anew(rig *r)
{
    assert_int_equal(observing(r) != NULL ? observing(r)->count : 0, 0);
    assert_false(lw_server_is_registered(&r->client->servers[0]));
    assert_true(r->sent_count > 0);
    assert_int_equal(r->sent[0].msg.code, LW_COAP_POST);
}

static void a_damaged_state_is_no_state(void **state)
{
    rig *r = *state;
    observe_and_attach(r);
    const record whole = records[1];
    for (size_t at = 0; at < whole.len; at++) {
        records[1] = whole;
        records[1].octets[at] ^= 0x10;
        wake(r, &plain);
        expect_registers_anew(r);
    }
}

static void a_device_with_less_room_registers_anew(void **state)
{
    rig *r = *state;
    observe_and_attach(r);
    const record whole = records[1];
    lw_client_cfg fewer = plain;
    fewer.observations_max = 1;
    wake(r, &fewer);
    expect_registers_anew(r);
    records[1] = whole;
    fewer = plain;
    fewer.attributes_max = 1;
    wake(r, &fewer);
    expect_registers_anew(r);
    records[1] = whole;
    fewer = plain;
    fewer.stored_max = 1;
    wake(r, &fewer);
    expect_registers_anew(r);
}

static void a_device_with_fewer_features_registers_anew(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const no_store[] = {
        &lw_feature_blockwise,  &lw_feature_create,    &lw_feature_observe, &lw_feature_observe_1_2,
        &lw_feature_thresholds, &lw_feature_composite, &lw_feature_persist, NULL};
    static const lw_client_feature *const no_1_2[] = {
        &lw_feature_blockwise, &lw_feature_create,    &lw_feature_observe, &lw_feature_thresholds,
        &lw_feature_store,     &lw_feature_composite, &lw_feature_persist, NULL};
    static const lw_client_feature *const no_observe[] = {&lw_feature_persist, NULL};
    static const lw_client_feature *const *const without[] = {no_store, no_1_2, no_observe};
    observe_and_attach(r);
    const record whole = records[1];
    lw_client_cfg fewer = plain;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        fewer.features = without[i];
        records[1] = whole;
        wake(r, &fewer);
        expect_registers_anew(r);
    }
}

/* As one does whose firmware knows fewer than the one before. */
static void attributes_that_are_not_known_any_more_are_not_shown(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const fewer[] = {&lw_feature_observe, &lw_feature_persist,
                                                     NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    attach(r, "/42769/0/0?gt=1&pmin=3");
    rig_pass(r, 1 * SECOND);
    wake(r, &cfg);
    assert_true(lw_server_is_registered(&r->client->servers[0]));
    uint8_t text[64];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_attached_discover(observing(r), &r->client->servers[0], lw_path_resource(42769, 0, 0), true,
                         &w);
    assert_int_equal(w.pos, strlen(";pmin=3"));
    assert_memory_equal(text, ";pmin=3", w.pos);
}

/* The other server's goes on. */
static void what_belongs_to_a_registration_that_is_over_is_void(void **state)
{
    rig *r = *state;
    observe_text(r, 1, "/42769/0/0");
    r->client->servers[0].lifetime = 10;
    r->client->servers[0].expires = r->client->now + 10 * SECOND;
    lw_client_state_changed(r->client);
    rig_pass(r, 1 * SECOND);
    r->wall += 60;
    wake(r, &plain);
    expect_registers_anew(r);
    assert_true(lw_server_is_registered(&r->client->servers[1]));
}

static void without_observe_registrations_go_on(void **state)
{
    rig *r = *state;
    static const lw_client_feature *const fewer[] = {&lw_feature_persist, NULL};
    lw_client_cfg cfg = plain;
    cfg.features = fewer;
    wake(r, &cfg);
    assert_true(lw_server_is_registered(&r->client->servers[0]));
    assert_true(lw_server_is_registered(&r->client->servers[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IS(observations_outlive_a_restart),
        IS(a_change_during_the_restart_is_told),
        IS(the_sequence_goes_on_over_a_restart),
        IS(what_is_stored_outlives_a_restart),
        IS(a_list_outlives_a_restart),
        IS(notifications_are_not_written_to_storage),
        IS(a_state_that_ends_early_is_no_state),
        IS(a_damaged_state_is_no_state),
        IS(a_device_with_less_room_registers_anew),
        IS(a_device_with_fewer_features_registers_anew),
        IS(attributes_that_are_not_known_any_more_are_not_shown),
        IS(what_belongs_to_a_registration_that_is_over_is_void),
        IS(without_observe_registrations_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
