/* State over power loss: MDL-10, CLI-02, CLI-03, CLI-71, CLI-75, CLI-76, P-BS-16; and what a
 * failing or interrupted storage leaves behind. A power cut is a client that is never heard of
 * again. */
#include <stdio.h>

#include "client/bs_rig_test.h"
#include "client/serve.h"
#include "codec/format.h"
#include "testing/fakes.h"

/* ---- Storage ----------------------------------------------------------------------------------
 */

typedef struct record {
    char name[16];
    size_t len;
    uint8_t octets[2048];
} record;

typedef struct world {
    rig r; /* first: the platform's ctx */
    record records[4];
    unsigned stores;  /* calls */
    unsigned fail_at; /* this call fails; 0: none */
    unsigned cut_at;  /* before this call the power is gone; 0: never */
    lw_err load_result;
    unsigned erased;
    lw_fake_log log;
} world;

static record *find(world *w, const char *name)
{
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(w->records[i].name, name) == 0) {
            return &w->records[i];
        }
    }
    return NULL;
}

static lw_err world_store(void *ctx, const char *name, lw_bytes octets)
{
    world *w = ctx;
    w->stores++;
    if (w->fail_at != 0 && w->stores == w->fail_at) {
        return LW_EIO;
    }
    if (w->cut_at != 0 && w->stores >= w->cut_at) {
        return LW_OK; /* nobody is there to hear it */
    }
    record *at = find(w, name);
    at = at != NULL ? at : find(w, "");
    assert_non_null(at);
    assert_true(strlen(name) < sizeof at->name && octets.len <= sizeof at->octets);
    strcpy(at->name, name);
    at->len = octets.len;
    memcpy(at->octets, octets.ptr, octets.len);
    return LW_OK;
}

static lw_err world_load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    world *w = ctx;
    const record *at = find(w, name);
    if (w->load_result != LW_OK || at == NULL) {
        return w->load_result != LW_OK ? w->load_result : LW_ENOTFOUND;
    }
    *out_len = at->len;
    if (cap > 0) {
        memcpy(out, at->octets, at->len < cap ? at->len : cap);
    }
    return LW_OK;
}

static void world_erase_all(void *ctx)
{
    world *w = ctx;
    memset(w->records, 0, sizeof w->records);
    w->erased++;
}

static void world_log(void *ctx, int level, const char *module, lw_bytes text)
{
    world *w = ctx;
    lw_log log = lw_fake_log_log(&w->log);
    log.line(log.ctx, (lw_log_level)level, module, text);
}

/* ---- The device -------------------------------------------------------------------------------
 */

/* One resource of each type, mandatory and not; servers may make instances. */
static const lw_resource_def box_resources[] = {
    {0, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MANDATORY, 0},
    {1, LW_TYPE_FLOAT, LW_OP_R | LW_OP_W, 0, 0},
    {2, LW_TYPE_OBJLNK, LW_OP_R | LW_OP_W, 0, 0},
    {3, LW_TYPE_OPAQUE, LW_OP_R | LW_OP_W, 0, 0},
    {4, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MULTIPLE, 0},
    {5, LW_TYPE_STRING, LW_OP_R, 0, 0},
    {6, LW_TYPE_UNSIGNED, LW_OP_R, 0, 0},
    {7, LW_TYPE_BOOLEAN, LW_OP_R, 0, 0},
    {8, LW_TYPE_TIME, LW_OP_R, 0, 0},
    {9, LW_TYPE_STRING, LW_OP_R, LW_DEF_MULTIPLE | LW_DEF_MANDATORY, 0},
    {10, LW_TYPE_BOOLEAN, LW_OP_R, 0, 0},
};
static const lw_object_def box_def = {42769, 1, 0, 1, 0, LW_DEF_MULTIPLE, 11, box_resources, NULL};
#define BOX(T, ONE, MANY, CALL)      \
    ONE(T, INT64, number, 0, 0)      \
    ONE(T, FLOAT64, real, 1, 0)      \
    ONE(T, OBJLNK, link, 2, 0)       \
    ONE(T, OPAQUE, octets, 3, 8)     \
    MANY(T, INT16, numbers, 4, 0, 3) \
    ONE(T, STRING, text, 5, 8)       \
    ONE(T, UINT64, large, 6, 0)      \
    ONE(T, BOOLEAN, flag, 7, 0)      \
    ONE(T, TIME, time, 8, 0)         \
    MANY(T, STRING, texts, 9, 8, 2)  \
    ONE(T, BOOLEAN, fresh, 10, 0)

static lw_err box_create(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)tree;
    (void)instance;
    return LW_OK;
}

static void box_defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    lw_tree_set(tree, lw_path_child(instance, 10), lw_value_boolean(true));
    lw_tree_set(tree, lw_path_child(lw_path_child(instance, 9), 0), lw_value_string("new"));
}

static const lw_object_hooks box_hooks = {.create = box_create, .defaults = box_defaults};
LW_DECLARE(box, box_def, BOX, 2, &box_hooks)

/* A sensor of the device's own: 5750 may be written, 5700 not. */
#define SENSOR(T, ONE, MANY, CALL)  \
    ONE(T, FLOAT32, value, 5700, 0) \
    ONE(T, STRING, kind, 5750, 12)
LW_DECLARE(sensor, lw_object_3303_v1_1, SENSOR, 2, NULL)

static const lw_object *const objects[] = {&lw_security_object_1_1,
                                           &lw_server_object_1_1,
                                           &lw_access_control_object_1_0,
                                           &lw_device_minimal_object,
                                           &box_object,
                                           &sensor_object,
                                           NULL};

static const lw_format *const formats[] = {&lw_format_tlv, &lw_format_text, NULL};
static const lw_client_feature *const without[] = {&lw_feature_blockwise, &lw_feature_create,
                                                   &lw_feature_bootstrap, NULL};
static const lw_client_feature *const features[] = {&lw_feature_blockwise, &lw_feature_create,
                                                    &lw_feature_persist,   &lw_feature_bootstrap,
                                                    &lw_feature_access,    NULL};
static const lw_client_cfg plain = {.endpoint = "dev1",
                                    .version = 11,
                                    .objects = objects,
                                    .formats = formats,
                                    .features = without,
                                    .servers_max = 2,
                                    .dynamic = 8192};

/* Power on. What the world stored is there; the rest is not. */
static void boot(world *w)
{
    rig *r = &w->r;
    lw_time wall = w->r.wall;
    uint32_t own_address = w->r.own_address;
    rig_init(r, &plain);
    lw_client_fini(r->client);
    r->wall = wall;
    r->own_address = own_address;
    r->platform.store = world_store;
    r->platform.load = world_load;
    r->platform.erase_all = world_erase_all;
    r->platform.log = world_log;
    r->cfg.features = features;
    assert_int_equal(lw_client_init(&r->client, &r->cfg, r->memory, sizeof r->memory), LW_OK);
    lw_path sensor_at;
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 3303, 0, &sensor_at), LW_OK);
}

static void boot_with_server(world *w)
{
    boot(w);
    rig_add_server(&w->r, 101, 86400);
    lw_client_start(w->r.client, w->r.now);
    rig_pass(&w->r, 0);
}

static void boot_with_bootstrap_server(world *w)
{
    boot(w);
    add_bootstrap_server(&w->r, 0);
    lw_client_start(w->r.client, w->r.now);
    rig_pass(&w->r, 0);
}

/* Registered as /rd/5a3f, and what there is to store is stored. */
static void boot_registered(world *w)
{
    boot_with_server(w);
    rig_answer(&w->r, 0, LW_COAP_CREATED, "/rd/5a3f");
    assert_true(lw_client_is_registered(w->r.client, 101));
    rig_pass(&w->r, 1);
}

static void *new_world(void)
{
    world *w = calloc(1, sizeof *w);
    w->r.wall = 1700000000;
    return w;
}

static int set_up(void **state)
{
    *state = new_world();
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void expect_request(rig *r, uint8_t link, const char *path, const char *query)
{
    char text[512];
    rig_datagram *d = rig_last_request(r, link);
    assert_string_equal(rig_path(d, text), path);
    assert_string_equal(rig_query(d, text), query);
}

#define REGISTER "ep=dev1&lt=86400&lwm2m=1.1&b=U"

/* ---- Configuration ----------------------------------------------------------------------------
 */

/* (5) */
static void factory_data_are_not_stored(void **state)
{
    world *w = *state;
    boot_with_server(w);
    rig_pass(&w->r, 1000);
    assert_null(find(w, "config"));
}

/* MDL-10, CLI-02 */
static void accounts_of_a_bootstrap_survive(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_bootstrap_server(w);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    finish(r, "2.04");
    assert_non_null(find(w, "config")); /* CLI-03: before the answer, not after it */
    boot_with_bootstrap_server(w);
    expect_request(r, 0, "/rd", "ep=dev1&lt=43200&lwm2m=1.1&b=U");
    assert_int_equal(r->opened[BS_LINK], 0);
    assert_true(exists(r, "/0/0"));
    assert_int_equal(number_at(r, "/1/0/12"), 1700000000);
}

/* CLI-02: what the application says is the factory's, once a server has said something else */
static void the_stored_configuration_comes_before_factory_data(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 0);
    boot_with_server(w);
    assert_int_equal(number_at(r, "/1/0/1"), 60);
    expect_request(r, 0, "/rd", "ep=dev1&lt=60&lwm2m=1.1&b=U");
}

static void fill_box(rig *r)
{
    lw_path made;
    lw_tree *tree = lw_client_tree(r->client);
    assert_int_equal(lw_tree_add(tree, 42769, 7, &made), LW_OK);
    assert_int_equal(box_set_number(tree, 7, INT64_MIN), LW_OK);
    assert_int_equal(box_set_real(tree, 7, -0.1), LW_OK);
    assert_int_equal(box_set_link(tree, 7, (lw_objlnk){65535, 65535}), LW_OK);
    assert_int_equal(box_set_octets(tree, 7, lw_bytes_of("\0\xFF", 2)), LW_OK);
    assert_int_equal(box_set_numbers(tree, 7, 3, -3), LW_OK);
    assert_int_equal(box_set_numbers(tree, 7, 65534, 300), LW_OK);
    assert_int_equal(box_set_text(tree, 7, ""), LW_OK);
    assert_int_equal(box_set_large(tree, 7, UINT64_MAX), LW_OK);
    assert_int_equal(box_set_flag(tree, 7, false), LW_OK);
    assert_int_equal(box_set_time(tree, 7, -5), LW_OK);
    assert_int_equal(lw_tree_empty(tree, at("/42769/7/9")), LW_OK);
    assert_int_equal(lw_tree_unset(tree, at("/42769/7/10")), LW_OK);
}

static void every_type_of_value_survives(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    box before;
    boot_with_server(w);
    fill_box(r);
    memcpy(&before, lw_tree_struct(lw_client_tree(r->client), at("/42769/7")), sizeof before);
    rig_pass(r, 0);
    boot_with_server(w);
    const box *after = lw_tree_struct(lw_client_tree(r->client), at("/42769/7"));
    assert_non_null(after);
    assert_memory_equal(after, &before, sizeof before);
    assert_true(exists(r, "/42769/7/5")); /* empty, but there */
    assert_true(exists(r, "/42769/7/9"));
    assert_false(exists(r, "/42769/7/9/0")); /* not what its defaults say */
    assert_false(exists(r, "/42769/7/10"));
}

/* Of the device's own instances: what servers may write, nothing else */
static void settings_of_the_devices_instances_survive_measurements_do_not(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    set(r, "/3303/0/5750", lw_value_string("oven"));
    rig_pass(r, 0);
    unsigned stores = w->stores;
    set(r, "/3303/0/5700", lw_value_float(21.5));
    rig_pass(r, 1000);
    assert_int_equal(w->stores, stores);
    boot_with_server(w);
    lw_value v;
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/3303/0/5750"), &v), LW_OK);
    assert_true(lw_bytes_is(v.as.bytes, "oven"));
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/3303/0/5700"), &v), LW_OK);
    assert_true(v.as.number < 1);
}

static void an_instance_that_was_deleted_does_not_come_back(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    fill_box(r);
    rig_pass(r, 0);
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), at("/42769/7")), LW_OK);
    rig_pass(r, 0);
    boot_with_server(w);
    assert_false(exists(r, "/42769/7"));
}

/* Changes of one step are one record, and a record that is the same is not written again */
static void changes_are_gathered(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    unsigned stores = w->stores;
    fill_box(r);
    assert_int_equal(w->stores, stores);
    rig_pass(r, 0);
    assert_in_range(w->stores, stores + 1, stores + 2);
    stores = w->stores;
    set(r, "/1/0/1", lw_value_integer(60));
    set(r, "/1/0/1", lw_value_integer(86400));
    rig_pass(r, 1000);
    assert_int_equal(w->stores, stores);
}

/* (6) */
static void nothing_of_a_session_is_stored_before_its_commit(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_bootstrap_server(w);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    set(r, "/3303/0/5750", lw_value_string("oven")); /* the device's own meanwhile */
    rig_pass(r, 100 * LW_SECOND_MS);
    assert_null(find(w, "config"));
    rig_pass(r, 200 * LW_SECOND_MS); /* the session failed */
    assert_non_null(find(w, "config"));
    boot_with_bootstrap_server(w);
    assert_false(exists(r, "/0/1"));
    assert_true(exists(r, "/3303/0/5750"));
}

/* P-BS-16 */
static void the_purge_deadline_survives(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_bootstrap_server(w);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    command(r, "PUT /0/0/12", LW_CF_TEXT, LIT("3600"), "2.04");
    write_account_101(r);
    finish(r, "2.04");
    r->wall += 3000;
    boot_with_bootstrap_server(w);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    rig_pass(r, 599 * LW_SECOND_MS);
    assert_true(exists(r, "/0/0"));
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_false(exists(r, "/0/0"));
    boot_with_bootstrap_server(w); /* gone for good, but for a factory reset */
    assert_false(exists(r, "/0/0"));
}

/* ---- Storage that fails -----------------------------------------------------------------------
 */

/* CLI-03, P-BS-07, BS-36 */
static void a_finish_that_cannot_be_stored_is_refused(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_bootstrap_server(w);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    write_account_101(r);
    w->fail_at = w->stores + 1;
    finish(r, "4.06");
    assert_false(rig_has_event(r, LW_CLIENT_BOOTSTRAPPED));
    finish(r, "2.04");
    rig_pass(r, 0);
    assert_true(rig_has_event(r, LW_CLIENT_BOOTSTRAPPED));
}

static void a_store_that_fails_is_repeated(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    w->fail_at = w->stores + 1;
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 59 * LW_SECOND_MS);
    assert_null(find(w, "config"));
    assert_true(lw_fake_log_has(&w->log, "persist: not stored, lw_err 20"));
    rig_pass(r, 2 * LW_SECOND_MS);
    assert_non_null(find(w, "config"));
}

static void a_storage_that_cannot_be_read_is_told(void **state)
{
    world *w = *state;
    w->load_result = LW_EIO;
    boot_with_server(w);
    assert_true(lw_fake_log_has(&w->log, "persist: ignored, lw_err 20"));
    expect_request(&w->r, 0, "/rd", REGISTER);
}

static void a_platform_without_storage_is_refused(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    lw_client *client;
    boot(w);
    lw_client_fini(r->client);
    r->platform.load = NULL;
    assert_int_equal(lw_client_init(&client, &r->cfg, r->memory, sizeof r->memory), LW_EINVAL);
}

/* (4): every octet of the record, changed; and every length */
static void a_record_that_is_not_whole_is_ignored(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 0);
    record good = *find(w, "config");
    for (size_t i = 0; i < good.len; i++) {
        find(w, "config")->octets[i] ^= 0x10;
        boot_with_server(w);
        assert_int_equal(number_at(r, "/1/0/1"), 86400);
        *find(w, "config") = good;
    }
    assert_true(lw_fake_log_has(&w->log, "persist: ignored"));
    for (size_t len = 0; len < good.len; len++) {
        find(w, "config")->len = len;
        boot_with_server(w);
        assert_int_equal(number_at(r, "/1/0/1"), 86400);
    }
    *find(w, "config") = good;
    boot_with_server(w);
    assert_int_equal(number_at(r, "/1/0/1"), 60);
}

/* A sound record of a firmware with more: the head of a record around some octets */
#define CONFIG 14 /* version 7, and which of the two */

static void put_record(world *w, const char *name, uint8_t kind, lw_bytes body)
{
    record *at = find(w, name) != NULL ? find(w, name) : find(w, "");
    lw_writer digest, out;
    lw_writer_init_window(&digest, NULL, 0, 0);
    lw_write_u8(&digest, kind);
    lw_write_bytes(&digest, body);
    lw_writer_init(&out, at->octets, sizeof at->octets);
    lw_write_u32(&out, digest.digest);
    lw_write_u8(&out, kind);
    lw_write_bytes(&out, body);
    at->len = out.pos;
    strcpy(at->name, name);
}

static void what_does_not_fit_any_more_is_left_out(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    /* a path, what it is, length and octets each */
    static const char body[] =
        "\x00\x01\x00\x01\x00\x00\x00\x00\x40\x00\x00"     /* /0/0 */
        "\x00\x01\x00\x01\x00\x01\x00\x00\x01\x00\x03"     /* a URI */
        "abc"                                              /* which it has */
        "\x27\x10\x00\x01\x00\x00\x00\x00\x40\x00\x00"     /* /9999/0 */
        "\x27\x10\x00\x01\x00\x02\x00\x00\x02\x00\x01\x05" /* a number there */
        "\xA7\x12\x00\x01\x00\x00\x00\x00\x40\x00\x00"     /* /42769/0 */
        "\xA7\x12\x00\x01\x00\x64\x00\x00\x02\x00\x01\x05" /* no such */
        "\xA7\x12\x00\x01\x00\x01\x00\x00\x01\x00\x00"     /* a string */
        "\xA7\x12\x00\x02\x00\x00\x00\x00\x40\x00\x00"     /* /42769/1 */
        "\xA7\x12\x00\x02\x00\x01\x00\x00\x02\x00\x01\x2A" /* is 42 */
        "\xA7\x12\x00\x03\x00\x00\x00\x00\x40\x00\x00"     /* a third one */
        "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"     /* the end */
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"                 /* a purge without an account */
        "and more";
    put_record(w, "config", CONFIG, lw_bytes_of(body, sizeof body - 1));
    boot_with_server(w);
    assert_true(exists(r, "/0/0"));
    assert_false(exists(r, "/1/0"));
    assert_int_equal(number_at(r, "/42769/1/0"), 42);
    assert_true(lw_fake_log_has(&w->log, "persist: left out"));
}

/* The firmware that stored the account did not know of Notification Storing. */
static void what_was_not_kept_and_has_to_be_there_has_its_default(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    static const char body[] = "\x00\x01\x00\x01\x00\x00\x00\x00\x40\x00\x00"     /* /0/0 */
                               "\x00\x01\x00\x01\x00\x01\x00\x00\x01\x00\x03"     /* a URI */
                               "abc"                                              /* which it has */
                               "\x00\x02\x00\x01\x00\x00\x00\x00\x40\x00\x00"     /* /1/0 */
                               "\x00\x02\x00\x01\x00\x01\x00\x00\x02\x00\x01\x65" /* of 101 */
                               "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"     /* the end */
                               "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    put_record(w, "config", CONFIG, lw_bytes_of(body, sizeof body - 1));
    boot_with_server(w);
    assert_int_equal(number_at(r, "/1/0/0"), 101);
    lw_value storing;
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), at("/1/0/6"), &storing), LW_OK);
    assert_true(storing.as.boolean);
}

/* ---- Registrations ----------------------------------------------------------------------------
 */

/* CLI-76 */
static void a_wake_within_the_lifetime_goes_on_with_an_update(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    r->wall += 80000;
    boot_with_server(w);
    assert_true(lw_client_is_registered(r->client, 101));
    expect_request(r, 0, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    assert_true(rig_has_event(r, LW_CLIENT_UPDATED));
    assert_false(rig_has_event(r, LW_CLIENT_REGISTERED));
}

/* REG-34: the server has not heard of it. */
static void what_an_update_had_to_tell_is_told_after_the_power_is_back(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    set(r, "/1/0/1", lw_value_integer(90000));
    rig_pass(r, 0);
    expect_request(r, 0, "/rd/5a3f", "lt=90000");
    boot_with_server(w); /* without an answer */
    expect_request(r, 0, "/rd/5a3f", "lt=90000");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_pass(r, 0);
    boot_with_server(w);
    expect_request(r, 0, "/rd/5a3f", "");
}

/* Two with 1/x/13: the second one comes behind the first. */
static void boot_with_two_in_order(world *w)
{
    boot(w);
    rig_add_server(&w->r, 101, 86400);
    rig_add_server(&w->r, 102, 86400);
    set(&w->r, "/1/0/13", lw_value_integer(1));
    set(&w->r, "/1/1/13", lw_value_integer(2));
    lw_client_start(w->r.client, w->r.now);
    rig_pass(&w->r, 0);
}

/* CLI-40, CLI-76 */
static void a_registration_that_is_resumed_lets_the_next_one_pass(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_two_in_order(w);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/5a3f");
    rig_answer(r, 1, LW_COAP_CREATED, "/rd/5a40");
    rig_pass(r, 1);
    boot_with_two_in_order(w);
    expect_request(r, 0, "/rd/5a3f", "");
    assert_int_equal(rig_requests(r, 1), 0);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    expect_request(r, 1, "/rd/5a40", "");
}

/* REG-44: without a session a server knows the device by its address */
static void a_device_that_was_moved_without_power_registers(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    r->own_address = 7;
    boot_registered(w);
    boot_with_server(w);
    expect_request(r, 0, "/rd/5a3f", "");
    r->own_address = 8;
    boot_with_server(w);
    expect_request(r, 0, "/rd", REGISTER);
    assert_false(lw_client_is_registered(r->client, 101));
}

static void a_server_that_forgot_is_registered_with_at_once(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    boot_with_server(w);
    rig_answer(r, 0, LW_COAP_NOT_FOUND, NULL);
    expect_request(r, 0, "/rd", REGISTER);
}

/* (3) */
static void a_wake_after_the_lifetime_registers(void **state)
{
    world *w = *state;
    boot_registered(w);
    w->r.wall += 86401;
    boot_with_server(w);
    expect_request(&w->r, 0, "/rd", REGISTER);
}

/* CLI-41: like the first one after a bootstrap */
static void boot_with_a_delay(world *w)
{
    boot(w);
    rig_add_server(&w->r, 101, 86400);
    set(&w->r, "/1/0/14", lw_value_integer(60));
    lw_client_start(w->r.client, w->r.now);
    rig_pass(&w->r, 59999);
}

static void a_wake_after_the_lifetime_waits_before_it_registers(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_a_delay(w);
    assert_int_equal(r->sent_count, 0);
    rig_pass(r, 1);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/5a3f");
    rig_pass(r, 1);
    r->wall += 86401;
    boot_with_a_delay(w);
    assert_int_equal(r->sent_count, 0);
    rig_pass(r, 1);
    expect_request(r, 0, "/rd", REGISTER);
}

static void a_clock_that_is_lost_or_went_back_proves_nothing(void **state)
{
    world *w = *state;
    boot_registered(w);
    w->r.wall = -1;
    boot_with_server(w);
    expect_request(&w->r, 0, "/rd", REGISTER);
    w->r.wall = 1000;
    boot_with_server(w);
    expect_request(&w->r, 0, "/rd", REGISTER);
}

static void without_a_clock_no_registration_is_kept(void **state)
{
    world *w = *state;
    w->r.wall = -1;
    boot_registered(w);
    w->r.wall = 1700000000;
    boot_with_server(w);
    expect_request(&w->r, 0, "/rd", REGISTER);
}

/* CLI-63 */
static void an_infinite_lifetime_does_not_end_with_the_power(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    set(r, "/1/0/1", lw_value_integer(0));
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_pass(r, 0);
    r->wall += 1000000000;
    boot_with_server(w);
    expect_request(r, 0, "/rd/5a3f", "");
}

/* (2) */
static void a_state_is_void_with_another_configuration(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    record before = *find(w, "state");
    fill_box(r); /* a server created it; the power goes before the Update */
    rig_pass(r, 0);
    *find(w, "state") = before;
    boot_with_server(w);
    assert_true(exists(r, "/42769/7"));
    expect_request(r, 0, "/rd", REGISTER);
}

/* (2): also instances that only the device makes */
static void a_state_is_void_with_other_instances(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    lw_path added;
    boot_registered(w);
    boot(w);
    rig_add_server(r, 101, 86400);
    assert_int_equal(lw_tree_add(lw_client_tree(r->client), 3303, 1, &added), LW_OK);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
    expect_request(r, 0, "/rd", REGISTER);
}

static void a_registration_that_ended_is_not_resumed(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    rig_pass(r, 0);
    boot_with_server(w);
    expect_request(r, 0, "/rd", REGISTER);
}

/* CLI-75: other message ids than before the power loss */
static void message_ids_go_on_behind_a_gap(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_registered(w);
    uint16_t last = rig_last_request(r, 0)->msg.mid;
    boot_with_server(w);
    uint16_t gap = (uint16_t)(rig_last_request(r, 0)->msg.mid - last);
    assert_in_range(gap, 256, 260);
}

/* CLI-71 */
static void a_factory_reset_leaves_the_factory_data(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 0);
    assert_int_equal(lw_act_factory_reset(r->client), LW_OK);
    rig_pass(r, 10 * LW_SECOND_MS);
    assert_int_equal(w->erased, 1);
    assert_true(rig_has_event(r, LW_CLIENT_FACTORY_RESET));
    set(r, "/1/0/1", lw_value_integer(61)); /* nothing is written any more */
    rig_pass(r, 1000);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 1000);
    assert_null(find(w, "config"));
    boot_with_server(w);
    assert_int_equal(number_at(r, "/1/0/1"), 86400);
}

static void stopping_stores_what_is_due(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    set(r, "/1/0/1", lw_value_integer(60));
    lw_client_stop(r->client, r->now);
    assert_non_null(find(w, "config"));
}

/* ---- Fault injection --------------------------------------------------------------------------
 */

/* A life: bootstrap, registration, an instance from a server, another bootstrap that moves the
 * device to another server. */
static void live(world *w)
{
    rig *r = &w->r;
    boot_with_bootstrap_server(w);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    send_command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_101));
    send_command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_101));
    send_command(r, "POST /bs", NONE, LIT(""));
    send_command(r, "POST /bs", NONE, LIT("")); /* where storage failed: again */
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    fill_box(r);
    rig_pass(r, 0);
    assert_int_equal(lw_client_bootstrap(r->client), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, BS_LINK, LW_COAP_CHANGED, NULL);
    send_command(r, "DELETE /", NONE, LIT(""));
    send_command(r, "PUT /0", LW_CF_TLV, LIT(SECURITY_102));
    send_command(r, "PUT /1", LW_CF_TLV, LIT(SERVER_102));
    send_command(r, "POST /bs", NONE, LIT(""));
    send_command(r, "POST /bs", NONE, LIT(""));
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/2");
    rig_pass(r, 100 * LW_SECOND_MS);
}

/* One of the configurations the device was ever told it has, as a whole. */
static void expect_whole(rig *r)
{
    bool has_101 = exists(r, "/0/1"), has_102 = exists(r, "/0/2");
    assert_true(exists(r, "/0/0"));
    assert_int_equal(exists(r, "/1/0"), has_101);
    assert_int_equal(exists(r, "/1/1"), has_102);
    assert_false(has_101 && has_102);
    assert_false(exists(r, "/42769/7") && !has_101); /* DELETE / took it along */
    assert_int_equal(rig_requests(r, BS_LINK), has_101 || has_102 ? 0 : 1);
}

static void a_power_cut_before_any_store_leaves_the_old_or_the_new(void **state)
{
    world *w = *state;
    live(w);
    unsigned stores = w->stores;
    assert_true(stores >= 5);
    for (unsigned n = 1; n <= stores + 1; n++) {
        void *fresh = new_world();
        world *v = fresh;
        v->cut_at = n;
        live(v);
        v->cut_at = 0;
        boot_with_bootstrap_server(v);
        expect_whole(&v->r);
        free(v);
    }
}

static void any_store_may_fail_once(void **state)
{
    world *w = *state;
    live(w);
    unsigned stores = w->stores;
    for (unsigned n = 1; n <= stores; n++) {
        world *v = new_world();
        v->fail_at = n;
        live(v);
        assert_true(exists(&v->r, "/0/2"));
        boot_with_bootstrap_server(v);
        expect_whole(&v->r);
        assert_true(exists(&v->r, "/0/2"));
        free(v);
    }
}

static void *no_memory(void *ctx, size_t size)
{
    (void)ctx;
    (void)size;
    return NULL;
}

static void without_memory_a_record_is_stored_later(void **state)
{
    world *w = *state;
    rig *r = &w->r;
    boot_with_server(w);
    lw_mem real = r->client->pool->mem;
    r->client->pool->mem.alloc = no_memory;
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 0);
    assert_null(find(w, "config"));
    r->client->pool->mem = real;
    rig_pass(r, 61 * LW_SECOND_MS);
    assert_non_null(find(w, "config"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(factory_data_are_not_stored),
        T(accounts_of_a_bootstrap_survive),
        T(the_stored_configuration_comes_before_factory_data),
        T(every_type_of_value_survives),
        T(settings_of_the_devices_instances_survive_measurements_do_not),
        T(an_instance_that_was_deleted_does_not_come_back),
        T(changes_are_gathered),
        T(nothing_of_a_session_is_stored_before_its_commit),
        T(the_purge_deadline_survives),
        T(a_finish_that_cannot_be_stored_is_refused),
        T(a_store_that_fails_is_repeated),
        T(a_storage_that_cannot_be_read_is_told),
        T(a_platform_without_storage_is_refused),
        T(a_record_that_is_not_whole_is_ignored),
        T(what_does_not_fit_any_more_is_left_out),
        T(what_was_not_kept_and_has_to_be_there_has_its_default),
        T(a_wake_within_the_lifetime_goes_on_with_an_update),
        T(what_an_update_had_to_tell_is_told_after_the_power_is_back),
        T(a_registration_that_is_resumed_lets_the_next_one_pass),
        T(a_device_that_was_moved_without_power_registers),
        T(a_server_that_forgot_is_registered_with_at_once),
        T(a_wake_after_the_lifetime_registers),
        T(a_wake_after_the_lifetime_waits_before_it_registers),
        T(a_clock_that_is_lost_or_went_back_proves_nothing),
        T(without_a_clock_no_registration_is_kept),
        T(an_infinite_lifetime_does_not_end_with_the_power),
        T(a_state_is_void_with_another_configuration),
        T(a_state_is_void_with_other_instances),
        T(a_registration_that_ended_is_not_resumed),
        T(message_ids_go_on_behind_a_gap),
        T(a_factory_reset_leaves_the_factory_data),
        T(stopping_stores_what_is_due),
        T(a_power_cut_before_any_store_leaves_the_old_or_the_new),
        T(any_store_may_fail_once),
        T(without_memory_a_record_is_stored_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
