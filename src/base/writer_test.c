#include "testing/lw_test.h"

#include "base/writer.h"

LW_TEST(numbers_are_written_big_endian)
{
    uint8_t buf[32];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_write_u8(&w, 0x01);
    lw_write_u16(&w, 0x0203);
    lw_write_u32(&w, 0x04050607);
    lw_write_u64(&w, 0x08090A0B0C0D0E0F);
    lw_write_uint(&w, 3, 0xFF101112);
    lw_write_uint(&w, 0, 0xFF);
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
                                      "\x10\x11\x12");
}

LW_TEST(a_buffer_can_be_filled_to_its_last_octet)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_write_str(&w, "abc");
    assert_int_equal(lw_writer_room(&w), 1);
    lw_write_u8(&w, 'd');
    assert_ok(w.err);
    assert_int_equal(lw_writer_room(&w), 0);
    assert_bytes(lw_writer_bytes(&w), "abcd");
}

LW_TEST(what_does_not_fit_is_not_written_in_part)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_write_str(&w, "ab");
    lw_write_str(&w, "cde");
    assert_err(w.err, LW_ETOOBIG);
    assert_bytes(lw_writer_bytes(&w), "ab");
    assert_int_equal(lw_writer_room(&w), 0);
}

LW_TEST(a_single_octet_does_not_fit_into_a_full_buffer)
{
    uint8_t buf[1];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_write_u8(&w, 1);
    lw_write_u8(&w, 2);
    assert_err(w.err, LW_ETOOBIG);
}

LW_TEST(nothing_is_written_after_a_failure)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_writer_fail(&w, LW_ERANGE);
    lw_writer_fail(&w, LW_ETYPE);
    lw_write_u8(&w, 1);
    lw_write_str(&w, "ab");
    assert_err(w.err, LW_ERANGE);
    assert_int_equal(lw_writer_bytes(&w).len, 0);
}

LW_TEST(an_empty_slice_needs_no_room_and_no_pointer)
{
    lw_writer w;
    lw_writer_init(&w, NULL, 0);
    lw_write_bytes(&w, lw_bytes_of(NULL, 0));
    lw_write_str(&w, "");
    assert_ok(w.err);
}

LW_TEST(a_window_keeps_its_share_and_counts_the_rest)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init_window(&w, buf, sizeof buf, 3);
    lw_write_str(&w, "ab");
    lw_write_str(&w, "cdefghij");
    lw_write_u8(&w, 'k');
    assert_ok(w.err);
    assert_int_equal(w.pos, 11);
    assert_bytes(lw_writer_bytes(&w), "defg");
    assert_true(lw_writer_room(&w) == SIZE_MAX);
}

LW_TEST(a_window_that_the_text_ends_in_is_shorter)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init_window(&w, buf, sizeof buf, 3);
    lw_write_str(&w, "abcde");
    assert_bytes(lw_writer_bytes(&w), "de");
}

LW_TEST(a_window_behind_the_text_is_empty)
{
    uint8_t buf[4];
    lw_writer w;
    lw_writer_init_window(&w, buf, sizeof buf, 3);
    lw_write_str(&w, "abc");
    assert_int_equal(lw_writer_bytes(&w).len, 0);
}

LW_TEST(windows_put_side_by_side_give_the_whole_text)
{
    static const char text[] = "a long representation, sent in blocks of seven";
    char joined[sizeof text] = "";
    for (size_t from = 0; from < sizeof text - 1; from += 7) {
        uint8_t block[7];
        lw_writer w;
        lw_writer_init_window(&w, block, sizeof block, from);
        /* in pieces that do not line up with the blocks */
        for (size_t i = 0; i < sizeof text - 1; i += 5) {
            size_t left = sizeof text - 1 - i;
            lw_write_bytes(&w, lw_bytes_of(text + i, left < 5 ? left : 5));
        }
        lw_bytes kept = lw_writer_bytes(&w);
        memcpy(joined + from, kept.ptr, kept.len);
    }
    assert_string_equal(joined, text);
}

static uint32_t digest_of(size_t from, const char *first, const char *second)
{
    uint8_t buf[2];
    lw_writer w;
    lw_writer_init_window(&w, buf, sizeof buf, from);
    lw_write_str(&w, first);
    lw_write_str(&w, second);
    return w.digest;
}

LW_TEST(the_digest_covers_everything_whatever_the_window_and_the_pieces)
{
    assert_int_equal(digest_of(0, "abc", "def"), digest_of(4, "a", "bcdef"));
    assert_int_not_equal(digest_of(0, "abc", "def"), digest_of(0, "abc", "deg"));
    /* FNV-1a's published value for "foobar" */
    assert_int_equal(digest_of(0, "foo", "bar"), 0xbf9cf968);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_big_endian),
        cmocka_unit_test(a_buffer_can_be_filled_to_its_last_octet),
        cmocka_unit_test(what_does_not_fit_is_not_written_in_part),
        cmocka_unit_test(a_single_octet_does_not_fit_into_a_full_buffer),
        cmocka_unit_test(nothing_is_written_after_a_failure),
        cmocka_unit_test(an_empty_slice_needs_no_room_and_no_pointer),
        cmocka_unit_test(a_window_keeps_its_share_and_counts_the_rest),
        cmocka_unit_test(a_window_that_the_text_ends_in_is_shorter),
        cmocka_unit_test(a_window_behind_the_text_is_empty),
        cmocka_unit_test(windows_put_side_by_side_give_the_whole_text),
        cmocka_unit_test(the_digest_covers_everything_whatever_the_window_and_the_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
