#include "codec/link.h"

#include "base/assert.h"
#include "base/num.h"
#include "codec/path_text.h"
#include "model/id.h"

/* ---- Reading -------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5987 attr-char and "*", without the dot (see the header). */
static bool is_name_char(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return lw_num_is_digit(c) || (lower >= 'a' && lower <= 'z') ||
           (c > ' ' && c < 0x7F && memchr("!#$&+-^_`|~*", c, 12) != NULL);
}

/* RFC 6690 ptoken, and UTF-8. */
static bool is_token_char(uint8_t c)
{
    return c > ' ' && c != 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

static bool is_target_char(uint8_t c)
{
    return c > ' ' && c != 0x7F && c != '"' && c != '<' && c != '>';
}

static size_t skip_blanks(lw_bytes in, size_t pos)
{
    while (pos < in.len && is_blank(in.ptr[pos])) {
        pos++;
    }
    return pos;
}

static size_t skip_while(lw_bytes in, size_t pos, bool (*belongs)(uint8_t))
{
    while (pos < in.len && belongs(in.ptr[pos])) {
        pos++;
    }
    return pos;
}

static lw_bytes slice(lw_bytes in, size_t from, size_t to)
{
    return lw_bytes_of(in.ptr + from, to - from);
}

/* The value in quotes that starts at *pos. */
static lw_err read_quoted(lw_bytes in, size_t *pos, lw_link_attr *attr)
{
    size_t start = *pos + 1;
    for (size_t i = start; i < in.len; i++) {
        if (in.ptr[i] == '"') {
            attr->value = slice(in, start, i);
            *pos = i + 1;
            return LW_OK;
        }
        if (in.ptr[i] == '\\') {
            attr->escaped = true;
            i++;
        }
    }
    return LW_AGAIN;
}

/* The attribute that starts at *pos. LW_AGAIN when the input ends inside it. */
static lw_err read_attr(lw_bytes in, size_t *pos, lw_link_attr *out_attr)
{
    lw_link_attr attr = {.has_value = false};
    size_t name_end = skip_while(in, *pos, is_name_char);
    if (name_end == *pos) {
        return name_end == in.len ? LW_AGAIN : LW_EFORMAT;
    }
    attr.name = slice(in, *pos, name_end);
    *pos = name_end;
    if (name_end < in.len && in.ptr[name_end] == '=') {
        attr.has_value = true;
        size_t start = name_end + 1;
        size_t end = skip_while(in, start, is_token_char);
        *pos = end;
        if (start == in.len) {
            return LW_AGAIN;
        }
        if (in.ptr[start] == '"') {
            *pos = start;
            lw_err err = read_quoted(in, pos, &attr);
            if (err != LW_OK) {
                return err;
            }
        } else if (end == start) {
            return LW_EFORMAT;
        } else {
            attr.value = slice(in, start, end);
        }
    }
    *out_attr = attr;
    return LW_OK;
}

/* Moves *pos over the attributes up to the comma or the end of the input. `bare`: the first one has
 * no semicolon in front. */
static lw_err skip_attrs(lw_bytes in, size_t *pos, bool bare)
{
    for (;;) {
        if (!bare) {
            size_t at = skip_blanks(in, *pos);
            if (at == in.len || in.ptr[at] == ',') {
                *pos = at;
                return LW_OK;
            }
            if (in.ptr[at] != ';') {
                return LW_EFORMAT;
            }
            *pos = skip_blanks(in, at + 1);
        }
        bare = false;
        lw_link_attr attr;
        lw_err err = read_attr(in, pos, &attr);
        if (err != LW_OK) {
            return err;
        }
    }
}

/* The legacy first item of a 1.0 client's Bootstrap-Discover (BS-21). */
static bool is_bare_version(lw_bytes in, size_t pos)
{
    return in.len - pos >= 6 && memcmp(in.ptr + pos, "lwm2m=", 6) == 0;
}

/* The link that starts at *pos, up to its comma or the end. LW_AGAIN when the input ends inside. */
static lw_err read_link(lw_bytes in, size_t *pos, bool may_be_bare, lw_corelink *out_link)
{
    bool bare = may_be_bare && is_bare_version(in, *pos);
    if (bare) {
        out_link->target = lw_bytes_str("/");
    } else {
        if (in.ptr[*pos] != '<') {
            return LW_EFORMAT;
        }
        size_t start = *pos + 1;
        size_t end = skip_while(in, start, is_target_char);
        if (end == in.len) {
            return LW_AGAIN;
        }
        if (in.ptr[end] != '>') {
            return LW_EFORMAT;
        }
        out_link->target = slice(in, start, end);
        *pos = end + 1;
    }
    size_t attrs = *pos;
    lw_err err = skip_attrs(in, pos, bare);
    out_link->attrs = slice(in, attrs, *pos);
    return err;
}

void lw_link_reader_init(lw_link_reader *r, lw_bytes in)
{
    *r = (lw_link_reader){.in = in, .last = true};
}

void lw_link_feed(lw_link_reader *r, lw_bytes in, bool last)
{
    r->in = in;
    r->pos = 0;
    r->last = last;
}

size_t lw_link_consumed(const lw_link_reader *r)
{
    return r->pos;
}

static lw_err fail(lw_link_reader *r)
{
    r->err = LW_EFORMAT;
    return r->err;
}

lw_err lw_link_next(lw_link_reader *r, lw_corelink *out_link)
{
    if (r->err != LW_OK) {
        return r->err;
    }
    size_t pos = skip_blanks(r->in, r->pos);
    if (pos == r->in.len) {
        if (!r->last) {
            return LW_AGAIN;
        }
        return r->comma ? fail(r) : LW_END;
    }
    /* In parts, too little to tell `lwm2m=` from rubbish. */
    if (!r->last && r->in.ptr[pos] != '<' && r->in.len - pos < 6) {
        return LW_AGAIN;
    }
    lw_err err = read_link(r->in, &pos, !r->begun, out_link);
    bool comma = err == LW_OK && pos < r->in.len;
    if (!r->last && (err == LW_AGAIN || (err == LW_OK && !comma))) {
        return LW_AGAIN;
    }
    if (err != LW_OK) {
        return fail(r);
    }
    r->pos = comma ? pos + 1 : pos;
    r->comma = comma;
    r->begun = true;
    return LW_OK;
}

bool lw_link_attr_next(lw_bytes *attrs, lw_link_attr *out_attr)
{
    size_t pos = skip_blanks(*attrs, 0);
    if (pos < attrs->len && attrs->ptr[pos] == ';') {
        pos = skip_blanks(*attrs, pos + 1);
    }
    if (read_attr(*attrs, &pos, out_attr) != LW_OK) {
        return false;
    }
    *attrs = lw_bytes_from(*attrs, pos);
    return true;
}

bool lw_link_attr_find(const lw_corelink *link, const char *name, lw_link_attr *out_attr)
{
    lw_bytes attrs = link->attrs;
    while (lw_link_attr_next(&attrs, out_attr)) {
        if (lw_bytes_is(out_attr->name, name)) {
            return true;
        }
    }
    return false;
}

lw_err lw_link_attr_text(const lw_link_attr *attr, uint8_t *scratch, size_t scratch_len,
                         lw_bytes *out_text)
{
    if (!attr->escaped) {
        *out_text = attr->value;
        return LW_OK;
    }
    size_t len = 0;
    for (size_t i = 0; i < attr->value.len; i++) {
        if (attr->value.ptr[i] == '\\') {
            i++; /* a quoted pair is always whole: read_quoted saw to it */
        }
        if (len == scratch_len) {
            return LW_ETOOBIG;
        }
        scratch[len++] = attr->value.ptr[i];
    }
    *out_text = lw_bytes_of(scratch, len);
    return LW_OK;
}

lw_err lw_link_attr_u16(const lw_link_attr *attr, uint16_t *out_number)
{
    size_t pos = 0;
    lw_err err = lw_id_read(attr->value, &pos, out_number);
    if (err == LW_OK && pos != attr->value.len) {
        return LW_EFORMAT;
    }
    return err;
}

lw_err lw_link_number_next(lw_bytes *numbers, uint16_t *out_number)
{
    size_t pos = skip_blanks(*numbers, 0);
    if (pos == numbers->len) {
        return LW_END;
    }
    lw_err err = lw_id_read(*numbers, &pos, out_number);
    if (err != LW_OK) {
        return err;
    }
    if (pos < numbers->len && !is_blank(numbers->ptr[pos])) {
        return LW_EFORMAT;
    }
    *numbers = lw_bytes_from(*numbers, pos);
    return LW_OK;
}

lw_err lw_link_target_split(lw_bytes target, lw_bytes *out_prefix, lw_path *out_path)
{
    if (target.len == 0 || target.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    if (lw_path_parse(target, out_path) == LW_OK) { /* almost always */
        *out_prefix = lw_bytes_of(NULL, 0);
        return LW_OK;
    }
    size_t slash = 0; /* the one in front of the segment looked at */
    while (slash + 1 < target.len) {
        size_t start = slash + 1;
        size_t digits_end = skip_while(target, start, lw_num_is_digit);
        size_t end = start;
        while (end < target.len && target.ptr[end] != '/') {
            end++;
        }
        if (end == start) {
            return LW_EFORMAT;
        }
        if (digits_end == end) {
            break;
        }
        slash = end;
    }
    if (slash == 0) {
        return lw_path_parse(target, out_path); /* numeric and wrong: which error? */
    }
    *out_prefix = slice(target, 1, slash);
    if (slash + 1 >= target.len) {
        *out_path = lw_path_root();
        return LW_OK;
    }
    return lw_path_parse(lw_bytes_from(target, slash), out_path);
}

/* ---- Writing -------------------------------------------------------------------------------- */

void lw_link_begin(lw_link_out *out, lw_writer *w)
{
    *out = (lw_link_out){.w = w};
}

void lw_link_put(lw_link_out *out, const lw_path *path)
{
    lw_write_str(out->w, out->begun ? ",<" : "<");
    out->begun = true;
    lw_write_path(out->w, *path);
    lw_write_u8(out->w, '>');
}

static void put_name(lw_link_out *out, const char *name)
{
    lw_assert(out->begun);
    lw_write_u8(out->w, ';');
    lw_write_str(out->w, name);
    lw_write_u8(out->w, '=');
}

void lw_link_put_attr(lw_link_out *out, const char *name, lw_bytes token)
{
    put_name(out, name);
    lw_write_bytes(out->w, token);
}

void lw_link_put_quoted(lw_link_out *out, const char *name, const lw_bytes *text)
{
    put_name(out, name);
    lw_write_u8(out->w, '"');
    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->ptr[i];
        if (c == '"' || c == '\\') {
            lw_write_u8(out->w, '\\');
        }
        lw_write_u8(out->w, c);
    }
    lw_write_u8(out->w, '"');
}

void lw_link_put_version(lw_link_out *out, const lw_object_version *version)
{
    put_name(out, "ver");
    lw_write_id(out->w, version->major);
    lw_write_u8(out->w, '.');
    lw_write_id(out->w, version->minor);
}

void lw_link_put_u16(lw_link_out *out, const char *name, uint16_t number)
{
    put_name(out, name);
    lw_write_id(out->w, number);
}
