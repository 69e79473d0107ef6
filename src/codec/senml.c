#include "codec/senml.h"

#define BIT(label) LW_SENML_BIT(LW_SENML_##label)

/* bt + t below 2^28 s is relative to now, from there on it is Unix time (RFC 8428 section 4.5.3).
 */
#define ABSOLUTE_FROM_MS (LW_SECOND_MS << 28)
/* Times beyond are no longer exact as a double, and the year 287396 will have other standards. */
#define TIME_LIMIT_MS 9e15

#define BVER_MAX 10.0

lw_senml_label lw_senml_label_of(lw_bytes name)
{
    static const struct {
        char name[5];
        int8_t label;
    } known[] = {
        {"n", LW_SENML_N},   {"v", LW_SENML_V},     {"vs", LW_SENML_VS},     {"vb", LW_SENML_VB},
        {"vd", LW_SENML_VD}, {"vlo", LW_SENML_VLO}, {"t", LW_SENML_T},       {"bn", LW_SENML_BN},
        {"bt", LW_SENML_BT}, {"bv", LW_SENML_BV},   {"bs", LW_SENML_BS},     {"bu", LW_SENML_BU},
        {"u", LW_SENML_U},   {"s", LW_SENML_S},     {"bver", LW_SENML_BVER}, {"ut", LW_SENML_UT},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (lw_bytes_is(name, known[i].name)) {
            return (lw_senml_label)known[i].label;
        }
    }
    bool critical = name.len > 0 && name.ptr[name.len - 1] == '_';
    return critical ? LW_SENML_CRITICAL : LW_SENML_OTHER;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static lw_err put_text(lw_value value, lw_bytes *out)
{
    *out = value.as.bytes;
    return value.type == LW_TYPE_STRING ? LW_OK : LW_EFORMAT;
}

static lw_err put_time(lw_value value, lw_time *out)
{
    double seconds;
    if (!lw_value_to_number(value, &seconds)) {
        return LW_EFORMAT;
    }
    double ms = seconds * 1000.0;
    if (!(ms > -TIME_LIMIT_MS && ms < TIME_LIMIT_MS)) { /* also a NaN */
        return LW_ERANGE;
    }
    *out = (lw_time)(ms + (ms < 0 ? -0.5 : 0.5));
    return LW_OK;
}

static lw_err put_limited(lw_value value, double largest)
{
    double number;
    bool fits = lw_value_to_number(value, &number) && number >= 0 && number <= largest;
    return fits ? LW_OK : LW_EFORMAT;
}

static lw_err put_value(lw_senml_record *r, lw_senml_label label, lw_value value)
{
    if ((r->has & LW_SENML_VALUE_BITS & ~LW_SENML_BIT(label)) != 0) {
        return LW_EFORMAT; /* one value a record */
    }
    r->value = value;
    switch (label) {
    case LW_SENML_VLO:
        return lw_value_convert(value, LW_TYPE_OBJLNK, &r->value);
    case LW_SENML_VS:
        return value.type == LW_TYPE_STRING ? LW_OK : LW_EFORMAT;
    case LW_SENML_VB:
        return value.type == LW_TYPE_BOOLEAN ? LW_OK : LW_EFORMAT;
    case LW_SENML_VD:
        return value.type == LW_TYPE_OPAQUE ? LW_OK : LW_EFORMAT;
    default:
        break;
    }
    double number;
    return value.type == LW_TYPE_NONE || lw_value_to_number(value, &number) ? LW_OK : LW_EFORMAT;
}

lw_err lw_senml_put(lw_senml_record *r, lw_senml_label label, lw_value value)
{
    uint32_t bit = LW_SENML_BIT(label);
    bool twice = (r->has & bit) != 0 && label != LW_SENML_OTHER;
    if (twice || label == LW_SENML_CRITICAL) {
        return LW_EFORMAT;
    }
    r->has |= bit;
    switch (label) {
    case LW_SENML_BN:
        return put_text(value, &r->base_name);
    case LW_SENML_N:
        return put_text(value, &r->name);
    case LW_SENML_BT:
        return put_time(value, &r->base_time);
    case LW_SENML_T:
        return put_time(value, &r->time);
    case LW_SENML_BVER:
        return put_limited(value, BVER_MAX);
    case LW_SENML_BV:
    case LW_SENML_BS:
        return put_limited(value, 0);
    default:
        return (bit & LW_SENML_VALUE_BITS) != 0 ? put_value(r, label, value) : LW_OK;
    }
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

/* True when `text` at `pos` goes on with a slash and `segment`, as a whole segment. */
static bool segment_at(lw_bytes text, size_t pos, lw_bytes segment)
{
    lw_bytes rest = lw_bytes_from(text, pos + 1);
    if (rest.len < segment.len || memcmp(rest.ptr, segment.ptr, segment.len) != 0) {
        return false;
    }
    return rest.len == segment.len || rest.ptr[segment.len] == '/';
}

/* The full name is [ "/" alternate path ] [ "/" prefix ] path. Paths start with a digit, prefixes
 * do not (GW-09), so that neither has to be known. */
static lw_err split_name(lw_bytes name, lw_bytes alternate, lw_entry *e)
{
    if (name.len == 0 || name.ptr[0] != '/') {
        return LW_EFORMAT;
    }
    size_t pos = 0;
    if (alternate.len > 0 && segment_at(name, 0, alternate)) {
        pos = 1 + alternate.len;
    }
    size_t front = pos;
    while (pos + 1 < name.len && (name.ptr[pos + 1] < '0' || name.ptr[pos + 1] > '9')) {
        pos++;
        while (pos < name.len && name.ptr[pos] != '/') {
            pos++;
        }
    }
    if (pos > front) {
        e->prefix = lw_bytes_of(name.ptr + front + 1, pos - front - 1);
    }
    lw_bytes path = lw_bytes_from(name, pos);
    return path.len == 0 ? LW_OK : lw_path_parse(path, &e->path);
}

static lw_err take_name(lw_senml *s, const lw_senml_record *r, lw_bytes *out_full)
{
    if (lw_senml_has(r, LW_SENML_BN)) {
        if (r->base_name.len > sizeof s->name) {
            return LW_ETOOBIG;
        }
        if (r->base_name.len > 0) {
            memcpy(s->name, r->base_name.ptr, r->base_name.len);
        }
        s->base_len = (uint8_t)r->base_name.len;
    }
    if (r->name.len > sizeof s->name - s->base_len) {
        return LW_ETOOBIG;
    }
    if (r->name.len > 0) {
        memcpy(s->name + s->base_len, r->name.ptr, r->name.len);
    }
    *out_full = lw_bytes_of(s->name, s->base_len + r->name.len);
    return LW_OK;
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

/* "/alternate/prefix", as far as they are given; returns its length. */
static lw_err write_front(lw_senml_plan *p, lw_bytes prefix, size_t *out_len)
{
    const lw_bytes parts[2] = {p->cfg->alternate_path, prefix};
    size_t len = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (parts[i].len == 0) {
            continue;
        }
        if (parts[i].len + 1 + LW_PATH_TEXT_MAX > sizeof p->name - len) {
            return LW_ETOOBIG;
        }
        p->name[len++] = '/';
        memcpy(p->name + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    *out_len = len;
    return LW_OK;
}

static lw_err write_name(lw_senml_plan *p, const lw_entry *e, size_t *out_len)
{
    lw_err err = write_front(p, e->prefix, out_len);
    if (err == LW_OK) {
        *out_len += lw_path_format(e->path, p->name + *out_len);
    }
    return err;
}

/* What the entries seen so far have in common. */
typedef struct common {
    size_t front_len; /* "/alternate/prefix" in the plan's name */
    bool same_front;
    bool same_path;
    uint8_t min_depth;
    lw_path path; /* what the paths share, from the root down */
    bool all_absolute;
    uint8_t kind; /* of the first entry */
} common;

static void join(common *c, const lw_senml_plan *p, const lw_entry *e)
{
    unsigned shared = 0;
    while (shared < c->path.depth && shared < e->path.depth &&
           c->path.id[shared] == e->path.id[shared]) {
        shared++;
    }
    c->same_path = c->same_path && shared == c->path.depth && shared == e->path.depth;
    c->path = lw_path_cut(c->path, shared);
    c->min_depth = e->path.depth < c->min_depth ? e->path.depth : c->min_depth;
    c->all_absolute = c->all_absolute && e->has_time && e->time >= ABSOLUTE_FROM_MS;
    size_t before = p->cfg->alternate_path.len > 0 ? p->cfg->alternate_path.len + 1 : 0;
    size_t prefix_len = c->front_len > before ? c->front_len - before - 1 : 0;
    lw_bytes prefix = lw_bytes_of(p->name + c->front_len - prefix_len, prefix_len);
    c->same_front = c->same_front && lw_bytes_equal(prefix, e->prefix);
}

static bool is_writable(const lw_entry *e, const common *c, unsigned uses)
{
    if ((e->kind == LW_ENTRY_PATH) != (c->kind == LW_ENTRY_PATH)) {
        return false;
    }
    switch (e->kind) {
    case LW_ENTRY_VALUE:
        return e->value.type != LW_TYPE_NONE;
    case LW_ENTRY_PATH:
        return (uses & LW_FORMAT_FETCH) != 0;
    default:
        return (uses & LW_FORMAT_PATCH) != 0;
    }
}

/* The length of bn, which afterwards stands at the start of p->name. */
static size_t choose_base(lw_senml_plan *p, const common *c)
{
    if (p->count < 2 || !c->same_front) {
        return 0;
    }
    if (c->same_path && c->kind != LW_ENTRY_PATH) {
        return c->front_len + lw_path_format(c->path, p->name + c->front_len);
    }
    /* At least one segment stays for n. */
    unsigned depth = c->path.depth < c->min_depth ? c->path.depth : c->min_depth - 1u;
    if (c->min_depth == 0 || (depth == 0 && c->front_len == 0)) {
        return 0;
    }
    size_t len = c->front_len;
    if (depth > 0) {
        len += lw_path_format(lw_path_cut(c->path, depth), p->name + len);
    }
    p->name[len++] = '/';
    return len;
}

lw_err lw_senml_plan_init(lw_senml_plan *p, const lw_source *source, const lw_encode_cfg *cfg,
                          unsigned uses)
{
    *p = (lw_senml_plan){.source = source, .cfg = cfg};
    common c = {.same_front = true, .same_path = true, .all_absolute = true};
    lw_cursor cursor = {{0}};
    lw_entry e;
    lw_err err;
    for (err = next_entry(source, &cursor, &e); err == LW_OK;
         err = next_entry(source, &cursor, &e)) {
        if (p->count++ == 0) {
            c.kind = e.kind;
            c.path = e.path;
            c.min_depth = e.path.depth;
            p->base_time = e.time;
            err = write_front(p, e.prefix, &c.front_len);
        }
        if (err == LW_OK && !is_writable(&e, &c, uses)) {
            err = LW_ENOTSUP;
        }
        if (err != LW_OK) {
            return err;
        }
        join(&c, p, &e);
    }
    if (err != LW_END) {
        return err;
    }
    p->base_len = choose_base(p, &c);
    p->has_base_time = p->count > 1 && c.all_absolute;
    return LW_OK;
}

static void write_times(const lw_senml_plan *p, const lw_entry *e, lw_senml_record *r)
{
    if (p->has_base_time && p->index == 0) {
        r->has |= BIT(BT);
        r->base_time = p->base_time;
    }
    r->time = p->has_base_time ? e->time - p->base_time : e->time;
    bool is_base_time = p->has_base_time && r->time == 0;
    if (e->has_time && !is_base_time) {
        r->has |= BIT(T);
    }
}

lw_err lw_senml_plan_next(lw_senml_plan *p, lw_senml_record *out_record)
{
    lw_entry e;
    lw_err err = next_entry(p->source, &p->cursor, &e);
    if (err == LW_END) {
        return p->index == p->count ? LW_END : LW_ESTATE;
    }
    size_t len = 0;
    if (err == LW_OK) {
        err = write_name(p, &e, &len);
    }
    if (err != LW_OK) {
        return err;
    }
    if (p->index == p->count || len < p->base_len) {
        return LW_ESTATE;
    }
    lw_senml_record r = {.value = e.value};
    r.base_name = lw_bytes_of(p->name, p->base_len);
    r.name = lw_bytes_of(p->name + p->base_len, len - p->base_len);
    if (p->index == 0 && p->base_len > 0) {
        r.has |= BIT(BN);
    }
    if (r.name.len > 0) {
        r.has |= BIT(N);
    }
    if (e.kind == LW_ENTRY_VALUE) {
        r.has |= LW_SENML_BIT(lw_senml_label_of_type((lw_type)e.value.type));
    } else if (e.kind == LW_ENTRY_REMOVE) {
        r.has |= BIT(V);
        r.value = lw_value_none();
    }
    write_times(p, &e, &r);
    p->index++;
    *out_record = r;
    return LW_OK;
}

/* Through double, which is exact at this size and saves a 64-bit division. */
lw_value lw_senml_seconds(lw_time ms)
{
    lw_value seconds = lw_value_float((double)ms / 1000.0);
    lw_value whole;
    return lw_value_convert(seconds, LW_TYPE_INTEGER, &whole) == LW_OK ? whole : seconds;
}

lw_senml_label lw_senml_label_of_type(lw_type type)
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
