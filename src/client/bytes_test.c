/* Whole datagrams, octet by octet, as a person writes them down from the RFCs: both ends of the
 * other tests are built on one CoAP, and could agree on a mistake. Message id and token of what the
 * device asks are its own; all else is compared. */
#include "client/rig_test.h"

#include "lw/firmware.h"

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_object_1_1, &lw_firmware_object_1_0, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_opaque, NULL};
static const lw_format *const tlv_alone[] = {&lw_format_tlv, NULL};
static const lw_client_feature *const features[] = {
    &lw_feature_blockwise, &lw_feature_create, &lw_feature_observe, &lw_feature_composite, NULL};

static const lw_object *const spare_objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                                 &lw_device_object_1_1, NULL};

static lw_err take(void *ctx)
{
    (void)ctx;
    return LW_OK;
}

static lw_err take_octets(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    (void)offset;
    (void)octets;
    return LW_OK;
}

static void forget(void *ctx)
{
    (void)ctx;
}

static const lw_firmware_port port = {
    .package = {.open = take, .write = take_octets, .finish = take, .discard = forget},
    .install = take,
    .confirm = take};
static lw_updater updater;

static void begin(rig *r, const lw_object *const *of, const lw_format *const *in)
{
    const lw_client_cfg cfg = {
        .endpoint = "dev1", .version = 11, .objects = of, .formats = in, .features = features};
    rig_init(r, &cfg);
    lw_tree *tree = lw_client_tree(r->client);
    assert_int_equal(lw_device_set_manufacturer(tree, 0, "Open Mobile Alliance"), LW_OK);
    assert_int_equal(lw_device_set_battery_level(tree, 0, 100), LW_OK);
    if (of == objects) {
        assert_int_equal(lw_updater_start(&updater, tree, &port, NULL), LW_OK);
    }
    rig_add_server(r, 1, 300);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
}

/* The newest datagram: code and the octets behind the token. */
static void expect_sent(const rig *r, uint8_t type, uint8_t code, lw_bytes rest)
{
    const rig_datagram *d = &r->sent[r->sent_count - 1];
    size_t head = 4u + (d->octets[0] & 15u);
    assert_int_equal(d->octets[0] >> 4, 4 + type); /* version 1 */
    assert_int_equal(d->octets[1], code);
    assert_int_equal(d->len, head + rest.len);
    assert_memory_equal(d->octets + head, rest.ptr, rest.len);
}
#define SENT(type, code, ...)                                               \
    do {                                                                    \
        static const uint8_t expected[] = {__VA_ARGS__};                    \
        expect_sent(r, type, code, lw_bytes_of(expected, sizeof expected)); \
    } while (0)

/* An answer to it: with its message id and token, written behind the first octet and the code. */
static void answer(rig *r, uint8_t code, lw_bytes rest)
{
    const rig_datagram *d = &r->sent[r->sent_count - 1];
    size_t token = d->octets[0] & 15u;
    uint8_t octets[64] = {(uint8_t)(0x60u | token), code, d->octets[2], d->octets[3]};
    memcpy(octets + 4, d->octets + 4, token);
    memcpy(octets + 4 + token, rest.ptr, rest.len);
    rig_feed(r, 0, lw_bytes_of(octets, 4 + token + rest.len));
    rig_pass(r, 0);
}

static void register_at_5a3f(rig *r)
{
    static const uint8_t location[] = {0x82, 'r', 'd', 0x04, '5', 'a', '3', 'f'};
    answer(r, 0x41, lw_bytes_of(location, sizeof location));
    assert_true(lw_client_is_registered(r->client, 1));
}

#define FEED(...)                                         \
    do {                                                  \
        static const uint8_t given[] = {__VA_ARGS__};     \
        rig_feed(r, 0, lw_bytes_of(given, sizeof given)); \
        rig_pass(r, 0);                                   \
    } while (0)

/* The whole of what is sent, header and token included. */
#define WHOLE(...)                                                 \
    do {                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};           \
        const rig_datagram *d = &r->sent[r->sent_count - 1];       \
        assert_int_equal(d->len, sizeof expected);                 \
        assert_memory_equal(d->octets, expected, sizeof expected); \
    } while (0)

static int set_up(void **state)
{
    *state = malloc(sizeof(rig));
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    free(r);
    return 0;
}

/* POST /rd ?ep=dev1 &lt=300 &lwm2m=1.1 &b=U, application/link-format */
static void a_register(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    SENT(0, 0x02, 0xB2, 0x72, 0x64, 0x11, 0x28, 0x37, 0x65, 0x70, 0x3D, 0x64, 0x65, 0x76, 0x31,
         0x06, 0x6C, 0x74, 0x3D, 0x33, 0x30, 0x30, 0x09, 0x6C, 0x77, 0x6D, 0x32, 0x6D, 0x3D, 0x31,
         0x2E, 0x31, 0x03, 0x62, 0x3D, 0x55, 0xFF, 0x3C, 0x2F, 0x31, 0x2F, 0x30, 0x3E, 0x2C, 0x3C,
         0x2F, 0x33, 0x2F, 0x30, 0x3E);
    assert_true((r->sent[0].octets[0] & 15u) >= 4); /* TRN-06: a token nobody can guess */
    register_at_5a3f(r);
}

/* POST /rd/5a3f, and with ?lt=120 */
static void updates(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    register_at_5a3f(r);
    rig_pass(r, 207000);
    SENT(0, 0x02, 0xB2, 'r', 'd', 0x04, '5', 'a', '3', 'f');
    answer(r, 0x44, lw_bytes_of((const uint8_t *)"", 0));
    lw_path lifetime = lw_path_resource(LW_OBJ_SERVER, 0, LW_RES_SERVER_LIFETIME);
    assert_int_equal(lw_tree_set(lw_client_tree(r->client), lifetime, lw_value_integer(120)),
                     LW_OK);
    rig_pass(r, 0);
    SENT(0, 0x02, 0xB2, 'r', 'd', 0x04, '5', 'a', '3', 'f', 0x46, 'l', 't', '=', '1', '2', '0');
}

/* DELETE /rd/5a3f */
static void a_deregister(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    register_at_5a3f(r);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    SENT(0, 0x04, 0xB2, 'r', 'd', 0x04, '5', 'a', '3', 'f');
    answer(r, 0x42, lw_bytes_of((const uint8_t *)"", 0));
    assert_true(lw_client_is_stopped(r->client));
}

/* GET Observe: 0 /3/0/9 Accept 112; the sequence starts with the clock, 1700000000 = 0x6553F100 */
static void an_observe_and_its_notification(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, formats);
    register_at_5a3f(r);
    FEED(0x41, 0x01, 0x00, 0x01, 0xB2, 0x60, 0x51, 0x33, 0x01, 0x30, 0x01, 0x39, 0x61, 0x70);
    WHOLE(0x61, 0x45, 0x00, 0x01, 0xB2, 0x63, 0x53, 0xF1, 0x00, 0x61, 0x70, 0xFF, 0x81, 0xA2, 0x00,
          0x66, 0x2F, 0x33, 0x2F, 0x30, 0x2F, 0x39, 0x02, 0x18, 0x64);
    assert_int_equal(lw_device_set_battery_level(lw_client_tree(r->client), 0, 95), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(r->sent[r->sent_count - 1].octets[4], 0xB2);
    SENT(1, 0x45, 0x63, 0x53, 0xF1, 0x01, 0x61, 0x70, 0xFF, 0x81, 0xA2, 0x00, 0x66, 0x2F, 0x33,
         0x2F, 0x30, 0x2F, 0x39, 0x02, 0x18, 0x5F);
}

/* FETCH, Content-Format 112, Accept 112: /3/0/0 and /3/0/9 */
static void a_read_composite(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, formats);
    register_at_5a3f(r);
    FEED(0x41, 0x05, 0x00, 0x03, 0xC3, 0xC1, 0x70, 0x51, 0x70, 0xFF, 0x82, 0xA1, 0x00, 0x66, 0x2F,
         0x33, 0x2F, 0x30, 0x2F, 0x30, 0xA1, 0x00, 0x66, 0x2F, 0x33, 0x2F, 0x30, 0x2F, 0x39);
    /* [{bn: "/3/0/", n: "0", vs: …}, {n: "9", v: 100}] */
    WHOLE(0x61, 0x45, 0x00, 0x03, 0xC3, 0xC1, 0x70, 0xFF, 0x82, 0xA3, 0x21, 0x65, '/', '3', '/',
          '0', '/', 0x00, 0x61, '0', 0x03, 0x74, 'O', 'p', 'e', 'n', ' ', 'M', 'o', 'b', 'i', 'l',
          'e', ' ', 'A', 'l', 'l', 'i', 'a', 'n', 'c', 'e', 0xA2, 0x00, 0x61, '9', 0x02, 0x18,
          0x64);
}

/* PUT /5/0/0 Content-Format 42, Block1 0/more/64, Size1 1000; 2.31 Continue echoes the block */
static void the_first_block_of_a_package(void **state)
{
    rig *r = *state;
    begin(r, objects, formats);
    register_at_5a3f(r);
    uint8_t block[21 + 64] = {0x41, 0x03, 0x00, 0x04, 0xD4, 0xB1, 0x35, 0x01, 0x30, 0x01, 0x30,
                              0x11, 0x2A, 0xD1, 0x02, 0x0A, 0xD2, 0x14, 0x03, 0xE8, 0xFF};
    memset(block + 21, 0x5A, 64);
    rig_feed(r, 0, lw_bytes_of(block, sizeof block));
    WHOLE(0x61, 0x5F, 0x00, 0x04, 0xD4, 0xD1, 0x0E, 0x0A);
}

/* POST /1/0/8 */
static void a_trigger_is_answered_and_then_obeyed(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    register_at_5a3f(r);
    size_t before = r->sent_count;
    FEED(0x44, 0x02, 0xB6, 0x0B, 0x21, 0x61, 0xFB, 0x63, 0xB1, 0x31, 0x01, 0x30, 0x01, 0x38);
    assert_int_equal(r->sent_count, before + 2);
    static const uint8_t changed[] = {0x64, 0x44, 0xB6, 0x0B, 0x21, 0x61, 0xFB, 0x63};
    assert_int_equal(r->sent[before].len, sizeof changed);
    assert_memory_equal(r->sent[before].octets, changed, sizeof changed);
    SENT(0, 0x02, 0xB2, 'r', 'd', 0x04, '5', 'a', '3', 'f');
}

/* An empty CON is a ping; its answer is a Reset with its message id. */
static void a_ping(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    register_at_5a3f(r);
    FEED(0x40, 0x00, 0x12, 0x34);
    WHOLE(0x70, 0x00, 0x12, 0x34);
}

/* GET /0/0/0 */
static void the_security_object_is_unauthorized(void **state)
{
    rig *r = *state;
    begin(r, spare_objects, tlv_alone);
    register_at_5a3f(r);
    FEED(0x41, 0x01, 0x00, 0x07, 0x99, 0xB1, '0', 0x01, '0', 0x01, '0');
    WHOLE(0x61, 0x81, 0x00, 0x07, 0x99);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_register),
        T(updates),
        T(a_deregister),
        T(an_observe_and_its_notification),
        T(a_read_composite),
        T(the_first_block_of_a_package),
        T(a_trigger_is_answered_and_then_obeyed),
        T(a_ping),
        T(the_security_object_is_unauthorized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
