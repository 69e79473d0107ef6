/* Link-format: what was read is written and reads as the same links; and a list read in two parts,
 * cut anywhere, gives what it gives as a whole.
 *
 * Input: where to cut, then the list.
 */
#include "fuzz.h"

#include "codec/link.h"

static uint8_t text[1 << 17];

static bool same_attr(const lw_link_attr *a, const lw_link_attr *b)
{
    uint8_t scratch[2][1024];
    lw_bytes value[2];
    bool fits = lw_link_attr_text(a, scratch[0], sizeof scratch[0], &value[0]) == LW_OK &&
                lw_link_attr_text(b, scratch[1], sizeof scratch[1], &value[1]) == LW_OK;
    return lw_bytes_equal(a->name, b->name) && (!fits || lw_bytes_equal(value[0], value[1]));
}

static bool same_link(lw_corelink a, lw_corelink b)
{
    lw_bytes prefix[2];
    lw_path path[2];
    lw_err err[2] = {lw_link_target_split(a.target, &prefix[0], &path[0]),
                     lw_link_target_split(b.target, &prefix[1], &path[1])};
    if (err[0] != err[1]) {
        return false;
    }
    if (err[0] == LW_OK &&
        (!lw_bytes_equal(prefix[0], prefix[1]) || !lw_path_equal(path[0], path[1]))) {
        return false;
    }
    lw_link_attr attr[2];
    while (lw_link_attr_next(&a.attrs, &attr[0])) {
        if (!lw_link_attr_next(&b.attrs, &attr[1]) || !same_attr(&attr[0], &attr[1])) {
            return false;
        }
    }
    return !lw_link_attr_next(&b.attrs, &attr[1]);
}

/* False when a part of the link has no canonical form that we write. */
static bool write_link(lw_link_out *out, lw_corelink link)
{
    lw_bytes prefix;
    lw_path path;
    if (lw_link_target_split(link.target, &prefix, &path) != LW_OK || prefix.len > 0) {
        return false;
    }
    lw_link_put(out, &path);
    lw_link_attr attr;
    while (lw_link_attr_next(&link.attrs, &attr)) {
        char name[64];
        uint8_t scratch[1024];
        lw_bytes value;
        if (attr.name.len >= sizeof name || !attr.has_value ||
            lw_link_attr_text(&attr, scratch, sizeof scratch, &value) != LW_OK) {
            return false;
        }
        memcpy(name, attr.name.ptr, attr.name.len);
        name[attr.name.len] = '\0';
        lw_link_put_quoted(out, name, &value);
    }
    return out->w->err == LW_OK;
}

static void check_round_trip(lw_bytes in)
{
    lw_link_reader r;
    lw_link_reader_init(&r, in);
    lw_corelink link;
    while (lw_link_next(&r, &link) == LW_OK) {
        lw_writer w;
        lw_writer_init(&w, text, sizeof text);
        lw_link_out out;
        lw_link_begin(&out, &w);
        if (!write_link(&out, link)) {
            continue;
        }
        lw_link_reader again;
        lw_link_reader_init(&again, lw_writer_bytes(&w));
        lw_corelink read;
        FUZZ_CHECK(lw_link_next(&again, &read) == LW_OK);
        FUZZ_CHECK(same_link(link, read));
        FUZZ_CHECK(lw_link_next(&again, &read) == LW_END);
    }
}

static void check_parts(lw_bytes in, size_t cut)
{
    lw_link_reader whole;
    lw_link_reader parts;
    lw_link_reader_init(&whole, in);
    lw_link_reader_init(&parts, lw_bytes_of(NULL, 0));
    lw_link_feed(&parts, lw_bytes_of(in.ptr, cut), false);
    lw_err err[2];
    do {
        lw_corelink a;
        lw_corelink b;
        err[0] = lw_link_next(&whole, &a);
        err[1] = lw_link_next(&parts, &b);
        if (err[1] == LW_AGAIN) {
            lw_link_feed(&parts, lw_bytes_from(in, lw_link_consumed(&parts)), true);
            err[1] = lw_link_next(&parts, &b);
        }
        FUZZ_CHECK(err[0] == err[1]);
        FUZZ_CHECK(err[0] != LW_OK || same_link(a, b));
    } while (err[0] == LW_OK);
    FUZZ_CHECK(err[0] == LW_END || err[0] == LW_EFORMAT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    lw_bytes in = lw_bytes_of(data + 2, size - 2);
    size_t cut = (size_t)(data[0] << 8 | data[1]);
    check_round_trip(in);
    check_parts(in, cut < in.len ? cut : in.len);
    return 0;
}
