/* Numbers: what is read is what the host's strtod reads, and what is written reads back.
 *
 * Input: a text; its first eight octets are also taken as a double, its first four as a float.
 */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define TEXT_MAX 2000

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* Our grammar is strtod's for texts of these characters, but for a plus sign in front. */
static bool has_our_characters(lw_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == 0 || strchr("0123456789.eE+-", c) == NULL) {
            return false;
        }
    }
    return text.len > 0 && text.ptr[0] != '+';
}

static void check_text(lw_bytes text)
{
    char copy[TEXT_MAX + 1];
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    char *end;
    double want = strtod(copy, &end);
    bool is_number = has_our_characters(text) && end == copy + text.len;
    double got;
    lw_value value;
    lw_err err = lw_num_parse_double(text, &got);
    lw_err value_err = lw_num_parse_value(text, &value);
    FUZZ_CHECK((err != LW_EFORMAT) == is_number && (value_err != LW_EFORMAT) == is_number);
    if (!is_number) {
        return;
    }
    FUZZ_CHECK(err == (isinf(want) ? LW_ERANGE : LW_OK) && value_err == err);
    FUZZ_CHECK(bits_of(got) == bits_of(want));
    if (err != LW_OK) {
        return;
    }
    switch (value.type) {
    case LW_TYPE_INTEGER:
        FUZZ_CHECK((double)value.as.integer == want);
        break;
    case LW_TYPE_UNSIGNED:
        FUZZ_CHECK((double)value.as.uns == want && value.as.uns > INT64_MAX);
        break;
    default:
        FUZZ_CHECK(bits_of(value.as.number) == bits_of(want));
    }
}

/* Both parsers of integers take what they should, and it is written as it was. */
static void check_integer(lw_bytes text)
{
    int64_t v;
    uint64_t u;
    char out[LW_NUM_INT_TEXT_MAX];
    if (lw_num_parse_int64(text, &v) == LW_OK) {
        size_t len = lw_num_format_int64(v, out);
        int64_t again;
        FUZZ_CHECK(lw_num_parse_int64(lw_bytes_of(out, len), &again) == LW_OK && again == v);
        FUZZ_CHECK(len <= text.len);
    }
    if (lw_num_parse_uint64(text, &u) == LW_OK) {
        size_t len = lw_num_format_uint64(u, out);
        uint64_t again;
        FUZZ_CHECK(lw_num_parse_uint64(lw_bytes_of(out, len), &again) == LW_OK && again == u);
    }
}

static void check_double(double v, bool single, lw_num_style style)
{
    char out[LW_NUM_TEXT_MAX + 1];
    size_t len = lw_num_format_double(v, single, style, out);
    FUZZ_CHECK((len == 0) == (isnan(v) || isinf(v)));
    if (len == 0) {
        return;
    }
    FUZZ_CHECK(len <= LW_NUM_TEXT_MAX);
    out[len] = 0;
    FUZZ_CHECK(single ? strtof(out, NULL) == (float)v : bits_of(strtod(out, NULL)) == bits_of(v));
    double again;
    FUZZ_CHECK(lw_num_parse_double(lw_bytes_of(out, len), &again) == LW_OK);
    FUZZ_CHECK(single || bits_of(again) == bits_of(v));
    FUZZ_CHECK(style == LW_NUM_SHORT || strchr(out, 'e') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX) {
        return 0;
    }
    check_text(lw_bytes_of(data, size));
    check_integer(lw_bytes_of(data, size));
    if (size >= sizeof(double)) {
        double v;
        float f;
        memcpy(&v, data, sizeof v);
        memcpy(&f, data, sizeof f);
        check_double(v, false, LW_NUM_PLAIN);
        check_double(v, false, LW_NUM_SHORT);
        check_double((double)f, true, LW_NUM_PLAIN);
        check_double((double)f, true, LW_NUM_SHORT);
    }
    return 0;
}
