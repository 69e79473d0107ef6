#include "codec/json.h"

#include "base/num.h"
#include "base/utf8.h"

/* What may come next. */
enum expect {
    EXPECT_VALUE = 0, /* first, after a name, after a comma in an array */
    EXPECT_VALUE_OR_END,
    EXPECT_NAME,
    EXPECT_NAME_OR_END,
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING
};

void lw_json_init(lw_json *j, lw_bytes in, bool last)
{
    *j = (lw_json){.in = in, .last = last};
}

static lw_err out_of_input(const lw_json *j)
{
    return j->last ? LW_EFORMAT : LW_AGAIN;
}

static size_t skip_blanks(lw_bytes in, size_t pos)
{
    while (pos < in.len && (in.ptr[pos] == ' ' || in.ptr[pos] == '\n' || in.ptr[pos] == '\r' ||
                            in.ptr[pos] == '\t')) {
        pos++;
    }
    return pos;
}

/* ---- Strings ----------------------------------------------------------------------------------
 */

#define ESCAPE_IS_WRONG 0u
#define ESCAPE_IS_CUT   1u

/* The four digits of \uXXXX at pos. */
static unsigned read_hex4(lw_bytes in, size_t pos, uint32_t *out)
{
    if (in.len - pos < 6) {
        return ESCAPE_IS_CUT;
    }
    uint32_t v = 0;
    for (size_t i = pos + 2; i < pos + 6; i++) {
        int digit = lw_num_hex_digit(in.ptr[i]);
        if (digit < 0) {
            return ESCAPE_IS_WRONG;
        }
        v = v << 4 | (uint32_t)digit;
    }
    *out = v;
    return 6;
}

/* \uXXXX, or two of them that are a surrogate pair. */
static unsigned read_unicode_escape(lw_bytes in, size_t pos, uint32_t *out)
{
    unsigned len = read_hex4(in, pos, out);
    if (len < 6 || *out < 0xD800 || *out > 0xDFFF) {
        return len;
    }
    if (*out > 0xDBFF) {
        return ESCAPE_IS_WRONG; /* the second half first */
    }
    if (in.len - pos < 8) {
        return ESCAPE_IS_CUT;
    }
    if (in.ptr[pos + 6] != '\\' || in.ptr[pos + 7] != 'u') {
        return ESCAPE_IS_WRONG;
    }
    uint32_t low;
    len = read_hex4(in, pos + 6, &low);
    if (len < 6) {
        return len;
    }
    if (low < 0xDC00 || low > 0xDFFF) {
        return ESCAPE_IS_WRONG;
    }
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

/* The escape that starts with the backslash at pos: its length, or one of the constants above. */
static unsigned read_escape(lw_bytes in, size_t pos, uint32_t *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (in.len - pos < 2) {
        return ESCAPE_IS_CUT;
    }
    uint8_t c = in.ptr[pos + 1];
    if (c == 'u') {
        return read_unicode_escape(in, pos, out);
    }
    for (unsigned i = 0; i < sizeof from - 1; i++) {
        if (c == (uint8_t)from[i]) {
            *out = (uint8_t)to[i];
            return 2;
        }
    }
    return ESCAPE_IS_WRONG;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* *pos is at the opening quote, and afterwards behind the closing one. */
static lw_err read_string(const lw_json *j, size_t *pos, lw_json_token *t)
{
    lw_bytes in = j->in;
    size_t start = *pos + 1;
    size_t i = start;
    uint8_t all = 0; /* the octets or'ed: tells whether there are others than ASCII */
    t->escaped = false;
    for (;;) {
        for (; i < in.len && is_plain(in.ptr[i]); i++) {
            all |= in.ptr[i];
        }
        if (i == in.len) {
            return out_of_input(j);
        }
        if (in.ptr[i] == '"') {
            break;
        }
        uint32_t unused;
        unsigned len = in.ptr[i] == '\\' ? read_escape(in, i, &unused) : ESCAPE_IS_WRONG;
        if (len == ESCAPE_IS_CUT) {
            return out_of_input(j);
        }
        if (len == ESCAPE_IS_WRONG) {
            return LW_EFORMAT;
        }
        t->escaped = true;
        i += len;
    }
    t->text = lw_bytes_of(in.ptr + start, i - start);
    *pos = i + 1;
    return all < 0x80 || lw_utf8_is_valid(t->text) ? LW_OK : LW_EFORMAT;
}

lw_err lw_json_text(const lw_json_token *t, lw_writer *scratch, lw_bytes *out_text)
{
    *out_text = t->text;
    if (!t->escaped) {
        return LW_OK;
    }
    size_t start = scratch->pos;
    for (size_t i = 0; i < t->text.len;) {
        size_t plain = i;
        while (plain < t->text.len && t->text.ptr[plain] != '\\') {
            plain++;
        }
        lw_write_bytes(scratch, lw_bytes_of(t->text.ptr + i, plain - i));
        i = plain;
        if (i < t->text.len) {
            uint32_t c = 0;
            uint8_t octets[4];
            i += read_escape(t->text, i, &c); /* was found right when the token was read */
            lw_write_bytes(scratch, lw_bytes_of(octets, lw_utf8_put(c, octets)));
        }
    }
    if (scratch->err == LW_OK) {
        *out_text = lw_bytes_of(scratch->buf + start, scratch->pos - start);
    }
    return scratch->err;
}

/* ---- Numbers and literals ----------------------------------------------------------------------
 */

static size_t skip_digits(lw_bytes in, size_t pos)
{
    while (pos < in.len && lw_num_is_digit(in.ptr[pos])) {
        pos++;
    }
    return pos;
}

/* The end of the number that starts at pos; pos itself when there is none. */
static size_t number_end(lw_bytes in, size_t pos)
{
    size_t i = pos < in.len && in.ptr[pos] == '-' ? pos + 1 : pos;
    size_t end = skip_digits(in, i);
    if (end == i || (in.ptr[i] == '0' && end > i + 1)) {
        return pos;
    }
    if (end < in.len && in.ptr[end] == '.') {
        i = end + 1;
        end = skip_digits(in, i);
        if (end == i) {
            return pos;
        }
    }
    if (end < in.len && (in.ptr[end] | 0x20) == 'e') {
        i = end + 1;
        i += i < in.len && (in.ptr[i] == '+' || in.ptr[i] == '-') ? 1 : 0;
        end = skip_digits(in, i);
        if (end == i) {
            return pos;
        }
    }
    return end;
}

/* Whether all that is left from pos on could be the beginning of a number. */
static bool number_may_go_on(lw_bytes in, size_t pos)
{
    while (pos < in.len && (in.ptr[pos] == '-' || in.ptr[pos] == '+' || in.ptr[pos] == '.' ||
                            (in.ptr[pos] | 0x20) == 'e' || lw_num_is_digit(in.ptr[pos]))) {
        pos++;
    }
    return pos == in.len;
}

static lw_err read_number(const lw_json *j, size_t *pos, lw_json_token *t)
{
    if (!j->last && number_may_go_on(j->in, *pos)) {
        return LW_AGAIN;
    }
    size_t end = number_end(j->in, *pos);
    if (end == *pos) {
        return LW_EFORMAT;
    }
    t->kind = LW_JSON_NUMBER;
    t->text = lw_bytes_of(j->in.ptr + *pos, end - *pos);
    *pos = end;
    return LW_OK;
}

static lw_err read_literal(const lw_json *j, size_t *pos, const char *word)
{
    size_t len = strlen(word);
    size_t left = j->in.len - *pos;
    if (memcmp(j->in.ptr + *pos, word, left < len ? left : len) != 0) {
        return LW_EFORMAT;
    }
    if (left < len) {
        return out_of_input(j);
    }
    *pos += len;
    return LW_OK;
}

/* ---- Tokens -----------------------------------------------------------------------------------
 */

static void expect_after_value(lw_json *j)
{
    j->expect = j->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static lw_err enter(lw_json *j, size_t pos, bool object, lw_json_token *t)
{
    if (j->depth == LW_JSON_DEPTH_MAX) {
        return LW_EDEPTH;
    }
    uint32_t bit = (uint32_t)1 << j->depth++;
    j->objects = object ? j->objects | bit : j->objects & ~bit;
    j->expect = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    j->pos = pos + 1;
    t->kind = object ? LW_JSON_OBJECT : LW_JSON_ARRAY;
    return LW_OK;
}

static bool is_in_object(const lw_json *j)
{
    return (j->objects >> (j->depth - 1) & 1) != 0;
}

static lw_err leave(lw_json *j, size_t pos, lw_json_token *t)
{
    bool object = is_in_object(j);
    if (j->in.ptr[pos] != (object ? '}' : ']')) {
        return LW_EFORMAT;
    }
    j->depth--;
    j->pos = pos + 1;
    t->kind = object ? LW_JSON_OBJECT_END : LW_JSON_ARRAY_END;
    expect_after_value(j);
    return LW_OK;
}

static lw_err read_name(lw_json *j, size_t pos, lw_json_token *t)
{
    if (j->in.ptr[pos] != '"') {
        return LW_EFORMAT;
    }
    lw_err err = read_string(j, &pos, t);
    if (err != LW_OK) {
        return err;
    }
    pos = skip_blanks(j->in, pos);
    if (pos == j->in.len) {
        return out_of_input(j);
    }
    if (j->in.ptr[pos] != ':') {
        return LW_EFORMAT;
    }
    t->kind = LW_JSON_NAME;
    j->pos = pos + 1;
    j->expect = EXPECT_VALUE;
    return LW_OK;
}

static lw_err read_scalar(const lw_json *j, size_t *pos, lw_json_token *t)
{
    switch (j->in.ptr[*pos]) {
    case '"':
        t->kind = LW_JSON_STRING;
        return read_string(j, pos, t);
    case 't':
        t->kind = LW_JSON_BOOLEAN;
        t->boolean = true;
        return read_literal(j, pos, "true");
    case 'f':
        t->kind = LW_JSON_BOOLEAN;
        t->boolean = false;
        return read_literal(j, pos, "false");
    case 'n':
        t->kind = LW_JSON_NULL;
        return read_literal(j, pos, "null");
    default:
        return read_number(j, pos, t);
    }
}

static lw_err read_value(lw_json *j, size_t pos, lw_json_token *t)
{
    uint8_t c = j->in.ptr[pos];
    if (c == '{' || c == '[') {
        return enter(j, pos, c == '{', t);
    }
    lw_err err = read_scalar(j, &pos, t);
    if (err == LW_OK) {
        j->pos = pos;
        expect_after_value(j);
    }
    return err;
}

lw_err lw_json_next(lw_json *j, lw_json_token *out_token)
{
    size_t pos = skip_blanks(j->in, j->pos);
    if (j->expect == EXPECT_NOTHING) {
        if (pos < j->in.len) {
            return LW_EFORMAT;
        }
        return j->last ? LW_END : LW_AGAIN;
    }
    if (pos == j->in.len) {
        return out_of_input(j);
    }
    uint8_t c = j->in.ptr[pos];
    unsigned expect = j->expect;
    if (expect == EXPECT_COMMA_OR_END && c == ',') {
        pos = skip_blanks(j->in, pos + 1);
        if (pos == j->in.len) {
            return out_of_input(j);
        }
        expect = is_in_object(j) ? EXPECT_NAME : EXPECT_VALUE;
    } else if (expect == EXPECT_COMMA_OR_END || (expect == EXPECT_VALUE_OR_END && c == ']') ||
               (expect == EXPECT_NAME_OR_END && c == '}')) {
        return leave(j, pos, out_token);
    }
    bool name = expect == EXPECT_NAME || expect == EXPECT_NAME_OR_END;
    return name ? read_name(j, pos, out_token) : read_value(j, pos, out_token);
}

lw_err lw_json_skip(lw_json *j, const lw_json_token *t)
{
    if (t->kind != LW_JSON_ARRAY && t->kind != LW_JSON_OBJECT) {
        return LW_OK;
    }
    unsigned outside = j->depth - 1u;
    lw_err err = LW_OK;
    while (err == LW_OK && j->depth > outside) {
        lw_json_token inner;
        err = lw_json_next(j, &inner);
    }
    return err;
}

lw_err lw_json_value(const lw_json_token *t, lw_writer *scratch, lw_value *out_value)
{
    *out_value = (lw_value){.type = LW_TYPE_NONE};
    switch (t->kind) {
    case LW_JSON_NULL:
        return LW_OK;
    case LW_JSON_BOOLEAN:
        *out_value = (lw_value){.type = LW_TYPE_BOOLEAN, .as.boolean = t->boolean};
        return LW_OK;
    case LW_JSON_NUMBER:
        return lw_num_parse_value(t->text, out_value);
    case LW_JSON_STRING:
        out_value->type = LW_TYPE_STRING;
        return lw_json_text(t, scratch, &out_value->as.bytes);
    default:
        return LW_EFORMAT;
    }
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

void lw_json_write_name(lw_writer *w, const char *name, bool *first)
{
    lw_write_str(w, *first ? "\"" : ",\"");
    lw_write_str(w, name);
    lw_write_str(w, "\":");
    *first = false;
}

static void write_escape(lw_writer *w, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    size_t len = 2;
    switch (c) {
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    default:
        len = 6;
    }
    lw_write_bytes(w, lw_bytes_of(text, len));
}

void lw_json_write_string(lw_writer *w, lw_bytes text)
{
    if (!lw_utf8_is_valid(text)) {
        lw_writer_fail(w, LW_EFORMAT);
        return;
    }
    lw_write_u8(w, '"');
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain(text.ptr[i])) {
            lw_write_bytes(w, lw_bytes_of(text.ptr + from, i - from));
            write_escape(w, text.ptr[i]);
            from = i + 1;
        }
    }
    lw_write_bytes(w, lw_bytes_from(text, from));
    lw_write_u8(w, '"');
}

void lw_json_write_number(lw_writer *w, lw_value v)
{
    char text[LW_NUM_TEXT_MAX];
    size_t len;
    switch (v.type) {
    case LW_TYPE_FLOAT:
        len = lw_num_format_double(v.as.number, v.single, LW_NUM_SHORT, text);
        break;
    case LW_TYPE_UNSIGNED:
        len = lw_num_format_uint64(v.as.uns, text);
        break;
    default:
        len = lw_num_format_int64(v.as.integer, text);
        break;
    }
    if (len == 0) {
        lw_writer_fail(w, LW_ENOTSUP);
    }
    lw_write_bytes(w, lw_bytes_of(text, len));
}
