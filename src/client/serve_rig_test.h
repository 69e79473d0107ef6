/* What the tests of served operations share: a client that is registered with servers 101 and 102
 * and has a Bootstrap-Server, built by hand; requests go in and answers come out as datagrams.
 *
 *   expect(r, "GET /3/0/9", NONE, LW_CF_TEXT, "", "2.05");
 *   answer_is(r, "'100'");
 *
 * Payloads are hexadecimal octets, and text between apostrophes. The device is the one whose bytes
 * are published in formats.md.
 */
#ifndef LW_CLIENT_SERVE_RIG_TEST_H
#define LW_CLIENT_SERVE_RIG_TEST_H

#include "coap/later.h"
#include "testing/lw_test.h"

#include <string.h>

#include "client/feature.h"
#include "client/serve.h"
#include "coap/block.h"
#include "coap/bodies.h"
#include "lw/objects.h"
#include "model/access.h"
#include "model/tree_priv.h"
#include "testing/fakes.h"

#define NONE        LW_CF_NONE
#define RIG_ANSWER  4096u
#define RIG_PAYLOAD 1024u
#define ALL_RIGHTS  (LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D | LW_RIGHT_C)

typedef struct rig_rule {
    uint16_t ssid, object, instance;
    unsigned rights;
} rig_rule;

typedef struct rig {
    lw_client client;
    lw_pool pool;         /* its `mem` alone */
    lw_server servers[3]; /* 101, 102, and the Bootstrap-Server */
    lw_fake_mem memory;
    lw_coap_handler handler;
    uint8_t buf[LW_COAP_BUF_SIZE(RIG_PAYLOAD)];
    lw_coap_bodies bodies;

    /* The answer to the last request. */
    uint16_t next_mid;
    bool answered;
    uint8_t answer[RIG_ANSWER];
    size_t answer_len;
    uint32_t content_format;
    char location[32];
    char code[5];

    /* What the device does and says. */
    rig_rule rules[4]; /* those with rights other than all; ssid 0: unused */
    int64_t clock;
    bool clock_broken;
    char executed[64];
    lw_err execute_result, validate_result, write_result, create_result, remove_result;
    lw_err created_result;
    lw_path created;
    uint8_t package[4096];
    size_t package_len, parts;
    bool package_ended;
    unsigned streams_gone;
    const lw_attrs *attrs[4];
    lw_path attrs_at[4];
    unsigned changes;
    lw_err feature_err;
    unsigned feature_calls;
} rig;

/* ---- The device -------------------------------------------------------------------------------
 */

#define RIG_DEVICE(T, ONE, MANY, CALL)  \
    ONE(T, STRING, manufacturer, 0, 24) \
    ONE(T, STRING, model, 1, 24)        \
    ONE(T, STRING, serial, 2, 16)       \
    ONE(T, STRING, firmware, 3, 8)      \
    CALL(T, EXECUTE, reboot, 4)         \
    MANY(T, INT8, sources, 6, 0, 2)     \
    MANY(T, INT32, voltage, 7, 0, 2)    \
    MANY(T, INT32, current, 8, 0, 2)    \
    ONE(T, UINT8, battery, 9, 0)        \
    ONE(T, INT32, memory, 10, 0)        \
    MANY(T, INT8, errors, 11, 0, 4)     \
    CALL(T, EXECUTE, reset_errors, 12)  \
    CALL(T, COMPUTED, time, 13)         \
    ONE(T, STRING, offset, 14, 8)       \
    ONE(T, STRING, zone, 15, 16)        \
    ONE(T, STRING, binding, 16, 4)

#define RIG_SERVER(T, ONE, MANY, CALL)   \
    ONE(T, UINT16, ssid, 0, 0)           \
    ONE(T, INT32, lifetime, 1, 0)        \
    ONE(T, INT32, pmin, 2, 0)            \
    ONE(T, INT32, pmax, 3, 0)            \
    CALL(T, EXECUTE, disable, 4)         \
    ONE(T, INT32, disable_timeout, 5, 0) \
    ONE(T, BOOLEAN, storing, 6, 0)       \
    ONE(T, STRING, binding, 7, 4)        \
    CALL(T, EXECUTE, update, 8)          \
    ONE(T, OBJLNK, apn, 10, 0)           \
    ONE(T, BOOLEAN, mute, 23, 0)

#define RIG_FIRMWARE(T, ONE, MANY, CALL) \
    CALL(T, COMPUTED, package, 0)        \
    ONE(T, STRING, uri, 1, 32)           \
    CALL(T, EXECUTE, update, 2)          \
    ONE(T, INT8, state, 3, 0)            \
    ONE(T, INT8, result, 5, 0)           \
    ONE(T, INT8, method, 9, 0)           \
    ONE(T, INT8, severity, 11, 0)

#define RIG_PORTFOLIO(T, ONE, MANY, CALL) \
    MANY(T, STRING, identity, 0, 24, 4)   \
    CALL(T, EXECUTE, get_auth_data, 1)    \
    MANY(T, OPAQUE, auth_data, 2, 16, 2)  \
    ONE(T, INT8, auth_status, 3, 0)

#define RIG_SECURITY(T, ONE, MANY, CALL) \
    ONE(T, STRING, uri, 0, 32)           \
    ONE(T, BOOLEAN, bootstrap, 1, 0)     \
    ONE(T, UINT16, ssid, 10, 0)

/* An object of the test range: everything a server may write. */
static const lw_resource_def rig_box_resources[] = {
    {0, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MANDATORY, 0},
    {1, LW_TYPE_FLOAT, LW_OP_R | LW_OP_W, 0, 0},
    {2, LW_TYPE_OBJLNK, LW_OP_R | LW_OP_W, 0, 0},
    {3, LW_TYPE_OPAQUE, LW_OP_R | LW_OP_W, 0, 0},
    {4, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, LW_DEF_MULTIPLE, 0},
    {5, LW_TYPE_STRING, LW_OP_W, 0, 0},
    {6, LW_TYPE_INTEGER, LW_OP_R, 0, 0},
    {7, LW_TYPE_STRING, LW_OP_R | LW_OP_W, LW_DEF_MANDATORY, 0}, /* not declared below */
};
static const lw_object_def rig_box_def = {42769, 2, 1, 1, 0, LW_DEF_MULTIPLE, 8, rig_box_resources,
                                          NULL};
#define RIG_BOX(T, ONE, MANY, CALL)  \
    ONE(T, INT16, number, 0, 0)      \
    ONE(T, FLOAT64, real, 1, 0)      \
    ONE(T, OBJLNK, link, 2, 0)       \
    ONE(T, OPAQUE, octets, 3, 8)     \
    MANY(T, INT16, numbers, 4, 0, 3) \
    ONE(T, STRING, secret, 5, 8)     \
    ONE(T, INT16, shown, 6, 0)

static inline lw_err rig_read(void *ctx, lw_tree *tree, lw_path path, lw_value *out)
{
    rig *r = ctx;
    (void)tree;
    (void)path;
    if (r->clock_broken) {
        return LW_EIO;
    }
    *out = lw_value_time(r->clock);
    return r->clock != 0 ? LW_OK : LW_ENOTFOUND;
}

static inline lw_err rig_write_time(void *ctx, lw_tree *tree, lw_path path, lw_value value,
                                    size_t offset, bool more)
{
    rig *r = ctx;
    (void)offset;
    assert_false(more);
    if (r->write_result == LW_OK) {
        r->clock = value.as.integer;
        lw_tree_changed(tree, path);
    }
    return r->write_result;
}

static inline lw_err rig_write_package(void *ctx, lw_tree *tree, lw_path path, lw_value value,
                                       size_t offset, bool more)
{
    rig *r = ctx;
    (void)tree;
    (void)path;
    if (r->write_result != LW_OK) {
        return r->write_result;
    }
    assert_int_equal(offset, offset == 0 ? 0 : r->package_len);
    assert_true(offset + value.as.bytes.len <= sizeof r->package);
    if (value.as.bytes.len > 0) {
        memcpy(r->package + offset, value.as.bytes.ptr, value.as.bytes.len);
    }
    r->package_len = offset + value.as.bytes.len;
    r->package_ended = !more;
    r->parts++;
    return LW_OK;
}

static inline lw_err rig_execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    rig *r = ctx;
    (void)tree;
    size_t len = lw_path_format(path, r->executed);
    assert_true(len + 1 + arguments.len < sizeof r->executed);
    r->executed[len++] = ' ';
    if (arguments.len > 0) {
        memcpy(r->executed + len, arguments.ptr, arguments.len);
    }
    r->executed[len + arguments.len] = '\0';
    return r->execute_result;
}

static inline lw_err rig_validate(void *ctx, lw_tree *tree, lw_path instance)
{
    rig *r = ctx;
    (void)tree;
    (void)instance;
    return r->validate_result;
}

static inline lw_err rig_create(void *ctx, lw_tree *tree, lw_path instance)
{
    rig *r = ctx;
    (void)tree;
    (void)instance;
    return r->create_result;
}

/* A box numbers itself, so a server need not. */
static inline lw_err rig_create_box(void *ctx, lw_tree *tree, lw_path instance)
{
    rig *r = ctx;
    lw_err err = lw_tree_set(tree, lw_path_child(instance, 0), lw_value_integer(7));
    return err == LW_OK ? r->create_result : err;
}

static inline lw_err rig_remove(void *ctx, lw_tree *tree, lw_path instance)
{
    rig *r = ctx;
    (void)tree;
    (void)instance;
    return r->remove_result;
}

static const lw_object_hooks rig_device_hooks = {.read = rig_read,
                                                 .write = rig_write_time,
                                                 .execute = rig_execute,
                                                 .validate = rig_validate,
                                                 .remove = rig_remove};
static const lw_object_hooks rig_server_hooks = {.execute = rig_execute, .validate = rig_validate};
static const lw_object_hooks rig_firmware_hooks = {.write = rig_write_package,
                                                   .execute = rig_execute};
static const lw_object_hooks rig_portfolio_hooks = {.create = rig_create, .remove = rig_remove};
static const lw_object_hooks rig_box_hooks = {
    .create = rig_create_box, .remove = rig_remove, .validate = rig_validate};

LW_DECLARE(rig_device, lw_object_3_v1_1, RIG_DEVICE, 1, &rig_device_hooks)
LW_DECLARE(rig_server, lw_object_1_v1_1, RIG_SERVER, 2, &rig_server_hooks)
LW_DECLARE(rig_firmware, lw_object_5_v1_1, RIG_FIRMWARE, 1, &rig_firmware_hooks)
LW_DECLARE(rig_portfolio, lw_object_16_v1_0, RIG_PORTFOLIO, 4, &rig_portfolio_hooks)
LW_DECLARE(rig_security, lw_object_0_v1_1, RIG_SECURITY, 2, NULL)
LW_DECLARE(rig_box, rig_box_def, RIG_BOX, 10, &rig_box_hooks)

static const lw_object *const rig_objects[] = {&rig_security_object,
                                               &rig_server_object,
                                               &rig_device_object,
                                               &rig_firmware_object,
                                               &rig_portfolio_object,
                                               &rig_box_object,
                                               NULL};

static const lw_format *const rig_formats[] = {&lw_format_text,
                                               &lw_format_opaque,
                                               &lw_format_cbor,
                                               &lw_format_senml_json,
                                               &lw_format_senml_cbor,
                                               &lw_format_etch_json,
                                               &lw_format_etch_cbor,
                                               &lw_format_tlv,
                                               &lw_format_json,
                                               &lw_format_lwm2m_cbor,
                                               NULL};

static inline void rig_fill_device(lw_tree *tree)
{
    lw_path at;
    assert_ok(lw_tree_add(tree, 3, 0, &at));
    assert_ok(rig_device_set_manufacturer(tree, 0, "Open Mobile Alliance"));
    assert_ok(rig_device_set_model(tree, 0, "Lightweight M2M Client"));
    assert_ok(rig_device_set_serial(tree, 0, "345000123"));
    assert_ok(rig_device_set_firmware(tree, 0, "1.0"));
    assert_ok(rig_device_set_sources(tree, 0, 0, 1));
    assert_ok(rig_device_set_sources(tree, 0, 1, 5));
    assert_ok(rig_device_set_voltage(tree, 0, 0, 3800));
    assert_ok(rig_device_set_voltage(tree, 0, 1, 5000));
    assert_ok(rig_device_set_current(tree, 0, 0, 125));
    assert_ok(rig_device_set_current(tree, 0, 1, 900));
    assert_ok(rig_device_set_battery(tree, 0, 100));
    assert_ok(rig_device_set_memory(tree, 0, 15));
    assert_ok(rig_device_set_errors(tree, 0, 0, 0));
    assert_ok(rig_device_set_offset(tree, 0, "+02:00"));
    assert_ok(rig_device_set_binding(tree, 0, "U"));
}

static inline void rig_fill_tree(lw_tree *tree)
{
    lw_path at;
    assert_ok(lw_tree_add(tree, 0, 0, &at));
    for (uint16_t i = 0; i < 2; i++) {
        assert_ok(lw_tree_add(tree, 1, i, &at));
        assert_ok(rig_server_set_ssid(tree, i, (uint16_t)(101 + i)));
        assert_ok(rig_server_set_lifetime(tree, i, 86400));
        assert_ok(rig_server_set_storing(tree, i, true));
        assert_ok(rig_server_set_binding(tree, i, "U"));
    }
    rig_fill_device(tree);
    assert_ok(lw_tree_add(tree, 5, 0, &at));
    assert_ok(lw_tree_add(tree, 16, 0, &at));
    assert_ok(rig_portfolio_set_identity(tree, 0, 0, "host"));
    assert_ok(rig_portfolio_set_identity(tree, 0, 2, "model"));
}

/* ---- Features that stand for others -----------------------------------------------------------
 */

static inline unsigned rig_rights(const lw_server *server, lw_path path)
{
    const rig *r = LW_CONTAINER(server->client, rig, client);
    lw_path target = lw_path_cut(path, LW_LEVEL_INSTANCE);
    for (unsigned i = 0; i < 4; i++) {
        const rig_rule *rule = &r->rules[i];
        if (rule->ssid == server->ssid &&
            lw_path_equal(target, lw_path_instance(rule->object, rule->instance))) {
            return rule->rights;
        }
    }
    return ALL_RIGHTS;
}

static inline lw_err rig_created(const lw_server *server, lw_path instance)
{
    rig *r = LW_CONTAINER(server->client, rig, client);
    assert_int_equal(server->ssid, 101);
    r->created = instance;
    return r->created_result;
}

/* r->attrs: of an upper level first. */
static inline void rig_attributes(void *state, const lw_server *server, lw_path path,
                                  bool is_target, lw_writer *w)
{
    const rig *r = LW_CONTAINER(server->client, rig, client);
    (void)state;
    lw_attrs shown = {.has = 0};
    for (unsigned i = 4; server->ssid == 101 && i-- > 0;) {
        bool is_above = is_target && lw_path_contains(r->attrs_at[i], path);
        if (r->attrs[i] != NULL && (is_above || lw_path_equal(r->attrs_at[i], path))) {
            lw_attrs_inherit(&shown, r->attrs[i]);
        }
    }
    lw_attrs_write_link(w, &shown, &lw_attr_all);
}

static inline lw_err rig_feature_serve(void *state, lw_call *call)
{
    rig *r = LW_CONTAINER(call->client, rig, client);
    (void)state;
    r->feature_calls++;
    lw_write_str(&call->reply->payload, lw_op_name((lw_op)call->request.op));
    return r->feature_err;
}

static inline lw_err rig_observe(void *state, const lw_call *call)
{
    (void)state;
    (void)call;
    return LW_EMETHOD;
}

static inline uint8_t rig_route(const void *state, lw_version version, const lw_coap_msg *msg,
                                lw_request *out_request)
{
    (void)state;
    return lw_route_bootstrap(version, msg, out_request);
}

static inline void rig_on_reset(void *state, lw_server *server, uint16_t mid)
{
    (void)state;
    (void)server;
    (void)mid;
}

static const lw_client_feature rig_access = {
    .part = LW_PART_ACCESS, .as.access = {.rights = rig_rights, .created = rig_created}};
static const lw_client_feature rig_observing = {
    .part = LW_PART_OBSERVE,
    .as.observe = {.attributes = rig_attributes, .observe = rig_observe, .on_reset = rig_on_reset}};
static const lw_client_feature rig_taker = {
    .ops = (uint32_t)1 << LW_OP_OBSERVE | (uint32_t)1 << LW_OP_WRITE_ATTRIBUTES |
           (uint32_t)1 << LW_OP_BS_WRITE | (uint32_t)1 << LW_OP_BS_FINISH,
    .serve = rig_feature_serve,
    .part = LW_PART_BOOTSTRAP,
    .as.bootstrap = {.route = rig_route}};
static const lw_client_feature *const rig_plain[] = {NULL};
static const lw_client_feature *const rig_full[] = {
    &rig_access,           &rig_observing,    &lw_feature_blockwise,  &lw_feature_create,
    &lw_feature_composite, &lw_feature_depth, &lw_feature_thresholds, NULL};
static const lw_client_feature *const rig_unobserved[] = {&rig_access, &lw_feature_composite, NULL};
static const lw_client_feature *const rig_taking[] = {&rig_taker, NULL};

/* ---- The endpoint -----------------------------------------------------------------------------
 */

static inline void rig_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    rig *r = ctx;
    (void)peer;
    lw_coap_msg msg;
    assert_ok(lw_coap_msg_parse(message, &msg));
    r->answered = true;
    lw_coap_code_format(msg.code, r->code);
    assert_true(r->answer_len + msg.payload.len <= sizeof r->answer);
    if (msg.payload.len > 0) {
        memcpy(r->answer + r->answer_len, msg.payload.ptr, msg.payload.len);
    }
    r->answer_len += msg.payload.len;
    if (!lw_coap_opt_find_uint(&msg.options, LW_COAP_OPT_CONTENT_FORMAT, &r->content_format)) {
        r->content_format = NONE;
    }
    size_t len = 0;
    lw_coap_opt_iter it = lw_coap_opts(msg.options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number == LW_COAP_OPT_LOCATION_PATH) {
            r->location[len++] = '/';
            memcpy(r->location + len, opt.value.ptr, opt.value.len);
            len += opt.value.len;
        }
    }
    r->location[len] = '\0';
}

static inline lw_server *rig_server_of(rig *r, const lw_coap_peer *peer)
{
    for (unsigned i = 0; i < 3; i++) {
        if (&r->servers[i].peer == peer) {
            return &r->servers[i];
        }
    }
    fail();
    return NULL;
}

static inline void rig_unplug(rig *r)
{
    lw_client *client = &r->client;
    while (client->plugs != NULL) {
        lw_plug *plug = client->plugs;
        client->plugs = plug->next;
        lw_mem_release(&client->pool->mem, plug);
    }
    memset(client->parts, 0, sizeof client->parts);
    client->ops = 0;
}

/* Plugs features in, as lw_client_init does, in place of those that were; none has a state. */
static inline void rig_name(rig *r, const lw_client_feature *const *features)
{
    lw_client *client = &r->client;
    rig_unplug(r);
    for (lw_plug **end = &client->plugs; *features != NULL; end = &(*end)->next, features++) {
        *end = lw_mem_alloc(&client->pool->mem, sizeof **end);
        assert_non_null(*end);
        (*end)->feature = *features;
        client->parts[(*features)->part] = *end;
        client->ops |= (*features)->ops;
    }
}

static inline lw_err rig_on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    rig *r = ctx;
    return lw_serve(&r->client, rig_server_of(r, in->peer), in, reply);
}

static inline bool rig_wants_stream(void *ctx, const lw_coap_inbound *in)
{
    rig *r = ctx;
    return lw_serve_wants_stream(&r->client, rig_server_of(r, in->peer), in);
}

/* The objects of this device ask for nothing then. */
static inline void rig_on_stream_gone(void *ctx, lw_coap_peer *peer, uint64_t stream)
{
    rig *r = ctx;
    (void)peer;
    assert_true(lw_path_equal((lw_path){.key = stream}, lw_path_resource(5, 0, 0)));
    r->streams_gone++;
}

static inline void rig_on_change(void *ctx, lw_tree_change change, lw_path path)
{
    rig *r = ctx;
    (void)change;
    (void)path;
    r->changes++;
}

static inline void rig_fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x20, len);
}

/* What is served by whom can be changed later: rig_name. */
static inline void rig_init(rig *r, lw_version version)
{
    memset(r, 0, sizeof *r);
    r->clock = 1367491215;
    r->pool.mem = lw_fake_mem_mem(&r->memory);
    r->client.pool = &r->pool;
    r->client.cfg =
        (lw_client_cfg){.version = LW_VERSION_1_2, .formats = rig_formats, .servers_max = 2};
    rig_name(r, rig_full);
    r->client.servers = r->servers;
    r->servers[0].next = &r->servers[1];
    assert_ok(lw_tree_init(&r->client.tree, rig_objects, &r->client.pool->mem, r));
    rig_fill_tree(&r->client.tree);
    r->client.tree.on_change = rig_on_change;
    r->handler = (lw_coap_handler){.send = rig_send,
                                   .on_request = rig_on_request,
                                   .wants_stream = rig_wants_stream,
                                   .on_stream_gone = rig_on_stream_gone};
    lw_coap_bodies_init(&r->bodies, 2048, 2, 247000);
    lw_coap_config config = {
        .mem = r->client.pool->mem,
        .rng = {.fill = rig_fill_random},
        .handler = &r->handler,
        .ctx = r,
        .limits = {.max_seen = 8, .max_seen_per_peer = 4, .max_queued = 4, .max_later = 2},
        .later = &lw_coap_later_answers,
        .buf = r->buf,
        .buf_size = sizeof r->buf,
        .bodies = &r->bodies,
    };
    assert_ok(lw_coap_init(&r->client.coap, &config));
    for (uint16_t i = 0; i < 3; i++) {
        lw_server *s = &r->servers[i];
        *s = (lw_server){.client = &r->client,
                         .ssid = i < 2 ? (uint16_t)(101 + i) : 0,
                         .account = i,
                         .version = (uint8_t)version,
                         .registered = i < 2};
        lw_coap_peer_init(&r->client.coap, &s->peer, &lw_coap_params_udp);
    }
}

static inline void rig_fini(rig *r)
{
    for (unsigned i = 0; i < 3; i++) {
        lw_coap_peer_drop(&r->client.coap, &r->servers[i].peer);
    }
    lw_coap_fini(&r->client.coap);
    lw_tree_fini(&r->client.tree);
    rig_unplug(r);
    assert_int_equal(r->memory.live, 0);
}

static inline int rig_set_up(void **state, lw_version version)
{
    static rig the_rig;
    rig_init(&the_rig, version);
    *state = &the_rig;
    return 0;
}

static inline int rig_setup(void **state)
{
    return rig_set_up(state, LW_VERSION_1_1);
}

static inline int rig_setup_1_0(void **state)
{
    return rig_set_up(state, LW_VERSION_1_0);
}

static inline int rig_setup_1_2(void **state)
{
    return rig_set_up(state, LW_VERSION_1_2);
}

static inline int rig_teardown(void **state)
{
    rig_fini(*state);
    return 0;
}

#define T(f)     cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
#define T_1_0(f) cmocka_unit_test_setup_teardown(f, rig_setup_1_0, rig_teardown)
#define T_1_2(f) cmocka_unit_test_setup_teardown(f, rig_setup_1_2, rig_teardown)

/* ---- Requests ---------------------------------------------------------------------------------
 */

static inline int rig_nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static inline size_t rig_hex(const char *hex, uint8_t *out)
{
    size_t len = 0;
    for (const char *p = hex; *p != '\0'; p++) {
        if (*p == '\'') {
            for (p++; *p != '\''; p++) {
                out[len++] = (uint8_t)*p;
            }
        } else if (*p != ' ') {
            assert_true(rig_nibble(p[0]) >= 0 && rig_nibble(p[1]) >= 0);
            out[len++] = (uint8_t)(rig_nibble(p[0]) << 4 | rig_nibble(p[1]));
            p++;
        }
    }
    return len;
}

static inline uint8_t rig_method(const char *name, size_t len)
{
    for (unsigned number = LW_COAP_GET; number <= LW_COAP_IPATCH; number++) {
        uint8_t code = (uint8_t)number;
        const char *known = lw_coap_code_name(code);
        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            return code;
        }
    }
    fail();
    return 0;
}

static inline void rig_put_parts(lw_coap_out *out, uint32_t number, const char **at,
                                 const char *ends)
{
    while (**at != '\0' && strchr(ends, **at) == NULL) {
        const char *start = *at + 1; /* behind the slash, question mark or ampersand */
        size_t len = strcspn(start, "/?&");
        lw_coap_put(out, number, lw_bytes_of(start, len));
        *at = start + len;
    }
}

typedef struct rig_ask {
    const char *request; /* "GET /3/0?depth=1" */
    unsigned cf, accept;
    lw_bytes payload;
    bool has_observe, has_block, non;
    uint32_t observe, block;
    unsigned server; /* index */
} rig_ask;

/* Asks, and returns the code as text: "4.04", or "" for silence. */
static inline const char *rig_do(rig *r, const rig_ask *a)
{
    uint8_t datagram[4096];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, datagram, sizeof datagram);
    size_t method = strcspn(a->request, " ");
    const char *at = a->request + method + 1;
    lw_coap_begin(&out, &w, a->non ? LW_COAP_NON : LW_COAP_CON, rig_method(a->request, method),
                  r->next_mid++, (lw_coap_token){.len = 1, .octets = {0x42}});
    if (a->has_observe) {
        lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, a->observe);
    }
    rig_put_parts(&out, LW_COAP_OPT_URI_PATH, &at, "?&");
    if (a->cf != NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, a->cf);
    }
    rig_put_parts(&out, LW_COAP_OPT_URI_QUERY, &at, "");
    if (a->accept != NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_ACCEPT, a->accept);
    }
    if (a->has_block) {
        lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK1, a->block);
    }
    lw_coap_put_payload(&out, a->payload);
    assert_ok(w.err);
    r->answered = false;
    r->answer_len = 0;
    r->code[0] = '\0';
    lw_coap_feed(&r->client.coap, &r->servers[a->server].peer, r->client.now, lw_writer_bytes(&w));
    return r->code;
}

static inline const char *ask(rig *r, const char *request, unsigned cf, unsigned accept,
                              const char *hex)
{
    uint8_t payload[2048];
    rig_ask a = {.request = request, .cf = cf, .accept = accept};
    a.payload = lw_bytes_of(payload, rig_hex(hex, payload));
    return rig_do(r, &a);
}

#define expect(r, request, cf, accept, hex, code) \
    assert_string_equal(ask((r), (request), (cf), (accept), (hex)), (code))

/* Shorter, for requests without formats. */
#define expect_plain(r, request, code) expect((r), (request), NONE, NONE, "", (code))

static inline void answer_is(rig *r, const char *hex)
{
    uint8_t bytes[2048];
    size_t len = rig_hex(hex, bytes);
    assert_int_equal(r->answer_len, len);
    assert_memory_equal(r->answer, bytes, len);
}

static inline void answer_reads(rig *r, const char *text)
{
    r->answer[r->answer_len] = '\0';
    assert_string_equal((const char *)r->answer, text);
}

/* One value of the tree as text/plain; "-" when it is not there. */
static inline const char *value_at(rig *r, const char *path)
{
    static char text[64];
    lw_path p;
    lw_value v;
    assert_ok(lw_path_parse(lw_bytes_str(path), &p));
    if (lw_tree_get(&r->client.tree, p, &v) != LW_OK) {
        return "-";
    }
    lw_entry entry = {.kind = LW_ENTRY_VALUE, .path = p, .value = v};
    lw_entries entries = {&entry, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = p};
    lw_writer w;
    lw_writer_init(&w, (uint8_t *)text, sizeof text - 1);
    assert_ok(lw_encode(&lw_format_text, &source, &cfg, &w));
    text[w.pos] = '\0';
    return text;
}

#define value_is(r, path, text) assert_string_equal(value_at((r), (path)), (text))

/* All octets of the tree, for "nothing has changed". */
static inline uint32_t tree_digest(rig *r)
{
    uint32_t digest = 2166136261u;
    const uint8_t *octets = r->client.tree.block;
    for (const lw_object *const *o = r->client.tree.objects; *o != NULL; o++) {
        for (size_t i = 0; i < (*o)->size * (*o)->instances_max; i++) {
            digest = (digest ^ *octets++) * 16777619u;
        }
    }
    return digest;
}

#endif
