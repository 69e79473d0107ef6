#include "codec/front.h"

#include "base/num.h"

static bool is_digit_at(lw_bytes text, size_t pos)
{
    return pos < text.len && lw_num_is_digit(text.ptr[pos]);
}

/* The full name is [ "/" alternate path ] [ "/" prefix ] path. Paths start with a digit, prefixes
 * do not (GW-09), so that neither has to be known. */
static lw_err read(const lw_front *front, lw_bytes name, lw_entry *e)
{
    if (name.len == 0 || name.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    lw_bytes alternate = front->alternate_path;
    size_t end = 1 + alternate.len; /* of the alternate path, if it is there as whole segments */
    size_t start = 0;
    if (alternate.len > 0 && end <= name.len && (end == name.len || name.ptr[end] == '/') &&
        memcmp(name.ptr + 1, alternate.ptr, alternate.len) == 0) {
        start = end;
    }
    size_t pos = start;
    while (pos + 1 < name.len && !is_digit_at(name, pos + 1)) {
        do {
            pos++;
        } while (pos < name.len && name.ptr[pos] != '/');
    }
    if (pos > start) {
        e->prefix = lw_bytes_of(name.ptr + start + 1, pos - start - 1);
    }
    return pos == name.len ? LW_OK : lw_path_parse(lw_bytes_from(name, pos), &e->path);
}

static void write_segments(lw_writer *w, lw_bytes segments)
{
    if (segments.len > 0) {
        lw_write_u8(w, '/');
        lw_write_bytes(w, segments);
    }
}

static void write(const lw_front *front, const lw_entry *e, lw_writer *w)
{
    write_segments(w, front->alternate_path);
    write_segments(w, e->prefix);
}

static bool is_shared(const lw_source *source)
{
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    if (source->next(source->ctx, &cursor, &e) != LW_OK) {
        return true;
    }
    lw_bytes first = e.prefix;
    while (source->next(source->ctx, &cursor, &e) == LW_OK) {
        if (!lw_bytes_equal(first, e.prefix)) {
            return false;
        }
    }
    return true;
}

lw_front lw_front_of(lw_bytes alternate_path)
{
    return (lw_front){alternate_path, read, write, is_shared};
}
