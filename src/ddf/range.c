#include "ddf/range.h"

#include <string.h>

#include "base/num.h"

/* Two steps. First the text becomes numbers with a mark behind each but the last; that decides
 * whether it is a list, bounds, or something else. Then the pairs of bounds become one lw_range. */

typedef enum mark { MARK_DOTS, MARK_DASH, MARK_COMMA } mark;

typedef struct numbers {
    lw_bytes text[LW_DDF_SET_MAX + 1];
    mark marks[LW_DDF_SET_MAX + 1];
    size_t count;
} numbers;

typedef struct pair {
    int64_t lo, hi;
} pair;

typedef struct pairs {
    pair at[LW_DDF_SET_MAX + 1];
    size_t count;
} pairs;

typedef enum kind { KIND_NONE, KIND_INTEGER, KIND_LENGTH, KIND_FLOAT } kind;

static kind kind_of(lw_type type)
{
    switch (type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        return KIND_INTEGER;
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        return KIND_LENGTH;
    case LW_TYPE_FLOAT:
        return KIND_FLOAT;
    case LW_TYPE_NONE:
    case LW_TYPE_BOOLEAN:
    case LW_TYPE_OBJLNK:
        break;
    }
    return KIND_NONE;
}

static uint8_t octet(lw_bytes text, size_t at)
{
    return at < text.len ? text.ptr[at] : 0;
}

static size_t digits_at(lw_bytes text, size_t at)
{
    size_t n = 0;
    while (lw_num_is_digit(octet(text, at + n))) {
        n++;
    }
    return n;
}

/* The word at `at`, letters of any case. */
static bool has_word(lw_bytes text, size_t at, const char *word)
{
    for (size_t i = 0; word[i] != '\0'; i++) {
        if ((octet(text, at + i) | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

/* --- Numbers and marks --------------------------------------------------------------------- */

/* Length of the number at `at`, 0 when there is none. Long ones are refused: more digits than an
 * exact double, or a 64-bit integer, can have. */
static size_t number_at(lw_bytes text, size_t at, bool may_have_sign, bool fraction)
{
    size_t sign = may_have_sign && octet(text, at) == '-' ? 1 : 0;
    size_t digits = digits_at(text, at + sign);
    if (digits == 0 || digits > (fraction ? 15u : 20u)) {
        return 0;
    }
    size_t len = sign + digits;
    if (fraction && octet(text, at + len) == '.') {
        size_t decimals = digits_at(text, at + len + 1);
        if (decimals > 15) {
            return 0;
        }
        len += decimals > 0 ? decimals + 1 : 0;
    }
    return len;
}

/* Length of the mark at `at` with one blank around it, 0 when there is none. */
static size_t mark_at(lw_bytes text, size_t at, mark *out_mark)
{
    size_t start = at;
    at += octet(text, at) == ' ' ? 1 : 0;
    if (octet(text, at) == '.' && octet(text, at + 1) == '.') {
        *out_mark = MARK_DOTS;
        while (octet(text, at) == '.') {
            at++;
        }
    } else if (octet(text, at) == '-') {
        *out_mark = MARK_DASH;
        at++;
    } else if (octet(text, at) == ',' || octet(text, at) == ';') {
        *out_mark = MARK_COMMA;
        at++;
    } else if (octet(text, at) == 'o' && octet(text, at + 1) == 'r' && octet(text, at + 2) == ' ') {
        *out_mark = MARK_COMMA;
        at += 2;
    } else {
        return 0;
    }
    at += octet(text, at) == ' ' ? 1 : 0;
    return at - start;
}

static bool split(lw_bytes text, bool fraction, numbers *n)
{
    n->count = 0;
    size_t at = 0;
    while (n->count <= LW_DDF_SET_MAX) {
        bool may_have_sign = n->count == 0 || n->marks[n->count - 1] != MARK_DASH;
        size_t len = number_at(text, at, may_have_sign, fraction);
        if (len == 0) {
            return false;
        }
        n->text[n->count++] = lw_bytes_of(text.ptr + at, len);
        at += len;
        if (at == text.len) {
            return true;
        }
        len = mark_at(text, at, &n->marks[n->count - 1]);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return false;
}

/* "16-32-48": dashes between more than two numbers separate values. */
static void dashes_to_commas(numbers *n)
{
    if (n->count < 3) {
        return;
    }
    for (size_t i = 0; i + 1 < n->count; i++) {
        if (n->marks[i] != MARK_DASH) {
            return;
        }
    }
    for (size_t i = 0; i + 1 < n->count; i++) {
        n->marks[i] = MARK_COMMA;
    }
}

/* --- Integers and lengths ------------------------------------------------------------------ */

/* Above the largest int64 counts as it: lw_range knows no larger bound. */
static bool integer(lw_bytes text, int64_t *out_v)
{
    uint64_t uns = 0;
    if (lw_num_parse_int64(text, out_v) == LW_OK) {
        return true;
    }
    *out_v = INT64_MAX;
    return lw_num_parse_uint64(text, &uns) == LW_OK;
}

static bool pair_up(const numbers *n, pairs *out)
{
    out->count = 0;
    size_t i = 0;
    while (i < n->count) {
        bool bounds = i + 1 < n->count && n->marks[i] != MARK_COMMA;
        if (bounds && i + 2 < n->count && n->marks[i + 1] != MARK_COMMA) {
            return false;
        }
        pair *p = &out->at[out->count++];
        if (!integer(n->text[i], &p->lo) || !integer(n->text[bounds ? i + 1 : i], &p->hi)) {
            return false;
        }
        i += bounds ? 2 : 1;
    }
    return true;
}

/* "0: off 1: on": each word that begins with a number and a colon opens a value. */
static bool worded_pairs(lw_bytes text, pairs *out)
{
    out->count = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t len = number_at(text, at, true, false);
        int64_t v = 0;
        if (len > 0 && octet(text, at + len) == ':') {
            if (out->count > LW_DDF_SET_MAX || !integer(lw_bytes_of(text.ptr + at, len), &v)) {
                return false;
            }
            out->at[out->count++] = (pair){v, v};
        } else if (at == 0) {
            return false;
        }
        while (at < text.len && octet(text, at) != ' ') {
            at++;
        }
        at++;
    }
    return true;
}

/* Inserts v into the ascending values; false when there is no room. */
static bool insert(int64_t *set, size_t *count, int64_t v)
{
    size_t at = *count;
    while (at > 0 && set[at - 1] >= v) {
        at--;
    }
    if (at < *count && set[at] == v) {
        return true;
    }
    if (*count == LW_DDF_SET_MAX) {
        return false;
    }
    memmove(&set[at + 1], &set[at], (*count - at) * sizeof *set);
    set[at] = v;
    (*count)++;
    return true;
}

static bool collect(const pairs *in, lw_ddf_range *out, size_t *out_count)
{
    *out_count = 0;
    for (size_t i = 0; i < in->count; i++) {
        const pair *p = &in->at[i];
        if (p->lo > p->hi || (uint64_t)p->hi - (uint64_t)p->lo >= LW_DDF_SET_MAX) {
            return false;
        }
        uint64_t more = (uint64_t)p->hi - (uint64_t)p->lo;
        for (uint64_t k = 0; k <= more; k++) {
            if (!insert(out->set, out_count, p->lo + (int64_t)k)) {
                return false;
            }
        }
    }
    return true;
}

static lw_ddf_range_result bounded(lw_range_kind as, int64_t lo, int64_t hi, lw_ddf_range *out)
{
    int64_t lowest = lo < hi ? lo : hi;
    int64_t highest = lo < hi ? hi : lo;
    if (as == LW_RANGE_LENGTH && lowest < 0) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    if (as == LW_RANGE_INTEGER && lo == hi) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    out->range = (lw_range){.kind = (uint8_t)as, .lo = (int16_t)lowest, .as.hi = (int32_t)highest};
    if (out->range.lo != lowest || out->range.as.hi != highest) {
        out->set[0] = lowest;
        out->set[1] = highest;
        out->range = (lw_range){.kind = (uint8_t)as, .count = 2, .as.numbers = out->set};
    }
    return lo <= hi ? LW_DDF_RANGE_FOUND : LW_DDF_RANGE_DOWNWARDS;
}

static lw_ddf_range_result from_pairs(lw_range_kind as, const pairs *in, lw_ddf_range *out)
{
    if (in->count == 1) {
        return bounded(as, in->at[0].lo, in->at[0].hi, out);
    }
    size_t count = 0;
    if (!collect(in, out, &count)) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    int64_t lo = out->set[0];
    int64_t hi = out->set[count - 1];
    if ((uint64_t)hi - (uint64_t)lo == count - 1) {
        return bounded(as, lo, hi, out);
    }
    if (as == LW_RANGE_LENGTH && lo < 0) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    out->range = (lw_range){.kind = LW_RANGE_SET, .count = (uint8_t)count, .as.numbers = out->set};
    return LW_DDF_RANGE_FOUND;
}

/* "8 bit", "16-bits", "2 Bytes": the number and whether it counts octets. */
static bool width_of(lw_bytes text, uint32_t *out_n, bool *out_octets)
{
    size_t digits = digits_at(text, 0);
    if (digits == 0 || digits > 3 || (octet(text, digits) != ' ' && octet(text, digits) != '-')) {
        return false;
    }
    *out_n = 0;
    for (size_t i = 0; i < digits; i++) {
        *out_n = *out_n * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *out_octets = has_word(text, digits + 1, "byte");
    size_t end = digits + 1 + (*out_octets ? 4u : 3u);
    end += has_word(text, end, "s") ? 1u : 0u;
    return (*out_octets || has_word(text, digits + 1, "bit")) && end == text.len;
}

/* The text without "bytes" or "octets" behind a number. */
static lw_bytes without_unit(lw_bytes text)
{
    static const char *const units[] = {"bytes", "byte", "octets", "octet"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i]);
        if (text.len <= len || !has_word(text, text.len - len, units[i])) {
            continue;
        }
        size_t end = text.len - len;
        end -= text.ptr[end - 1] == ' ' ? 1 : 0;
        return end > 0 && lw_num_is_digit(text.ptr[end - 1]) ? lw_bytes_of(text.ptr, end) : text;
    }
    return text;
}

static lw_ddf_range_result parse_integer(lw_bytes text, lw_ddf_range *out)
{
    uint32_t bits = 0;
    bool octets = false;
    if (width_of(text, &bits, &octets)) {
        bits *= octets ? 8 : 1;
        if (bits == 0 || bits > 64) {
            return LW_DDF_RANGE_UNREADABLE;
        }
        int64_t hi = bits > 62 ? INT64_MAX : (int64_t)(((uint64_t)1 << bits) - 1);
        return bits == 64 ? LW_DDF_RANGE_NONE : bounded(LW_RANGE_INTEGER, 0, hi, out);
    }
    numbers n;
    pairs p;
    if (split(text, false, &n)) {
        dashes_to_commas(&n);
        if (!pair_up(&n, &p)) {
            return LW_DDF_RANGE_UNREADABLE;
        }
    } else if (!worded_pairs(text, &p)) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    return from_pairs(LW_RANGE_INTEGER, &p, out);
}

static lw_ddf_range_result parse_length(lw_bytes text, lw_ddf_range *out)
{
    uint32_t width = 0;
    bool octets = false;
    if (width_of(text, &width, &octets) && !octets) {
        bool whole = width > 0 && width % 8 == 0;
        return whole ? bounded(LW_RANGE_LENGTH, width / 8, width / 8, out)
                     : LW_DDF_RANGE_UNREADABLE;
    }
    numbers n;
    pairs p;
    if (!split(without_unit(text), false, &n)) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    dashes_to_commas(&n);
    return pair_up(&n, &p) ? from_pairs(LW_RANGE_LENGTH, &p, out) : LW_DDF_RANGE_UNREADABLE;
}

static lw_ddf_range_result parse_float(lw_bytes text, lw_ddf_range *out)
{
    numbers n;
    double lo = 0;
    double hi = 0;
    if (!split(text, true, &n) || n.count != 2 || n.marks[0] == MARK_COMMA ||
        lw_num_parse_double(n.text[0], &lo) != LW_OK ||
        lw_num_parse_double(n.text[1], &hi) != LW_OK) {
        return LW_DDF_RANGE_UNREADABLE;
    }
    out->bounds[0] = lo < hi ? lo : hi;
    out->bounds[1] = lo < hi ? hi : lo;
    out->range = (lw_range){.kind = LW_RANGE_FLOAT, .count = 2, .as.bounds = out->bounds};
    return lo <= hi ? LW_DDF_RANGE_FOUND : LW_DDF_RANGE_DOWNWARDS;
}

/* "[1:4]" reads as "1..4": the colon is found, the rest is the same text without brackets. */
static bool bracketed(lw_bytes text, lw_ddf_range *out, lw_ddf_range_result *out_result)
{
    if (octet(text, 0) != '[' || octet(text, text.len - 1) != ']') {
        return false;
    }
    lw_bytes inside = lw_bytes_of(text.ptr + 1, text.len - 2);
    size_t len = number_at(inside, 0, true, false);
    lw_bytes second = lw_bytes_from(inside, len + 1);
    int64_t lo = 0;
    int64_t hi = 0;
    if (len == 0 || octet(inside, len) != ':' || number_at(second, 0, true, false) != second.len ||
        second.len == 0 || !integer(lw_bytes_of(inside.ptr, len), &lo) || !integer(second, &hi)) {
        return false;
    }
    *out_result = bounded(LW_RANGE_INTEGER, lo, hi, out);
    return true;
}

lw_ddf_range_result lw_ddf_range_parse(lw_bytes text, lw_type type, lw_ddf_range *out_range)
{
    lw_ddf_range_result result = LW_DDF_RANGE_UNREADABLE;
    if (text.len == 0) {
        return LW_DDF_RANGE_NONE;
    }
    switch (kind_of(type)) {
    case KIND_INTEGER:
        return bracketed(text, out_range, &result) ? result : parse_integer(text, out_range);
    case KIND_LENGTH:
        return parse_length(text, out_range);
    case KIND_FLOAT:
        return parse_float(text, out_range);
    case KIND_NONE:
        break;
    }
    return LW_DDF_RANGE_UNREADABLE;
}
