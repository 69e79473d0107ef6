#include "codec/senml.h"

#include "base/num.h"
#include "codec/path_text.h"

#define BIT(label) LW_SENML_BIT(LW_SENML_##label)

/* bt + t below 2^28 s is relative to now, from there on it is Unix time (RFC 8428 section 4.5.3).
 */
#define ABSOLUTE_FROM_MS (LW_SECOND_MS << 28)
/* Of a double from 2^53 on, infinity and NaN included. Times beyond are no longer exact, and the
 * year 287396 will have other standards. */
#define TIME_LIMIT_EXPONENT (1023u + 53u)

#define BVER_MAX 10u

lw_senml_label lw_senml_label_of(lw_bytes name)
{
    /* From LW_SENML_BS on. */
    const char *known = "bs\0bv\0bu\0bt\0bn\0bver\0n\0u\0v\0vs\0vb\0s\0t\0ut\0vd\0vlo";
    for (int label = LW_SENML_BS; label <= LW_SENML_VLO; label++) {
        if (lw_bytes_is(name, known)) {
            return (lw_senml_label)label;
        }
        known += strlen(known) + 1;
    }
    bool critical = name.len > 0 && name.ptr[name.len - 1] == '_';
    return critical ? LW_SENML_CRITICAL : LW_SENML_OTHER;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static lw_err put_time(const lw_value *value, lw_time *out)
{
    double seconds;
    if (!lw_value_to_number(value, &seconds)) {
        return LW_EFORMAT;
    }
    union {
        double number;
        uint64_t bits;
    } ms = {seconds * 1000.0};
    if ((ms.bits >> 52 & 0x7ff) >= TIME_LIMIT_EXPONENT) {
        return LW_ERANGE;
    }
    *out = (lw_time)(ms.number + (ms.bits >> 63 != 0 ? -0.5 : 0.5));
    return LW_OK;
}

static bool is_whole_up_to(const lw_value *value, unsigned largest)
{
    lw_value whole;
    return lw_value_convert(value, LW_TYPE_INTEGER, &whole) == LW_OK && whole.as.uns <= largest;
}

/* The kind that a member's value has, by label; numbers go by INTEGER. */
static bool has_kind(const lw_value *value, lw_senml_label label)
{
    static const uint8_t kinds[] = {
        [LW_SENML_PLACE(LW_SENML_BS)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_BV)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_BT)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_BN)] = LW_TYPE_STRING,
        [LW_SENML_PLACE(LW_SENML_BVER)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_N)] = LW_TYPE_STRING,
        [LW_SENML_PLACE(LW_SENML_V)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_VS)] = LW_TYPE_STRING,
        [LW_SENML_PLACE(LW_SENML_VB)] = LW_TYPE_BOOLEAN,
        [LW_SENML_PLACE(LW_SENML_T)] = LW_TYPE_INTEGER,
        [LW_SENML_PLACE(LW_SENML_VD)] = LW_TYPE_OPAQUE,
        [LW_SENML_PLACE(LW_SENML_VLO)] = LW_TYPE_STRING,
    };
    bool is_number = value->type == LW_TYPE_UNSIGNED || value->type == LW_TYPE_FLOAT;
    unsigned kind = is_number ? LW_TYPE_INTEGER : value->type;
    return kind == kinds[LW_SENML_PLACE(label)] ||
           (label == LW_SENML_V && kind == LW_TYPE_NONE); /* null */
}

lw_err lw_senml_put(lw_senml_record *r, lw_senml_label label, const lw_value *value)
{
    uint32_t bit = LW_SENML_BIT(label);
    uint32_t excluded = (bit & LW_SENML_VALUE_BITS) != 0 ? LW_SENML_VALUE_BITS : bit;
    if (label == LW_SENML_CRITICAL || (r->has & excluded & ~BIT(OTHER)) != 0) {
        return LW_EFORMAT;
    }
    r->has |= bit;
    if (lw_senml_is_ignored(label)) {
        return LW_OK;
    }
    if (!has_kind(value, label)) {
        return LW_EFORMAT;
    }
    bool fits = true;
    switch (label) {
    case LW_SENML_BN:
    case LW_SENML_N:
        *(label == LW_SENML_BN ? &r->base_name : &r->name) = value->as.bytes;
        break;
    case LW_SENML_BT:
    case LW_SENML_T:
        return put_time(value, label == LW_SENML_BT ? &r->base_time : &r->time);
    case LW_SENML_BVER:
    case LW_SENML_BV:
    case LW_SENML_BS:
        fits = is_whole_up_to(value, label == LW_SENML_BVER ? BVER_MAX : 0);
        break;
    case LW_SENML_VLO:
        return lw_value_convert(value, LW_TYPE_OBJLNK, &r->value);
    default:
        r->value = *value;
    }
    return fits ? LW_OK : LW_EFORMAT;
}

/* What a record must and must not have. LW_AGAIN: it only sets base values. */
static lw_err check_members(const lw_senml_record *r, unsigned use)
{
    bool has_value = (r->has & LW_SENML_VALUE_BITS) != 0;
    if (use == LW_FORMAT_FETCH) {
        /* RFC 8790 section 3.1.1: names, times and units only */
        const uint32_t allowed = BIT(N) | BIT(BN) | BIT(T) | BIT(BT) | BIT(U) | BIT(BU);
        bool named = (r->has & (BIT(N) | BIT(BN))) != 0;
        return named && (r->has & ~allowed) == 0 ? LW_OK : LW_EFORMAT;
    }
    if (!has_value) {
        return lw_senml_has(r, LW_SENML_N) ? LW_EFORMAT : LW_AGAIN;
    }
    bool removes = r->value.type == LW_TYPE_NONE;
    return removes && use != LW_FORMAT_PATCH ? LW_EFORMAT : LW_OK;
}

static bool is_digit_at(lw_bytes text, size_t pos)
{
    return pos < text.len && lw_num_is_digit(text.ptr[pos]);
}

/* The full name is [ "/" alternate path ] [ "/" prefix ] path. Paths start with a digit, prefixes
 * do not (GW-09), so that neither has to be known. */
static lw_err split_name(lw_bytes name, lw_bytes alternate, lw_entry *e)
{
    if (name.len == 0 || name.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    size_t end = 1 + alternate.len; /* of the alternate path, if it is there as whole segments */
    size_t front = 0;
    if (alternate.len > 0 && end <= name.len && (end == name.len || name.ptr[end] == '/') &&
        memcmp(name.ptr + 1, alternate.ptr, alternate.len) == 0) {
        front = end;
    }
    size_t pos = front;
    while (pos + 1 < name.len && !is_digit_at(name, pos + 1)) {
        do {
            pos++;
        } while (pos < name.len && name.ptr[pos] != '/');
    }
    if (pos > front) {
        e->prefix = lw_bytes_of(name.ptr + front + 1, pos - front - 1);
    }
    return pos == name.len ? LW_OK : lw_path_parse(lw_bytes_from(name, pos), &e->path);
}

/* bn and n one behind the other in s->name, where bn stays. */
static lw_err take_name(lw_senml *s, const lw_senml_record *r, lw_bytes *out_full)
{
    lw_writer w;
    lw_writer_init(&w, s->name, sizeof s->name);
    if (lw_senml_has(r, LW_SENML_BN)) {
        lw_write_bytes(&w, r->base_name);
        s->base_len = (uint8_t)w.pos;
    }
    w.pos = s->base_len;
    lw_write_bytes(&w, r->name);
    *out_full = lw_bytes_of(s->name, w.pos);
    return w.err;
}

lw_err lw_senml_resolve(lw_senml *s, const lw_decode_cfg *cfg, const lw_senml_record *r,
                        lw_entry *out_entry)
{
    lw_bytes full;
    lw_err err = take_name(s, r, &full);
    if (err != LW_OK) {
        return err;
    }
    if (lw_senml_has(r, LW_SENML_BT)) {
        s->has_base_time = true;
        s->base_time = r->base_time;
    }
    err = check_members(r, cfg->use);
    if (err != LW_OK) {
        return err;
    }
    if (cfg->use == LW_FORMAT_FETCH) {
        out_entry->kind = LW_ENTRY_PATH;
    } else {
        out_entry->kind = r->value.type == LW_TYPE_NONE ? LW_ENTRY_REMOVE : LW_ENTRY_VALUE;
        out_entry->value = r->value;
        out_entry->has_time = s->has_base_time || lw_senml_has(r, LW_SENML_T);
        out_entry->time = s->base_time + r->time;
    }
    return split_name(full, cfg->alternate_path, out_entry);
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

/* The next entry that has a form in SenML. */
static lw_err next_entry(const lw_source *source, lw_cursor *cursor, lw_entry *e)
{
    lw_err err;
    do {
        err = source->next(source->ctx, cursor, e);
    } while (err == LW_OK && e->kind == LW_ENTRY_EMPTY);
    return err;
}

static void write_front(lw_writer *w, lw_bytes segments)
{
    if (segments.len > 0) {
        lw_write_u8(w, '/');
        lw_write_bytes(w, segments);
    }
}

/* The full name, "/alternate/prefix/path" with what there is of it. */
static lw_err write_name(const lw_senml_plan *p, const lw_entry *e, uint8_t out[LW_SENML_NAME_MAX],
                         size_t *out_len)
{
    lw_writer w;
    lw_writer_init(&w, out, LW_SENML_NAME_MAX);
    write_front(&w, p->cfg->alternate_path);
    write_front(&w, e->prefix);
    lw_write_path(&w, e->path);
    *out_len = w.pos;
    return w.err;
}

static bool is_writable(const lw_entry *e, bool paths, unsigned uses)
{
    if ((e->kind == LW_ENTRY_PATH) != paths) {
        return false;
    }
    if (paths) {
        return (uses & LW_FORMAT_FETCH) != 0;
    }
    return e->kind == LW_ENTRY_VALUE ? e->value.type != LW_TYPE_NONE
                                     : (uses & LW_FORMAT_PATCH) != 0;
}

/* What the names seen so far have in common; p->name holds the first, p->base_len octets of it are
 * the same in all. */
typedef struct names {
    size_t min_len;
    size_t max_len;
} names;

static lw_err join_name(lw_senml_plan *p, names *n, const lw_entry *e)
{
    uint8_t later[LW_SENML_NAME_MAX];
    uint8_t *name = p->count == 1 ? p->name : later;
    size_t len;
    lw_err err = write_name(p, e, name, &len);
    size_t same = 0;
    while (same < p->base_len && same < len && name[same] == p->name[same]) {
        same++;
    }
    p->base_len = same;
    n->min_len = len < n->min_len ? len : n->min_len;
    n->max_len = len > n->max_len ? len : n->max_len;
    return err;
}

/* Cuts what is common back to whole segments, so that each name keeps at least one. A '/' alone is
 * no base, nor is the name of a single record. */
static void settle_base(lw_senml_plan *p, const names *n, bool paths)
{
    bool all_the_same = p->base_len == n->max_len && !paths;
    while (p->base_len > 0 && !all_the_same &&
           (p->name[p->base_len - 1] != '/' || p->base_len == n->min_len)) {
        p->base_len--;
    }
    if (p->base_len == 1 || p->count < 2) {
        p->base_len = 0;
    }
}

lw_err lw_senml_plan_init(lw_senml_plan *p, const lw_source *source, const lw_encode_cfg *cfg,
                          unsigned uses)
{
    *p = (lw_senml_plan){
        .source = source, .cfg = cfg, .has_base_time = true, .base_len = LW_SENML_NAME_MAX};
    names n = {.min_len = LW_SENML_NAME_MAX};
    bool paths = false;
    lw_cursor cursor = {{0}};
    lw_entry e;
    lw_err err;
    while ((err = next_entry(source, &cursor, &e)) == LW_OK) {
        if (p->count++ == 0) {
            paths = e.kind == LW_ENTRY_PATH;
            p->base_time = e.time;
        }
        p->has_base_time = p->has_base_time && e.has_time && e.time >= ABSOLUTE_FROM_MS;
        err = is_writable(&e, paths, uses) ? join_name(p, &n, &e) : LW_ENOTSUP;
        if (err != LW_OK) {
            return err;
        }
    }
    settle_base(p, &n, paths);
    p->has_base_time = p->has_base_time && p->count > 1;
    return err == LW_END ? LW_OK : err;
}

/* The label under which a value of that type is written. */
static lw_senml_label label_of(uint32_t type)
{
    switch (type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        return LW_SENML_VS;
    case LW_TYPE_BOOLEAN:
        return LW_SENML_VB;
    case LW_TYPE_OPAQUE:
        return LW_SENML_VD;
    case LW_TYPE_OBJLNK:
        return LW_SENML_VLO;
    default:
        return LW_SENML_V;
    }
}

/* The members that say when. */
static uint32_t put_times(const lw_senml_plan *p, const lw_entry *e, lw_senml_record *r)
{
    r->base_time = p->base_time;
    r->time = e->time;
    if (!p->has_base_time) {
        return e->has_time ? BIT(T) : 0;
    }
    r->time -= p->base_time;
    return (p->index == 0 ? BIT(BT) : 0) | (r->time != 0 ? BIT(T) : 0);
}

lw_err lw_senml_plan_next(lw_senml_plan *p, lw_senml_record *out_record)
{
    lw_entry e;
    lw_err err = next_entry(p->source, &p->cursor, &e);
    if (err != LW_OK) {
        return err == LW_END && p->index != p->count ? LW_ESTATE : err;
    }
    size_t len;
    err = write_name(p, &e, p->name, &len);
    if (err != LW_OK) {
        return err;
    }
    if (p->index == p->count || len < p->base_len) {
        return LW_ESTATE;
    }
    lw_senml_record *r = out_record;
    uint32_t has = put_times(p, &e, r);
    r->base_name = lw_bytes_of(p->name, p->base_len);
    r->name = lw_bytes_of(p->name + p->base_len, len - p->base_len);
    r->value = e.value;
    if (p->index == 0 && p->base_len > 0) {
        has |= BIT(BN);
    }
    if (r->name.len > 0) {
        has |= BIT(N);
    }
    if (e.kind == LW_ENTRY_REMOVE) {
        r->value.type = LW_TYPE_NONE;
    }
    if (e.kind != LW_ENTRY_PATH) {
        r->label = label_of(r->value.type);
        has |= LW_SENML_BIT(r->label);
    }
    r->has = has;
    p->index++;
    return LW_OK;
}

/* Through double, which is exact at this size and saves a 64-bit division. */
lw_value lw_senml_seconds(lw_time ms)
{
    lw_value seconds = lw_value_float((double)ms / 1000.0);
    lw_err err = lw_value_convert(&seconds, LW_TYPE_INTEGER, &seconds);
    (void)err; /* with a fraction it stays as it is */
    return seconds;
}
