/* Lives of a device, with one thing that fails in it: the n-th allocation, the n-th datagram,
 * the n-th opening of a link, the n-th write to storage, or the power at that write; for every n,
 * until the life is over before the n-th comes.
 *
 *   1.1   bootstrap and register; be read, written, executed, created on, observed, notify, in
 * queue mode as well; Send; a firmware pushed in blocks; disabled for a while; power off and on;
 * told to stop 1.2   bootstrap and register with two servers; composite reads, writes and
 * observations; rights given to the other server; a history; a firmware that the device fetches;
 * attributes that outlive the power; told to stop
 *
 * The operator repeats what did not succeed. Whatever fails:
 *
 *   - each step succeeds in the end, within virtual hours, and the device is registered, at a
 *     location that both sides agree on
 *   - what an operator was told is done is done: values, instances, the package octet by octet
 *   - accounts are as the bootstrap gave them, also after the power was off, never a mixture
 *   - told to stop, the device says good-bye (unless that is what fails), is silent, and all its
 * memory is back
 *
 * LW_SIM_FAULT=n tries the n-th alone, LW_SIM_TEST=*word* chooses a kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lw/firmware.h"
#include "lw/ipso.h"
#include "lw/standard_objects.h"
#include "model/tree.h"
#include "world.h"

/* A fault that is only noticed by a timeout costs minutes, a failed sequence a day. */
#define PATIENCE (30 * HOUR)

/* ---- The device -------------------------------------------------------------------------------
 */

static uint8_t image[8192];
static size_t image_len;
static lw_updater updater;

static lw_err slot_open(void *ctx)
{
    (void)ctx;
    image_len = 0;
    return LW_OK;
}

static lw_err slot_write(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    assert_int_equal(offset, image_len);
    assert_true(offset + octets.len <= sizeof image);
    if (octets.len > 0) {
        memcpy(image + offset, octets.ptr, octets.len);
    }
    image_len += octets.len;
    return LW_OK;
}

static lw_err slot_done(void *ctx)
{
    (void)ctx;
    return LW_OK;
}

static void slot_discard(void *ctx)
{
    (void)ctx;
    image_len = 0;
}

static const lw_firmware_port port = {.package = {.open = slot_open,
                                                  .write = slot_write,
                                                  .finish = slot_done,
                                                  .discard = slot_discard,
                                                  .fetch = &lw_fetch_coap},
                                      .install = slot_done,
                                      .confirm = slot_done};

static const lw_object *const objects_1_1[] = {&lw_security_object_1_1,       &lw_server_object_1_1,
                                               &lw_access_control_object_1_0, &lw_device_object_1_1,
                                               &lw_firmware_object_1_0,       &lw_portfolio_object,
                                               &lw_temperature_object,        NULL};
static const lw_object *const objects_1_2[] = {&lw_security_object_1_2,       &lw_server_object_1_2,
                                               &lw_access_control_object_1_1, &lw_device_object_1_2,
                                               &lw_firmware_object_1_2,       &lw_portfolio_object,
                                               &lw_temperature_object,        NULL};
static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,   &lw_feature_create,
    &lw_feature_access,      &lw_feature_observe,
    &lw_feature_observe_1_2, &lw_feature_thresholds,
    &lw_feature_store,       &lw_feature_composite,
    &lw_feature_depth,       &lw_feature_send,
    &lw_feature_bootstrap,   &lw_feature_bootstrap_pack,
    &lw_feature_persist,     NULL};

/* ---- What fails -------------------------------------------------------------------------------
 */

typedef struct fault {
    const char *name;
    void (*arm)(device *d, unsigned n);
    bool (*has_come)(const device *d, unsigned n);
} fault;

static const fault *kind; /* to be armed with the next start */
static unsigned which;

static void arm_allocation(device *d, unsigned n)
{
    d->tap.fail_at = d->tap.count + n;
}

static bool allocation_came(const device *d, unsigned n)
{
    (void)n;
    return d->tap.count >= d->tap.fail_at;
}

static void arm_datagram(device *d, unsigned n)
{
    d->lose_at = n;
}

static bool datagram_came(const device *d, unsigned n)
{
    return d->datagrams >= n;
}

static void arm_link(device *d, unsigned n)
{
    d->refuse_at = n;
}

static bool link_came(const device *d, unsigned n)
{
    return d->openings >= n;
}

static void arm_store(device *d, unsigned n)
{
    d->flash.fail_at = n;
}

static void arm_cut_before(device *d, unsigned n)
{
    d->flash.cut_at = n;
}

static void arm_cut_after(device *d, unsigned n)
{
    d->flash.cut_at = n;
    d->flash.cut_after = true;
}

static bool store_came(const device *d, unsigned n)
{
    return d->flash.writes >= n;
}

static const fault allocation = {"allocations", arm_allocation, allocation_came};
static const fault datagram = {"datagrams", arm_datagram, datagram_came};
static const fault opening = {"openings of a link", arm_link, link_came};
static const fault store = {"writes to storage", arm_store, store_came};
static const fault cut_before = {"power cuts before a write", arm_cut_before, store_came};
static const fault cut_after = {"power cuts behind a write", arm_cut_after, store_came};

/* With each power on. */
static void set_up(world *w)
{
    lw_tree *tree = lw_client_tree(w->device->client);
    assert_ok(lw_sensor_add(tree, 3303, 0, "Cel", -40, 85));
    assert_ok(lw_updater_start(&updater, tree, &port, NULL));
    if (kind != NULL) {
        kind->arm(w->device, which);
        kind = NULL;
    }
}

#define CONFIG(...)                                                                   \
    {                                                                                 \
        .no_server = true, .bootstrap = true, .features = features, .dynamic = 16384, \
        .set_up = set_up, .is_tapped = true, __VA_ARGS__                              \
    }
static const world_config config_1_1 = CONFIG(.queue_mode = true, .objects = objects_1_1);
static const world_config config_1_2 = CONFIG(.version = 12, .objects = objects_1_2);
static const world_config *config; /* of the life that is lived */

/* ---- Time passes ------------------------------------------------------------------------------
 */

/* Whoever cuts the power turns it on again. */
static void live(world *w, lw_time ms)
{
    world_pass(w, ms);
    if (w->device->flash.is_cut) {
        world_reboot(w, config);
        world_pass(w, 1);
    }
}

#define UNTIL(condition)                             \
    do {                                             \
        lw_time until_end = world_now(w) + PATIENCE; \
        while (!(condition)) {                       \
            assert_true(world_now(w) < until_end);   \
            live(w, 1 * SECOND);                     \
        }                                            \
    } while (0)

/* On both sides. */
static bool is_registered_with(const world *w, const far_server *s, uint16_t ssid)
{
    return w->device->client != NULL && s->registration.is_there &&
           lw_client_is_registered(w->device->client, ssid);
}

static bool is_registered(const world *w)
{
    return is_registered_with(w, w->a, 1);
}

/* ---- The operator -----------------------------------------------------------------------------
 */

/* Asks until the answer is the one that is wanted, or `also`, which says that it was done before.
 */
static far_reply insist(world *w, const far_ask *ask, uint8_t wanted, uint8_t also)
{
    static far_reply reply;
    lw_time end = world_now(w) + PATIENCE;
    for (;;) {
        UNTIL(is_registered(w));
        far_server_ask(w->a, ask, &reply);
        while (!reply.is_over) {
            live(w, 20);
        }
        if (reply.err == LW_OK && (reply.code == wanted || reply.code == also)) {
            return reply;
        }
        assert_true(world_now(w) < end);
        live(w, 10 * SECOND);
    }
}

static far_ask request(uint8_t code, const char *target)
{
    return (far_ask){.code = code, .target = target, .observe = -1, .accept = -1, .format = -1};
}

static void read_is(world *w, const char *target, const char *text)
{
    far_ask ask = request(LW_COAP_GET, target);
    ask.accept = 0;
    far_reply reply = insist(w, &ask, LW_COAP_CONTENT, LW_COAP_CONTENT);
    assert_string_equal(reply.body, text);
}

static void write_text(world *w, const char *target, const char *text)
{
    far_ask ask = request(LW_COAP_PUT, target);
    ask.format = 0;
    ask.body = lw_bytes_str(text);
    insist(w, &ask, LW_COAP_CHANGED, LW_COAP_CHANGED);
    read_is(w, target, text);
}

static void execute(world *w, const char *target)
{
    far_ask ask = request(LW_COAP_POST, target);
    insist(w, &ask, LW_COAP_CHANGED, LW_COAP_CHANGED);
}

/* Instance 4 with resource 0, instance 1, "host" */
static void create(world *w)
{
    far_ask ask = request(LW_COAP_POST, "/16");
    ask.format = 11542;
    static const char body[] = "\x08\x04\x08\x86\x00\x44\x01host";
    ask.body = lw_bytes_of(body, sizeof body - 1);
    insist(w, &ask, LW_COAP_CREATED, LW_COAP_BAD_REQUEST);
    read_is(w, "/16/4/0/1", "host");
}

static void observe(world *w)
{
    far_ask ask = request(LW_COAP_GET, "/3303/0/5700");
    ask.observe = 0;
    ask.accept = 112;
    ask.token = 7;
    insist(w, &ask, LW_COAP_CONTENT, LW_COAP_CONTENT);
}

static void (*observe_anew)(world *w);

/* Changes the value until the server is told. One notification may be lost; an observation may,
 * with its registration. */
static void notify(world *w, double value)
{
    lw_time end = world_now(w) + PATIENCE;
    for (unsigned i = 0;; i++) {
        unsigned before = world_told(w->a, 7);
        world_set(w, "/3303/0/5700", lw_value_float(i % 2 == 0 ? value : value - 30));
        for (unsigned s = 0; s < 20 && world_told(w->a, 7) == before; s++) {
            live(w, 1 * SECOND);
        }
        if (world_told(w->a, 7) > before) {
            return;
        }
        assert_true(world_now(w) < end);
        if (i % 3 == 2) {
            observe_anew(w);
        }
    }
}

static void send_values(world *w)
{
    lw_path what = lw_path_resource(3303, 0, 5700);
    unsigned before = far_server_count(w->a, LW_COAP_POST, "/dp");
    lw_time end = world_now(w) + PATIENCE;
    while (far_server_count(w->a, LW_COAP_POST, "/dp") == before) {
        assert_true(world_now(w) < end);
        UNTIL(is_registered(w));
        lw_err err = lw_client_send(w->device->client, 1, &what, 1);
        device_poke(w->device);
        live(w, (err == LW_OK ? 100 : 10) * SECOND);
    }
}

static lw_bytes package(void)
{
    static uint8_t octets[5000];
    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)(i * 31u);
    }
    return lw_bytes_of(octets, sizeof octets);
}

/* 4.05: it arrived before, and the answer was lost. A transfer that failed begins anew. */
static void push(world *w)
{
    static far_reply state;
    lw_time end = world_now(w) + PATIENCE;
    far_ask ask = request(LW_COAP_PUT, "/5/0/0"), look = request(LW_COAP_GET, "/5/0/3");
    ask.format = 42;
    ask.body = package();
    look.accept = 0;
    do {
        assert_true(world_now(w) < end);
        insist(w, &ask, LW_COAP_CHANGED, LW_COAP_METHOD_NOT_ALLOWED);
        state = insist(w, &look, LW_COAP_CONTENT, LW_COAP_CONTENT);
    } while (strcmp(state.body, "2") != 0);
}

static void has_package(world *w)
{
    read_is(w, "/5/0/3", "2");
    assert_int_equal(image_len, package().len);
    assert_memory_equal(image, package().ptr, image_len);
}

static void disable(world *w)
{
    write_text(w, "/1/0/5", "60");
    unsigned before = w->a->registrations;
    execute(w, "/1/0/4");
    UNTIL(w->a->registrations > before && is_registered(w));
}

/* ---- The life ---------------------------------------------------------------------------------
 */

#define WRITE(path, octets)                                                                  \
    {                                                                                        \
        .code = LW_COAP_PUT, .target = (path), .observe = -1, .accept = -1, .format = 11542, \
        .body = LW_BYTES_LIT(octets)                                                         \
    }
#define SECURITY   \
    "\xC8\x00\x08" \
    "coap://a"     \
    "\xC1\x01\x00\xC1\x02\x03\xC1\x0A\x01"
#define SERVER "\xC1\x00\x01\xC4\x01\x00\x01\x51\x80\xC1\x06\x01\xC1\x07U\xC1\x17\x00"
#define FINISH                                                                          \
    {.code = LW_COAP_POST, .target = "/bs", .observe = -1, .accept = -1, .format = -1}, \
    {                                                                                   \
        .code = 0                                                                       \
    }
/* Server b, ssid 2, in /0/2 and /1/1; server a may create on /16, and owns 5:0. */
#define OWNS_FIRMWARE "\xC1\x00\x05\xC1\x01\x00\xC1\x03\x01"
#define MAY_CREATE \
    "\xC1\x00\x10\xC4\x01\x00\x00\xFF\xFF\x83\x02\x41\x01\x10\xC4\x03\x00\x00\xFF\xFF"
#define SECURITY_B \
    "\xC8\x00\x08" \
    "coap://b"     \
    "\xC1\x01\x00\xC1\x02\x03\xC1\x0A\x02"
#define SERVER_B "\xC1\x00\x02\xC4\x01\x00\x01\x51\x80\xC1\x06\x01\xC1\x07U"
static const far_ask plan_1_1[] = {WRITE("/0/1", SECURITY), WRITE("/1/0", SERVER), FINISH};
static const far_ask plan_1_2[] = {WRITE("/0/1", SECURITY),
                                   WRITE("/1/0", SERVER),
                                   WRITE("/0/2", SECURITY_B),
                                   WRITE("/1/1", SERVER_B),
                                   WRITE("/2/0", MAY_CREATE),
                                   WRITE("/2/1", OWNS_FIRMWARE),
                                   FINISH};
static far_reply plan_replies[10];

static void has_accounts(world *w)
{
    lw_tree *tree = lw_client_tree(w->device->client);
    lw_value uri;
    lw_path at = lw_path_object(LW_OBJ_SECURITY), first = lw_path_resource(0, 1, 0);
    unsigned securities = 0;
    while (lw_tree_next_instance(tree, &at)) {
        securities++;
    }
    assert_int_equal(securities, config == &config_1_2 ? 3 : 2);
    assert_ok(lw_tree_get(tree, first, &uri));
    assert_bytes(uri.as.bytes, "coap://a");
    read_is(w, "/1/0/0", "1");
    read_is(w, "/1/0/1", "86400");
}

static void has_all(world *w)
{
    UNTIL(is_registered(w));
    has_accounts(w);
    has_package(w);
    read_is(w, "/1/0/3", "77");
    read_is(w, "/16/4/0/1", "host");
    assert_non_null(strstr(w->a->registration.list, "</16/4>"));
    char location[FAR_TEXT_MAX];
    snprintf(location, sizeof location, "/rd/%u", w->a->registrations);
    assert_string_equal(w->a->registration.location, location);
}

/* False: memory failed at the start, which has all there is. When even that is too little for the
 * configuration, the device begins again as it left the factory. */
static bool power_cycle(world *w)
{
    size_t before = w->device->tap.count;
    world_reboot(w, config);
    size_t fails = w->device->tap.fail_at;
    return fails <= before || fails > w->device->tap.count;
}

static void stop(world *w)
{
    lw_client_stop(w->device->client, world_now(w));
    world_until(w, lw_client_is_stopped(w->device->client), 10 * MINUTE);
    bool may_be_unsaid = w->device->lose_at != 0 || w->device->tap.fail_at != 0;
    assert_true(!w->a->registration.is_there || may_be_unsaid);
    world_pass(w, 10 * MINUTE);
    size_t sent = w->device->sent_count;
    world_pass(w, 2 * DAY);
    assert_int_equal(w->device->sent_count, sent);
    assert_int_equal(w->device->tap.live, 0);
}

static void begin(world *w, const world_config *c, const far_ask *plan)
{
    memset(plan_replies, 0, sizeof plan_replies);
    image_len = 0;
    config = c;
    observe_anew = observe;
    world_begin(w, c);
    w->bs->plan_replies = plan_replies;
    w->bs->plan = plan;
    UNTIL(is_registered(w));
}

static void live_1_1(world *w)
{
    begin(w, &config_1_1, plan_1_1);
    read_is(w, "/3/0/0", "Lapwing");
    write_text(w, "/1/0/3", "77");
    execute(w, "/3303/0/5605");
    create(w);
    observe(w);
    notify(w, 20);
    send_values(w);
    push(w);
    live(w, 100 * SECOND); /* it sleeps */
    notify(w, 40);
    disable(w);
    has_all(w);
    live(w, 1 * MINUTE);
    if (power_cycle(w)) {
        has_all(w);
    } else {
        UNTIL(is_registered(w));
        has_accounts(w);
    }
    stop(w);
}

/* [{0: "/1/0/3"}, {0: "/3303/0/5700"}] and [{0: "/1/0/3", 2: 77}] in SenML CBOR */
#define TWO_PATHS "\x82\xA1\x00\x66/1/0/3\xA1\x00\x6C/3303/0/5700"
#define ONE_VALUE "\x81\xA2\x00\x66/1/0/3\x02\x18\x4D"

static far_reply composite(world *w, uint8_t code, int observe, const char *body, size_t len)
{
    far_ask ask = request(code, "");
    uint8_t wanted = code == LW_COAP_FETCH ? LW_COAP_CONTENT : LW_COAP_CHANGED;
    ask.format = 112;
    ask.accept = code == LW_COAP_FETCH ? 112 : -1;
    ask.observe = observe;
    ask.token = observe >= 0 ? 7 : 0;
    ask.body = lw_bytes_of(body, len);
    return insist(w, &ask, wanted, wanted);
}

static void observe_both(world *w)
{
    composite(w, LW_COAP_FETCH, 0, TWO_PATHS, sizeof TWO_PATHS - 1);
}

static void attach(world *w)
{
    far_ask ask = request(LW_COAP_PUT, "/3303/0/5700?pmin=1&gt=50"), look;
    insist(w, &ask, LW_COAP_CHANGED, LW_COAP_CHANGED);
    look = request(LW_COAP_GET, "/3303/0/5700");
    look.accept = 40;
    far_reply reply = insist(w, &look, LW_COAP_CONTENT, LW_COAP_CONTENT);
    assert_non_null(strstr(reply.body, ";pmin=1;gt=50"));
}

/* The device fetches a package, without octets: what matters is how it ends. */
static void pull(world *w)
{
    static far_reply state;
    lw_time end = world_now(w) + PATIENCE;
    far_ask ask = request(LW_COAP_PUT, "/5/0/1"), look = request(LW_COAP_GET, "/5/0/3");
    ask.format = 0;
    ask.body = lw_bytes_str("coap://bs/fw");
    look.accept = 0;
    w->bs->always = &(far_answer){.code = LW_COAP_CONTENT};
    do {
        assert_true(world_now(w) < end);
        insist(w, &ask, LW_COAP_CHANGED, LW_COAP_METHOD_NOT_ALLOWED);
        live(w, 10 * SECOND);
        state = insist(w, &look, LW_COAP_CONTENT, LW_COAP_CONTENT);
    } while (strcmp(state.body, "2") != 0);
    w->bs->always = NULL;
}

static void has_both_servers(world *w)
{
    UNTIL(is_registered(w) && is_registered_with(w, w->b, 2));
    has_accounts(w);
    read_is(w, "/1/0/3", "77");
}

static void live_1_2(world *w)
{
    begin(w, &config_1_2, plan_1_2);
    UNTIL(is_registered_with(w, w->b, 2));
    composite(w, LW_COAP_IPATCH, -1, ONE_VALUE, sizeof ONE_VALUE - 1);
    composite(w, LW_COAP_FETCH, -1, TWO_PATHS, sizeof TWO_PATHS - 1);
    create(w);
    attach(w);
    observe_anew = observe_both;
    observe_both(w);
    notify(w, 60);
    lw_path recorded = lw_path_resource(3303, 0, 5700);
    lw_err err = lw_client_record(w->device->client, recorded);
    assert_true(err == LW_OK || err == LW_ENOMEM);
    send_values(w);
    pull(w);
    has_both_servers(w);
    live(w, 1 * MINUTE);
    if (power_cycle(w)) {
        has_both_servers(w);
        read_is(w, "/16/4/0/1", "host");
        read_is(w, "/5/0/3", "2");
    } else {
        UNTIL(is_registered(w));
        has_accounts(w);
    }
    stop(w);
}

/* ---- For every n ------------------------------------------------------------------------------
 */

static world running;

static void lead(const fault *f, const char *name, void (*life)(world *w))
{
    const char *one = getenv("LW_SIM_FAULT");
    unsigned n = one != NULL ? (unsigned)strtoul(one, NULL, 10) : 1;
    bool came = true;
    for (; came; n++) {
        running = (world){.seed = 1};
        kind = f;
        which = n;
        life(&running);
        came = f->has_come(running.device, n) && one == NULL;
        world_end(&running);
        running.sim = NULL;
    }
    print_message("life %s: %u %s failed\n", name, n - 2, f->name);
}

static void for_every_n(const fault *f)
{
    lead(f, "1.1", live_1_1);
    lead(f, "1.2", live_1_2);
}

static int tell_n(void **state)
{
    (void)state;
    if (running.sim != NULL) {
        print_error("at %.3f s: repeat with LW_SIM_FAULT=%u\n",
                    (double)world_now(&running) / 1000.0, which);
        world_end(&running);
        running.sim = NULL;
    }
    return 0;
}

LW_TEST(any_allocation_may_fail)
{
    for_every_n(&allocation);
}

LW_TEST(any_datagram_may_be_lost)
{
    for_every_n(&datagram);
}

LW_TEST(any_link_may_not_open)
{
    for_every_n(&opening);
}

LW_TEST(any_write_to_storage_may_fail)
{
    for_every_n(&store);
}

LW_TEST(the_power_may_go_before_any_write)
{
    for_every_n(&cut_before);
}

LW_TEST(the_power_may_go_behind_any_write)
{
    for_every_n(&cut_after);
}

#define T(name) cmocka_unit_test_teardown(name, tell_n)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(any_allocation_may_fail),
        T(any_datagram_may_be_lost),
        T(any_link_may_not_open),
        T(any_write_to_storage_may_fail),
        T(the_power_may_go_before_any_write),
        T(the_power_may_go_behind_any_write),
    };
    cmocka_set_test_filter(getenv("LW_SIM_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
