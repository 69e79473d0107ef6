/* TLV (11542), the format of LwM2M 1.0 (formats.md 5). An item is
 *
 *   byte 0   T T I L L n n n     T  kind of item, see item_kind
 *                                I  1: the identifier has 16 bits, else 8
 *                                L  octets of the length field; 0: the length is n
 *   identifier, length, value
 *
 * and nests three deep at most: instance > multiple resource > resource instance. So two counters
 * of octets left are all the stack that is needed, and a container is open as soon as its head is
 * read.
 */
#include "base/reader.h"
#include "codec/format.h"

typedef enum item_kind {
    INSTANCE = 0,          /* holds resources */
    RESOURCE_INSTANCE = 1, /* a value, only within MULTIPLE */
    MULTIPLE = 2,          /* holds resource instances */
    RESOURCE = 3           /* a value */
} item_kind;

#define ID_16_BITS   0x20u
#define LENGTH_SHIFT 3
#define LENGTH_MASK  7u
#define LENGTH_LIMIT (1u << 24)

/* Whether the first `levels` ids are the same. */
static bool same_ids(const lw_path *a, const lw_path *b, unsigned levels)
{
    return lw_path_equal(lw_path_cut(*a, levels), lw_path_cut(*b, levels));
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

typedef struct tlv {
    lw_path last;     /* of the last item; at first what it is to begin with */
    uint32_t open;    /* the level of the container that is open; 0 at the top */
    uint32_t top;     /* the level of what stands at the top; 0: nothing yet */
    uint32_t left[4]; /* octets that follow in the container of that level; [0]: no matter */
} tlv;

_Static_assert(sizeof(tlv) <= LW_DECODER_STATE, "the state fits into the decoder");

typedef struct item {
    unsigned kind; /* item_kind */
    unsigned id;
    uint32_t head_len;
    uint32_t len; /* of the value */
} item;

static lw_err read_head(const uint8_t *p, size_t left, item *out)
{
    if (left == 0) {
        return LW_AGAIN;
    }
    unsigned first = p[0];
    unsigned id_octets = (first & ID_16_BITS) != 0 ? 2 : 1;
    unsigned length_octets = first >> LENGTH_SHIFT & 3;
    out->kind = first >> 6;
    out->head_len = 1 + id_octets + length_octets;
    if (left < out->head_len) {
        return LW_AGAIN;
    }
    out->id = (unsigned)lw_uint_extend(0, p + 1, id_octets);
    out->len = first & LENGTH_MASK;
    if (length_octets > 0) {
        out->len = (uint32_t)lw_uint_extend(0, p + 1 + id_octets, length_octets);
    }
    return LW_OK;
}

static const uint8_t level_of_kind[] = {
    [INSTANCE] = LW_LEVEL_INSTANCE,
    [RESOURCE_INSTANCE] = LW_LEVEL_RESOURCE_INSTANCE,
    [MULTIPLE] = LW_LEVEL_RESOURCE,
    [RESOURCE] = LW_LEVEL_RESOURCE,
};

static bool is_container(const item *it)
{
    return it->kind == INSTANCE || it->kind == MULTIPLE;
}

/* What the base lets stand at the top, all of one level: instances under an object, or resources of
 * one that the client is to number (Create); resources under an instance. A wrapper that the base
 * makes superfluous is accepted (P-DM-07, P-DM-09), and resource instances without theirs. */
static bool may_be_at_top(const tlv *s, unsigned base_level, unsigned level)
{
    return (s->top == 0 || s->top == level) &&
           (level < LW_LEVEL_RESOURCE_INSTANCE || base_level >= LW_LEVEL_RESOURCE);
}

/* Gives the item its path, or refuses it where it stands. */
static lw_err place(const tlv *s, const lw_path *base, const item *it, lw_path *out)
{
    unsigned level = level_of_kind[it->kind];
    unsigned base_level = lw_path_depth(*base);
    bool fits = s->open == 0 ? may_be_at_top(s, base_level, level)
                             : level == s->open + 1u && it->head_len + it->len <= s->left[s->open];
    /* It agrees with the base, and a value does not stand above it. */
    if (level <= base_level) {
        fits =
            fits && it->id == lw_path_id(*base, level) && (level == base_level || is_container(it));
    }
    /* Of duplicates those that can be seen without memory: neighbours. */
    bool is_again = s->top != 0 && lw_path_id(s->last, level) == it->id;
    if (!fits || is_again) {
        return LW_EFORMAT;
    }
    /* An instance without a number would stand without a wrapper. */
    *out = lw_path_cut(s->last, level - 1);
    return it->id == LW_ID_MAX ? LW_ERANGE : lw_path_append(out, (uint16_t)it->id);
}

#define OCTETS(n) (1u << (n))

/* How long the value of a type may be; those without a row are their octets, however many. */
static const uint16_t lengths[] = {
    [LW_TYPE_INTEGER] = OCTETS(1) | OCTETS(2) | OCTETS(4) | OCTETS(8),
    [LW_TYPE_UNSIGNED] = OCTETS(1) | OCTETS(2) | OCTETS(4) | OCTETS(8),
    [LW_TYPE_FLOAT] = OCTETS(4) | OCTETS(8),
    [LW_TYPE_BOOLEAN] = OCTETS(1),
    [LW_TYPE_TIME] = OCTETS(1) | OCTETS(2) | OCTETS(4) | OCTETS(8),
    [LW_TYPE_OBJLNK] = OCTETS(4),
    [LW_TYPE_CORELNK] = 0,
};

/* `out` is zeroed. */
static lw_err read_value(lw_bytes b, lw_type type, lw_value *out)
{
    out->type = (uint8_t)(type != LW_TYPE_NONE ? type : LW_TYPE_OPAQUE);
    if (lengths[type] == 0) {
        out->as.bytes = b;
        return LW_OK;
    }
    if (b.len > 8 || (lengths[type] >> b.len & 1) == 0) {
        return LW_EFORMAT;
    }
    bool is_signed = type == LW_TYPE_INTEGER || type == LW_TYPE_TIME;
    bool is_negative = is_signed && b.ptr[0] >> 7 != 0;
    uint64_t bits = lw_uint_extend(is_negative ? UINT64_MAX : 0, b.ptr, b.len);
    uint32_t low = (uint32_t)bits;
    float single;
    out->as.uns = bits; /* also the bits of as.number */
    if (type == LW_TYPE_FLOAT && b.len == sizeof single) {
        memcpy(&single, &low, sizeof single);
        out->single = true;
        out->as.number = (double)single;
    } else if (type == LW_TYPE_BOOLEAN) {
        out->as.boolean = low == 1;
        return low <= 1 ? LW_OK : LW_EFORMAT;
    } else if (type == LW_TYPE_OBJLNK) {
        out->as.link = (lw_objlnk){(uint16_t)(low >> 16), (uint16_t)low};
    }
    return LW_OK;
}

/* The head of a container, or a value with all of it, is read. */
static void step_over(tlv *s, const item *it, const lw_path *path)
{
    s->left[s->open] -= it->head_len + it->len; /* the outer pays for the inner as a whole */
    s->last = *path;
    unsigned level = lw_path_depth(*path);
    if (s->open == 0) {
        s->top = level;
    }
    if (is_container(it)) {
        s->open = level;
        s->left[level] = it->len;
    }
}

/* An empty container is an entry, unless the base names it already. */
static bool is_empty_entry(const item *it, const lw_path *base)
{
    unsigned level = it->kind == INSTANCE ? LW_LEVEL_OBJECT : LW_LEVEL_RESOURCE;
    return it->len == 0 && lw_path_depth(*base) <= level;
}

/* The next item. Until it is whole nothing is noted of it. */
static lw_err decode_next(lw_decoder *d, lw_entry *e)
{
    tlv *s = (tlv *)(void *)d->state.octets;
    while (s->open != 0 && s->left[s->open] == 0) {
        s->open--; /* levels without a container have nothing left either */
    }
    const uint8_t *p = d->in.ptr + d->pos;
    size_t left = d->in.len - d->pos;
    if (left == 0 && s->open == 0) {
        return lw_decoder_finish(d);
    }
    item it;
    lw_err err = read_head(p, left, &it);
    if (err == LW_OK) {
        err = place(s, &d->cfg.base, &it, &e->path);
    }
    if (err != LW_OK) {
        return err;
    }
    size_t done = it.head_len;
    if (is_container(&it)) {
        e->kind = LW_ENTRY_EMPTY;
        err = is_empty_entry(&it, &d->cfg.base) ? LW_OK : LW_AGAIN;
    } else {
        if (left - done < it.len) {
            return LW_AGAIN;
        }
        done += it.len;
        e->kind = LW_ENTRY_VALUE;
        err = read_value(lw_bytes_of(p + it.head_len, it.len), lw_decoder_type_of(d, &e->path),
                         &e->value);
    }
    step_over(s, &it, &e->path);
    d->pos += done;
    return err;
}

/* Several objects in one payload have no form in TLV. */
static lw_err decode_start(lw_decoder *d)
{
    tlv *s = (tlv *)(void *)d->state.octets;
    s->last = d->cfg.base;
    return lw_path_depth(s->last) == LW_LEVEL_OBJECT  ? lw_path_append(&s->last, LW_ID_MAX)
           : lw_path_depth(s->last) > LW_LEVEL_OBJECT ? LW_OK
                                                      : LW_ENOTSUP;
}

/* ---- Writing ----------------------------------------------------------------------------------
 *
 * A container's head says how long it is, so a copy of the cursor runs ahead to its end. That
 * visits each entry at most three times.
 */

typedef struct tlv_out {
    const lw_source *source;
    const lw_path *base;
    lw_writer *w;
    lw_path last;  /* of the last entry */
    size_t end[4]; /* where the open container of that level must end; 0: none is open */
} tlv_out;

static size_t integer_len(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    if (bits >> 32 != 0) {
        return 8;
    }
    return low > UINT16_MAX ? 4 : low > UINT8_MAX ? 2 : 1;
}

/* The octets of a value and how many: its own, or those of a number, put into `room`. */
static size_t octets_of(const lw_value *v, uint8_t room[8], const uint8_t **out_octets)
{
    uint64_t bits = v->as.uns; /* also those of a double */
    size_t len = sizeof bits;
    uint32_t low;
    float single;
    switch (v->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        len = integer_len((v->as.integer < 0 ? ~bits : bits) << 1); /* a bit more for the sign */
        break;
    case LW_TYPE_UNSIGNED:
        len = integer_len(bits);
        break;
    case LW_TYPE_FLOAT:
        if (v->single) {
            single = (float)v->as.number;
            memcpy(&low, &single, sizeof low);
            bits = low;
            len = sizeof low;
        }
        break;
    case LW_TYPE_BOOLEAN:
        bits = v->as.boolean;
        len = 1;
        break;
    case LW_TYPE_OBJLNK:
        bits = (uint32_t)v->as.link.object << 16 | v->as.link.instance;
        len = 4;
        break;
    default:
        *out_octets = v->as.bytes.ptr;
        return v->as.bytes.len;
    }
    *out_octets = room;
    for (size_t i = len; i > 0; i--) {
        room[i - 1] = (uint8_t)bits;
        bits >>= 8;
    }
    return len;
}

#define HEAD_MAX 6u

/* Puts the head of an item into `out`; its length. */
static size_t put_head(item_kind kind, uint16_t id, size_t len, uint8_t out[HEAD_MAX])
{
    uint8_t *p = out + 1;
    unsigned first = (unsigned)kind << 6;
    if (id > UINT8_MAX) {
        first |= ID_16_BITS;
        *p++ = (uint8_t)(id >> 8);
    }
    *p++ = (uint8_t)id;
    if (len <= LENGTH_MASK) {
        first |= (unsigned)len;
    } else {
        unsigned octets = len > UINT16_MAX ? 3 : len > UINT8_MAX ? 2 : 1;
        first |= octets << LENGTH_SHIFT;
        while (octets-- > 0) {
            *p++ = (uint8_t)(len >> 8 * octets);
        }
    }
    out[0] = (uint8_t)first;
    return (size_t)(p - out);
}

static size_t item_len(uint16_t id, size_t len)
{
    uint8_t head[HEAD_MAX];
    return put_head(INSTANCE, id, len, head) + len;
}

static void write_head(lw_writer *w, item_kind kind, uint16_t id, size_t len)
{
    uint8_t head[HEAD_MAX];
    if (len >= LENGTH_LIMIT) {
        lw_writer_fail(w, LW_ETOOBIG);
    }
    lw_write_bytes(w, lw_bytes_of(head, put_head(kind, id, len, head)));
}

static lw_err next_entry(const tlv_out *t, lw_cursor *cursor, lw_entry *e)
{
    bool wrapped = lw_path_depth(*t->base) < LW_LEVEL_INSTANCE;
    lw_err err =
        lw_encoder_next(t->source, cursor, wrapped ? LW_LEVEL_INSTANCE : LW_LEVEL_RESOURCE, e);
    if (err != LW_OK) {
        return err;
    }
    if (e->prefix.len > 0) {
        return LW_ENOTSUP;
    }
    return lw_path_contains(*t->base, e->path) ? LW_OK : LW_EINVAL;
}

/* Stands within a multiple resource, or is one without instances. */
static bool is_multiple(const lw_entry *e)
{
    return lw_path_depth(e->path) + (e->kind == LW_ENTRY_EMPTY) == LW_LEVEL_RESOURCE_INSTANCE;
}

/* The length of what stands in the container of that level around `path`, from the cursor on. */
static lw_err measure(const tlv_out *t, const lw_cursor *from, const lw_path *path, unsigned level,
                      size_t *out_len)
{
    lw_cursor cursor = *from;
    unsigned multiple = LW_ID_MAX + 1; /* the one that `inner` octets of stand behind `outer` */
    size_t inner = 0;
    size_t outer = 0;
    size_t total = 0;
    for (;;) {
        lw_entry e;
        lw_err err = next_entry(t, &cursor, &e);
        if (err == LW_END || (err == LW_OK && !same_ids(path, &e.path, level))) {
            *out_len = total;
            return LW_OK;
        }
        if (err != LW_OK) {
            return err;
        }
        size_t len = 0;
        if (e.kind == LW_ENTRY_VALUE) {
            uint8_t room[8];
            const uint8_t *octets;
            len = item_len(lw_path_last(e.path), octets_of(&e.value, room, &octets));
        }
        if (level == LW_LEVEL_RESOURCE || !is_multiple(&e)) {
            total += len;
            continue;
        }
        if (multiple != lw_path_id(e.path, LW_LEVEL_RESOURCE)) {
            multiple = lw_path_id(e.path, LW_LEVEL_RESOURCE);
            outer = total;
            inner = 0;
        }
        inner += len;
        total = outer + item_len(lw_path_id(e.path, LW_LEVEL_RESOURCE), inner);
    }
}

/* The containers that `path` does not stand in are over (NULL: all), and end where their heads
 * said. */
static lw_err close_around(tlv_out *t, const lw_path *path)
{
    for (unsigned level = LW_LEVEL_RESOURCE; level >= LW_LEVEL_INSTANCE; level--) {
        if (t->end[level] == 0 || (path != NULL && same_ids(&t->last, path, level))) {
            continue;
        }
        if (t->end[level] != t->w->pos && t->w->err == LW_OK) {
            return LW_ESTATE;
        }
        t->end[level] = 0;
    }
    return LW_OK;
}

/* Under an object each instance has a wrapper, but for one that has no number yet (Create). */
static bool needs_wrapper(const tlv_out *t, const lw_entry *e)
{
    return lw_path_depth(*t->base) == LW_LEVEL_OBJECT && !lw_path_is_chosen(e->path);
}

/* One entry, with the heads of the containers that start with it. `at` is the cursor before it. */
static lw_err write_entry(tlv_out *t, const lw_cursor *at, const lw_entry *e)
{
    lw_err err = close_around(t, &e->path);
    bool multiple = is_multiple(e);
    t->last = e->path;
    for (unsigned level = LW_LEVEL_INSTANCE; err == LW_OK && level <= LW_LEVEL_RESOURCE; level++) {
        size_t len;
        bool is_needed = level == LW_LEVEL_RESOURCE ? multiple : needs_wrapper(t, e);
        if (t->end[level] != 0 || !is_needed) {
            continue;
        }
        err = measure(t, at, &e->path, level, &len);
        if (err == LW_OK) {
            write_head(t->w, level == LW_LEVEL_INSTANCE ? INSTANCE : MULTIPLE,
                       lw_path_id(e->path, level), len);
            t->end[level] = t->w->pos + len;
        }
    }
    if (err == LW_OK && e->kind == LW_ENTRY_VALUE) {
        uint8_t room[8];
        const uint8_t *octets;
        size_t len = octets_of(&e->value, room, &octets);
        write_head(t->w, multiple ? RESOURCE_INSTANCE : RESOURCE, lw_path_last(e->path), len);
        lw_write_octets(t->w, octets, len);
    }
    return err;
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    tlv_out t = {.source = source, .base = &cfg->base, .w = w};
    if (lw_path_depth(cfg->base) < LW_LEVEL_OBJECT) {
        return LW_ENOTSUP;
    }
    lw_cursor cursor = {{0}};
    lw_err err = LW_OK;
    while (err == LW_OK) {
        lw_cursor before = cursor;
        lw_entry e;
        err = next_entry(&t, &cursor, &e);
        if (err == LW_OK) {
            err = write_entry(&t, &before, &e);
        }
    }
    return err == LW_END ? close_around(&t, NULL) : err;
}

const lw_format lw_format_tlv = {
    .id = LW_CF_TLV,
    .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED,
    .since = 10,
    .encode = encode,
    .decode_start = decode_start,
    .decode_next = decode_next,
};
