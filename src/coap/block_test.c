#include "testing/lw_test.h"

#include "coap/block.h"

#include "coap/msg.h"

static lw_block parsed(lw_bytes value)
{
    lw_block b;
    assert_ok(lw_block_parse(value, false, &b));
    return b;
}

static void assert_block(lw_block b, uint32_t num, bool more, size_t size)
{
    assert_int_equal(b.num, num);
    assert_int_equal(b.more, more);
    assert_int_equal(lw_block_size(b.szx), size);
}

#define PARSED(literal) parsed((lw_bytes)LW_BYTES_LIT(literal))

/* FMT section 13 and RFC 7959 section 3 */
LW_TEST(values_of_the_specifications_are_read)
{
    assert_block(PARSED(""), 0, false, 16);
    assert_block(PARSED("\x0a"), 0, true, 64);
    assert_block(PARSED("\x1a"), 1, true, 64);
    assert_block(PARSED("\x72"), 7, false, 64);
    assert_block(PARSED("\x01\x0e"), 16, true, 1024);
    assert_block(PARSED("\x27\xf3"), 639, false, 128);
    assert_block(PARSED("\x01\x00\x0e"), 4096, true, 1024);
    assert_block(PARSED("\xff\xff\xfe"), LW_BLOCK_NUM_MAX, true, 1024);
}

LW_TEST(values_are_written_as_they_are_read)
{
    assert_int_equal(lw_block_value((lw_block){0}), 0);
    assert_int_equal(lw_block_value((lw_block){.num = 639, .szx = 3}), 0x27f3);
    assert_int_equal(lw_block_value((lw_block){.num = 4096, .szx = 6, .more = true}), 0x01000e);
}

LW_TEST(value_of_four_octets_is_refused)
{
    lw_block b;
    assert_err(lw_block_parse((lw_bytes)LW_BYTES_LIT("\x00\x00\x00\x00"), true, &b), LW_EFORMAT);
}

LW_TEST(bert_is_refused_where_it_is_not_allowed)
{
    lw_block b;
    lw_bytes value = LW_BYTES_LIT("\x3f");
    assert_err(lw_block_parse(value, false, &b), LW_EPROTO);
    assert_ok(lw_block_parse(value, true, &b));
    assert_block(b, 3, true, 1024);
    assert_int_equal(lw_block_offset(b), 3072);
}

LW_TEST(block_of_a_message_is_found)
{
    lw_coap_msg msg = {.code = LW_COAP_CONTENT};
    lw_block b;
    assert_false(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK2, &b));
    lw_bytes options = LW_BYTES_LIT("\xd1\x0a\x0b\x41\x1f"); /* Block2 0b, Block1 1f */
    assert_ok(lw_coap_msg_parse_tail(&msg, 0, options));
    assert_true(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK2, &b));
    assert_block(b, 0, true, 128);
    assert_false(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK1, &b)); /* SZX 7 */
}

LW_TEST(largest_size_that_fits_is_chosen)
{
    assert_int_equal(lw_block_szx(0), 0);
    assert_int_equal(lw_block_szx(16), 0);
    assert_int_equal(lw_block_szx(31), 0);
    assert_int_equal(lw_block_szx(32), 1);
    assert_int_equal(lw_block_szx(1023), 5);
    assert_int_equal(lw_block_szx(1024), 6);
    assert_int_equal(lw_block_szx(100000), 6);
}

LW_TEST(offset_and_number_are_each_others_inverse)
{
    lw_block b;
    assert_true(lw_block_at(7 * 64, 2, false, &b));
    assert_block(b, 7, false, 64);
    assert_int_equal(lw_block_offset(b), 7 * 64);
    assert_true(lw_block_at((size_t)LW_BLOCK_NUM_MAX << 10, 6, true, &b));
    assert_int_equal(lw_block_offset(b), (size_t)LW_BLOCK_NUM_MAX << 10);
}

LW_TEST(offset_beyond_the_last_number_is_refused)
{
    lw_block b;
    assert_false(lw_block_at((size_t)1 << 24, 0, true, &b));
    assert_true(lw_block_at(((size_t)1 << 24) - 16, 0, true, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_the_specifications_are_read),
        cmocka_unit_test(values_are_written_as_they_are_read),
        cmocka_unit_test(value_of_four_octets_is_refused),
        cmocka_unit_test(bert_is_refused_where_it_is_not_allowed),
        cmocka_unit_test(block_of_a_message_is_found),
        cmocka_unit_test(largest_size_that_fits_is_chosen),
        cmocka_unit_test(offset_and_number_are_each_others_inverse),
        cmocka_unit_test(offset_beyond_the_last_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
