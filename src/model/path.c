#include "lw/path.h"

#include "base/assert.h"
#include "model/id.h"

/* An instance that the client is to choose has no number of its own: its level stays 0, and where
 * no resource follows that shows what is below it, this does. */
#define CHOSEN 1u

unsigned lw_path_depth(lw_path p)
{
    uint32_t upper = (uint32_t)(p.key >> 32), lower = (uint32_t)p.key;
    if (lower > UINT16_MAX) {
        return (uint16_t)lower != 0 ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
    }
    if (lower == CHOSEN || (uint16_t)upper != 0) {
        return LW_LEVEL_INSTANCE;
    }
    return upper != 0 ? LW_LEVEL_OBJECT : LW_LEVEL_ROOT;
}

/* The two words of a key: object and instance, resource and resource instance. */
static uint64_t of_words(uint32_t upper, uint32_t lower)
{
    return (uint64_t)upper << 32 | lower;
}

lw_err lw_path_append(lw_path *p, uint16_t id)
{
    uint32_t upper = (uint32_t)(p->key >> 32), lower = (uint32_t)p->key;
    unsigned depth = lw_path_depth(*p);
    uint32_t number = depth % 2 == 0 ? (id + 1u) << 16 : id + 1u;
    if (depth == LW_PATH_DEPTH_MAX) {
        return LW_EDEPTH;
    }
    if (id == LW_ID_MAX) {
        if (depth != LW_LEVEL_OBJECT) {
            return LW_ERANGE;
        }
        lower = CHOSEN;
    } else if (depth < LW_LEVEL_INSTANCE) {
        upper |= number;
    } else {
        lower = depth == LW_LEVEL_INSTANCE ? number : lower | number;
    }
    p->key = of_words(upper, lower);
    return LW_OK;
}

uint64_t lw_path_child_key(lw_path p, uint16_t id)
{
    lw_err err = lw_path_append(&p, id);
    lw_assert(err == LW_OK);
    (void)err;
    return p.key;
}

lw_path lw_path_with_instance(lw_path p, uint16_t id)
{
    if (lw_path_depth(p) == LW_LEVEL_INSTANCE) {
        p.key &= ~(uint64_t)CHOSEN;
    }
    p.key |= (uint64_t)(id + 1u) << 32;
    return p;
}

uint64_t lw_path_cut_key(lw_path p, unsigned depth)
{
    uint32_t upper = (uint32_t)(p.key >> 32), lower = (uint32_t)p.key;
    if (depth >= lw_path_depth(p)) {
        return p.key;
    }
    if (depth == LW_LEVEL_RESOURCE) {
        return of_words(upper, lower >> 16 << 16);
    }
    if (depth == LW_LEVEL_INSTANCE) {
        return of_words(upper, (uint16_t)upper == 0 ? CHOSEN : 0);
    }
    return of_words(depth == LW_LEVEL_OBJECT ? upper >> 16 << 16 : 0, 0);
}

uint16_t lw_path_last(lw_path p)
{
    return lw_path_id(p, lw_path_depth(p));
}

bool lw_path_contains(lw_path a, lw_path b)
{
    return lw_path_equal(lw_path_cut(b, lw_path_depth(a)), a);
}

lw_err lw_path_parse(lw_bytes text, lw_path *out_path)
{
    lw_path p = lw_path_root();
    if (text.len == 0 || text.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    for (size_t pos = 1; pos < text.len; pos++) {
        uint16_t id;
        lw_err err = lw_path_reaches(p, LW_LEVEL_RESOURCE_INSTANCE) ? LW_EDEPTH
                                                                    : lw_id_read(text, &pos, &id);
        if (err == LW_OK && pos < text.len && text.ptr[pos] != '/') {
            err = LW_EFORMAT;
        }
        if (err == LW_OK) {
            err = lw_path_append(&p, id);
        }
        if (err != LW_OK) {
            return err;
        }
    }
    *out_path = p;
    return LW_OK;
}

size_t lw_path_format(lw_path p, char out[LW_PATH_TEXT_MAX])
{
    size_t len = 0;
    unsigned depth = lw_path_depth(p);
    if (depth == LW_LEVEL_ROOT) {
        out[len++] = '/';
    }
    for (unsigned level = LW_LEVEL_OBJECT; level <= depth; level++) {
        out[len++] = '/';
        len += lw_id_format(lw_path_id(p, level), out + len);
    }
    return len;
}
