#include "codec/format.h"

void lw_decoder_init(lw_decoder *d, const lw_format *format, const lw_decode_cfg *cfg)
{
    *d = (lw_decoder){.format = format, .cfg = *cfg};
    lw_decoder_restart(d);
}

void lw_decoder_restart(lw_decoder *d)
{
    memset(&d->state, 0, sizeof d->state);
    d->pos = 0;
    d->err = d->format->decode_start != NULL ? d->format->decode_start(d) : LW_OK;
}

void lw_decoder_feed(lw_decoder *d, lw_bytes in, bool last)
{
    static const uint8_t nothing[1];
    d->in =
        in.ptr != NULL ? in : lw_bytes_of(nothing, 0); /* so that formats can count on a pointer */
    d->pos = 0;
    d->last = last;
}

size_t lw_decoder_consumed(const lw_decoder *d)
{
    return d->pos;
}

lw_type lw_decoder_type_of(lw_decoder *d, const lw_path *path)
{
    if (!d->typed) {
        d->typed = true;
        d->type = LW_TYPE_NONE;
        if (d->cfg.type_of != NULL && lw_path_reaches(*path, LW_LEVEL_RESOURCE)) {
            d->type = (uint8_t)d->cfg.type_of(d->cfg.type_ctx, *path);
        }
    }
    return (lw_type)d->type;
}

lw_err lw_decoder_finish(const lw_decoder *d)
{
    if (d->pos < d->in.len) {
        return LW_EFORMAT;
    }
    return d->last ? LW_END : LW_AGAIN;
}

lw_err lw_decoder_check_number(lw_decoder *d, const lw_entry *e)
{
    if (e->value.type != LW_TYPE_FLOAT || e->value.as.number == 0) { /* "-0" is a FLOAT */
        return LW_OK;
    }
    lw_type type = lw_decoder_type_of(d, &e->path);
    bool whole = type == LW_TYPE_INTEGER || type == LW_TYPE_UNSIGNED || type == LW_TYPE_TIME;
    return whole ? LW_ERANGE : LW_OK;
}

/* LW_ID_MAX names nothing; only a Create says with it that the client is to choose (FMT-31). */
static lw_err check_path(const lw_decoder *d, const lw_path *path)
{
    return lw_path_is_chosen(*path) && lw_path_depth(d->cfg.base) != LW_LEVEL_OBJECT ? LW_ERANGE
                                                                                     : LW_OK;
}

static lw_err settle_value(lw_decoder *d, lw_entry *e)
{
    if (!lw_path_reaches(e->path, LW_LEVEL_RESOURCE)) {
        return LW_EFORMAT;
    }
    lw_type type = lw_decoder_type_of(d, &e->path);
    return lw_value_convert(&e->value, type != LW_TYPE_NONE ? type : (lw_type)e->value.type,
                            &e->value);
}

static lw_err settle(lw_decoder *d, lw_entry *e)
{
    lw_err err = check_path(d, &e->path);
    return err == LW_OK && e->kind == LW_ENTRY_VALUE ? settle_value(d, e) : err;
}

lw_err lw_decoder_next(lw_decoder *d, lw_entry *out_entry)
{
    if (d->err != LW_OK) {
        return d->err;
    }
    d->typed = false;
    *out_entry = (lw_entry){.kind = LW_ENTRY_VALUE};
    lw_err err;
    size_t before;
    do {
        before = d->pos;
        err = d->format->decode_next(d, out_entry);
    } while (err == LW_AGAIN && d->pos > before);
    if (err == LW_AGAIN) {
        if (!d->last) {
            return LW_AGAIN;
        }
        err = LW_EFORMAT;
    }
    if (err == LW_OK) {
        err = settle(d, out_entry);
    }
    d->err = err;
    return err;
}

lw_err lw_encode(const lw_format *format, const lw_source *source, const lw_encode_cfg *cfg,
                 lw_writer *w)
{
    lw_err err = format->encode(source, cfg, w);
    return err == LW_OK ? w->err : err;
}

lw_err lw_encoder_next(const lw_source *source, lw_cursor *cursor, lw_level empty_from, lw_entry *e)
{
    unsigned depth;
    do {
        lw_err err = source->next(source->ctx, cursor, e);
        if (err != LW_OK) {
            return err;
        }
        depth = lw_path_depth(e->path);
    } while (e->kind == LW_ENTRY_EMPTY && depth < empty_from);
    bool is_empty = e->kind == LW_ENTRY_EMPTY;
    if (lw_entry_has_time(e) || (!is_empty && e->value.type == LW_TYPE_NONE)) {
        return LW_ENOTSUP;
    }
    bool is_placed = is_empty ? depth <= LW_LEVEL_RESOURCE : depth >= LW_LEVEL_RESOURCE;
    return is_placed ? LW_OK : LW_EINVAL;
}

static lw_err next_of_list(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    const lw_entries *entries = (const lw_entries *)ctx;
    if (cursor->at[0] >= entries->count) {
        return LW_END;
    }
    *out_entry = entries->list[cursor->at[0]++];
    return LW_OK;
}

lw_source lw_entries_source(const lw_entries *entries)
{
    return (lw_source){.next = next_of_list, .ctx = (void *)entries}; /* only read, see above */
}

static uint32_t successor_of_draft(uint32_t id)
{
    switch (id) {
    case LW_CF_TEXT_DRAFT:
        return LW_CF_TEXT;
    case LW_CF_TLV_DRAFT:
        return LW_CF_TLV;
    case LW_CF_JSON_DRAFT:
        return LW_CF_JSON;
    default:
        return id;
    }
}

const lw_format *lw_format_find(const lw_format *const *formats, uint32_t id)
{
    id = successor_of_draft(id);
    while (*formats != NULL && (*formats)->id != id) {
        formats++;
    }
    return *formats;
}

/* Apart from the formats, so that a device that shows none links no names. */
bool lw_format_describe(uint16_t id, const char **out_name, const char **out_media_type)
{
    static const struct {
        uint16_t id;
        const char *name;
        const char *media_type;
    } known[] = {
        {LW_CF_TEXT, "text", "text/plain;charset=utf-8"},
        {LW_CF_OPAQUE, "opaque", "application/octet-stream"},
        {LW_CF_CBOR, "CBOR", "application/cbor"},
        {LW_CF_SENML_JSON, "SenML JSON", "application/senml+json"},
        {LW_CF_SENML_CBOR, "SenML CBOR", "application/senml+cbor"},
        {LW_CF_ETCH_JSON, "ETCH JSON", "application/senml-etch+json"},
        {LW_CF_ETCH_CBOR, "SenML-ETCH CBOR", "application/senml-etch+cbor"},
        {LW_CF_TLV, "TLV", "application/vnd.oma.lwm2m+tlv"},
        {LW_CF_JSON, "LwM2M JSON", "application/vnd.oma.lwm2m+json"},
        {LW_CF_LWM2M_CBOR, "LwM2M CBOR", "application/vnd.oma.lwm2m+cbor"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].id == id) {
            *out_name = known[i].name;
            *out_media_type = known[i].media_type;
            return true;
        }
    }
    return false;
}
