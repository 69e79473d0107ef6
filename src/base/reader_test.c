#include "testing/lw_test.h"

#include "base/reader.h"

LW_TEST(numbers_are_read_big_endian)
{
    static const lw_bytes in = LW_BYTES_LIT("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D"
                                            "\x0E\x0F\x10\x11\x12");
    lw_reader r;
    lw_reader_init(&r, in);
    assert_int_equal(lw_read_u8(&r), 0x01);
    assert_int_equal(lw_read_u16(&r), 0x0203);
    assert_int_equal(lw_read_u32(&r), 0x04050607);
    assert_true(lw_read_u64(&r) == 0x08090A0B0C0D0E0F);
    assert_int_equal(lw_read_uint(&r, 0), 0);
    assert_int_equal(lw_read_uint(&r, 3), 0x101112);
    assert_ok(r.err);
    assert_true(lw_reader_at_end(&r));
}

LW_TEST(slices_are_views_into_the_input)
{
    static const lw_bytes in = LW_BYTES_LIT("headbodytail");
    lw_reader r;
    lw_reader_init(&r, in);
    assert_bytes(lw_read_bytes(&r, 4), "head");
    lw_bytes body = lw_read_bytes(&r, 4);
    assert_ptr_equal(body.ptr, in.ptr + 4);
    assert_int_equal(lw_reader_left(&r), 4);
    assert_bytes(lw_read_rest(&r), "tail");
    assert_int_equal(lw_read_rest(&r).len, 0);
    assert_ok(r.err);
}

LW_TEST(running_past_the_end_consumes_nothing_and_sticks)
{
    static const lw_bytes in = LW_BYTES_LIT("\x01\x02\x03");
    lw_reader r;
    lw_reader_init(&r, in);
    assert_int_equal(lw_read_u32(&r), 0);
    assert_err(r.err, LW_EFORMAT);
    assert_int_equal(r.pos, 0);
    assert_int_equal(lw_read_u8(&r), 0);
    assert_int_equal(lw_read_rest(&r).len, 0);
    uint8_t untouched = 7;
    lw_read_octets(&r, &untouched, 1);
    assert_int_equal(untouched, 7);
    assert_int_equal(lw_reader_left(&r), 0);
    assert_true(lw_reader_at_end(&r));
}

LW_TEST(a_length_that_would_wrap_is_refused)
{
    static const lw_bytes in = LW_BYTES_LIT("\x01\x02\x03");
    lw_reader r;
    lw_reader_init(&r, in);
    lw_read_u8(&r);
    assert_null(lw_read_bytes(&r, SIZE_MAX).ptr);
    assert_err(r.err, LW_EFORMAT);
}

LW_TEST(one_octet_is_not_read_from_an_empty_input)
{
    lw_reader r;
    lw_reader_init(&r, lw_bytes_of(NULL, 0));
    assert_int_equal(lw_read_u8(&r), 0);
    assert_err(r.err, LW_EFORMAT);
}

LW_TEST(the_first_failure_is_the_one_that_is_told)
{
    lw_reader r;
    lw_reader_init(&r, lw_bytes_str("abc"));
    lw_reader_fail(&r, LW_EDEPTH);
    lw_reader_fail(&r, LW_ETYPE);
    assert_int_equal(lw_read_u8(&r), 0);
    assert_err(r.err, LW_EDEPTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_big_endian),
        cmocka_unit_test(slices_are_views_into_the_input),
        cmocka_unit_test(running_past_the_end_consumes_nothing_and_sticks),
        cmocka_unit_test(a_length_that_would_wrap_is_refused),
        cmocka_unit_test(one_octet_is_not_read_from_an_empty_input),
        cmocka_unit_test(the_first_failure_is_the_one_that_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
