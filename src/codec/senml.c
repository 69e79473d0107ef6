#include "codec/senml.h"

#include "codec/front.h"
#include "codec/path_text.h"

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

/* By label, from LW_SENML_BS on: what its value is read as, FLOAT standing for any number and NONE
 * for what is ignored; and which member it is. */
static const struct row {
    uint8_t kind;   /* lw_type */
    uint8_t member; /* lw_senml_member */
} rows[] = {
    {LW_TYPE_UNSIGNED, LW_SENML_BASE_SUM}, {LW_TYPE_UNSIGNED, LW_SENML_BASE_VALUE},
    {LW_TYPE_NONE, LW_SENML_BASE_UNIT},    {LW_TYPE_FLOAT, LW_SENML_BASE_TIME},
    {LW_TYPE_STRING, LW_SENML_BASE_NAME},  {LW_TYPE_UNSIGNED, LW_SENML_BASE_VERSION},
    {LW_TYPE_STRING, LW_SENML_NAME},       {LW_TYPE_NONE, LW_SENML_UNIT},
    {LW_TYPE_FLOAT, LW_SENML_VALUE},       /* v */ {LW_TYPE_STRING, LW_SENML_VALUE},
    {LW_TYPE_BOOLEAN, LW_SENML_VALUE},     {LW_TYPE_NONE, LW_SENML_SUM},
    {LW_TYPE_FLOAT, LW_SENML_TIME},        {LW_TYPE_NONE, LW_SENML_UPDATE_TIME},
    {LW_TYPE_OPAQUE, LW_SENML_VALUE},      /* vd */ {LW_TYPE_OBJLNK, LW_SENML_VALUE},
    {LW_TYPE_NONE, LW_SENML_UNKNOWN},      {LW_TYPE_NONE, LW_SENML_UNKNOWN},
};

static const struct row *row_of(lw_senml_label label)
{
    return &rows[(int)label - LW_SENML_BS];
}

bool lw_senml_is_ignored(lw_senml_label label)
{
    return row_of(label)->kind == LW_TYPE_NONE;
}

lw_err lw_senml_put(lw_senml_record *r, lw_senml_label label, const lw_value *value)
{
    const struct row *row = row_of(label);
    bool is_again = lw_senml_has(r, row->member) && row->member != LW_SENML_UNKNOWN;
    if (label == LW_SENML_CRITICAL || is_again) {
        return LW_EFORMAT;
    }
    r->has |= 1u << row->member;
    if (row->kind == LW_TYPE_NONE) {
        return LW_OK;
    }
    bool is_null = label == LW_SENML_V && value->type == LW_TYPE_NONE;
    lw_type kind = is_null ? LW_TYPE_NONE : (lw_type)row->kind;
    lw_value kept;
    lw_err err = lw_value_convert(value, kind, &kept);
    if (err != LW_OK) {
        return LW_EFORMAT;
    }
    if (kind == LW_TYPE_UNSIGNED) {
        return kept.as.uns <= (label == LW_SENML_BVER ? BVER_MAX : 0) ? LW_OK : LW_EFORMAT;
    }
    r->members[row->member] = kind == LW_TYPE_FLOAT ? *value : kept;
    return LW_OK;
}

#define BIT(member) (1u << LW_SENML_##member)

/* What a record must and must not have. LW_AGAIN: it only sets base values. */
static lw_err check_members(const lw_decoder *d, const lw_senml_record *r)
{
    if (d->cfg.use == LW_FORMAT_FETCH) {
        /* RFC 8790 section 3.1.1: names, times and units only */
        const uint32_t names = BIT(NAME) | BIT(BASE_NAME);
        const uint32_t others = BIT(TIME) | BIT(BASE_TIME) | BIT(UNIT) | BIT(BASE_UNIT);
        return (r->has & names) != 0 && (r->has & ~(names | others)) == 0 ? LW_OK : LW_EFORMAT;
    }
    if (!lw_senml_has(r, LW_SENML_VALUE)) {
        return lw_senml_has(r, LW_SENML_NAME) ? LW_EFORMAT : LW_AGAIN;
    }
    bool removes = r->members[LW_SENML_VALUE].type == LW_TYPE_NONE;
    bool is_patch = d->cfg.use == LW_FORMAT_PATCH && (d->format->uses & LW_FORMAT_SEND) == 0;
    return removes && !is_patch ? LW_EFORMAT : LW_OK;
}

/* bn and n one behind the other in s->name, where bn stays. */
static lw_err take_name(lw_senml *s, const lw_senml_record *r, lw_bytes *out_full)
{
    lw_writer w;
    lw_writer_init(&w, s->name, sizeof s->name);
    if (lw_senml_has(r, LW_SENML_BASE_NAME)) {
        lw_write_bytes(&w, r->members[LW_SENML_BASE_NAME].as.bytes);
        s->base_len = (uint8_t)w.pos;
    }
    w.pos = s->base_len;
    lw_write_bytes(&w, r->members[LW_SENML_NAME].as.bytes);
    *out_full = lw_writer_plain(&w);
    return w.err;
}

lw_err lw_senml_resolve(lw_senml *s, const lw_decoder *d, const lw_senml_record *r,
                        lw_entry *out_entry)
{
    lw_bytes full;
    lw_err err = take_name(s, r, &full);
    if (err != LW_OK) {
        return err;
    }
    if (lw_senml_has(r, LW_SENML_BASE_TIME)) {
        s->base_time = r->members[LW_SENML_BASE_TIME];
    }
    err = check_members(d, r);
    if (err != LW_OK) {
        return err;
    }
    if (d->cfg.use == LW_FORMAT_FETCH) {
        out_entry->kind = LW_ENTRY_PATH;
    } else {
        out_entry->value = r->members[LW_SENML_VALUE];
        out_entry->kind = out_entry->value.type == LW_TYPE_NONE ? LW_ENTRY_REMOVE : LW_ENTRY_VALUE;
        out_entry->base_time = s->base_time;
        out_entry->time = r->members[LW_SENML_TIME];
    }
    const lw_front *front = d->cfg.front;
    return front != NULL ? front->read(front, full, out_entry)
                         : lw_path_parse(full, &out_entry->path);
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

lw_err lw_senml_plan_init(lw_senml_plan *p, const lw_source *source, const lw_encode_cfg *cfg,
                          unsigned kinds)
{
    *p = (lw_senml_plan){.source = source, .cfg = cfg};
    lw_cursor cursor = {.at = {0}};
    lw_entry *e = &p->entry;
    lw_err err;
    while ((err = next_entry(source, &cursor, e)) == LW_OK) {
        bool is_path = e->kind == LW_ENTRY_PATH;
        bool has_value = e->kind != LW_ENTRY_VALUE || e->value.type != LW_TYPE_NONE;
        if ((kinds >> e->kind & 1) == 0 || !has_value) {
            return LW_ENOTSUP;
        }
        /* Of a path without value something must be left for n. */
        lw_path path = lw_path_cut(e->path, lw_path_depth(e->path) - is_path);
        if (p->count++ == 0) {
            kinds &= is_path ? LW_SENML_PATHS : ~LW_SENML_PATHS;
            p->base = path;
        }
        while (!lw_path_contains(p->base, path)) {
            p->base = lw_path_parent(p->base);
        }
    }
    p->has_base = p->count > 1 && (cfg->front == NULL || cfg->front->is_shared(source));
    return err == LW_END ? LW_OK : err;
}

lw_senml_label lw_senml_label_of_type(uint32_t type)
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

static void set_text(lw_value *value, const uint8_t *octets, size_t len)
{
    value->type = LW_TYPE_STRING;
    value->as.bytes = lw_bytes_of(octets, len);
}

/* The full name of the entry, its path with what stands in front of it: so much as all have in
 * common is base name, the rest its name. */
static lw_err split_entry(lw_senml_plan *p)
{
    const lw_entry *e = &p->entry;
    size_t base_len = 0;
    lw_writer w;
    lw_writer_init(&w, p->text, sizeof p->text);
    if (p->cfg->front != NULL) {
        p->cfg->front->write(p->cfg->front, e, &w);
    }
    size_t front = w.pos;
    if (p->has_base) {
        lw_write_path(&w, p->base);
        if (lw_path_reaches(p->base, LW_LEVEL_OBJECT) && !lw_path_equal(p->base, e->path)) {
            lw_write_u8(&w, '/');
        }
        base_len = w.pos > 1 ? w.pos : 0; /* a '/' alone is no base */
        w.pos = front;
    }
    lw_write_path(&w, e->path);
    set_text(&p->base_name, p->text, base_len);
    set_text(&p->name, p->text + base_len, w.pos - base_len);
    return w.err;
}

static const lw_value *time_member(const lw_value *time)
{
    return time->type != LW_TYPE_NONE ? time : NULL;
}

lw_err lw_senml_plan_next(lw_senml_plan *p, const lw_value *out_members[LW_SENML_MEMBERS])
{
    lw_entry *e = &p->entry;
    lw_err err = next_entry(p->source, &p->cursor, e);
    if (err != LW_OK) {
        return err == LW_END && p->index != p->count ? LW_ESTATE : err;
    }
    if (p->index == p->count || !lw_path_contains(p->base, e->path)) {
        return LW_ESTATE;
    }
    bool is_first = p->index++ == 0;
    size_t base_len = p->base_name.as.bytes.len;
    bool is_path = e->kind == LW_ENTRY_PATH; /* its record has something, be it an empty name */
    if (e->kind == LW_ENTRY_REMOVE) {
        e->value.type = LW_TYPE_NONE;
    }
    err = split_entry(p);
    if (err == LW_OK && !is_first && p->base_name.as.bytes.len != base_len) {
        err = LW_EINVAL; /* one lies in the other: with or without a '/' behind the base */
    }
    bool has_base = is_first && p->base_name.as.bytes.len > 0;
    out_members[LW_SENML_BASE_NAME] = has_base ? &p->base_name : NULL;
    out_members[LW_SENML_BASE_TIME] = is_first ? time_member(&e->base_time) : NULL;
    out_members[LW_SENML_NAME] = is_path || p->name.as.bytes.len > 0 ? &p->name : NULL;
    out_members[LW_SENML_VALUE] = is_path ? NULL : &e->value;
    out_members[LW_SENML_TIME] = time_member(&e->time);
    return err;
}
