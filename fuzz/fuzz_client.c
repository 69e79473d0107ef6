/* The whole client, with all features and the core objects, and a script of what happens to it:
 * datagrams of servers and strangers, answers to what it asked, time, links that come and go,
 * values that change, Sends, updates of firmware, power cuts, memory and storage that fail.
 *
 * Whatever the script: what is sent parses and goes out on a link that is open, no deadline stays
 * in the past, records have proper names, a client that is told to stop becomes silent, and then
 * all memory is back. Allocations come from the heap, where the sanitizers see each of them.
 *
 * Input: an octet that chooses the device, then steps. The low four bits of a step say what, the
 * high ones on which link or how; further octets follow as each needs them. A string is its length
 * and its octets. */
#include "fuzz.h"

#include "base/rng.h"
#include "coap/exchange.h"
#include "coap/msg.h"
#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/firmware.h"
#include "lw/ipso.h"
#include "lw/objects.h"
#include "lw/software.h"
#include "lw/standard_objects.h"
#include "model/tree.h"
#include "model/version.h"
#include "testing/fakes.h"
#include "testing/mem_tap.h"

#define LINKS        4u /* two servers, the Bootstrap-Server, a download */
#define RECORDS      8u
#define RECORD_MAX   4096u
#define STEPS_AT_ONE 100u    /* of the engine, before time must go on */
#define STEPS_TO_END 100000u /* until a client that was told to stop has nothing left to do */
#define BUDGET       6000u   /* octets of dynamic memory */

/* ---- The device ----------------------------------------------------------------------------- */

#define OBJECTS(security, server, access, device, connectivity, firmware)                          \
    {                                                                                              \
        &(security), &(server), &(access), &(device), &(connectivity), &(firmware),                \
            &lw_location_object, &lw_statistics_object, &lw_software_object, &lw_portfolio_object, \
            &lw_app_data_object, &lw_event_log_object_1_0, &lw_temperature_object,                 \
            &lw_light_object, NULL                                                                 \
    }
static const lw_object *const objects_1_0[] =
    OBJECTS(lw_security_object_1_0, lw_server_object_1_0, lw_access_control_object_1_0,
            lw_device_object_1_0, lw_connectivity_object_1_0, lw_firmware_object_1_0);
static const lw_object *const objects_1_1[] =
    OBJECTS(lw_security_object_1_1, lw_server_object_1_1, lw_access_control_object_1_0,
            lw_device_object_1_1, lw_connectivity_object_1_2, lw_firmware_object_1_0);
static const lw_object *const objects_1_2[] =
    OBJECTS(lw_security_object_1_2, lw_server_object_1_2, lw_access_control_object_1_1,
            lw_device_object_1_2, lw_connectivity_object_1_3, lw_firmware_object_1_2);
static const lw_object *const *const versions[] = {objects_1_0, objects_1_1, objects_1_2};

static const lw_format *const formats[] = {&lw_format_senml_cbor,
                                           &lw_format_senml_json,
                                           &lw_format_tlv,
                                           &lw_format_json,
                                           &lw_format_lwm2m_cbor,
                                           &lw_format_cbor,
                                           &lw_format_text,
                                           &lw_format_opaque,
                                           &lw_format_etch_cbor,
                                           &lw_format_etch_json,
                                           NULL};
/* The first is left out when nothing is to outlive a power cut. */
static const lw_client_feature *const features[] = {
    &lw_feature_persist,        &lw_feature_blockwise,
    &lw_feature_create,         &lw_feature_access,
    &lw_feature_observe,        &lw_feature_observe_1_2,
    &lw_feature_thresholds,     &lw_feature_store,
    &lw_feature_composite,      &lw_feature_depth,
    &lw_feature_send,           &lw_feature_bootstrap,
    &lw_feature_bootstrap_pack, NULL};

typedef struct record {
    char name[16];
    size_t len;
    uint8_t octets[RECORD_MAX];
} record;

typedef struct request {
    bool is_there;
    uint16_t mid;
    lw_coap_token token;
} request;

typedef struct world {
    lw_client *client; /* NULL: off */
    lw_client_cfg cfg;
    lw_platform platform;
    lw_rng_seeded rng;
    lw_mem_tap tap;
    lw_updater updater;
    lw_software_unit unit;
    lw_time now;
    uint8_t options;
    uint16_t mid; /* of requests to the device */
    lw_err link_answer, package_answer;
    bool is_open[LINKS];
    bool store_fails;
    uint32_t own_address;
    size_t recorded;
    request last[LINKS]; /* that the device sent */
    record flash[RECORDS];
} world;

/* Not part of what each input starts from: its content does not matter. */
static _Alignas(16) uint8_t memory[48 * 1024];

/* ---- The platform --------------------------------------------------------------------------- */

static void fill(void *ctx, uint8_t *out, size_t len)
{
    world *w = ctx;
    lw_rng rng = lw_rng_seeded_rng(&w->rng);
    rng.fill(rng.ctx, out, len);
}

static lw_err link_open(void *ctx, uint8_t link, const lw_link_to *to)
{
    world *w = ctx;
    FUZZ_CHECK(link < LINKS && (to->uri.ptr != NULL || to->uri.len == 0));
    w->is_open[link] = w->link_answer == LW_OK || w->link_answer == LW_AGAIN;
    return w->link_answer;
}

static void link_close(void *ctx, uint8_t link)
{
    world *w = ctx;
    FUZZ_CHECK(link < LINKS);
    w->is_open[link] = false;
    w->last[link].is_there = false;
}

static uint32_t own_address(void *ctx, uint8_t link)
{
    (void)link;
    return ((world *)ctx)->own_address;
}

static int64_t wall_clock(void *ctx)
{
    return 1700000000 + ((world *)ctx)->now / LW_SECOND_MS;
}

static record *find(world *w, const char *name)
{
    for (unsigned i = 0; i < RECORDS; i++) {
        if (strcmp(w->flash[i].name, name) == 0) {
            return &w->flash[i];
        }
    }
    return NULL;
}

static lw_err store(void *ctx, const char *name, lw_bytes octets)
{
    world *w = ctx;
    FUZZ_CHECK(strlen(name) < sizeof w->flash[0].name && name[0] != '\0');
    FUZZ_CHECK(name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0');
    record *r = find(w, name) != NULL ? find(w, name) : find(w, "");
    FUZZ_CHECK(r != NULL);
    if (w->store_fails || octets.len > RECORD_MAX) {
        return LW_EIO;
    }
    r->len = octets.len;
    memcpy(r->name, octets.len > 0 ? name : "", octets.len > 0 ? strlen(name) + 1 : 1);
    if (octets.len > 0) {
        memcpy(r->octets, octets.ptr, octets.len);
    }
    return LW_OK;
}

static lw_err load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    const record *r = find(ctx, name);
    if (r == NULL) {
        return LW_ENOTFOUND;
    }
    *out_len = r->len;
    memcpy(out, r->octets, r->len < cap ? r->len : cap);
    return LW_OK;
}

static void erase_all(void *ctx)
{
    world *w = ctx;
    memset(w->flash, 0, sizeof w->flash);
}

/* ---- Packages ------------------------------------------------------------------------------- */

static lw_err package_answer(void *ctx)
{
    return ((world *)ctx)->package_answer;
}

static lw_err package_write(void *ctx, size_t offset, lw_bytes octets)
{
    (void)offset;
    return octets.len > 0 && octets.ptr[0] == 0xEE ? LW_EFORMAT : package_answer(ctx);
}

static void package_discard(void *ctx)
{
    (void)ctx;
}

static bool may_install(void *ctx)
{
    return ((world *)ctx)->package_answer == LW_OK;
}

static lw_err uninstall(void *ctx, bool for_update)
{
    (void)for_update;
    return package_answer(ctx);
}

static lw_err activate(void *ctx, bool on)
{
    (void)on;
    return package_answer(ctx);
}

#define PACKAGE                                                                   \
    {                                                                             \
        .open = package_answer, .write = package_write, .finish = package_answer, \
        .discard = package_discard, .fetch = &lw_fetch_coap,                      \
    }
static const lw_firmware_port firmware = {.package = PACKAGE,
                                          .install = package_answer,
                                          .confirm = package_answer,
                                          .may_install = may_install};
static const lw_software_port software = {
    .package = PACKAGE, .install = package_answer, .uninstall = uninstall, .activate = activate};

/* ---- Power ---------------------------------------------------------------------------------- */

static void add_account(world *w, const char *uri, bool is_bootstrap, uint16_t ssid)
{
    lw_client_account account = {.uri = uri,
                                 .bootstrap = is_bootstrap,
                                 .ssid = ssid,
                                 .lifetime = 300,
                                 .security = LW_SECURITY_NOSEC};
    FUZZ_CHECK(lw_client_add_server(w->client, &account) == LW_OK);
}

static void add(lw_tree *tree, uint16_t object)
{
    lw_path path;
    FUZZ_CHECK(lw_tree_add(tree, object, 0, &path) == LW_OK);
}

static void power_on(world *w)
{
    lw_tree *tree;
    FUZZ_CHECK(lw_client_mem_needed(&w->cfg) <= sizeof memory);
    FUZZ_CHECK(lw_client_init(&w->client, &w->cfg, memory, sizeof memory) == LW_OK);
    tree = lw_client_tree(w->client);
    add(tree, LW_OBJ_CONNECTIVITY_MONITORING);
    add(tree, LW_OBJ_LOCATION);
    add(tree, LW_OBJ_CONNECTIVITY_STATISTICS);
    FUZZ_CHECK(lw_sensor_add(tree, 3303, 0, "Cel", -40, 85) == LW_OK);
    add(tree, 3311);
    if ((w->options & 0x08) != 0) {
        add_account(w, "coap://bs", true, 0);
    }
    if ((w->options & 0x80) == 0) {
        add_account(w, "coap://a", false, 1);
    }
    if ((w->options & 0x20) != 0) {
        add_account(w, "coap://b:61616", false, 2);
    }
    w->recorded = 0;
    lw_mem_tap_open(&w->tap, memory, sizeof memory);
    w->tap.budget = BUDGET;
    FUZZ_CHECK(lw_updater_start(&w->updater, tree, &firmware, w) == LW_OK);
    FUZZ_CHECK(lw_software_start(&w->unit, tree, 0, &software, w) == LW_OK);
    lw_client_start(w->client, w->now);
}

static void power_off(world *w)
{
    lw_client_fini(w->client);
    for (unsigned i = 0; i < LINKS; i++) {
        FUZZ_CHECK(!w->is_open[i]);
    }
    w->client = NULL;
    lw_mem_tap_close(&w->tap);
}

/* ---- What it does --------------------------------------------------------------------------- */

static void fetch(world *w)
{
    lw_client_out out;
    while (lw_client_poll(w->client, &out)) {
        lw_coap_msg msg;
        FUZZ_CHECK(out.link < LINKS && w->is_open[out.link]);
        FUZZ_CHECK(out.octets.len <= LW_COAP_BUF_SIZE(w->cfg.payload_max));
        FUZZ_CHECK(lw_coap_msg_parse(out.octets, &msg) == LW_OK);
        if (lw_coap_code_is_request(msg.code)) {
            w->last[out.link] = (request){.is_there = true, .mid = msg.mid, .token = msg.token};
        }
    }
}

/* Does what is due. Several steps may lead to each other, but not for ever. */
static lw_time run(world *w)
{
    lw_time wake = lw_client_step(w->client, w->now);
    for (unsigned i = 0; wake <= w->now; i++) {
        FUZZ_CHECK(i < STEPS_AT_ONE);
        fetch(w);
        wake = lw_client_step(w->client, w->now);
    }
    fetch(w);
    return wake;
}

/* Lets time pass, as a loop does that wakes at each deadline; a few of them, then at once. */
static void pass(world *w, lw_time span)
{
    lw_time until = lw_time_add(w->now, span);
    lw_time wake = run(w);
    for (unsigned i = 0; i < 20 && wake < until; i++) {
        w->now = wake;
        wake = run(w);
    }
    w->now = until;
    run(w);
}

/* ---- The script ----------------------------------------------------------------------------- */

typedef struct script {
    const uint8_t *at;
    size_t left;
} script;

static uint8_t next(script *s)
{
    if (s->left == 0) {
        return 0;
    }
    s->left--;
    return *s->at++;
}

static lw_bytes next_string(script *s)
{
    size_t len = next(s);
    len = len < s->left ? len : s->left;
    lw_bytes b = lw_bytes_of(s->at, len);
    s->at += len;
    s->left -= len;
    return b;
}

static void feed(world *w, uint8_t link, lw_bytes octets)
{
    /* On the heap, so that reading too far is seen. */
    uint8_t *copy = __builtin_memcpy(__builtin_malloc(octets.len + 1), octets.ptr, octets.len);
    FUZZ_CHECK(copy != NULL);
    lw_client_feed(w->client, w->now, link, lw_bytes_of(copy, octets.len));
    __builtin_free(copy);
    fetch(w);
}

/* A message with what follows the token from the script. */
static void feed_message(world *w, uint8_t link, lw_coap_type type, uint8_t code, const request *r,
                         lw_bytes rest)
{
    uint8_t octets[4 + 8 + 255];
    lw_writer out;
    lw_coap_out options;
    lw_writer_init(&out, octets, sizeof octets);
    lw_coap_begin(&options, &out, type, code, r->mid, r->token);
    lw_write_bytes(&out, rest);
    feed(w, link, lw_writer_bytes(&out));
}

/* An answer to the device's last request on that link: piggybacked, or CON or NON by itself. */
static void answer(world *w, uint8_t op, script *s)
{
    uint8_t link = op >> 4 & 3, code = next(s);
    request r = w->last[link];
    lw_bytes rest = next_string(s);
    if (r.is_there) {
        bool is_separate = (op & 0x80) != 0;
        r.mid = is_separate ? w->mid++ : r.mid;
        feed_message(w, link,
                     !is_separate       ? LW_COAP_ACK
                     : (op & 0x40) != 0 ? LW_COAP_NON
                                        : LW_COAP_CON,
                     code, &r, rest);
    }
}

/* A request to the device; the token is one octet, so that it can come again. */
static void ask(world *w, uint8_t op, script *s)
{
    uint8_t code = next(s);
    request r = {.mid = w->mid, .token = {.len = 1, .octets = {next(s)}}};
    w->mid += (op & 0x80) == 0; /* else: the next one is taken for a copy of this */
    feed_message(w, op >> 4 & 3, (op & 0x40) != 0 ? LW_COAP_NON : LW_COAP_CON, code, &r,
                 next_string(s));
}

static lw_path path_of(const char *text)
{
    lw_path path;
    FUZZ_CHECK(lw_path_parse(lw_bytes_str(text), &path) == LW_OK);
    return path;
}

static void change_value(world *w, uint8_t op, script *s)
{
    static const char *const paths[] = {"/3303/0/5700", "/3311/0/5850", "/3/0/9",  "/3/0/11/0",
                                        "/3/0/11/1",    "/3/0/13",      "/1/0/1",  "/1/0/23",
                                        "/1/0/6",       "/4/0/4/0",     "/6/0/0",  "/5/0/13",
                                        "/1/0/16",      "/3303/0/5701", "/16/0/0", "/5/0/14"};
    lw_tree *tree = lw_client_tree(w->client);
    lw_path path = path_of(paths[op >> 4]);
    uint8_t kind = next(s), value = next(s);
    lw_err err;
    switch (kind % 8) {
    case 0:
        err = lw_tree_set(tree, path, lw_value_float((double)value / 4 - 20));
        break;
    case 1:
        err = lw_tree_set(tree, path, lw_value_integer((int64_t)value << (kind >> 3)));
        break;
    case 2:
        err = lw_tree_set(tree, path, lw_value_boolean((value & 1) != 0));
        break;
    case 3:
        err = lw_tree_set(tree, path, lw_value_bytes(LW_TYPE_STRING, next_string(s)));
        break;
    case 4:
        err = lw_tree_unset(tree, path);
        break;
    case 5:
        err = lw_tree_add(tree, lw_path_id(path, LW_LEVEL_OBJECT), value, &path);
        break;
    case 6:
        err = lw_tree_remove(tree, lw_path_instance(lw_path_id(path, LW_LEVEL_OBJECT), value));
        break;
    default:
        err = lw_event_log_append(tree, 0, next_string(s));
        break;
    }
    (void)err; /* not everything is possible */
}

static void send_values(world *w, uint8_t op, script *s)
{
    static const char *const paths[] = {"/3303/0/5700", "/3/0",   "/1",  "/3/0/11/0",
                                        "/6/0",         "/5/0/3", "/16", "/3/0/16"};
    uint8_t which = next(s);
    lw_path two[] = {path_of(paths[which & 7]), path_of(paths[which >> 3 & 7])};
    if ((op & 0x80) != 0) {
        w->recorded += lw_client_record(w->client, two[0]) == LW_OK;
    } else {
        lw_err err = lw_client_send(w->client, op >> 4 & 3, two, 1 + (which >> 7));
        (void)err;
    }
}

static void command(world *w, uint8_t which)
{
    static const lw_err answers[] = {LW_OK, LW_AGAIN, LW_EIO, LW_ENOTSUP};
    lw_err err = LW_OK;
    switch (which % 16) {
    case 0:
    case 1:
        err = lw_client_update(w->client, which % 16);
        break;
    case 2:
        err = lw_client_bootstrap(w->client);
        break;
    case 3:
        lw_client_address_changed(w->client, w->now);
        break;
    case 4:
        w->own_address++;
        break;
    case 5:
        power_off(w);
        power_on(w);
        break;
    case 6:
        w->store_fails = !w->store_fails;
        break;
    case 7:
        w->link_answer = answers[which >> 4 & 3];
        break;
    case 8:
        w->package_answer = answers[which >> 4 & 3];
        break;
    case 9:
        lw_updater_verified(&w->updater, w->package_answer);
        break;
    case 10:
        lw_updater_installed(&w->updater, w->package_answer);
        break;
    case 11:
        err = lw_updater_accept(&w->updater);
        break;
    case 12:
        lw_software_verified(&w->unit, w->package_answer);
        break;
    case 13:
        lw_software_installed(&w->unit, w->package_answer);
        break;
    case 14:
        lw_client_stop(w->client, w->now);
        break;
    default:
        erase_all(w);
        break;
    }
    (void)err;
}

static void step(world *w, script *s)
{
    uint8_t op = next(s);
    uint8_t link = op >> 4 & 3;
    switch (op & 15) {
    case 0:
    case 1:
    case 2:
        answer(w, op, s);
        break;
    case 3:
    case 4:
    case 5:
        ask(w, op, s);
        break;
    case 6:
        feed(w, op >> 4, next_string(s));
        break;
    case 7:
        change_value(w, op, s);
        break;
    case 8:
        send_values(w, op, s);
        break;
    case 9:
        command(w, next(s));
        break;
    case 10:
        w->tap.fail_at = w->tap.count + 1 + next(s) % 16;
        break;
    case 11: /* only a port that opens a link says so */
        if (w->is_open[link]) {
            lw_client_link_up(w->client, w->now, link);
        }
        break;
    case 12:
        w->is_open[link] = false;
        lw_client_link_down(w->client, w->now, link, LW_EIO);
        break;
    case 13:
        run(w);
        break;
    default: /* up to 255 s, or to 127 days */
        pass(w, (lw_time)next(s) << ((op & 1) != 0 ? 10 + (op >> 5) * 2 : op >> 4));
        break;
    }
}

/* What is kept for servers goes with their accounts. */
static void forget_servers(world *w)
{
    lw_tree *tree = lw_client_tree(w->client);
    for (uint16_t object = LW_OBJ_SECURITY; object <= LW_OBJ_SERVER; object++) {
        lw_path at = lw_path_object(object);
        while (lw_tree_next_instance(tree, &at)) {
            FUZZ_CHECK(lw_tree_remove(tree, at) == LW_OK);
        }
    }
    run(w);
}

/* Told to stop, it says good-bye and becomes silent; then all memory is back. */
static void end(world *w)
{
    w->store_fails = false;
    w->tap.fail_at = 0;
    w->tap.budget = 0;
    lw_client_stop(w->client, w->now);
    lw_time wake = run(w);
    for (unsigned i = 0; wake != LW_TIME_NEVER; i++) {
        FUZZ_CHECK(i < STEPS_TO_END);
        w->now = wake;
        wake = run(w);
    }
    FUZZ_CHECK(lw_client_is_stopped(w->client));
    forget_servers(w);
    FUZZ_CHECK(w->tap.live <= w->recorded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world w;
    script s = {.at = data, .left = size};
    w = (world){.now = 1000, .mid = 1, .own_address = 1};
    w.options = next(&s);
    lw_rng_seeded_init(&w.rng, 1);
    w.platform = (lw_platform){.ctx = &w,
                               .random = fill,
                               .link_open = link_open,
                               .link_close = link_close,
                               .link_check = lw_fake_link_check,
                               .own_address = own_address,
                               .wall_clock = wall_clock,
                               .store = store,
                               .load = load,
                               .erase_all = erase_all};
    w.cfg = (lw_client_cfg){.endpoint = "fuzz",
                            .version = (uint8_t)(LW_VERSION_1_0 + (w.options & 3) % 3),
                            .queue_mode = (w.options & 4) != 0,
                            .objects = versions[(w.options & 3) % 3],
                            .formats = formats,
                            .features = (w.options & 0x10) != 0 ? features : features + 1,
                            .platform = &w.platform,
                            .servers_max = 2,
                            .observations_max = 4,
                            .attributes_max = 4,
                            .stored_max = 4,
                            .payload_max = 128,
                            .body_max = 512,
                            .dynamic = 64};
    w.link_answer = (w.options & 0x40) != 0 ? LW_AGAIN : LW_OK;
    power_on(&w);
    while (s.left > 0) {
        step(&w, &s);
    }
    end(&w);
    power_off(&w);
    return 0;
}
