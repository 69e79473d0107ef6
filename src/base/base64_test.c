#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base64.h"

static void expect_text(lw_base64_kind kind, lw_bytes in, const char *text)
{
    uint8_t buf[512];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_base64_encode(kind, in, &w);
    assert_int_equal(w.err, LW_OK);
    assert_int_equal(w.pos, strlen(text));
    assert_memory_equal(buf, text, w.pos);
    assert_int_equal(lw_base64_encoded_len(kind, in.len), w.pos);
}

static void expect_octets(const char *text, lw_bytes want)
{
    uint8_t out[64];
    size_t len = 99;
    assert_int_equal(lw_base64_decode(lw_bytes_str(text), out, sizeof out, &len), LW_OK);
    assert_int_equal(len, want.len);
    if (len != 0) {
        assert_memory_equal(out, want.ptr, len);
    }
    assert_true(len <= lw_base64_decoded_max(strlen(text)));
}

static void expect_refused(const char *text)
{
    uint8_t out[64];
    size_t len = 99;
    assert_int_equal(lw_base64_decode(lw_bytes_str(text), out, sizeof out, &len), LW_EFORMAT);
    assert_int_equal(len, 0);
}

/* RFC 4648 section 10, formats.md section 3 */
static void vectors_of_the_rfc_go_both_ways(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect_text(LW_BASE64, lw_bytes_str(rows[i][0]), rows[i][1]);
        expect_octets(rows[i][1], lw_bytes_str(rows[i][0]));
    }
}

static void each_alphabet_is_written_in_its_own_way(void **state)
{
    (void)state;
    lw_bytes in = lw_bytes_of("\xFB\xFF\xFE\xFF", 4);
    expect_text(LW_BASE64, in, "+//+/w==");
    expect_text(LW_BASE64_URL, in, "-__-_w");
    expect_text(LW_BASE64_URL, lw_bytes_of("\x01\x02\x03\x04\x05", 5), "AQIDBAU");
}

static void either_alphabet_is_read_with_or_without_padding(void **state)
{
    (void)state;
    lw_bytes want = lw_bytes_of("\xFB\xFF\xFE\xFF", 4);
    expect_octets("+//+/w==", want);
    expect_octets("+//+/w", want);
    expect_octets("-__-_w==", want);
    expect_octets("-__-_w", want);
    expect_octets("-/_+/w", want);
    expect_octets("AQIDBAU", lw_bytes_of("\x01\x02\x03\x04\x05", 5));
}

static void what_no_encoder_writes_is_refused(void **state)
{
    (void)state;
    expect_refused("A");        /* six bits are no octet */
    expect_refused("AAAAA");    /* … */
    expect_refused("=");        /* padding of nothing */
    expect_refused("====");     /* … */
    expect_refused("AA=");      /* padding cut off */
    expect_refused("AAA==");    /* too much of it */
    expect_refused("A===");     /* … */
    expect_refused("AA==AA=="); /* in the middle */
    expect_refused("AA=A");     /* … */
    expect_refused("AB==");     /* trailing bits are not zero */
    expect_refused("AAB=");     /* … */
    expect_refused("AAB");      /* … without padding */
    expect_refused("AA A");     /* a blank */
    expect_refused("AAAA\n");   /* a line break */
    expect_refused("AAA{");     /* beside 'z' */
    expect_refused("AAA\xC3");  /* not ASCII */
    expect_refused("AA.A");     /* … */
}

static void decoding_stops_at_the_end_of_the_buffer(void **state)
{
    (void)state;
    uint8_t out[4];
    size_t len;
    assert_int_equal(lw_base64_decode(lw_bytes_str("AQIDBA"), out, 4, &len), LW_OK);
    assert_int_equal(lw_base64_decode(lw_bytes_str("AQIDBAU"), out, 4, &len), LW_ETOOBIG);
    assert_int_equal(lw_base64_decode(lw_bytes_str(""), NULL, 0, &len), LW_OK);
}

static void decoding_in_place_works(void **state)
{
    (void)state;
    uint8_t text[] = "AQIDBAU=";
    size_t len;
    assert_int_equal(lw_base64_decode(lw_bytes_of(text, 8), text, 8, &len), LW_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(text, "\x01\x02\x03\x04\x05", 5);
}

static void a_window_of_a_long_text_is_the_same_text(void **state)
{
    (void)state;
    uint8_t in[300];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7);
    }
    uint8_t whole[400];
    lw_writer w;
    lw_writer_init(&w, whole, sizeof whole);
    lw_base64_encode(LW_BASE64, lw_bytes_of(in, sizeof in), &w);
    assert_int_equal(w.pos, 400);
    uint8_t part[16];
    lw_writer_init_window(&w, part, sizeof part, 190);
    lw_base64_encode(LW_BASE64, lw_bytes_of(in, sizeof in), &w);
    assert_int_equal(w.pos, 400);
    assert_memory_equal(part, whole + 190, 16);
    uint8_t back[300];
    size_t len;
    assert_int_equal(lw_base64_decode(lw_bytes_of(whole, 400), back, sizeof back, &len), LW_OK);
    assert_int_equal(len, 300);
    assert_memory_equal(back, in, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc_go_both_ways),
        cmocka_unit_test(each_alphabet_is_written_in_its_own_way),
        cmocka_unit_test(either_alphabet_is_read_with_or_without_padding),
        cmocka_unit_test(what_no_encoder_writes_is_refused),
        cmocka_unit_test(decoding_stops_at_the_end_of_the_buffer),
        cmocka_unit_test(decoding_in_place_works),
        cmocka_unit_test(a_window_of_a_long_text_is_the_same_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
