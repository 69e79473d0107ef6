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

/* ---- Reading ----------------------------------------------------------------------------------
 */

typedef struct tlv {
    uint32_t instance_left; /* octets of the open instance that follow */
    uint32_t multiple_left; /* octets of the open multiple resource that follow */
    bool in_instance;
    bool in_multiple;
    bool has_bare; /* resources stood outside of an instance */
    lw_path at;    /* of the innermost open container */
    lw_path last;  /* of the last item read */
} tlv;

_Static_assert(sizeof(tlv) <= LW_DECODER_STATE, "the state fits into the decoder");

typedef struct item {
    uint8_t kind; /* item_kind */
    uint16_t id;
    uint32_t head_len;
    uint32_t len; /* of the value */
} item;

static uint64_t read_uint(const uint8_t *p, size_t octets)
{
    uint64_t v = 0;
    for (size_t i = 0; i < octets; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static lw_err read_head(const uint8_t *p, size_t left, item *out)
{
    if (left == 0) {
        return LW_AGAIN;
    }
    unsigned first = p[0];
    unsigned id_octets = (first & ID_16_BITS) != 0 ? 2 : 1;
    unsigned length_octets = first >> LENGTH_SHIFT & 3;
    out->kind = (uint8_t)(first >> 6);
    out->head_len = 1 + id_octets + length_octets;
    if (left < out->head_len) {
        return LW_AGAIN;
    }
    out->id = (uint16_t)read_uint(p + 1, id_octets);
    out->len = first & LENGTH_MASK;
    if (length_octets > 0) {
        out->len = (uint32_t)read_uint(p + 1 + id_octets, length_octets);
    }
    return LW_OK;
}

/* Where the item stands. The base says what may be at the top: instances under an object, resources
 * under an instance; the wrapper that the base makes superfluous is accepted (P-DM-07, P-DM-09). */
static lw_err place(tlv *s, lw_path base, const item *it, lw_path *out)
{
    bool is_top = !s->in_instance && !s->in_multiple;
    switch (it->kind) {
    case INSTANCE:
        *out = lw_path_instance(base.id[0], it->id);
        if (it->id == LW_ID_MAX) {
            return LW_ERANGE; /* without a number it would stand without a wrapper */
        }
        return is_top && !s->has_bare ? LW_OK : LW_EFORMAT;
    case RESOURCE_INSTANCE:
        *out = lw_path_child(is_top ? lw_path_cut(base, 3) : s->at, it->id);
        return s->in_multiple || (is_top && base.depth >= LW_LEVEL_RESOURCE) ? LW_OK : LW_EFORMAT;
    default:
        break;
    }
    if (s->in_multiple) {
        return LW_EFORMAT;
    }
    if (is_top && base.depth == LW_LEVEL_OBJECT) {
        /* a Create whose instance the client numbers; not beside instances that have numbers */
        bool beside = s->last.depth > 0 && !s->has_bare;
        s->has_bare = true;
        *out = lw_path_resource(base.id[0], LW_ID_MAX, it->id);
        return beside ? LW_EFORMAT : LW_OK;
    }
    *out = lw_path_child(is_top ? lw_path_cut(base, 2) : s->at, it->id);
    return LW_OK;
}

/* Sizes, agreement with the base, and the duplicates that can be seen without memory: neighbours.
 */
static lw_err check_item(const tlv *s, lw_path base, const item *it, lw_path path)
{
    uint32_t total = it->head_len + it->len;
    bool overruns = (s->in_multiple && total > s->multiple_left) ||
                    (!s->in_multiple && s->in_instance && total > s->instance_left);
    bool is_container = it->kind == INSTANCE || it->kind == MULTIPLE;
    bool agrees = lw_path_contains(base, path) || (is_container && lw_path_contains(path, base));
    bool again = s->last.depth >= path.depth && lw_path_contains(path, s->last);
    return overruns || !agrees || again ? LW_EFORMAT : LW_OK;
}

static lw_err read_integer(lw_bytes b, lw_type type, lw_value *out)
{
    if (b.len == 0 || b.len > 8 || (b.len & (b.len - 1)) != 0) { /* 1, 2, 4 or 8 octets */
        return LW_EFORMAT;
    }
    uint64_t v = read_uint(b.ptr, b.len);
    uint64_t sign = (uint64_t)1 << (8 * b.len - 1);
    *out = type == LW_TYPE_UNSIGNED ? lw_value_unsigned(v)
                                    : lw_value_integer((int64_t)((v ^ sign) - sign));
    out->type = (uint8_t)type;
    return LW_OK;
}

static lw_err read_float(lw_bytes b, lw_value *out)
{
    uint64_t bits = read_uint(b.ptr, b.len);
    if (b.len == sizeof(float)) {
        uint32_t low = (uint32_t)bits;
        float single;
        memcpy(&single, &low, sizeof single);
        *out = lw_value_single(single);
        return LW_OK;
    }
    double number;
    memcpy(&number, &bits, sizeof number);
    *out = lw_value_float(number);
    return b.len == sizeof number ? LW_OK : LW_EFORMAT;
}

static lw_err read_value(lw_bytes b, lw_type type, lw_value *out)
{
    switch (type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        return read_integer(b, type, out);
    case LW_TYPE_FLOAT:
        return read_float(b, out);
    case LW_TYPE_BOOLEAN:
        *out = lw_value_boolean(b.len == 1 && b.ptr[0] == 1);
        return b.len == 1 && b.ptr[0] <= 1 ? LW_OK : LW_EFORMAT;
    case LW_TYPE_OBJLNK:
        if (b.len != 4) {
            return LW_EFORMAT;
        }
        *out = lw_value_objlnk((uint16_t)(b.ptr[0] << 8 | b.ptr[1]),
                               (uint16_t)(b.ptr[2] << 8 | b.ptr[3]));
        return LW_OK;
    case LW_TYPE_NONE:
        *out = lw_value_bytes(LW_TYPE_OPAQUE, b);
        return LW_OK;
    default:
        *out = lw_value_bytes(type, b);
        return LW_OK;
    }
}

static void leave_full_containers(tlv *s)
{
    if (s->in_multiple && s->multiple_left == 0) {
        s->in_multiple = false;
        s->at = lw_path_cut(s->at, LW_LEVEL_INSTANCE);
    }
    if (s->in_instance && !s->in_multiple && s->instance_left == 0) {
        s->in_instance = false;
    }
}

/* The item with its head, or a value with all of it, is read. */
static void step_over(tlv *s, const item *it)
{
    uint32_t total = it->head_len + it->len;
    if (s->in_multiple) {
        s->multiple_left -= total; /* the instance around it has paid for the whole already */
    } else if (s->in_instance) {
        s->instance_left -= total;
    }
}

static void enter(tlv *s, const item *it, lw_path path)
{
    if (it->kind == INSTANCE) {
        s->in_instance = true;
        s->instance_left = it->len;
    } else {
        s->in_multiple = true;
        s->multiple_left = it->len;
    }
    s->at = path;
}

/* An empty container is an entry, unless the base names it already. */
static bool is_empty_entry(const item *it, lw_path base)
{
    unsigned level = it->kind == INSTANCE ? LW_LEVEL_OBJECT : LW_LEVEL_RESOURCE;
    return it->len == 0 && base.depth <= level;
}

/* The next item. LW_AGAIN with d->pos moved on: it gave no entry. */
static lw_err next_item(lw_decoder *d, lw_entry *e)
{
    tlv *kept = (tlv *)(void *)d->state.octets;
    tlv s = *kept;
    leave_full_containers(&s);
    size_t left = d->in.len - d->pos;
    if (left == 0 && !s.in_instance && !s.in_multiple) {
        return lw_decoder_finish(d);
    }
    const uint8_t *p = d->in.ptr + d->pos;
    item it;
    lw_err err = read_head(p, left, &it);
    if (err == LW_OK) {
        err = place(&s, d->cfg.base, &it, &e->path);
    }
    if (err == LW_OK) {
        err = check_item(&s, d->cfg.base, &it, e->path);
    }
    if (err != LW_OK) {
        return err;
    }
    step_over(&s, &it);
    s.last = e->path;
    size_t done = it.head_len;
    if (it.kind == INSTANCE || it.kind == MULTIPLE) {
        enter(&s, &it, e->path);
        e->kind = LW_ENTRY_EMPTY;
        err = is_empty_entry(&it, d->cfg.base) ? LW_OK : LW_AGAIN;
    } else {
        if (left - done < it.len) {
            return LW_AGAIN;
        }
        done += it.len;
        err = read_value(lw_bytes_of(p + it.head_len, it.len), lw_decoder_type_of(d, e->path),
                         &e->value);
    }
    *kept = s;
    d->pos += done;
    return err;
}

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    lw_err err;
    size_t before;
    do {
        before = d->pos;
        *out_entry = (lw_entry){.kind = LW_ENTRY_VALUE};
        err = next_item(d, out_entry);
    } while (err == LW_AGAIN && d->pos > before);
    return err;
}

/* Several objects in one payload have no form in TLV. */
static lw_err decode_start(lw_decoder *d)
{
    return d->cfg.base.depth >= LW_LEVEL_OBJECT ? LW_OK : LW_ENOTSUP;
}

/* ---- Writing ----------------------------------------------------------------------------------
 *
 * A container's head says how long it is, so a copy of the cursor runs ahead to its end. That
 * visits each entry at most three times.
 */

typedef struct tlv_out {
    const lw_source *source;
    lw_path base;
    lw_writer *w;
    size_t instance_end; /* where the open containers must end; 0: none is open */
    size_t multiple_end;
} tlv_out;

static size_t integer_len(lw_value v)
{
    /* With one bit more than the magnitude, for the sign. */
    uint64_t bits = v.as.uns;
    if (v.type != LW_TYPE_UNSIGNED) {
        bits = (v.as.integer < 0 ? ~v.as.uns : v.as.uns) << 1;
    }
    if (bits <= UINT8_MAX) {
        return 1;
    }
    if (bits <= UINT16_MAX) {
        return 2;
    }
    return bits <= UINT32_MAX ? 4 : 8;
}

static size_t value_len(lw_value v)
{
    switch (v.type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        return integer_len(v);
    case LW_TYPE_FLOAT:
        return v.single ? sizeof(float) : sizeof(double);
    case LW_TYPE_BOOLEAN:
        return 1;
    case LW_TYPE_OBJLNK:
        return 4;
    default:
        return v.as.bytes.len;
    }
}

static void write_float(lw_writer *w, lw_value v)
{
    if (v.single) {
        float single = (float)v.as.number;
        uint32_t bits;
        memcpy(&bits, &single, sizeof bits);
        lw_write_u32(w, bits);
    } else {
        uint64_t bits;
        memcpy(&bits, &v.as.number, sizeof bits);
        lw_write_u64(w, bits);
    }
}

static void write_value(lw_writer *w, lw_value v)
{
    switch (v.type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        lw_write_uint(w, v.as.uns, (unsigned)integer_len(v));
        return;
    case LW_TYPE_FLOAT:
        write_float(w, v);
        return;
    case LW_TYPE_BOOLEAN:
        lw_write_u8(w, v.as.boolean);
        return;
    case LW_TYPE_OBJLNK:
        lw_write_u16(w, v.as.link.object);
        lw_write_u16(w, v.as.link.instance);
        return;
    default:
        lw_write_bytes(w, v.as.bytes);
        return;
    }
}

static unsigned length_octets(size_t len)
{
    unsigned octets = len > LENGTH_MASK;
    octets += len > UINT8_MAX;
    octets += len > UINT16_MAX;
    return octets;
}

static size_t item_len(uint16_t id, size_t len)
{
    size_t id_octets = id > UINT8_MAX ? 2 : 1;
    return 1 + id_octets + length_octets(len) + len;
}

static void write_head(lw_writer *w, item_kind kind, uint16_t id, size_t len)
{
    if (len >= LENGTH_LIMIT) {
        lw_writer_fail(w, LW_ETOOBIG);
        return;
    }
    unsigned octets = length_octets(len);
    unsigned first = (unsigned)kind << 6 | octets << LENGTH_SHIFT;
    first |= id > UINT8_MAX ? ID_16_BITS : 0;
    first |= octets == 0 ? (unsigned)len : 0;
    lw_write_u8(w, (uint8_t)first);
    lw_write_uint(w, id, id > UINT8_MAX ? 2 : 1);
    lw_write_uint(w, len, octets);
}

/* The next entry that TLV writes something for. */
static lw_err next_entry(const tlv_out *t, lw_cursor *cursor, lw_entry *e)
{
    lw_err err;
    do {
        err = t->source->next(t->source->ctx, cursor, e);
        if (err != LW_OK) {
            return err;
        }
    } while (e->kind == LW_ENTRY_EMPTY &&
             (e->path.depth < LW_LEVEL_INSTANCE ||
              (e->path.depth == LW_LEVEL_INSTANCE && t->base.depth >= LW_LEVEL_INSTANCE)));
    bool has_value = e->kind == LW_ENTRY_VALUE && e->value.type != LW_TYPE_NONE;
    if ((!has_value && e->kind != LW_ENTRY_EMPTY) || e->has_time || e->prefix.len > 0) {
        return LW_ENOTSUP;
    }
    bool is_placed = !has_value || e->path.depth >= LW_LEVEL_RESOURCE;
    return is_placed && lw_path_contains(t->base, e->path) ? LW_OK : LW_EINVAL;
}

/* The length of what stands in `group`, an instance or a multiple resource, from the cursor on. */
static lw_err measure(const tlv_out *t, lw_cursor cursor, lw_path group, size_t *out_len)
{
    lw_path multiple = lw_path_root(); /* the multiple resource that is summed up in `inner` */
    size_t inner = 0;
    size_t total = 0;
    for (;;) {
        lw_entry e;
        lw_err err = next_entry(t, &cursor, &e);
        if (err != LW_OK && err != LW_END) {
            return err;
        }
        bool is_over = err == LW_END || !lw_path_contains(group, e.path);
        if (multiple.depth > 0 && (is_over || !lw_path_contains(multiple, e.path))) {
            total += item_len(multiple.id[2], inner);
            multiple = lw_path_root();
            inner = 0;
        }
        if (is_over) {
            *out_len = total;
            return LW_OK;
        }
        bool is_empty = e.kind == LW_ENTRY_EMPTY;
        if (is_empty && e.path.depth == LW_LEVEL_INSTANCE) {
            continue;
        }
        size_t len = item_len(e.path.id[e.path.depth - 1], is_empty ? 0 : value_len(e.value));
        if (e.path.depth == LW_LEVEL_RESOURCE_INSTANCE && group.depth == LW_LEVEL_INSTANCE) {
            multiple = lw_path_cut(e.path, LW_LEVEL_RESOURCE);
            inner += len;
        } else {
            total += len;
        }
    }
}

/* The containers that end before `path` end where their heads said. */
static lw_err check_ends(tlv_out *t, bool instance_ends, bool multiple_ends)
{
    bool wrong = (multiple_ends && t->multiple_end != 0 && t->multiple_end != t->w->pos) ||
                 (instance_ends && t->instance_end != 0 && t->instance_end != t->w->pos);
    t->multiple_end = multiple_ends ? 0 : t->multiple_end;
    t->instance_end = instance_ends ? 0 : t->instance_end;
    return wrong && t->w->err == LW_OK ? LW_ESTATE : LW_OK;
}

static lw_err open_container(tlv_out *t, lw_cursor at, lw_path group, size_t *out_end)
{
    size_t len;
    lw_err err = measure(t, at, group, &len);
    if (err != LW_OK) {
        return err;
    }
    write_head(t->w, group.depth == LW_LEVEL_INSTANCE ? INSTANCE : MULTIPLE,
               group.id[group.depth - 1], len);
    *out_end = t->w->pos + len;
    return LW_OK;
}

/* One entry, with the heads of the containers that start with it. `at` is the cursor before it. */
static lw_err write_entry(tlv_out *t, lw_cursor at, const lw_entry *e, lw_path last)
{
    lw_path instance = lw_path_cut(e->path, LW_LEVEL_INSTANCE);
    lw_path resource = lw_path_cut(e->path, LW_LEVEL_RESOURCE);
    bool new_instance = !lw_path_contains(instance, last);
    bool new_resource = !lw_path_contains(resource, last);
    lw_err err = check_ends(t, new_instance, new_resource);
    /* Under an object each instance has a wrapper, but for one that has no number yet (Create). */
    bool wrapped = t->base.depth == LW_LEVEL_OBJECT && e->path.id[1] != LW_ID_MAX;
    if (err == LW_OK && wrapped && new_instance) {
        err = open_container(t, at, instance, &t->instance_end);
    }
    if (err != LW_OK || e->path.depth == LW_LEVEL_INSTANCE) {
        return err;
    }
    if (e->path.depth == LW_LEVEL_RESOURCE_INSTANCE && new_resource) {
        err = open_container(t, at, resource, &t->multiple_end);
    }
    if (err != LW_OK) {
        return err;
    }
    uint16_t id = e->path.id[e->path.depth - 1];
    if (e->kind == LW_ENTRY_EMPTY) {
        write_head(t->w, MULTIPLE, id, 0);
        return LW_OK;
    }
    bool is_single = e->path.depth == LW_LEVEL_RESOURCE;
    write_head(t->w, is_single ? RESOURCE : RESOURCE_INSTANCE, id, value_len(e->value));
    write_value(t->w, e->value);
    return LW_OK;
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    tlv_out t = {.source = source, .base = cfg->base, .w = w};
    if (cfg->base.depth < LW_LEVEL_OBJECT) {
        return LW_ENOTSUP;
    }
    lw_cursor cursor = {{0}};
    lw_path last = lw_path_root();
    for (;;) {
        lw_cursor before = cursor;
        lw_entry e;
        lw_err err = next_entry(&t, &cursor, &e);
        if (err == LW_OK) {
            err = write_entry(&t, before, &e, last);
        } else if (err == LW_END) {
            return check_ends(&t, true, true);
        }
        if (err != LW_OK) {
            return err;
        }
        last = e.path;
    }
}

const lw_format lw_format_tlv = {
    .id = LW_CF_TLV,
    .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED,
    .since = 10,
    .name = "TLV",
    .media_type = "application/vnd.oma.lwm2m+tlv",
    .encode = encode,
    .decode_start = decode_start,
    .decode_next = decode_next,
};
