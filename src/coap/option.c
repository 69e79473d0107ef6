#include "coap/option.h"

#include "base/apart.h"
#include "base/quick.h"
#include "base/reader.h"
#include "coap/code.h"

lw_coap_opt_iter lw_coap_opts(lw_bytes options)
{
    return (lw_coap_opt_iter){.rest = options};
}

/*   0   1   2   3   4   5   6   7
 * +---------------+---------------+
 * | option delta  | option length |  then 0..2 octets of extended delta, 0..2 of extended length
 * +---------------+---------------+
 */
typedef struct option_head {
    uint32_t delta;
    uint32_t len;
    const uint8_t *value; /* NULL: the encoding is wrong */
} option_head;

/* The extended form of a delta or length nibble: 13 and one octet, 14 and two; 15 is reserved. */
static uint32_t read_extended(uint32_t nibble, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    if (nibble < 13 || p == NULL) {
        return nibble;
    }
    if (nibble == 13 && end - p >= 1) {
        *at = p + 1;
        return 13u + p[0];
    }
    if (nibble == 14 && end - p >= 2) {
        *at = p + 2;
        return 269u + ((uint32_t)p[0] << 8 | p[1]);
    }
    *at = NULL;
    return 0;
}

/* Apart from next, and by value, so that the usual head of one octet is read in registers alone. */
static option_head read_long_head(const uint8_t *p, const uint8_t *end)
{
    option_head h = {.value = p + 1};
    h.delta = read_extended(*p >> 4, &h.value, end);
    h.len = read_extended(*p & 15u, &h.value, end);
    return h;
}

/* The option at p, which follows out_opt->number, and where the next one stands; NULL when there is
 * none. The payload marker 0xff reads as the reserved delta 15: it ends the options as an
 * error does. */
static inline const uint8_t *next(const uint8_t *p, const uint8_t *end, lw_coap_opt *out_opt)
{
    if (p == end) {
        return NULL;
    }
    option_head h = {*p >> 4, *p & 15u, p + 1};
    if (!LW_QUICK || h.delta >= 13 || h.len >= 13) {
        h = read_long_head(p, end);
        if (h.value == NULL) {
            return NULL;
        }
    }
    uint32_t number = out_opt->number + h.delta;
    if (h.len > (size_t)(end - h.value) || number > LW_COAP_OPT_NUMBER_MAX) {
        return NULL;
    }
    out_opt->number = number;
    out_opt->value = lw_bytes_of(h.value, h.len);
    return h.value + h.len;
}

bool lw_coap_opt_next(lw_coap_opt_iter *it, lw_coap_opt *out_opt)
{
    if (it->rest.len == 0) {
        return false;
    }
    const uint8_t *end = it->rest.ptr + it->rest.len;
    out_opt->number = it->number;
    const uint8_t *p = next(it->rest.ptr, end, out_opt);
    if (p == NULL) {
        return false;
    }
    it->number = out_opt->number;
    it->rest = lw_bytes_of(p, (size_t)(end - p));
    return true;
}

bool lw_coap_opt_next_of(lw_coap_opt_iter *it, uint32_t number, lw_bytes *out_value)
{
    lw_coap_opt_iter ahead = *it;
    lw_coap_opt opt;
    while (lw_coap_opt_next(&ahead, &opt) && opt.number <= number) {
        *it = ahead;
        if (opt.number == number) {
            *out_value = opt.value;
            return true;
        }
    }
    return false;
}

LW_APART bool lw_coap_opt_find(const lw_bytes *options, uint32_t number, lw_bytes *out_value)
{
    lw_coap_opt_iter it = lw_coap_opts(*options);
    return lw_coap_opt_next_of(&it, number, out_value);
}

bool lw_coap_opt_find_uint(const lw_bytes *options, uint32_t number, uint32_t *out_value)
{
    lw_bytes value;
    if (!lw_coap_opt_find(options, number, &value) || value.len > 4) {
        return false;
    }
    *out_value = lw_coap_opt_uint(value);
    return true;
}

uint32_t lw_coap_opt_uint(lw_bytes value)
{
    return (uint32_t)lw_uint_extend(0, value.ptr, value.len);
}

/* RFC 7252 Table 4 with its columns, and between its rows what later RFCs added. C = critical, U =
 * unsafe, N = no cache key, R = repeatable; the first three repeat what the number says. */
/* clang-format off */
#define CHECKED_OPTION_LIST(X)                                    \
    /*  No. C  U  N  R  Name              Format   Length      */ \
    X(   1, C, _, _, R, "If-Match",       OPAQUE,  0,    8)       \
    X(   3, C, U, _, _, "Uri-Host",       STRING,  1,  255)       \
    X(   5, C, _, _, _, "If-None-Match",  EMPTY,   0,    0)       \
    X(   6, _, U, _, _, "Observe",        UINT,    0,    3) /* RFC 7641 section 2 */ \
    X(   7, C, U, _, _, "Uri-Port",       UINT,    0,    2)       \
    X(   9, C, _, _, _, "OSCORE",         OPAQUE,  0,  255) /* RFC 8613 section 2 */ \
    X(  11, C, U, _, R, "Uri-Path",       STRING,  0,  255)       \
    X(  12, _, _, _, _, "Content-Format", UINT,    0,    2)       \
    X(  15, C, U, _, R, "Uri-Query",      STRING,  0,  255)       \
    X(  17, C, _, _, _, "Accept",         UINT,    0,    2)       \
    X(  23, C, U, _, _, "Block2",         UINT,    0,    3) /* RFC 7959 section 2.1 */ \
    X(  27, C, U, _, _, "Block1",         UINT,    0,    3) /* RFC 7959 section 2.1 */ \
    X(  28, _, _, N, _, "Size2",          UINT,    0,    4) /* RFC 7959 section 4 */ \
    X(  35, C, U, _, _, "Proxy-Uri",      STRING,  1, 1034)       \
    X(  39, C, U, _, _, "Proxy-Scheme",   STRING,  1,  255)       \
    X(  60, _, _, N, _, "Size1",          UINT,    0,    4)       \
    X( 258, _, U, _, _, "No-Response",    UINT,    0,    1) /* RFC 7967 section 2 */

/* Elective, and not noted: of these nothing is checked, as one that is not right is ignored. */
#define OTHER_OPTION_LIST(X)                                      \
    /*  No. C  U  N  R  Name              Format   Length      */ \
    X(   4, _, _, _, R, "ETag",           OPAQUE,  1,    8)       \
    X(   8, _, _, _, R, "Location-Path",  STRING,  0,  255)       \
    X(  14, _, U, _, _, "Max-Age",        UINT,    0,    4)       \
    X(  20, _, _, _, R, "Location-Query", STRING,  0,  255)       \
    X( 252, _, _, N, _, "Echo",           OPAQUE,  1,   40) /* RFC 9175 section 2.2.1 */ \
    X( 292, _, _, _, R, "Request-Tag",    OPAQUE,  0,    8) /* RFC 9175 section 3.2.1 */
/* clang-format on */

#define OPTION_LIST(X) CHECKED_OPTION_LIST(X) OTHER_OPTION_LIST(X)

enum { FLAG__ = 0, FLAG_C = 1, FLAG_U = 1, FLAG_N = 1, FLAG_R = 1 };

enum { REPEATABLE = 15 };

/* What is noted of an option: 1 + lw_coap_note, or 0. One that is repeatable is not noted. */
#define NOTE_OF(number)                                                          \
    ((number) == LW_COAP_OPT_OBSERVE          ? 1u + LW_COAP_NOTE_OBSERVE        \
     : (number) == LW_COAP_OPT_CONTENT_FORMAT ? 1u + LW_COAP_NOTE_CONTENT_FORMAT \
     : (number) == LW_COAP_OPT_ACCEPT         ? 1u + LW_COAP_NOTE_ACCEPT         \
     : (number) == LW_COAP_OPT_BLOCK2         ? 1u + LW_COAP_NOTE_BLOCK2         \
     : (number) == LW_COAP_OPT_BLOCK1         ? 1u + LW_COAP_NOTE_BLOCK1         \
     : (number) == LW_COAP_OPT_SIZE2          ? 1u + LW_COAP_NOTE_SIZE2          \
     : (number) == LW_COAP_OPT_SIZE1          ? 1u + LW_COAP_NOTE_SIZE1          \
     : (number) == LW_COAP_OPT_NO_RESPONSE    ? 1u + LW_COAP_NOTE_NO_RESPONSE    \
                                              : 0u)

/* The names stand apart, so that a device that shows none links none. */
typedef struct option_row {
    uint16_t number;
    uint16_t max_len : 11;
    uint16_t min_len : 1;
    uint16_t note : 4; /* or REPEATABLE */
} option_row;

static const option_row option_rows[] = {
#define OPTION_ROW(number, c, u, n, r, name, format, min, max) \
    {number, max, min, FLAG_##r ? REPEATABLE : NOTE_OF(number)},
    CHECKED_OPTION_LIST(OPTION_ROW)
#undef OPTION_ROW
        {LW_COAP_OPT_NUMBER_MAX, 0, 1, 0}, /* the end: no length is between 1 and 0 */
};

/* Where the row of an option stands: ROW_OF_11. */
enum {
#define OPTION_PLACE(number, c, u, n, r, name, format, min, max) ROW_OF_##number,
    CHECKED_OPTION_LIST(OPTION_PLACE)
#undef OPTION_PLACE
};

#define OPTION_NUMBER_CHECK(number, c, u, n, r, name, format, min, max) \
    _Static_assert(((number)&1) == FLAG_##c, "critical: " name);        \
    _Static_assert((((number) >> 1) & 1) == FLAG_##u, "unsafe: " name); \
    _Static_assert((((number)&0x1e) == 0x1c) == FLAG_##n, "cache key: " name);
OPTION_LIST(OPTION_NUMBER_CHECK)
#undef OPTION_NUMBER_CHECK

#define OPTION_OTHER_CHECK(number, c, u, n, r, name, format, min, max) \
    _Static_assert(!FLAG_##c && NOTE_OF(number) == 0, "checked: " name);
OTHER_OPTION_LIST(OPTION_OTHER_CHECK)
#undef OPTION_OTHER_CHECK

static bool is_right(const option_row *row, const lw_coap_opt *opt, bool is_repeated)
{
    return row->number == opt->number && opt->value.len >= row->min_len &&
           opt->value.len <= row->max_len && (!is_repeated || row->note == REPEATABLE);
}

/* Where to begin: nearly every request begins with Uri-Path. */
static const option_row *first_row(const lw_bytes *options)
{
    bool is_path = LW_QUICK && options->ptr[0] >> 4 == LW_COAP_OPT_URI_PATH;
    return is_path ? &option_rows[ROW_OF_11] : option_rows;
}

/* Walks over the options once: notes what is to be noted, and returns what is behind them. Options
 * and rows both ascend, so the rows are walked once, too. */
static lw_bytes scan(lw_bytes in, lw_coap_noted *out)
{
    if (in.len == 0) {
        return in;
    }
    const option_row *row = first_row(&in);
    const uint8_t *end = in.ptr + in.len;
    lw_coap_opt opt = {.number = 0};
    uint32_t last = 0;
    while (true) {
        const uint8_t *p = next(in.ptr, end, &opt);
        if (p == NULL) {
            return in;
        }
        in = lw_bytes_of(p, (size_t)(end - p));
        while (row->number < opt.number) {
            row++;
        }
        if (is_right(row, &opt, opt.number == last)) {
            uint32_t note = row->note - 1u;
            if (note < LW_COAP_NOTES) {
                out->has |= 1u << note;
                out->value[note] = lw_coap_opt_uint(opt.value);
            }
        } else if (lw_coap_opt_is_critical(opt.number) && out->refused == 0) {
            out->refused = opt.number;
        }
        last = opt.number;
    }
}

lw_err lw_coap_opts_split(lw_bytes in, lw_bytes *out_options, lw_bytes *out_payload,
                          lw_coap_noted *out_noted)
{
    lw_bytes rest = scan(in, out_noted);
    if (rest.len == 1 || (rest.len != 0 && rest.ptr[0] != LW_COAP_PAYLOAD_MARKER)) {
        return LW_EFORMAT;
    }
    *out_options = lw_bytes_of(in.ptr, in.len - rest.len);
    *out_payload = lw_bytes_from(rest, 1);
    return LW_OK;
}

lw_err lw_coap_opts_check(lw_bytes options, uint32_t *out_number)
{
    lw_coap_noted noted = {.refused = 0};
    (void)scan(options, &noted);
    *out_number = noted.refused;
    return noted.refused == 0 ? LW_OK : LW_EPROTO;
}

bool lw_coap_opt_describe(uint32_t number, const char **out_name, lw_coap_opt_format *out_format)
{
    switch (number) {
#define OPTION_CASE(no, c, u, n, r, name, format, min, max) \
    case no:                                                \
        *out_name = name;                                   \
        *out_format = LW_COAP_FORMAT_##format;              \
        return true;
        OPTION_LIST(OPTION_CASE)
#undef OPTION_CASE
    default:
        return false;
    }
}
