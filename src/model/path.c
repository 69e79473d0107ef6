#include "lw/path.h"

#include "base/assert.h"
#include "model/id.h"

lw_path lw_path_child(lw_path p, uint16_t id)
{
    lw_assert(p.depth < LW_PATH_DEPTH_MAX);
    p.id[p.depth++] = id;
    return p;
}

lw_path lw_path_cut(lw_path p, unsigned depth)
{
    while (p.depth > depth) {
        p.id[--p.depth] = 0;
    }
    return p;
}

bool lw_path_equal(lw_path a, lw_path b)
{
    return a.depth == b.depth && lw_path_contains(a, b);
}

bool lw_path_contains(lw_path a, lw_path b)
{
    return a.depth <= b.depth && memcmp(a.id, b.id, a.depth * sizeof a.id[0]) == 0;
}

int lw_path_compare(lw_path a, lw_path b)
{
    for (unsigned i = 0; i < a.depth && i < b.depth; i++) {
        if (a.id[i] != b.id[i]) {
            return (int)a.id[i] - (int)b.id[i];
        }
    }
    return (int)a.depth - (int)b.depth;
}

lw_err lw_path_parse(lw_bytes text, lw_path *out_path)
{
    lw_path p = lw_path_root();
    if (text.len == 0 || text.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    for (size_t pos = 1; pos < text.len; pos++) {
        if (p.depth == LW_PATH_DEPTH_MAX) {
            return LW_EDEPTH;
        }
        lw_err err = lw_id_read(text, &pos, &p.id[p.depth]);
        if (err != LW_OK) {
            return err;
        }
        if (pos < text.len && text.ptr[pos] != '/') {
            return LW_EFORMAT;
        }
        p.depth++;
    }
    *out_path = p;
    return LW_OK;
}

size_t lw_path_format(lw_path p, char out[LW_PATH_TEXT_MAX])
{
    size_t len = 0;
    if (p.depth == 0) {
        out[len++] = '/';
    }
    for (unsigned i = 0; i < p.depth; i++) {
        out[len++] = '/';
        len += lw_id_format(p.id[i], out + len);
    }
    return len;
}
