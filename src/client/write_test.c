/* Write and the applying of payloads: DM-30..43, FMT-30, MDL-05, MDL-08, BS-26..30; and what fails
 * half-way. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/bootstrap.h"
#include "client/serve_rig_test.h"

/* The request is refused, and the tree is as it was. */
static void refused(rig *r, const char *request, unsigned cf, const char *hex, const char *code)
{
    uint32_t before = tree_digest(r);
    unsigned changes = r->changes;
    int64_t clock = r->clock;
    expect(r, request, cf, NONE, hex, code);
    assert_int_equal(tree_digest(r), before);
    assert_int_equal(r->changes, changes);
    assert_int_equal(r->clock, clock);
    assert_false(r->client.tree.in_transaction);
}

static void add_box(rig *r)
{
    lw_path at;
    assert_ok(lw_tree_add(&r->client.tree, 42769, 0, &at));
    assert_ok(rig_box_set_real(&r->client.tree, 0, 1.5));
    assert_ok(rig_box_set_numbers(&r->client.tree, 0, 1, 11));
}

/* ---- One value ---------------------------------------------------------------------------------
 */

LW_TEST(a_value_is_written_in_every_format)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    expect(r, "PUT /1/0/1", LW_CF_TEXT, NONE, "'61'", "2.04");
    value_is(r, "/1/0/1", "61");
    expect(r, "PUT /1/0/1", LW_CF_CBOR, NONE, "18 3e", "2.04");
    value_is(r, "/1/0/1", "62");
    expect(r, "PUT /1/0/1", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/1/0/1\",\"v\":63}]'", "2.04");
    value_is(r, "/1/0/1", "63");
    expect(r, "PUT /1/0/1", LW_CF_SENML_CBOR, NONE, "81 a2 00 '6/1/0/1' 02 18 40", "4.00");
    expect(r, "PUT /1/0/1", LW_CF_SENML_CBOR, NONE, "81 a2 00 66 '/1/0/1' 02 18 40", "2.04");
    value_is(r, "/1/0/1", "64");
    expect(r, "PUT /1/0/1", LW_CF_TLV, NONE, "c1 01 41", "2.04");
    value_is(r, "/1/0/1", "65");
    expect(r, "PUT /1/0/1", LW_CF_LWM2M_CBOR, NONE, "a1 83 01 00 01 18 42", "2.04");
    value_is(r, "/1/0/1", "66");
    r->servers[0].version = LW_VERSION_1_0;
    expect(r, "PUT /1/0/1", LW_CF_JSON, NONE, "'{\"bn\":\"/1/0/1\",\"e\":[{\"v\":67}]}'", "2.04");
    value_is(r, "/1/0/1", "67");
    assert_int_equal(r->changes, 7);
}

LW_TEST(a_value_of_zero_length_is_a_value)
{
    rig *r = *state;
    expect(r, "PUT /3/0/14", LW_CF_TEXT, NONE, "", "2.04");
    value_is(r, "/3/0/14", "");
    refused(r, "PUT /1/0/1", LW_CF_TEXT, "", "4.00");
    refused(r, "PUT /1/0/1", LW_CF_TLV, "", "4.00"); /* no value at all */
    refused(r, "PUT /1/0/1", LW_CF_SENML_JSON, "'[]'", "4.00");
    refused(r, "PUT /16/0/0/0", LW_CF_SENML_CBOR, "80", "4.00");
}

LW_TEST(values_that_do_not_fit_are_refused)
{
    rig *r = *state;
    add_box(r);
    refused(r, "PUT /1/0/1", LW_CF_TEXT, "'1.5'", "4.00");
    refused(r, "PUT /1/0/6", LW_CF_TEXT, "'true'", "4.00");      /* P-DM-20 */
    refused(r, "PUT /5/0/11", LW_CF_TEXT, "'3'", "4.00");        /* range 0..2 */
    refused(r, "PUT /42769/0/0", LW_CF_TEXT, "'40000'", "4.00"); /* the field has 16 bits */
    refused(r, "PUT /42769/0/1", LW_CF_TLV, "c8 01 08 7f f8 00 00 00 00 00 00", "4.00"); /* NaN */
    refused(r, "PUT /42769/0/1", LW_CF_TLV, "c4 01 7f 80 00 00", "4.00"); /* infinity */
    refused(r, "PUT /42769/0/3", LW_CF_OPAQUE, "'123456789'", "4.13");    /* capacity 8 */
    refused(r, "PUT /3/0/14", LW_CF_TLV, "c1 0e ff", "4.00");             /* not UTF-8 */
    refused(r, "PUT /1/0/1", LW_CF_SENML_CBOR, "81 a2 00 66 '/1/0/1' 03 61 'x'", "4.00");
    refused(r, "PUT /1/0/1", LW_CF_SENML_CBOR, "81 a2 00 66 '/1/0'", "4.00");
}

LW_TEST(names_must_be_those_of_the_target)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    refused(r, "PUT /1/0/1", LW_CF_SENML_JSON, "'[{\"n\":\"/1/0/2\",\"v\":63}]'", "4.00");
    refused(r, "PUT /1/0/1", LW_CF_SENML_JSON, "'[{\"n\":\"/1/1/1\",\"v\":63}]'", "4.00");
    refused(r, "PUT /1/0/1", LW_CF_LWM2M_CBOR, "a1 83 01 00 02 18 42", "4.00");
    refused(r, "POST /1/0", LW_CF_SENML_JSON, "'[{\"n\":\"/3/0/14\",\"vs\":\"x\"}]'", "4.00");
    refused(r, "POST /1/0", LW_CF_SENML_JSON, "'[{\"n\":\"/d01/1/0/1\",\"v\":1}]'", "4.00");
    refused(r, "POST /1/0", LW_CF_TLV, "03 01 c1 01 3c", "4.00"); /* DM-43: wrapper of /1/1 */
}

LW_TEST(a_tlv_wrapper_may_be_there)
{
    rig *r = *state;
    expect(r, "POST /1/0", LW_CF_TLV, NONE, "03 00 c1 01 3c", "2.04"); /* P-DM-07 */
    value_is(r, "/1/0/1", "60");
}

LW_TEST(single_and_multiple_are_not_mixed_up)
{
    rig *r = *state;
    refused(r, "PUT /1/0/1", LW_CF_TLV, "83 01 41 00 3c", "4.00");
    refused(r, "POST /16/0/0", LW_CF_TLV, "c1 00 'x'", "4.00"); /* P-DM-08 */
    refused(r, "POST /16/0", LW_CF_SENML_JSON, "'[{\"n\":\"/16/0/0\",\"vs\":\"x\"}]'", "4.00");
    refused(r, "POST /1/0", LW_CF_SENML_JSON, "'[{\"n\":\"/1/0/1/0\",\"v\":1}]'", "4.00");
}

LW_TEST(links_lead_to_what_is_there)
{
    rig *r = *state;
    expect(r, "PUT /1/0/10", LW_CF_TEXT, NONE, "'16:0'", "2.04"); /* MDL-08 */
    expect(r, "PUT /1/0/10", LW_CF_TEXT, NONE, "'16:65535'", "2.04");
    expect(r, "PUT /1/0/10", LW_CF_TEXT, NONE, "'65535:65535'", "2.04");
    refused(r, "PUT /1/0/10", LW_CF_TEXT, "'16:1'", "4.00");
    refused(r, "PUT /1/0/10", LW_CF_TEXT, "'11:0'", "4.00");
    refused(r, "PUT /1/0/10", LW_CF_TEXT, "'65535:0'", "4.00");
}

LW_TEST(an_unchanged_value_is_no_change)
{
    rig *r = *state;
    expect(r, "PUT /1/0/1", LW_CF_TEXT, NONE, "'86400'", "2.04"); /* REG-34 */
    assert_int_equal(r->changes, 0);
}

LW_TEST(an_optional_resource_is_made_by_its_first_write)
{
    rig *r = *state;
    expect_plain(r, "GET /1/0/5", "4.04");
    expect(r, "PUT /1/0/5", LW_CF_TEXT, NONE, "'60'", "2.04");
    value_is(r, "/1/0/5", "60");
}

/* ---- Instances ---------------------------------------------------------------------------------
 */

LW_TEST(the_published_instance_payloads_are_taken)
{
    rig *r = *state;
    expect(r, "POST /1/0", LW_CF_TLV, NONE, "C1 02 65 C2 03 03 F2 C2 05 07 D0 C1 06 01 C1 07 55",
           "2.04"); /* formats.md 5.3 */
    value_is(r, "/1/0/2", "101");
    value_is(r, "/1/0/3", "1010");
    value_is(r, "/1/0/5", "2000");
    expect(r, "POST /3/0", LW_CF_TLV, NONE,
           "C4 0D 51 82 42 8F C6 0E 2B 30 32 3A 30 30 C8 0F 0C 45 75 72 6F 70 65 2F 50 61 72 69 73",
           "2.04");
    value_is(r, "/3/0/15", "Europe/Paris");
    value_is(r, "/3/0/13", "1367491215");
    expect(r, "POST /1/0", LW_CF_SENML_JSON, NONE,
           "'[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":300},{\"n\":\"6\",\"vb\":true}]'", "2.04");
    value_is(r, "/1/0/1", "300");
}

LW_TEST(a_partial_update_removes_nothing)
{
    rig *r = *state;
    expect(r, "PUT /1/0/2", LW_CF_TEXT, NONE, "'10'", "2.04");
    expect(r, "POST /1/0", LW_CF_TLV, NONE, "c1 01 3c", "2.04"); /* DM-32 */
    value_is(r, "/1/0/1", "60");
    value_is(r, "/1/0/2", "10");
    value_is(r, "/1/0/7", "U");
    expect(r, "POST /16/0", LW_CF_TLV, NONE, "84 00 41 01 'x'", "4.00"); /* lengths are wrong */
    expect(r, "POST /16/0", LW_CF_TLV, NONE, "86 00 41 01 'x' 41 00 'y'", "2.04");
    value_is(r, "/16/0/0/0", "y");
    value_is(r, "/16/0/0/1", "x");
    value_is(r, "/16/0/0/2", "model");
}

LW_TEST(a_replace_removes_what_is_optional_and_not_given)
{
    rig *r = *state;
    expect(r, "PUT /1/0/2", LW_CF_TEXT, NONE, "'10'", "2.04");
    expect(r, "PUT /1/0/3", LW_CF_TEXT, NONE, "'60'", "2.04");
    expect(r, "PUT /1/0", LW_CF_TLV, NONE, "c1 01 3c c1 03 3d c1 06 00 c1 07 'U'", "2.04");
    value_is(r, "/1/0/0", "101"); /* DM-31: read-only stays */
    value_is(r, "/1/0/1", "60");
    value_is(r, "/1/0/2", "-"); /* P-DM-04 */
    value_is(r, "/1/0/3", "61");
    value_is(r, "/1/0/6", "0");
}

LW_TEST(a_replace_brings_every_mandatory_resource)
{
    rig *r = *state;
    refused(r, "PUT /1/0", LW_CF_TLV, "c1 01 3c c1 06 00", "4.00"); /* P-DM-02: 7 is missing */
    refused(r, "PUT /1/0", LW_CF_TLV, "", "4.00");
    expect(r, "PUT /3/0", LW_CF_TLV, NONE, "", "2.04"); /* /3 has none that are writable */
    value_is(r, "/3/0/14", "-");
    value_is(r, "/3/0/13", "1367491215"); /* the device's own stays */
}

LW_TEST(what_is_not_writable_refuses_all)
{
    rig *r = *state;
    refused(r, "POST /3/0", LW_CF_TLV, "c6 0e '+01:00' c1 09 32", "4.05"); /* DM-36, P-DM-03 */
    refused(r, "PUT /1/0", LW_CF_TLV, "c1 00 65 c1 01 3c c1 06 00 c1 07 'U'", "4.05");
    refused(r, "POST /3/0", LW_CF_TLV, "c0 04", "4.05");
}

LW_TEST(unknown_optional_resources_are_ignored)
{
    rig *r = *state;
    expect(r, "POST /1/0", LW_CF_TLV, NONE, "e1 03 e7 01 c1 01 3c", "2.04"); /* unknown to all */
    value_is(r, "/1/0/1", "60");
    expect(r, "POST /1/0", LW_CF_TLV, NONE, "c1 16 01 c1 01 3d", "2.04"); /* not on this device */
    value_is(r, "/1/0/1", "61");
}

LW_TEST(unknown_mandatory_resources_are_refused)
{
    rig *r = *state;
    add_box(r);
    refused(r, "POST /42769/0", LW_CF_TLV, "c1 00 01 c1 07 'x'", "4.00");
}

LW_TEST(duplicates_are_refused)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    refused(r, "POST /1/0", LW_CF_TLV, "c1 01 3c c1 02 01 c1 01 3d", "4.00"); /* FMT-30 */
    refused(r, "POST /1/0", LW_CF_SENML_JSON,
            "'[{\"n\":\"/1/0/1\",\"v\":1},{\"n\":\"/1/0/2\",\"v\":1},{\"n\":\"/1/0/1\",\"v\":2}]'",
            "4.00");
    refused(r, "POST /1/0", LW_CF_LWM2M_CBOR, "a2 82 01 00 a2 01 05 02 05 83 01 00 01 06", "4.00");
}

typedef struct asked {
    lw_tree *tree;
    unsigned count;
} asked;

static lw_type count_type(void *ctx, lw_path path)
{
    asked *a = ctx;
    a->count++;
    return lw_tree_type_of(a->tree, path);
}

/* Looking for duplicates reads what came before as often as there are values. */
LW_TEST(types_are_looked_up_once_a_value_and_pass)
{
    rig *r = *state;
    static const lw_apply_rules rules = {.check = lw_apply_check_link};
    asked types = {.tree = &r->client.tree};
    uint8_t payload[32];
    lw_apply apply = {
        .client = &r->client,
        .rules = &rules,
        .decoder = {.format = &lw_format_tlv,
                    .cfg = {.base = lw_path_instance(1, 0),
                            .type_of = count_type,
                            .type_ctx = &types}},
    };
    lw_bytes four = lw_bytes_of(payload, rig_hex("c1 01 3c c1 02 01 c1 03 05 c1 05 07", payload));
    lw_decoder_feed(&apply.decoder, four, true);
    assert_ok(lw_apply_as_whole(&apply));
    value_is(r, "/1/0/5", "7");
    assert_int_equal(types.count, 3 * 4);
}

LW_TEST(many_values_are_not_taken_for_duplicates)
{
    rig *r = *state;
    expect(r, "POST /1/0", LW_CF_TLV, NONE,
           "c1 01 3c c1 02 01 c1 03 01 c1 05 01 c1 06 01 c1 07 'U' c4 0a 00 10 00 00 c1 17 01 "
           "c1 18 00 c1 19 00 c1 1a 00 c1 1b 00 c1 1c 00 c1 1d 00 c1 1e 00 c1 1f 00 c1 20 00 "
           "c1 21 00 c1 22 00 c1 23 00 c1 24 00 c1 25 00 c1 26 00 c1 27 00 c1 28 00 c1 29 00 "
           "c1 2a 00 c1 2b 00 c1 2c 00 c1 2d 00 c1 2e 00 c1 2f 00 e1 01 25 00 e1 02 01 00",
           "2.04");
    value_is(r, "/1/0/10", "16:0");
}

LW_TEST(looking_for_duplicates_spoils_no_value)
{
    rig *r = *state;
    expect(r, "POST /16/0", LW_CF_SENML_JSON, NONE, /* instances whose digests are the same */
           "'[{\"n\":\"/16/0/0/1\",\"vs\":\"a\\nb\"},{\"n\":\"/16/0/0/257\",\"vs\":\"c\\nd\"}]'",
           "2.04");
    value_is(r, "/16/0/0/1", "a\nb");
    value_is(r, "/16/0/0/257", "c\nd");
}

/* ---- Multiple resources ------------------------------------------------------------------------
 */

LW_TEST(put_replaces_an_array_and_post_merges_into_it)
{
    rig *r = *state;
    expect(r, "POST /16/0/0", LW_CF_TLV, NONE, "83 00 41 01 'b'", "2.04"); /* DM-33 */
    value_is(r, "/16/0/0/0", "host");
    value_is(r, "/16/0/0/1", "b");
    expect(r, "PUT /16/0/0", LW_CF_TLV, NONE, "83 00 41 03 63", "2.04");
    value_is(r, "/16/0/0/0", "-");
    value_is(r, "/16/0/0/3", "c");
    expect(r, "PUT /16/0/0", LW_CF_SENML_JSON, NONE,
           "'[{\"bn\":\"/16/0/0/\",\"n\":\"1\",\"vs\":\"d\"},{\"n\":\"2\",\"vs\":\"e\"}]'", "2.04");
    value_is(r, "/16/0/0/3", "-");
    value_is(r, "/16/0/0/2", "e");
    expect(r, "PUT /16/0/0", LW_CF_TLV, NONE, "80 00", "2.04");
    value_is(r, "/16/0/0/2", "-");
    assert_true(lw_tree_exists(&r->client.tree, lw_path_resource(16, 0, 0)));
}

LW_TEST(an_empty_array_is_made_or_merged)
{
    rig *r = *state;
    lw_path at, numbers = lw_path_resource(42769, 0, 4);
    assert_ok(lw_tree_add(&r->client.tree, 42769, 0, &at));
    expect(r, "POST /42769/0", LW_CF_TLV, NONE, "80 04", "2.04");
    assert_true(lw_tree_exists(&r->client.tree, numbers));
    expect(r, "POST /42769/0", LW_CF_TLV, NONE, "83 04 41 00 05", "2.04");
    expect(r, "POST /42769/0", LW_CF_TLV, NONE, "80 04", "2.04"); /* adds nothing, takes nothing */
    value_is(r, "/42769/0/4/0", "5");
}

LW_TEST(an_array_that_is_full_refuses_all)
{
    rig *r = *state;
    add_box(r);
    refused(r, "PUT /42769/0/4", LW_CF_TLV, "88 04 0c 41 00 01 41 01 02 41 02 03 41 03 04", "5.00");
}

LW_TEST(a_resource_instance_is_overwritten)
{
    rig *r = *state;
    expect(r, "PUT /16/0/0/2", LW_CF_TEXT, NONE, "'z'", "2.04");
    value_is(r, "/16/0/0/2", "z");
    value_is(r, "/16/0/0/0", "host");
    expect(r, "PUT /16/0/0/2", LW_CF_TLV, NONE, "83 00 41 02 79", "2.04");
    value_is(r, "/16/0/0/2", "y");
    refused(r, "PUT /16/0/0/2", LW_CF_TLV, "83 00 41 00 78", "4.00");
}

/* ---- All or nothing ----------------------------------------------------------------------------
 */

LW_TEST(a_failure_at_the_end_undoes_the_start)
{
    rig *r = *state;
    refused(r, "POST /1/0", LW_CF_TLV, "c1 01 3c c1 02 01 c1 06 02", "4.00"); /* DM-39 */
    refused(r, "POST /3/0", LW_CF_TLV, "c1 0d 05 c6 0e '+01:00' c1 10 'UQ'", "4.00");
    refused(r, "POST /3/0", LW_CF_TLV, "c1 0d 05 c1 0e ff", "4.00"); /* the clock is not set */
}

LW_TEST(a_device_may_refuse_what_was_written)
{
    rig *r = *state;
    r->validate_result = LW_EINVAL;
    refused(r, "POST /1/0", LW_CF_TLV, "c1 01 3c", "4.00");
    r->validate_result = LW_OK;
    r->write_result = LW_EDENIED;
    refused(r, "POST /3/0", LW_CF_TLV, "c1 0d 05 c6 0e '+01:00'", "4.01");
}

LW_TEST(a_computed_value_is_written_by_the_device)
{
    rig *r = *state;
    expect(r, "PUT /3/0/13", LW_CF_TEXT, NONE, "'5'", "2.04");
    assert_int_equal(r->clock, 5);
    expect(r, "POST /3/0", LW_CF_TLV, NONE, "c1 0d 06 c6 0e '+01:00'", "2.04");
    assert_int_equal(r->clock, 6);
    value_is(r, "/3/0/14", "+01:00");
}

LW_TEST(while_a_transaction_is_open_the_answer_is_5_03)
{
    rig *r = *state;
    assert_ok(lw_tree_begin(&r->client.tree));
    expect(r, "PUT /1/0/1", LW_CF_TEXT, NONE, "'61'", "5.03");
    expect(r, "POST /16", LW_CF_TLV, NONE, "04 01 82 00 40 00", "5.03");
    expect_plain(r, "DELETE /16/0", "5.03");
    lw_tree_rollback(&r->client.tree);
    value_is(r, "/1/0/1", "86400");
}

/* The first allocation of a request fails, then the second, …: until it is done the tree is as it
 * was. */
static void without_memory(rig *r, const char *request, unsigned cf, const char *hex)
{
    uint32_t before = tree_digest(r);
    for (size_t n = 1; n < 20; n++) {
        r->memory.count = 0;
        r->memory.fail_at = n;
        ask(r, request, cf, NONE, hex);
        r->memory.fail_at = 0;
        assert_false(r->client.tree.in_transaction);
        if (r->code[0] == '2') {
            return;
        }
        assert_true(r->memory.count >= n); /* it was for want of memory */
        assert_int_equal(tree_digest(r), before);
    }
    fail();
}

LW_TEST(without_memory_nothing_is_half_done)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    without_memory(r, "PUT /1/0", LW_CF_TLV, "c1 01 3c c1 06 00 c1 07 'U'");
    without_memory(r, "POST /3/0", LW_CF_TLV, "c1 0d 06 c6 0e '+01:00'");
    without_memory(r, "PUT /16/0/0", LW_CF_TLV, "83 00 41 03 63");
    without_memory(r, "iPATCH /", LW_CF_SENML_JSON,
                   "'[{\"n\":\"/1/0/1\",\"v\":61},{\"n\":\"/16/0/0/0\",\"vs\":\"aa\"}]'");
    without_memory(r, "DELETE /16/0/0/3", NONE, "");
    without_memory(r, "POST /16", LW_CF_TLV, "04 01 82 00 40 00 04 02 82 00 40 00");
    without_memory(r, "DELETE /16/1", NONE, "");
    without_memory(r, "GET /3", NONE, "");
    without_memory(r, "FETCH /", LW_CF_SENML_JSON, "'[{\"n\":\"/\"}]'");
    without_memory(r, "POST /3/0/4", NONE, "");
}

/* Every octet of a payload with every bit turned: refused without a trace, or done. */
static void mutate(rig *r, const char *request, unsigned cf, const char *hex)
{
    uint8_t payload[256];
    size_t len = rig_hex(hex, payload);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rig_ask a = {.request = request, .cf = cf, .accept = NONE};
        a.payload = lw_bytes_of(payload, len);
        uint32_t before = tree_digest(r);
        unsigned changes = r->changes;
        rig_do(r, &a);
        assert_true(r->answered);
        assert_false(r->client.tree.in_transaction);
        if (r->code[0] != '2') {
            assert_int_equal(tree_digest(r), before);
            assert_int_equal(r->changes, changes);
        }
        payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

LW_TEST(mutated_payloads_are_refused_without_a_trace_or_done)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    mutate(r, "PUT /1/0", LW_CF_TLV, "c1 01 3c c1 02 01 c1 06 00 c1 07 'U'");
    mutate(r, "POST /16/0", LW_CF_TLV, "86 00 41 01 'x' 41 00 'y'");
    mutate(r, "POST /1/0", LW_CF_SENML_JSON,
           "'[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":300},{\"n\":\"6\",\"vb\":true}]'");
    mutate(r, "POST /1/0", LW_CF_SENML_CBOR,
           "82 a3 21 65 '/1/0/' 00 61 '1' 02 18 3c "
           "a2 00 61 '6' 04 f5");
    mutate(r, "POST /1/0", LW_CF_LWM2M_CBOR, "a1 82 01 00 a3 01 18 3c 06 f5 07 61 'U'");
    mutate(r, "PUT /1/0/1", LW_CF_TEXT, "'86400'");
    mutate(r, "POST /42769", LW_CF_TLV, "06 05 c1 00 05 c1 05 'x'");
    mutate(r, "iPATCH /", LW_CF_ETCH_CBOR,
           "82 a2 00 66 '/1/0/1' 02 19 01 2c "
           "a2 00 69 '/16/0/0/2' 02 f6");
}

/* ---- Blocks ------------------------------------------------------------------------------------
 */

static const char *block(rig *r, const char *request, unsigned cf, uint32_t num, bool more,
                         const uint8_t *payload, size_t len)
{
    rig_ask a = {.request = request, .cf = cf, .accept = NONE, .has_block = true};
    a.block = lw_block_of((size_t)num * 64, 2, more);
    a.payload = lw_bytes_of(payload, len);
    return rig_do(r, &a);
}

static const uint8_t package[200] = {1, 2, 3, [100] = 4, [199] = 5};

LW_TEST(a_package_is_passed_on_block_by_block)
{
    rig *r = *state;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 0, true, package, 64), "2.31");
    assert_int_equal(r->package_len, 64);
    assert_false(r->package_ended);
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 1, true, package + 64, 64), "2.31");
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 2, true, package + 128, 64), "2.31");
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 3, false, package + 192, 8), "2.04");
    assert_true(r->package_ended);
    assert_int_equal(r->parts, 4);
    assert_int_equal(r->package_len, sizeof package);
    assert_memory_equal(r->package, package, sizeof package);
}

LW_TEST(a_small_package_comes_in_one_piece)
{
    rig *r = *state;
    expect(r, "PUT /5/0/0", LW_CF_OPAQUE, NONE, "00", "2.04"); /* reset */
    assert_true(r->package_ended);
    assert_int_equal(r->package_len, 1);
    expect(r, "PUT /5/0/0", LW_CF_TLV, NONE, "c1 00 00", "2.04");
    assert_int_equal(r->parts, 2);
    expect(r, "PUT /5/0/0", LW_CF_OPAQUE, NONE, "", "2.04");
    assert_int_equal(r->package_len, 0);
}

LW_TEST(a_package_may_be_refused_at_any_block)
{
    rig *r = *state;
    r->write_result = LW_ETOOBIG;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 0, true, package, 64), "4.13");
    r->write_result = LW_OK;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 0, true, package, 64), "2.31");
    r->write_result = LW_EIO;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 1, true, package + 64, 64), "5.00");
    r->write_result = LW_OK;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 2, true, package + 128, 64), "4.08");
}

LW_TEST(what_would_be_refused_is_refused_at_the_first_block)
{
    rig *r = *state;
    assert_string_equal(block(r, "PUT /3/1/14", LW_CF_TEXT, 0, true, package, 64), "4.04");
    assert_string_equal(block(r, "PUT /5/0/0", 9999, 0, true, package, 64), "4.15");
    r->servers[0].registered = false;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 0, true, package, 64), "");
    assert_int_equal(r->parts, 0);
    assert_int_equal(r->bodies.count, 0);
}

LW_TEST(a_package_does_not_change_its_format_on_the_way)
{
    rig *r = *state;
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_OPAQUE, 0, true, package, 64), "2.31");
    assert_string_equal(block(r, "PUT /5/0/0", LW_CF_TLV, 1, false, package + 64, 64), "4.00");
    assert_int_equal(r->streams_gone, 1);
}

LW_TEST(other_bodies_are_assembled_first)
{
    rig *r = *state;
    uint8_t payload[80] = {0xC6, 0x0E, '+', '0', '1', ':', '0', '0'};
    for (size_t i = 8; i < sizeof payload; i += 3) { /* unknown resources */
        payload[i] = 0xC1;
        payload[i + 1] = (uint8_t)(100 + i);
    }
    assert_string_equal(block(r, "POST /3/0", LW_CF_TLV, 0, true, payload, 64), "2.31");
    value_is(r, "/3/0/14", "+02:00"); /* P-DM-29 */
    assert_string_equal(block(r, "POST /3/0", LW_CF_TLV, 1, false, payload + 64, 16), "2.04");
    value_is(r, "/3/0/14", "+01:00");
}

/* ---- What a bootstrap writes -------------------------------------------------------------------
 */

static lw_err bootstrap(rig *r, lw_path base, const char *hex)
{
    uint8_t payload[256], scratch[64];
    lw_apply apply = {
        .client = &r->client,
        .decoder = {.format = &lw_format_tlv,
                    .cfg = {.base = base,
                            .type_ctx = &r->client.tree,
                            .scratch = scratch,
                            .scratch_len = sizeof scratch}},
    };
    lw_decoder_feed(&apply.decoder, lw_bytes_of(payload, rig_hex(hex, payload)), true);
    lw_err err = lw_tree_begin(&r->client.tree);
    return err == LW_OK ? lw_tree_end(&r->client.tree, lw_bs_apply(&apply)) : err;
}

LW_TEST(a_bootstrap_writes_what_no_server_may)
{
    rig *r = *state;
    assert_ok(bootstrap(r, lw_path_resource(1, 0, 0), "c1 00 07")); /* BS-26: read-only */
    value_is(r, "/1/0/0", "7");
    assert_ok(bootstrap(r, lw_path_instance(0, 0), "c4 00 'coap' c1 01 01"));
    value_is(r, "/0/0/0", "coap");
    assert_ok(bootstrap(r, lw_path_resource(1, 0, 10), "c4 0a 00 0b 00 00")); /* MDL-08: dangling */
}

LW_TEST(a_bootstrap_makes_instances_and_replaces_them)
{
    rig *r = *state;
    assert_ok(bootstrap(r, lw_path_instance(1, 0), "c1 00 07 c1 01 3c")); /* BS-27 */
    value_is(r, "/1/0/1", "60");
    value_is(r, "/1/0/7", "");
    assert_ok(bootstrap(r, lw_path_instance(0, 4), "c1 01 01"));
    value_is(r, "/0/4/1", "1");
    assert_ok(bootstrap(r, lw_path_instance(16, 2), ""));
    assert_true(lw_tree_exists(&r->client.tree, lw_path_instance(16, 2)));
    assert_ok(bootstrap(r, lw_path_object(16), "04 01 82 00 40 00 04 03 82 00 40 00"));
    assert_true(lw_tree_exists(&r->client.tree, lw_path_instance(16, 1)));
    assert_true(lw_tree_exists(&r->client.tree, lw_path_instance(16, 3)));
    assert_true(lw_tree_exists(&r->client.tree, lw_path_instance(16, 0))); /* others stay */
}

LW_TEST(a_bootstrap_ignores_executables_and_refuses_the_unknown)
{
    rig *r = *state;
    assert_ok(bootstrap(r, lw_path_instance(1, 0), "c0 08 c1 00 07 c1 63 01")); /* BS-28, BS-29 */
    assert_err(bootstrap(r, lw_path_resource(1, 0, 99), "c1 63 01"), LW_EINVAL);
    assert_err(bootstrap(r, lw_path_instance(42769, 0), "c1 07 'x'"), LW_EINVAL); /* BS-30 */
    assert_err(bootstrap(r, lw_path_instance(99, 0), "c1 07 'x'"), LW_ENOTFOUND);
    assert_err(bootstrap(r, lw_path_instance(1, 0), "c1 00 00"), LW_ERANGE);
    assert_false(lw_tree_exists(&r->client.tree, lw_path_instance(42769, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_value_is_written_in_every_format),
        T(a_value_of_zero_length_is_a_value),
        T(values_that_do_not_fit_are_refused),
        T(names_must_be_those_of_the_target),
        T(a_tlv_wrapper_may_be_there),
        T(single_and_multiple_are_not_mixed_up),
        T(links_lead_to_what_is_there),
        T(an_unchanged_value_is_no_change),
        T(an_optional_resource_is_made_by_its_first_write),
        T(the_published_instance_payloads_are_taken),
        T(a_partial_update_removes_nothing),
        T(a_replace_removes_what_is_optional_and_not_given),
        T(a_replace_brings_every_mandatory_resource),
        T(what_is_not_writable_refuses_all),
        T(unknown_optional_resources_are_ignored),
        T(unknown_mandatory_resources_are_refused),
        T(duplicates_are_refused),
        T(types_are_looked_up_once_a_value_and_pass),
        T(many_values_are_not_taken_for_duplicates),
        T(looking_for_duplicates_spoils_no_value),
        T(put_replaces_an_array_and_post_merges_into_it),
        T(an_empty_array_is_made_or_merged),
        T(an_array_that_is_full_refuses_all),
        T(a_resource_instance_is_overwritten),
        T(a_failure_at_the_end_undoes_the_start),
        T(a_device_may_refuse_what_was_written),
        T(a_computed_value_is_written_by_the_device),
        T(while_a_transaction_is_open_the_answer_is_5_03),
        T(without_memory_nothing_is_half_done),
        T(mutated_payloads_are_refused_without_a_trace_or_done),
        T(a_package_is_passed_on_block_by_block),
        T(a_small_package_comes_in_one_piece),
        T(a_package_may_be_refused_at_any_block),
        T(what_would_be_refused_is_refused_at_the_first_block),
        T(a_package_does_not_change_its_format_on_the_way),
        T(other_bodies_are_assembled_first),
        T(a_bootstrap_writes_what_no_server_may),
        T(a_bootstrap_makes_instances_and_replaces_them),
        T(a_bootstrap_ignores_executables_and_refuses_the_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
