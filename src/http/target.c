#include "http/target.h"

#include "base/num.h"
#include "base/utf8.h"

typedef struct decoder {
    lw_bytes in;
    size_t pos;
    char *out; /* where the next octet goes */
} decoder;

/* Decodes up to one of `stops` or the end, and gives what came out. */
static lw_err take(decoder *d, const char *stops, bool plus_is_blank, lw_bytes *out_text)
{
    const char *start = d->out;
    for (; d->pos < d->in.len; d->pos++) {
        uint8_t c = d->in.ptr[d->pos];
        if (c <= ' ' || c == 0x7f) {
            return LW_EFORMAT;
        }
        if (strchr(stops, c) != NULL) {
            break;
        }
        if (c == '%') {
            if (d->in.len - d->pos < 3) {
                return LW_EFORMAT;
            }
            int high = lw_num_hex_digit(d->in.ptr[d->pos + 1]);
            int low = lw_num_hex_digit(d->in.ptr[d->pos + 2]);
            if (high < 0 || low < 0) {
                return LW_EFORMAT;
            }
            c = (uint8_t)(high * 16 + low);
            if (c < ' ' || c == 0x7f) {
                return LW_EFORMAT;
            }
            d->pos += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        *d->out++ = (char)c;
    }
    *out_text = lw_bytes_of(start, (size_t)(d->out - start));
    return lw_utf8_is_valid(*out_text) ? LW_OK : LW_EFORMAT;
}

/* Takes the character if it is next. */
static bool skip(decoder *d, char c)
{
    bool is_next = d->pos < d->in.len && d->in.ptr[d->pos] == (uint8_t)c;
    d->pos += is_next ? 1 : 0;
    return is_next;
}

/* "http://host:port/path" has its path behind the authority (RFC 9112 section 3.2.2). */
static lw_bytes without_authority(lw_bytes text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (text.len < len || memcmp(text.ptr, schemes[i], len) != 0) {
            continue;
        }
        lw_bytes rest = lw_bytes_from(text, len);
        const uint8_t *slash = rest.len > 0 ? memchr(rest.ptr, '/', rest.len) : NULL;
        return slash == NULL ? lw_bytes_str("/") : lw_bytes_from(rest, (size_t)(slash - rest.ptr));
    }
    return text;
}

static lw_err take_query(decoder *d, lw_target *target)
{
    do {
        lw_target_item item = {{NULL, 0}, {NULL, 0}};
        lw_err err = take(d, "&=", true, &item.name);
        if (err == LW_OK && skip(d, '=')) {
            err = take(d, "&", true, &item.value);
        }
        if (err != LW_OK) {
            return err;
        }
        if (item.name.len == 0 && item.value.len == 0) {
            continue; /* "a=1&&b=2" */
        }
        if (target->item_count == LW_TARGET_ITEMS_MAX) {
            return LW_ETOOBIG;
        }
        target->items[target->item_count++] = item;
    } while (skip(d, '&'));
    return LW_OK;
}

lw_err lw_target_parse(lw_bytes text, char *out, lw_target *out_target)
{
    decoder d = {.in = without_authority(text), .out = out};
    *out_target = (lw_target){.segment_count = 0};
    const uint8_t *fragment = d.in.len > 0 ? memchr(d.in.ptr, '#', d.in.len) : NULL;
    if (!skip(&d, '/') || fragment != NULL) {
        return LW_EFORMAT;
    }
    do {
        if (out_target->segment_count == LW_TARGET_SEGMENTS_MAX) {
            return LW_ETOOBIG;
        }
        if (out_target->segment_count > 0) {
            *d.out++ = '/'; /* so that the rest of the path lies there in one piece */
        }
        lw_err err = take(&d, "/?", false, &out_target->segments[out_target->segment_count]);
        if (err != LW_OK) {
            return err;
        }
        out_target->segment_count++;
    } while (skip(&d, '/'));
    return skip(&d, '?') ? take_query(&d, out_target) : LW_OK;
}

lw_bytes lw_target_rest(const lw_target *target, size_t first)
{
    if (first >= target->segment_count) {
        return lw_bytes_of(NULL, 0);
    }
    lw_bytes last = target->segments[target->segment_count - 1];
    const uint8_t *start = target->segments[first].ptr;
    return lw_bytes_of(start, (size_t)(last.ptr + last.len - start));
}

const lw_bytes *lw_target_item_of(const lw_target *target, const char *name)
{
    for (size_t i = 0; i < target->item_count; i++) {
        if (lw_bytes_is(target->items[i].name, name)) {
            return &target->items[i].value;
        }
    }
    return NULL;
}
