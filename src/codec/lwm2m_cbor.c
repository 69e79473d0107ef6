/* LwM2M CBOR (11544), formats.md 10: maps within maps, whose keys from the outside in make up the
 * path. A key is one identifier or an array of several; a text in front is the prefix of a
 * gateway's device (GW-06).
 *
 *   A1 82 03 00           { [3, 0]:
 *      A2 09 18 64            { 9: 100,
 *         06 A2 00 01             6: { 0: 1,
 *               01 05                  1: 5 }}}
 *
 * Duplicates: the same path twice in a row is refused here. Finding others would mean to remember
 * all paths; whoever applies the values knows what it has set already (FMT-30).
 */
#include "codec/cbor.h"
#include "codec/format.h"

#define PREFIX_MAX 32u

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* Each key adds to the path, and below a full path there are no maps. So a map is known by how many
 * keys lead to it, a prefix among them; 0 is the outermost. */
#define MAPS_MAX 5u

typedef struct lwm2m_cbor {
    uint32_t left[MAPS_MAX]; /* pairs that follow */
    uint8_t open;            /* the innermost map that is not known to be done with */
    bool started;
    uint8_t prefix_len;
    lw_path at;   /* the keys on the way to the innermost map */
    lw_path last; /* of the last entry */
    char prefix[PREFIX_MAX];
} lwm2m_cbor;

_Static_assert(sizeof(lwm2m_cbor) <= LW_DECODER_STATE, "the state fits into the decoder");

/* An identifier or, as the very first part of a path, a prefix. */
static void read_part(lw_cbor *c, lw_entry *e)
{
    lw_value part;
    lw_cbor_read_value(c, &part);
    unsigned depth = lw_path_depth(e->path);
    lw_err err = LW_EFORMAT;
    if (part.type == LW_TYPE_STRING) {
        bool is_first = depth == 0 && e->prefix.len == 0;
        e->prefix = part.as.bytes;
        err = is_first && part.as.bytes.len > 0 ? LW_OK : LW_EFORMAT;
    } else if (part.type == LW_TYPE_INTEGER) {
        bool is_id = part.as.integer >= 0 && part.as.integer <= LW_ID_MAX;
        err = is_id || depth == LW_PATH_DEPTH_MAX
                  ? lw_path_append(&e->path, (uint16_t)part.as.integer)
                  : LW_ERANGE;
    }
    lw_cbor_fail(c, err);
}

/* One part, or an array of them, added to the entry's prefix and path. */
static void read_key(lw_cbor *c, lw_entry *e)
{
    uint32_t left = 1;
    bool is_empty = true;
    if (lw_cbor_peek(c) == LW_CBOR_ARRAY) {
        left = lw_cbor_read_count(c, LW_CBOR_ARRAY);
    }
    while (lw_cbor_more(c, &left)) {
        read_part(c, e);
        is_empty = false;
    }
    if (is_empty) {
        lw_cbor_fail(c, LW_EFORMAT);
    }
}

/* The head of a map as value: how many pairs follow. */
static uint32_t read_map(lw_cbor *c)
{
    uint32_t left = lw_cbor_read_count(c, LW_CBOR_MAP);
    if (left == LW_CBOR_INDEFINITE) {
        (void)lw_cbor_more(c, &left); /* sets left to 0 when the map ends at once */
    }
    return left;
}

/* The entry's prefix stays with the state. */
static void keep_prefix(lwm2m_cbor *s, lw_bytes *prefix)
{
    if (!lw_bytes_equal(*prefix, lw_bytes_of(s->prefix, s->prefix_len))) {
        s->prefix_len = (uint8_t)prefix->len;
        if (prefix->len > 0) {
            memcpy(s->prefix, prefix->ptr, prefix->len);
        }
        s->last = lw_path_root();
    }
    prefix->ptr = (const uint8_t *)s->prefix;
}

/* The same path again, or one within the other. */
static bool is_again(const lwm2m_cbor *s, lw_path path)
{
    return lw_path_reaches(s->last, LW_LEVEL_OBJECT) &&
           (lw_path_contains(s->last, path) || lw_path_contains(path, s->last));
}

/* A key with its value: a map that is opened, or an entry. Changes the state only when all of it is
 * there. */
static bool read_pair(lw_cbor *c, const lw_decode_cfg *cfg, lwm2m_cbor *s, lw_entry *e)
{
    uint32_t left = 0;
    /* It goes on from the keys that lead to the map. */
    e->prefix = lw_bytes_of(s->prefix, s->open > 0 ? s->prefix_len : 0);
    e->path = lw_path_cut(s->at, s->open - (e->prefix.len > 0 ? 1u : 0u));
    read_key(c, e);
    unsigned depth = lw_path_depth(e->path);
    bool is_map = lw_cbor_peek(c) == LW_CBOR_MAP;
    bool is_allowed;
    bool is_entry;
    e->kind = is_map ? LW_ENTRY_EMPTY : LW_ENTRY_VALUE;
    if (is_map) {
        left = read_map(c);
        is_allowed = depth < LW_PATH_DEPTH_MAX;
        is_entry = left == 0 && depth >= LW_LEVEL_INSTANCE; /* of an empty object nothing is told */
    } else { /* null is no value; in a Create it may stand for "none" (formats.md 10) */
        lw_cbor_read_dated_value(c, &e->value);
        is_entry = e->value.type != LW_TYPE_NONE;
        is_allowed = is_entry || lw_path_depth(cfg->base) == LW_LEVEL_OBJECT;
    }
    if (!is_allowed) {
        lw_cbor_fail(c, LW_EFORMAT);
    } else if (e->prefix.len > (cfg->front != NULL ? sizeof s->prefix : 0)) {
        lw_cbor_fail(c, cfg->front != NULL ? LW_ETOOBIG : LW_EFORMAT);
    }
    if (c->err != LW_OK) {
        return false;
    }
    keep_prefix(s, &e->prefix);
    if (left > 0) {
        s->open = (uint8_t)(depth + (e->prefix.len > 0 ? 1u : 0u));
        s->left[s->open] = left;
        s->at = e->path;
    }
    if (is_entry) {
        if (is_again(s, e->path)) {
            lw_cbor_fail(c, LW_EFORMAT);
        }
        s->last = e->path;
    }
    return is_entry;
}

/* The next pair, or the head of the outermost map, or the end of one. */
static lw_err decode_next(lw_decoder *d, lw_entry *e)
{
    lwm2m_cbor *s = (lwm2m_cbor *)(void *)d->state.octets;
    while (s->open > 0 && s->left[s->open] == 0) {
        s->open--;
    }
    lw_cbor c;
    lw_cbor_init(&c, d);
    unsigned map = s->open;
    uint32_t left = s->started ? s->left[map] : lw_cbor_read_count(&c, LW_CBOR_MAP);
    bool more = lw_cbor_more(&c, &left);
    bool found = more && read_pair(&c, &d->cfg, s, e);
    if (c.err != LW_OK) {
        return (lw_err)c.err;
    }
    s->started = true;
    s->left[map] = left;
    d->pos = (size_t)(c.at - d->in.ptr);
    if (!more && map == 0) {
        return lw_decoder_finish(d);
    }
    return found ? LW_OK : LW_AGAIN;
}

/* Lists of paths have no form. */
static lw_err decode_start(lw_decoder *d)
{
    return d->cfg.use == LW_FORMAT_FETCH ? LW_ENOTSUP : LW_OK;
}

/* ---- Writing ----------------------------------------------------------------------------------
 *
 * The outermost map has one pair for each run of entries with the same object (and prefix): its key
 * is the path that they share, as an array. Below it, each level is a map of its own. How many
 * pairs a map has, a copy of the cursor finds out when the map is opened.
 */

typedef struct map_out {
    const lw_source *source;
    lw_writer *w;
    /* Keys still to come in the map that is open at a path of that depth; [0] is the outermost,
     * whatever the length of its keys. */
    uint32_t left[LW_PATH_DEPTH_MAX];
    lw_cursor at; /* before the entry that is written */
    lw_path last; /* of the last entry */
    lw_bytes prefix;
} map_out;

/* What fails while it is looked ahead ends the encoding, too. */
static lw_err next_entry(const map_out *m, lw_cursor *cursor, lw_entry *e)
{
    lw_err err = lw_encoder_next(m->source, cursor, LW_LEVEL_INSTANCE, e);
    if (err == LW_OK && e->prefix.len > PREFIX_MAX) {
        err = LW_EINVAL; /* as it is not read */
    }
    if (lw_err_is_failure(err)) {
        lw_writer_fail(m->w, err);
    }
    return err;
}

/* True when the entry stands with the last one under the same key of the outermost map. */
static bool is_same_run(const map_out *m, const lw_entry *e)
{
    return lw_path_id(m->last, LW_LEVEL_OBJECT) == lw_path_id(e->path, LW_LEVEL_OBJECT) &&
           lw_bytes_equal(e->prefix, m->prefix);
}

/* What two paths have in common. */
static lw_path shared_path(lw_path a, lw_path b)
{
    while (!lw_path_contains(a, b)) {
        a = lw_path_parent(a);
    }
    return a;
}

/* The path that the run from here on shares; `m` has its first entry as the last. */
static lw_path share_run(const map_out *m)
{
    lw_cursor cursor = m->at;
    lw_path shared = m->last;
    lw_entry e;
    while (next_entry(m, &cursor, &e) == LW_OK && is_same_run(m, &e)) {
        shared = shared_path(shared, e.path);
    }
    return shared;
}

/* The head of the map at `parent`, which starts here. The one before it at this level has
 * all the pairs that its head said. */
static void open_map_at(map_out *m, lw_path parent)
{
    lw_cursor cursor = m->at;
    unsigned level = lw_path_depth(parent);
    lw_path counted = parent; /* the last key, and its prefix */
    lw_bytes prefix = m->prefix;
    uint32_t count = 0;
    lw_entry e;
    while (next_entry(m, &cursor, &e) == LW_OK && lw_path_contains(parent, e.path) &&
           (level == LW_LEVEL_ROOT || is_same_run(m, &e))) {
        if (count == 0 || !lw_path_contains(counted, e.path) || !lw_bytes_equal(prefix, e.prefix)) {
            count++;
            counted = lw_path_cut(e.path, level + 1);
            prefix = e.prefix;
        }
    }
    if (m->left[level] != 0) {
        lw_writer_fail(m->w, LW_ESTATE);
    }
    m->left[level] = count;
    lw_cbor_write_head(m->w, LW_CBOR_MAP, count);
}

/* The ids of the path below `level`. */
static void write_key(lw_writer *w, lw_bytes prefix, lw_path path, unsigned level)
{
    unsigned parts = lw_path_depth(path) - level + (prefix.len > 0 ? 1u : 0u);
    if (parts > 1) {
        lw_cbor_write_head(w, LW_CBOR_ARRAY, parts);
    }
    if (prefix.len > 0) {
        lw_cbor_write_text(w, prefix);
    }
    while (level < lw_path_depth(path)) {
        lw_cbor_write_head(w, LW_CBOR_UINT, lw_path_id(path, ++level));
    }
}

/* The keys and the heads of maps that lead to the entry. */
static void write_keys(map_out *m, const lw_entry *e)
{
    unsigned depth = lw_path_depth(e->path);
    unsigned level = is_same_run(m, e) ? lw_path_depth(shared_path(m->last, e->path)) : 0;
    if (level > 0 && (level == lw_path_depth(m->last) || level == depth)) {
        lw_writer_fail(m->w, LW_EINVAL); /* one lies in the other */
    }
    m->last = e->path;
    m->prefix = e->prefix;
    while (level < depth) {
        bool outer = level == LW_LEVEL_ROOT;
        lw_path next = outer ? share_run(m) : lw_path_cut(e->path, level + 1);
        if (m->left[level]-- == 0) {
            lw_writer_fail(m->w, LW_ESTATE);
        }
        write_key(m->w, outer ? e->prefix : lw_bytes_of(NULL, 0), next, level);
        level = lw_path_depth(next);
        if (level < depth) {
            open_map_at(m, next);
        }
    }
}

static bool is_complete(const map_out *m)
{
    uint32_t left = 0;
    for (unsigned level = 0; level < LW_PATH_DEPTH_MAX; level++) {
        left |= m->left[level];
    }
    return left == 0;
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    (void)cfg; /* keys are absolute, whatever the request was for */
    map_out m = {.source = source, .w = w};
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    open_map_at(&m, lw_path_root());
    while (next_entry(&m, &cursor, &e) == LW_OK) {
        write_keys(&m, &e);
        if (e.kind == LW_ENTRY_EMPTY) {
            lw_cbor_write_head(w, LW_CBOR_MAP, 0);
        } else {
            lw_cbor_write_value(w, &e.value);
        }
        m.at = cursor;
    }
    if (!is_complete(&m)) {
        lw_writer_fail(w, LW_ESTATE);
    }
    return w->err;
}

const lw_format lw_format_lwm2m_cbor = {
    .id = LW_CF_LWM2M_CBOR,
    .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED | LW_FORMAT_COMPOSITE | LW_FORMAT_PATCH |
            LW_FORMAT_SEND,
    .since = 12,
    .encode = encode,
    .decode_start = decode_start,
    .decode_next = decode_next,
};
