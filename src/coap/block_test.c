#include "testing/lw_test.h"

#include "coap/block.h"

#include "coap/msg.h"

static void assert_block(uint32_t block, size_t offset, bool more, size_t size)
{
    assert_int_equal(lw_block_offset(block), offset);
    assert_int_equal(lw_block_has_more(block), more);
    assert_int_equal(lw_block_size(lw_block_szx(block)), size);
    assert_int_equal(lw_block_is_first(block), offset == 0);
    assert_int_equal(lw_block_of(offset, lw_block_szx(block), more), block);
}

/* FMT section 13 and RFC 7959 section 3 */
LW_TEST(values_of_the_specifications_are_read_and_written)
{
    assert_block(0, 0, false, 16);
    assert_block(0x0a, 0, true, 64);
    assert_block(0x1a, 64, true, 64);
    assert_block(0x72, 7 * 64, false, 64);
    assert_block(0x010e, 16 * 1024, true, 1024);
    assert_block(0x27f3, 639 * 128, false, 128);
    assert_block(0x01000e, 4096 * 1024, true, 1024);
    assert_block(0xfffffe, (size_t)0xfffff << 10, true, 1024);
}

LW_TEST(block_of_a_message_is_found)
{
    lw_coap_msg msg = {.code = LW_COAP_CONTENT};
    uint32_t block;
    assert_false(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK2, &block));
    lw_bytes options = LW_BYTES_LIT("\xd1\x0a\x0b\x41\x1f"); /* Block2 0b, Block1 1f */
    assert_ok(lw_coap_msg_parse_tail(&msg, 0, options));
    assert_true(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK2, &block));
    assert_block(block, 0, true, 128);
    assert_false(lw_block_noted(&msg.noted, LW_COAP_NOTE_BLOCK1, &block)); /* SZX 7 */
}

LW_TEST(a_block_is_as_large_as_there_is_room)
{
    assert_int_equal(lw_block_szx_within(6, 5000), 6);
    assert_int_equal(lw_block_szx_within(6, 1024), 6);
    assert_int_equal(lw_block_szx_within(6, 1023), 5);
    assert_int_equal(lw_block_szx_within(2, 1024), 2);
    assert_int_equal(lw_block_szx_within(6, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_the_specifications_are_read_and_written),
        cmocka_unit_test(block_of_a_message_is_found),
        cmocka_unit_test(a_block_is_as_large_as_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
