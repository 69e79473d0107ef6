/* Vectors: RFC 6690 section 2; LwM2M 1.0-1.2 as in formats.md sections 11 and 12 (the rows of the
 * link-format table, in their order, each named by what it shows). */
#include "codec/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/path_text.h"
#include "model/attr.h"
#include "testing/lw_test.h"

static const char *const rows[] = {
    "</1/0>,</3/0>,</5>",
    "</>;ct=\"110 112 60\",</1/0>,</1/1>,</2/0>,</3/0>,</4/0>,</5>",
    "</>;ct=110,</1/0>,</3/0>",
    "</>;ct=11543,</1/0>,</3/0>",
    "</lwm2m>;rt=\"oma.lwm2m\",</lwm2m/1/0>,</lwm2m/3/0>",
    "</>;rt=\"oma.lwm2m\";ct=11544,</1/0>,</3/0>",
    "</55>;ver=1.9,</55/0>,</55/1>",
    "</55/0>;ver=1.9",
    "</10>;ver=1.1",
    "</1/0>,</3/0>,</25>;ver=2.0,</25/0>,</25/1>",
    "</3>;pmin=10,</3/0>,</3/0/0>,</3/0/1>,</3/0/6>;dim=2,</3/0/9>;gt=50",
    "</3/0>;pmin=10,</3/0/0>",
    "</3/0/7>;dim=2;pmin=10;gt=50;lt=42.2,</3/0/7/0>,</3/0/7/1>;lt=45",
    "</16>",
    "</3/0/9>;pmin=5;edge=1;con=1;hqmax=20",
    "</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://server_1.example.com\",</0/1>,</1/0>;ssid=101,"
    "</3/0>,</5>,</4>",
    "</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coap://a.example\",</0/1>,</21/0>;ssid=101,</21/1>,"
    "</1/0>;ssid=101,</3/0>",
    "</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://a.example\",</0/1>,"
    "</0/2>;ssid=102;uri=\"coaps://b.example\"",
    "</0/0>",
    "</0/2>,</21/0>",
    "</3/0>,</3303>;ver=1.1,</3303/0>",
    /* Quoting: commas, semicolons and quoted pairs inside a value. */
    "</0/0>;uri=\"a,b;c<d>\\\"e\\\\\",</1>",
    "",
};
#define ROWS (sizeof rows / sizeof rows[0])

/* No device writes an alternate path, but some have one. */
static void put(lw_link_out *out, lw_bytes prefix, lw_path path)
{
    if (prefix.len == 0) {
        lw_link_put(out, &path);
        return;
    }
    lw_write_str(out->w, out->begun ? ",</" : "</");
    lw_write_bytes(out->w, prefix);
    if (lw_path_depth(path) > 0) {
        lw_write_path(out->w, path);
    }
    lw_write_u8(out->w, '>');
    out->begun = true;
}

/* Reads a list and writes it again in the canonical form; returns what the reader said last. */
static lw_err rewrite(lw_bytes in, char *out, size_t cap, size_t *out_len)
{
    lw_writer w;
    lw_writer_init(&w, (uint8_t *)out, cap);
    lw_link_out links;
    lw_link_begin(&links, &w);
    lw_link_reader r;
    lw_link_reader_init(&r, in);
    lw_corelink link;
    lw_err err;
    while ((err = lw_link_next(&r, &link)) == LW_OK) {
        lw_bytes prefix;
        lw_path path;
        if (lw_link_target_split(link.target, &prefix, &path) != LW_OK) {
            return LW_EFORMAT;
        }
        put(&links, prefix, path);
        lw_link_attr attr;
        while (lw_link_attr_next(&link.attrs, &attr)) {
            char name[32];
            snprintf(name, sizeof name, "%.*s", (int)attr.name.len, (const char *)attr.name.ptr);
            uint8_t scratch[64];
            lw_bytes text;
            if (lw_link_attr_text(&attr, scratch, sizeof scratch, &text) != LW_OK) {
                return LW_ETOOBIG;
            }
            bool is_list = text.len > 0 && memchr(text.ptr, ' ', text.len) != NULL;
            if (is_list || lw_bytes_is(attr.name, "rt") || lw_bytes_is(attr.name, "uri")) {
                lw_link_put_quoted(&links, name, &text);
            } else {
                lw_link_put_attr(&links, name, text);
            }
        }
    }
    assert_int_equal(w.err, LW_OK);
    *out_len = lw_writer_bytes(&w).len;
    return err;
}

static void expect_rewritten(const char *in, const char *expected)
{
    char out[512];
    size_t len = 0;
    assert_int_equal(rewrite(lw_bytes_str(in), out, sizeof out, &len), LW_END);
    assert_true(lw_bytes_is(lw_bytes_of(out, len), expected));
}

LW_TEST(every_row_of_the_table_is_read_and_written_again)
{
    for (size_t i = 0; i < ROWS; i++) {
        print_message("row %zu: %s\n", i, rows[i]);
        expect_rewritten(rows[i], rows[i]);
    }
}

LW_TEST(a_windowed_writer_yields_the_list_block_by_block)
{
    uint8_t block[16];
    char whole[128] = "";
    size_t len = 0;
    for (size_t from = 0; from < 48; from += sizeof block) {
        lw_writer w;
        lw_writer_init_window(&w, block, sizeof block, from);
        lw_link_out out;
        lw_link_begin(&out, &w);
        lw_link_put(&out, &(lw_path){0});
        lw_bytes ct = LW_BYTES_LIT("110 112");
        lw_link_put_quoted(&out, "ct", &ct);
        lw_link_put(&out, (lw_path[]){lw_path_instance(65535, 0)});
        lw_link_put_u16(&out, "ssid", 101);
        lw_bytes kept = lw_writer_bytes(&w);
        memcpy(whole + len, kept.ptr, kept.len);
        len += kept.len;
    }
    assert_string_equal(whole, "</>;ct=\"110 112\",</65535/0>;ssid=101");
}

/* The examples of DM-21 and DM-22: the server set /3?pmin=10&pmax=60, /3/0/7?gt=50&lt=42.2. */
LW_TEST(dm_22_notification_attributes_go_both_ways)
{
    lw_attrs attrs = {.pmin = 10, .pmax = 60, .gt = 50, .lt = 42.2};
    attrs.has = LW_ATTR_BIT(LW_ATTR_PMIN) | LW_ATTR_BIT(LW_ATTR_PMAX) | LW_ATTR_BIT(LW_ATTR_GT) |
                LW_ATTR_BIT(LW_ATTR_LT);
    uint8_t text[128];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_link_out out;
    lw_link_begin(&out, &w);
    lw_link_put(&out, (lw_path[]){lw_path_resource(3, 0, 7)});
    lw_link_put_u16(&out, "dim", 2);
    lw_attrs_write_link(out.w, &attrs, &lw_attr_all);
    lw_link_put(&out, (lw_path[]){lw_path_resource_instance(3, 0, 7, 0)});
    assert_bytes(lw_writer_bytes(&w), "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2,</3/0/7/0>");

    lw_link_reader r;
    lw_link_reader_init(&r, lw_writer_bytes(&w));
    lw_corelink link;
    assert_ok(lw_link_next(&r, &link));
    lw_attrs_change read = {.level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
    lw_link_attr attr;
    while (lw_link_attr_next(&link.attrs, &attr)) {
        lw_err err = lw_attrs_take(&read, attr.name, attr.value);
        assert_err(err, lw_bytes_is(attr.name, "dim") ? LW_ENOTFOUND : LW_OK);
    }
    assert_int_equal(read.attrs.has, attrs.has);
    assert_true(read.attrs.pmax == 60 && read.attrs.lt == 42.2);
}

static lw_err read_all(const char *text, unsigned *out_count)
{
    lw_link_reader r;
    lw_link_reader_init(&r, lw_bytes_str(text));
    lw_corelink link;
    *out_count = 0;
    lw_err err;
    while ((err = lw_link_next(&r, &link)) == LW_OK) {
        (*out_count)++;
    }
    assert_int_equal(lw_link_next(&r, &link), err); /* the end and failures are sticky */
    return err;
}

LW_TEST(blanks_quotes_and_trailing_slashes_are_tolerated)
{
    /* REG-25, P-BS-15, P-REG-13; formats.md section 12, Bootstrap-Discover */
    expect_rewritten("</1/0/>, </3/0/> ; ver=\"1.1\" ,\r\n</5>  ", "</1/0>,</3/0>;ver=1.1,</5>");
    expect_rewritten("   ", "");
    expect_rewritten("</0/1/>,</1/0/>;ssid=\"101\"", "</0/1>,</1/0>;ssid=101");
}

LW_TEST(bs_21_a_bare_version_may_stand_first)
{
    expect_rewritten("lwm2m=1.0,</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>",
                     "</>;lwm2m=1.0,</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>");
    expect_rewritten("lwm2m=\"1.0\"", "</>;lwm2m=1.0");
    unsigned count;
    assert_int_equal(read_all("</1/0>,lwm2m=1.0", &count), LW_EFORMAT);
    assert_int_equal(count, 1);
    assert_int_equal(read_all("lwm2m=", &count), LW_EFORMAT);
}

LW_TEST(broken_lists_are_refused)
{
    static const char *const broken[] = {
        "</55>;ver1.1",    /* a sign lost: formats.md section 11 */
        ",",               /* an empty item */
        "</1>,",           /* a comma promises a link */
        "</1>,,</3>",      /* an empty item inside */
        "</1>;",           /* a semicolon promises an attribute */
        "</1>;,</3>",      /* the same, with another link behind */
        "</1>;ver=",       /* a sign promises a value */
        "</1>;ver=;ct=1",  /* the same */
        "</1>;=1",         /* no name */
        "</1>;uri=\"a",    /* open quote */
        "</1>;uri=\"a\\",  /* open quoted pair */
        "</1>;uri=\"a\"b", /* rubbish behind a quote */
        "</1>;ver=1.1\"",  /* quote inside a token */
        "</1",             /* open target */
        "</1</2>",         /* target in a target */
        "</1 >",           /* blank in a target */
        "</1>x",           /* rubbish behind a target */
        "</1></2>",        /* comma missing */
        "/1",              /* no brackets */
        "lwm2m",           /* too short for the bare version */
        "xxxxxxxxxx",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        unsigned count;
        print_message("%s\n", broken[i]);
        assert_int_equal(read_all(broken[i], &count), LW_EFORMAT);
    }
}

LW_TEST(an_attribute_may_have_no_value)
{
    /* RFC 6690 section 2: `obs` of RFC 7641 */
    lw_link_reader r;
    lw_link_reader_init(&r, lw_bytes_str("</3303/0>;obs;if=\"sensor\""));
    lw_corelink link;
    assert_int_equal(lw_link_next(&r, &link), LW_OK);
    lw_link_attr attr;
    assert_true(lw_link_attr_find(&link, "obs", &attr));
    assert_false(attr.has_value);
    assert_int_equal(attr.value.len, 0);
    assert_true(lw_link_attr_find(&link, "if", &attr));
    assert_true(lw_bytes_is(attr.value, "sensor"));
    assert_false(lw_link_attr_find(&link, "ct", &attr));
}

LW_TEST(values_are_unescaped_only_when_needed)
{
    lw_link_reader r;
    lw_link_reader_init(&r, lw_bytes_str("</0/0>;uri=\"plain\";t=\"a\\\"b\""));
    lw_corelink link;
    assert_int_equal(lw_link_next(&r, &link), LW_OK);
    lw_link_attr attr;
    lw_bytes text;
    assert_true(lw_link_attr_find(&link, "uri", &attr));
    assert_int_equal(lw_link_attr_text(&attr, NULL, 0, &text), LW_OK);
    assert_ptr_equal(text.ptr, attr.value.ptr);
    assert_true(lw_link_attr_find(&link, "t", &attr));
    assert_true(attr.escaped);
    uint8_t scratch[3];
    assert_int_equal(lw_link_attr_text(&attr, scratch, 2, &text), LW_ETOOBIG);
    assert_int_equal(lw_link_attr_text(&attr, scratch, 3, &text), LW_OK);
    assert_true(lw_bytes_is(text, "a\"b"));
}

static lw_err number_of(const char *value, uint16_t *out_number)
{
    lw_link_attr attr = {.value = lw_bytes_str(value), .has_value = true};
    return lw_link_attr_u16(&attr, out_number);
}

LW_TEST(numbers_are_decimal_and_fit_16_bits)
{
    uint16_t n;
    assert_int_equal(number_of("65535", &n), LW_OK);
    assert_int_equal(n, 65535);
    assert_int_equal(number_of("65536", &n), LW_ERANGE);
    assert_int_equal(number_of("", &n), LW_EFORMAT);
    assert_int_equal(number_of("1x", &n), LW_EFORMAT);
    lw_bytes list = lw_bytes_str(" 110  112");
    assert_int_equal(lw_link_number_next(&list, &n), LW_OK);
    assert_int_equal(n, 110);
    assert_int_equal(lw_link_number_next(&list, &n), LW_OK);
    assert_int_equal(n, 112);
    assert_int_equal(lw_link_number_next(&list, &n), LW_END);
    list = lw_bytes_str("110,112");
    assert_int_equal(lw_link_number_next(&list, &n), LW_EFORMAT);
    list = lw_bytes_str("x");
    assert_int_equal(lw_link_number_next(&list, &n), LW_EFORMAT);
}

static void expect_split(const char *target, const char *prefix, lw_path path)
{
    lw_bytes p;
    lw_path q;
    assert_int_equal(lw_link_target_split(lw_bytes_str(target), &p, &q), LW_OK);
    assert_true(lw_bytes_is(p, prefix));
    assert_true(lw_path_equal(q, path));
}

static lw_err split_error(const char *target)
{
    lw_bytes p;
    lw_path q;
    return lw_link_target_split(lw_bytes_str(target), &p, &q);
}

LW_TEST(ver_30_a_target_is_an_alternate_path_and_a_numeric_path)
{
    expect_split("/", "", lw_path_root());
    expect_split("/3", "", lw_path_object(3));
    expect_split("/3/0/", "", lw_path_instance(3, 0));
    expect_split("/3/0/7/1", "", lw_path_resource_instance(3, 0, 7, 1));
    expect_split("/lwm2m", "lwm2m", lw_path_root());
    expect_split("/lwm2m/", "lwm2m", lw_path_root());
    expect_split("/a/b2/3/0", "a/b2", lw_path_instance(3, 0));
    expect_split("/3a/3", "3a", lw_path_object(3));
    assert_int_equal(split_error(""), LW_EFORMAT);
    assert_int_equal(split_error("3/0"), LW_EFORMAT);
    assert_int_equal(split_error("//3"), LW_EFORMAT);
    assert_int_equal(split_error("/3/a"), LW_EFORMAT);
    assert_int_equal(split_error("/03"), LW_EFORMAT);
    assert_int_equal(split_error("/65536"), LW_ERANGE);
    assert_int_equal(split_error("/1/2/3/4/5"), LW_EDEPTH);
    assert_int_equal(split_error("http://x"), LW_EFORMAT);
}

/* Feeds `in` in two parts, cut at `cut`, and counts the links. */
static lw_err read_in_two(lw_bytes in, size_t cut, unsigned *out_count)
{
    lw_link_reader r;
    lw_link_reader_init(&r, lw_bytes_of(NULL, 0));
    lw_link_feed(&r, lw_bytes_of(in.ptr, cut), false);
    lw_corelink link;
    lw_err err;
    *out_count = 0;
    while ((err = lw_link_next(&r, &link)) == LW_OK) {
        (*out_count)++;
    }
    if (err != LW_AGAIN) {
        return err;
    }
    lw_link_feed(&r, lw_bytes_from(in, lw_link_consumed(&r)), true);
    while ((err = lw_link_next(&r, &link)) == LW_OK) {
        (*out_count)++;
    }
    return err;
}

LW_TEST(a_list_may_come_in_parts_cut_anywhere)
{
    for (size_t i = 0; i < ROWS; i++) {
        unsigned whole;
        assert_int_equal(read_all(rows[i], &whole), LW_END);
        for (size_t cut = 0; cut <= strlen(rows[i]); cut++) {
            unsigned count;
            assert_int_equal(read_in_two(lw_bytes_str(rows[i]), cut, &count), LW_END);
            assert_int_equal(count, whole);
        }
    }
    unsigned count;
    const char *bare = "lwm2m=1.0,</1/0>";
    for (size_t cut = 0; cut <= strlen(bare); cut++) {
        assert_int_equal(read_in_two(lw_bytes_str(bare), cut, &count), LW_END);
        assert_int_equal(count, 2);
    }
    assert_int_equal(read_in_two(lw_bytes_str("</1>,"), 5, &count), LW_EFORMAT);
    assert_int_equal(read_in_two(lw_bytes_str("</1>x"), 5, &count), LW_EFORMAT);
}

/* A copy on the heap, so that reading one octet too far is seen. */
static lw_err read_copy(const uint8_t *octets, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, octets, len); /* flush with the end */
    char out[1024];
    size_t out_len;
    lw_err err = rewrite(lw_bytes_of(copy + 1, len), out, sizeof out, &out_len);
    free(copy);
    return err;
}

LW_TEST(every_truncation_ends_or_is_refused)
{
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t len = 0; len < strlen(rows[i]); len++) {
            lw_err err = read_copy((const uint8_t *)rows[i], len);
            assert_true(err == LW_END || err == LW_EFORMAT);
        }
    }
}

LW_TEST(every_mutated_octet_is_read_or_refused)
{
    for (size_t i = 0; i < ROWS; i++) {
        size_t len = strlen(rows[i]);
        for (size_t at = 0; at < len; at++) {
            static const uint8_t marks[] = {0x00, ' ', '"', ',', ';', '<', '>', '=', '\\', 0xFF};
            for (size_t m = 0; m < sizeof marks; m++) {
                uint8_t copy[256];
                memcpy(copy, rows[i], len);
                copy[at] = marks[m];
                lw_err err = read_copy(copy, len);
                assert_true(err == LW_END || err == LW_EFORMAT);
            }
        }
    }
}

LW_TEST(a_full_buffer_is_told)
{
    uint8_t small[8];
    lw_writer w;
    lw_writer_init(&w, small, sizeof small);
    lw_link_out out;
    lw_link_begin(&out, &w);
    lw_link_put(&out, (lw_path[]){lw_path_instance(3, 0)});
    lw_link_put_attr(&out, "ver", lw_bytes_str("1.1"));
    assert_int_equal(w.err, LW_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_read_and_written_again),
        cmocka_unit_test(a_windowed_writer_yields_the_list_block_by_block),
        cmocka_unit_test(dm_22_notification_attributes_go_both_ways),
        cmocka_unit_test(blanks_quotes_and_trailing_slashes_are_tolerated),
        cmocka_unit_test(bs_21_a_bare_version_may_stand_first),
        cmocka_unit_test(broken_lists_are_refused),
        cmocka_unit_test(an_attribute_may_have_no_value),
        cmocka_unit_test(values_are_unescaped_only_when_needed),
        cmocka_unit_test(numbers_are_decimal_and_fit_16_bits),
        cmocka_unit_test(ver_30_a_target_is_an_alternate_path_and_a_numeric_path),
        cmocka_unit_test(a_list_may_come_in_parts_cut_anywhere),
        cmocka_unit_test(every_truncation_ends_or_is_refused),
        cmocka_unit_test(every_mutated_octet_is_read_or_refused),
        cmocka_unit_test(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
