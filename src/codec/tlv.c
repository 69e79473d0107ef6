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

#define HAS_VALUE    1u /* of an item_kind */
#define KIND_SHIFT   6
#define ID_SHIFT     5
#define LENGTH_SHIFT 3
#define LENGTH_MASK  7u
#define LENGTH_LIMIT (1u << 24)

/* ---- Reading ----------------------------------------------------------------------------------
 */

typedef struct tlv {
    lw_path last;        /* of the last item; at first what it is to begin with */
    uint32_t base_level; /* how many levels the base has */
    uint32_t open;       /* the level of the container that is open; 0 at the top */
    uint32_t top;        /* the level of what stands at the top; 0: nothing yet */
    uint32_t left[4];    /* octets that follow in the container of that level; [0]: more than any */
} tlv;

_Static_assert(sizeof(tlv) <= LW_DECODER_STATE, "the state fits into the decoder");

typedef struct item {
    unsigned kind; /* item_kind */
    unsigned id;
    uint32_t head_len;
    uint32_t len; /* of the value */
} item;

/* `left` octets at p, at least one. */
static lw_err read_head(const uint8_t *p, size_t left, item *out)
{
    unsigned first = p[0];
    unsigned is_long = first >> ID_SHIFT & 1;
    unsigned length_octets = first >> LENGTH_SHIFT & 3;
    out->kind = first >> KIND_SHIFT;
    out->head_len = 2 + is_long + length_octets;
    if (left < out->head_len) {
        return LW_AGAIN;
    }
    out->id = is_long ? (unsigned)p[1] << 8 | p[2] : p[1];
    out->len = first & LENGTH_MASK;
    if (length_octets > 0) {
        out->len = (uint32_t)lw_uint_extend(0, p + 2 + is_long, length_octets);
    }
    return LW_OK;
}

static const uint8_t level_of_kind[] = {
    [INSTANCE] = LW_LEVEL_INSTANCE,
    [RESOURCE_INSTANCE] = LW_LEVEL_RESOURCE_INSTANCE,
    [MULTIPLE] = LW_LEVEL_RESOURCE,
    [RESOURCE] = LW_LEVEL_RESOURCE,
};

static bool is_container(unsigned kind)
{
    return (kind & HAS_VALUE) == 0;
}

/* Does an item of that level stand where it may? All at the top are of one level, which the base
 * restricts: instances under an object, or resources of one that the client is to number (Create);
 * resources under an instance. A wrapper that the base makes superfluous is accepted (P-DM-07,
 * P-DM-09), and resource instances without theirs. */
static bool is_expected(const tlv *s, unsigned level)
{
    unsigned expected = s->open != 0 ? s->open + 1 : s->top;
    return expected != 0 ? level == expected
                         : level < LW_LEVEL_RESOURCE_INSTANCE || s->base_level >= LW_LEVEL_RESOURCE;
}

/* Does it agree with the base, no value above it, and is it another one than before? Of duplicates
 * those are seen that need no memory: neighbours. */
static bool is_fitting(const tlv *s, lw_path base, const item *it, unsigned level)
{
    if (level < s->base_level && !is_container(it->kind)) {
        return false;
    }
    return (level > s->base_level || lw_path_id(base, level) == it->id) &&
           (s->top == 0 || lw_path_id(s->last, level) != it->id);
}

/* Gives the item its path, or refuses it where it stands. What is in a container comes next. */
static lw_err place(tlv *s, lw_path base, const item *it)
{
    unsigned level = level_of_kind[it->kind];
    uint32_t octets = it->head_len + it->len;
    if (!is_expected(s, level) || octets > s->left[s->open] || !is_fitting(s, base, it, level)) {
        return LW_EFORMAT;
    }
    s->left[s->open] -= octets; /* the outer pays for the inner as a whole */
    if (s->open == 0) {
        s->top = level;
    }
    if (is_container(it->kind)) {
        s->open = level;
        s->left[level] = it->len;
    }
    /* An instance without a number would stand without a wrapper. */
    s->last = lw_path_cut(s->last, level - 1);
    return it->id == LW_ID_MAX ? LW_ERANGE : lw_path_append(&s->last, (uint16_t)it->id);
}

#define OCTETS(n) (1u << ((n)-1))

/* How long the value of a type may be; those without a row are their octets, however many. */
static const uint8_t lengths[] = {
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
    if (b.len - 1 >= 8 || (lengths[type] >> (b.len - 1) & 1) == 0) {
        return LW_EFORMAT;
    }
    bool is_negative = type != LW_TYPE_UNSIGNED && b.ptr[0] >> 7 != 0; /* if it is a whole number */
    uint64_t bits = lw_uint_extend(is_negative ? UINT64_MAX : 0, b.ptr, b.len);
    uint32_t low = (uint32_t)bits;
    float single;
    out->as.uns = bits; /* also the bits of as.number */
    if (type == LW_TYPE_FLOAT && b.len == sizeof single) {
        memcpy(&single, &low, sizeof single);
        out->single = true;
        out->as.number = (double)single;
    } else if (type == LW_TYPE_BOOLEAN) {
        out->as.boolean = (low & 1) != 0;
        return low <= 1 ? LW_OK : LW_EFORMAT;
    } else if (type == LW_TYPE_OBJLNK) {
        out->as.link = (lw_objlnk){(uint16_t)(low >> 16), (uint16_t)low};
    }
    return LW_OK;
}

/* An empty container is an entry, unless the base names it already. */
static bool is_empty_entry(const tlv *s, const item *it)
{
    unsigned level = it->kind == INSTANCE ? LW_LEVEL_OBJECT : LW_LEVEL_RESOURCE;
    return it->len == 0 && s->base_level <= level;
}

/* The next item. Until the head of a container, or a value with all of it, is there, nothing is
 * noted of it. */
static lw_err decode_next(lw_decoder *d, lw_entry *e)
{
    tlv *s = (tlv *)(void *)d->state.octets;
    while (s->left[s->open] == 0) {
        s->open--; /* levels without a container have nothing left either */
    }
    const uint8_t *p = d->in.ptr + d->pos;
    size_t left = d->in.len - d->pos;
    if (left == 0) {
        return s->open == 0 && d->last ? LW_END : LW_AGAIN;
    }
    item it;
    lw_err err = read_head(p, left, &it);
    if (err != LW_OK) {
        return err;
    }
    bool is_value = !is_container(it.kind);
    size_t whole = is_value ? it.head_len + it.len : it.head_len;
    if (left < whole) {
        return LW_AGAIN;
    }
    d->pos += whole;
    err = place(s, d->cfg.base, &it);
    if (err != LW_OK) {
        return err;
    }
    e->path = s->last;
    if (is_value) {
        return read_value(lw_bytes_of(p + it.head_len, it.len), lw_decoder_type_of(d, &e->path),
                          &e->value);
    }
    if (!is_empty_entry(s, &it)) {
        return LW_AGAIN;
    }
    e->kind = LW_ENTRY_EMPTY;
    return LW_OK;
}

/* Several objects in one payload have no form in TLV. */
static lw_err decode_start(lw_decoder *d)
{
    tlv *s = (tlv *)(void *)d->state.octets;
    s->last = d->cfg.base;
    s->left[0] = UINT32_MAX;
    s->base_level = lw_path_depth(s->last);
    return s->base_level == LW_LEVEL_ROOT     ? LW_ENOTSUP
           : s->base_level == LW_LEVEL_OBJECT ? lw_path_append(&s->last, LW_ID_MAX)
                                              : LW_OK;
}

/* ---- Writing ----------------------------------------------------------------------------------
 *
 * A container's head says how long it is. So what is in it is gone through twice: it is written to
 * nowhere first, to be counted.
 */

typedef struct tlv_out {
    const lw_source *source;
    const lw_path *base;
    lw_writer *w;
    unsigned top;   /* the level of what stands at the top, but for an instance without a number */
    lw_err err;     /* LW_END behind the last entry */
    lw_entry entry; /* the next to be written */
    lw_cursor at;   /* behind it */
} tlv_out;

static unsigned integer_len(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    if (bits >> 32 != 0) {
        return 8;
    }
    return low > UINT16_MAX ? 4 : low > UINT8_MAX ? 2 : 1;
}

static void write_head(lw_writer *w, item_kind kind, uint16_t id, size_t len)
{
    unsigned id_octets = integer_len(id);
    unsigned length_octets = len <= LENGTH_MASK ? 0 : len > UINT16_MAX ? 3 : integer_len(len);
    if (len >= LENGTH_LIMIT) {
        lw_writer_fail(w, LW_ETOOBIG);
    }
    lw_write_u8(w, (uint8_t)((unsigned)kind << KIND_SHIFT | (id_octets - 1) << ID_SHIFT |
                             (length_octets > 0 ? length_octets << LENGTH_SHIFT : len)));
    lw_write_uint(w, id_octets, id);
    lw_write_uint(w, length_octets, len);
}

static void write_value(lw_writer *w, item_kind kind, uint16_t id, const lw_value *v)
{
    uint64_t bits = v->as.uns; /* also those of a double */
    unsigned len = sizeof bits;
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
        write_head(w, kind, id, v->as.bytes.len);
        lw_write_bytes(w, v->as.bytes);
        return;
    }
    write_head(w, kind, id, len);
    lw_write_uint(w, len, bits);
}

static void next_entry(tlv_out *t)
{
    lw_entry *e = &t->entry;
    t->err = lw_encoder_next(t->source, &t->at, t->top, e);
    if (t->err == LW_OK) {
        t->err = e->prefix.len > 0                     ? LW_ENOTSUP
                 : lw_path_contains(*t->base, e->path) ? LW_OK
                                                       : LW_EINVAL;
    }
}

static item_kind kind_of(const lw_entry *e, unsigned level)
{
    bool is_multiple =
        lw_path_depth(e->path) + (e->kind == LW_ENTRY_EMPTY) == LW_LEVEL_RESOURCE_INSTANCE;
    return level == LW_LEVEL_INSTANCE            ? INSTANCE
           : level == LW_LEVEL_RESOURCE_INSTANCE ? RESOURCE_INSTANCE
           : is_multiple                         ? MULTIPLE
                                                 : RESOURCE;
}

/* The items of a level that lie in the same container as the entry, with all that is in them. An
 * entry that only says that its container is empty is none. */
/* NOLINTNEXTLINE(misc-no-recursion): three levels of items, whatever the entries are */
static void write_items(tlv_out *t, unsigned level)
{
    const lw_entry *e = &t->entry;
    lw_path container = lw_path_cut(e->path, level - 1);
    while (t->err == LW_OK && lw_path_contains(container, e->path)) {
        item_kind kind = kind_of(e, level);
        uint16_t id = lw_path_id(e->path, level);
        if (!is_container(kind)) {
            if (e->kind == LW_ENTRY_VALUE) {
                write_value(t->w, kind, id, &e->value);
            }
            next_entry(t);
            continue;
        }
        lw_writer count = {.windowed = true};
        tlv_out ahead = *t;
        ahead.w = &count;
        write_items(&ahead, level + 1);
        write_head(t->w, kind, id, count.pos);
        size_t end = t->w->pos + count.pos;
        write_items(t, level + 1);
        if (t->w->pos != end) {
            lw_writer_fail(t->w, LW_ESTATE);
        }
    }
}

/* Under an object each instance has a wrapper, but for one that has no number yet (Create). */
static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    unsigned depth = lw_path_depth(cfg->base);
    if (depth == LW_LEVEL_ROOT) {
        return LW_ENOTSUP;
    }
    tlv_out t = {.source = source,
                 .base = &cfg->base,
                 .w = w,
                 .top = depth == LW_LEVEL_OBJECT ? LW_LEVEL_INSTANCE : LW_LEVEL_RESOURCE};
    next_entry(&t);
    while (t.err == LW_OK) {
        write_items(&t, lw_path_is_chosen(t.entry.path) ? LW_LEVEL_RESOURCE : t.top);
    }
    return t.err == LW_END ? LW_OK : t.err;
}

const lw_format lw_format_tlv = {
    .id = LW_CF_TLV,
    .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED,
    .since = 10,
    .encode = encode,
    .decode_start = decode_start,
    .decode_next = decode_next,
};
