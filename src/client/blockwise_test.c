/* What a client says and hears with lw_feature_blockwise, and without. Packages that pass through
 * in blocks: write_test.c; here, when they do not go on. */
#include "client/rig_test.h"
#include "coap/block.h"
#include "lw/firmware.h"
#include "lw/software.h"

static const lw_object *const objects[] = {&lw_security_minimal_object, &lw_server_minimal_object,
                                           &lw_device_minimal_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, NULL};
static const lw_client_feature *const with[] = {&lw_feature_blockwise, NULL};
static const lw_client_cfg plain = {
    .endpoint = "dev1", .version = 11, .objects = objects, .formats = formats};

/* The object list has 37 octets. */
static rig *start(const lw_client_feature *const *features, uint16_t payload_max)
{
    static rig r;
    lw_client_cfg cfg = plain;
    cfg.features = features;
    cfg.payload_max = payload_max;
    rig_init(&r, &cfg);
    rig_add_server(&r, 1, 300);
    lw_client_start(r.client, r.now);
    rig_pass(&r, 0);
    return &r;
}

/* The first of two blocks of a Write to 1/0/1, as a number of TLV that is not complete. */
static const rig_datagram *first_block(rig *r)
{
    uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_PUT, 0x7001, (lw_coap_token){.len = 0});
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str("1"));
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str("0"));
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str("1"));
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_TLV);
    lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK1, 0x08);
    lw_coap_put_payload(&out, lw_bytes_str("0123456789abcdef"));
    rig_feed(r, 0, lw_writer_bytes(&w));
    return &r->sent[r->sent_count - 1];
}

static void without_it_a_list_that_fits_is_one_message(void **state)
{
    (void)state;
    rig *r = start(NULL, 37);
    assert_int_equal(r->sent[0].msg.payload.len, 37);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 1));
    lw_client_fini(r->client);
}

static void without_it_a_longer_list_is_told_and_tried_again(void **state)
{
    (void)state;
    rig *r = start(NULL, 36);
    assert_int_equal(r->sent_count, 0);
    assert_int_equal(r->events[0].kind, LW_CLIENT_REGISTRATION_FAILED);
    assert_int_equal(r->events[0].err, LW_ETOOBIG);
    assert_true(r->events[0].retry_at > r->now);
    lw_client_fini(r->client);
}

static void with_it_a_longer_list_goes_in_blocks(void **state)
{
    (void)state;
    rig *r = start(with, 64);
    assert_int_equal(r->sent[0].msg.payload.len, 37);
    assert_false(lw_coap_has(&r->sent[0].msg.noted, LW_COAP_NOTE_BLOCK1));
    lw_client_fini(r->client);
    r = start(with, 63); /* has no room for a block of 64 */
    assert_int_equal(r->sent[0].msg.payload.len, 32);
    assert_int_equal(r->sent[0].msg.noted.value[LW_COAP_NOTE_BLOCK1], lw_block_of(0, 1, true));
    lw_client_fini(r->client);
}

/* RFC 7959 section 2.9.1: a server without it refuses with 4.02, as of any critical option. */
static void without_it_a_body_in_blocks_is_a_bad_option(void **state)
{
    (void)state;
    rig *r = start(NULL, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(first_block(r)->msg.code, LW_COAP_BAD_OPTION);
    lw_client_fini(r->client);
}

static void with_it_a_body_in_blocks_is_put_together(void **state)
{
    (void)state;
    rig *r = start(with, 0);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_int_equal(first_block(r)->msg.code, LW_COAP_CONTINUE);
    lw_client_fini(r->client);
}

/* OBS-04: who could not be told the first value is not told of others either. */
static void without_it_what_does_not_fit_is_not_observed(void **state)
{
    (void)state;
    static const lw_client_feature *const observing[] = {&lw_feature_observe, NULL};
    rig *r = start(observing, 37);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    lw_tree *tree = lw_client_tree(r->client);
    lw_path pmin = lw_path_resource(1, 0, 2);
    assert_int_equal(lw_tree_set(tree, pmin, lw_value_integer(1000)), LW_OK);
    uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 0x7001, (lw_coap_token){.len = 0});
    lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, 0);
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str("1"));
    lw_coap_put_uint(&out, LW_COAP_OPT_ACCEPT, LW_CF_SENML_CBOR);
    rig_feed(r, 0, lw_writer_bytes(&w));
    assert_int_equal(r->sent[r->sent_count - 1].msg.code, LW_COAP_INTERNAL_SERVER_ERROR);
    size_t sent = r->sent_count;
    assert_int_equal(lw_tree_set(tree, pmin, lw_value_integer(0)), LW_OK);
    rig_pass(r, 1000);
    assert_int_equal(r->sent_count, sent);
    lw_client_fini(r->client);
}

/* ---- Packages that do not go on ---------------------------------------------------------------
 */

static lw_err package_open(void *ctx)
{
    (void)ctx;
    return LW_OK;
}

static lw_err package_write(void *ctx, size_t offset, lw_bytes octets)
{
    (void)ctx;
    (void)offset;
    (void)octets;
    return LW_OK;
}

static void package_discard(void *ctx)
{
    (void)ctx;
}

#define PACKAGE                                                               \
    {                                                                         \
        .open = package_open, .write = package_write, .finish = package_open, \
        .discard = package_discard                                            \
    }
static const lw_firmware_port firmware_port = {.package = PACKAGE};
static const lw_software_port software_port = {.package = PACKAGE};

static lw_updater updater;
static lw_software_unit unit;

/* Registered, with a firmware /5/0 and a package /9/0. */
static rig *start_with_packages(void)
{
    static const lw_object *const all[] = {&lw_security_minimal_object, &lw_server_minimal_object,
                                           &lw_device_minimal_object,   &lw_firmware_object_1_0,
                                           &lw_software_object,         NULL};
    static const lw_format *const with_opaque[] = {&lw_format_tlv, &lw_format_opaque, NULL};
    static rig r;
    lw_client_cfg cfg = plain;
    cfg.features = with;
    cfg.objects = all;
    cfg.formats = with_opaque;
    rig_init(&r, &cfg);
    rig_add_server(&r, 1, 300);
    lw_tree *tree = lw_client_tree(r.client);
    assert_int_equal(lw_updater_start(&updater, tree, &firmware_port, NULL), LW_OK);
    assert_int_equal(lw_software_start(&unit, tree, 0, &software_port, NULL), LW_OK);
    lw_client_start(r.client, r.now);
    rig_pass(&r, 0);
    rig_answer(&r, 0, LW_COAP_CREATED, "/rd/1");
    return &r;
}

/* A block of 16 octets of a Write to object/0/resource; the code of its answer. */
static uint8_t push(rig *r, const char *object, const char *resource, unsigned format, uint32_t num,
                    bool more)
{
    uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_PUT, r->next_mid++, (lw_coap_token){.len = 0});
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str(object));
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str("0"));
    lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_str(resource));
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, format);
    lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK1, lw_block_of((size_t)num * 16, 0, more));
    lw_coap_put_payload(&out, lw_bytes_str("0123456789abcdef"));
    rig_feed(r, 0, lw_writer_bytes(&w));
    return r->sent[r->sent_count - 1].msg.code;
}

static uint8_t push_firmware(rig *r, unsigned format, uint32_t num, bool more)
{
    return push(r, "5", "0", format, num, more);
}

static uint8_t push_software(rig *r, uint32_t num, bool more)
{
    return push(r, "9", "2", LW_CF_OPAQUE, num, more);
}

static void expect_number(rig *r, lw_path path, int64_t number)
{
    lw_value value;
    assert_int_equal(lw_tree_get(lw_client_tree(r->client), path, &value), LW_OK);
    assert_int_equal(value.as.integer, number);
}

static void expect_firmware(rig *r, int64_t state, int64_t result)
{
    expect_number(r, lw_path_resource(5, 0, 3), state);
    expect_number(r, lw_path_resource(5, 0, 5), result);
}

/* The object is not asked about that block, and yet hears that none follows. */
static void a_package_whose_next_block_is_refused_is_lost(void **state)
{
    (void)state;
    rig *r = start_with_packages();
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 1, true), LW_COAP_CONTINUE);
    expect_firmware(r, 1, 0);
    assert_int_equal(push_firmware(r, LW_CF_TLV, 2, true), LW_COAP_BAD_REQUEST);
    expect_firmware(r, 0, LW_FAULT_CONNECTION);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, 9999, 1, false), LW_COAP_UNSUPPORTED_CONTENT_FORMAT);
    expect_firmware(r, 0, LW_FAULT_CONNECTION);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 1, false), LW_COAP_CHANGED);
    expect_firmware(r, 2, 0);
    lw_client_fini(r->client);
}

static void a_package_that_is_refused_leaves_another_one_alone(void **state)
{
    (void)state;
    rig *r = start_with_packages();
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push(r, "9", "1", LW_CF_OPAQUE, 0, true), LW_COAP_METHOD_NOT_ALLOWED);
    expect_firmware(r, 1, 0);
    lw_client_fini(r->client);
}

static void of_two_packages_each_goes_its_own_way(void **state)
{
    (void)state;
    lw_path software = lw_path_resource(9, 0, 7);
    rig *r = start_with_packages();
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_software(r, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, LW_CF_TLV, 1, true), LW_COAP_BAD_REQUEST);
    expect_firmware(r, 0, LW_FAULT_CONNECTION);
    expect_number(r, software, 1);
    assert_int_equal(push_software(r, 1, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 0, true), LW_COAP_CONTINUE);
    assert_int_equal(push_firmware(r, LW_CF_OPAQUE, 1, false), LW_COAP_CHANGED);
    expect_firmware(r, 2, 0);
    expect_number(r, software, 1);
    rig_pass(r, 300000); /* a body is given up after EXCHANGE_LIFETIME */
    expect_firmware(r, 2, 0);
    expect_number(r, software, 0);
    expect_number(r, lw_path_resource(9, 0, 9), 52);
    lw_client_fini(r->client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_it_a_list_that_fits_is_one_message),
        cmocka_unit_test(without_it_a_longer_list_is_told_and_tried_again),
        cmocka_unit_test(with_it_a_longer_list_goes_in_blocks),
        cmocka_unit_test(without_it_a_body_in_blocks_is_a_bad_option),
        cmocka_unit_test(with_it_a_body_in_blocks_is_put_together),
        cmocka_unit_test(without_it_what_does_not_fit_is_not_observed),
        cmocka_unit_test(a_package_whose_next_block_is_refused_is_lost),
        cmocka_unit_test(a_package_that_is_refused_leaves_another_one_alone),
        cmocka_unit_test(of_two_packages_each_goes_its_own_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
