#include "api/answer.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "codec/front.h"
#include "codec/link.h"
#include "codec/times.h"

static const lw_format *const formats[] = {&lw_format_text,
                                           &lw_format_opaque,
                                           &lw_format_cbor,
                                           &lw_format_senml_json,
                                           &lw_format_senml_cbor,
                                           &lw_format_tlv,
                                           &lw_format_json,
                                           &lw_format_lwm2m_cbor,
                                           &lw_format_etch_json,
                                           &lw_format_etch_cbor,
                                           NULL};

/* As the interface names them, in the order above. */
static const char *const format_names[] = {"text",       "opaque",   "cbor", "senml-json",
                                           "senml-cbor", "tlv",      "json", "lwm2m-cbor",
                                           "etch-json",  "etch-cbor"};

const char *format_media_type(uint16_t format)
{
    const char *name, *media_type;
    if (format == LW_CF_LINK) {
        return "application/link-format";
    }
    return lw_format_describe(format, &name, &media_type) ? media_type : NULL;
}

uint16_t format_of_name(lw_bytes name)
{
    for (size_t i = 0; formats[i] != NULL; i++) {
        if (lw_bytes_is(name, format_names[i])) {
            return formats[i]->id;
        }
    }
    return LW_CF_NONE;
}

/* ---- Definitions ---------------------------------------------------------------------------- */

/* The newest of any version. */
static const lw_object_def *newest_def(const models_set *set, uint16_t object)
{
    const lw_object_def *newest = NULL;
    for (size_t i = 0; i < set->count && set->defs[i]->id <= object; i++) {
        newest = set->defs[i]->id == object ? set->defs[i] : newest;
    }
    return newest;
}

const lw_object_def *view_def(const view *v, uint16_t object)
{
    for (size_t i = 0; v->objects != NULL && i < v->objects->count; i++) {
        if (v->objects->list[i].id == object) {
            return lw_registry_find(&v->models->registry, object, v->objects->list[i].version);
        }
    }
    return newest_def(v->models, object);
}

lw_type view_type_of(void *ctx, lw_path path)
{
    const view *v = ctx;
    const lw_object_def *def =
        lw_path_depth(path) >= 3 ? view_def(v, lw_path_id(path, LW_LEVEL_OBJECT)) : NULL;
    const lw_resource_def *resource =
        def != NULL ? lw_object_def_resource(def, lw_path_id(path, LW_LEVEL_RESOURCE)) : NULL;
    return resource != NULL ? (lw_type)resource->type : LW_TYPE_NONE;
}

/* ---- Values --------------------------------------------------------------------------------- */

const char *type_word(uint32_t type)
{
    static const char *const words[] = {
        [LW_TYPE_NONE] = "empty",        [LW_TYPE_STRING] = "string", [LW_TYPE_INTEGER] = "integer",
        [LW_TYPE_UNSIGNED] = "unsigned", [LW_TYPE_FLOAT] = "float",   [LW_TYPE_BOOLEAN] = "boolean",
        [LW_TYPE_OPAQUE] = "opaque",     [LW_TYPE_TIME] = "time",     [LW_TYPE_OBJLNK] = "objlnk",
        [LW_TYPE_CORELNK] = "corelnk",
    };
    return words[type];
}

static void name_of(json_out *o, const view *v, lw_path path)
{
    const lw_object_def *def =
        lw_path_depth(path) > 0 ? view_def(v, lw_path_id(path, LW_LEVEL_OBJECT)) : NULL;
    if (def == NULL) {
        return;
    }
    if (lw_path_depth(path) < 3) {
        const models_entry *entry = models_entry_of(v->models, def);
        out_str(o, "name", entry->text->name);
        return;
    }
    const lw_resource_text *text =
        models_resource_text(v->models, def, lw_path_id(path, LW_LEVEL_RESOURCE));
    if (text != NULL) {
        out_str(o, "name", text->name);
        if (text->unit[0] != '\0') {
            out_str(o, "unit", text->unit);
        }
    }
}

void answer_value_members(json_out *o, const view *v, lw_path path, lw_value value,
                          const lw_time *at)
{
    out_path(o, "path", path);
    name_of(o, v, path);
    out_str(o, "type", type_word(value.type));
    if (value.type != LW_TYPE_NONE) {
        out_value(o, "value", value);
    }
    if (at != NULL) {
        out_time(o, "at", *at);
    }
}

void answer_value(json_out *o, const view *v, lw_path path, lw_value value, const lw_time *at)
{
    out_object(o, NULL);
    answer_value_members(o, v, path, value, at);
    out_end(o, '}');
}

static lw_err write_entry(json_out *o, const view *v, const lw_entry *e, lw_time now)
{
    lw_time at;
    lw_err err = lw_entry_time(e, now, &at);
    if (err != LW_OK) {
        return err;
    }
    out_object(o, NULL);
    if (e->kind == LW_ENTRY_REMOVE) {
        out_path(o, "path", e->path);
        out_str(o, "type", "removed");
    } else {
        if (e->prefix.len > 0) {
            out_text(o, "prefix", e->prefix);
        }
        answer_value_members(o, v, e->path, e->value, lw_entry_has_time(e) ? &at : NULL);
    }
    out_end(o, '}');
    return LW_OK;
}

static void write_raw(json_out *o, const char *why, lw_bytes payload)
{
    out_object(o, "raw");
    out_str(o, "why", why);
    out_base64(o, "payload", payload);
    out_end(o, '}');
}

static lw_err write_values(json_out *o, const view *v, const lw_format *format, lw_path base,
                           lw_bytes payload, lw_time at)
{
    union {
        const view *in;
        void *out;
    } lookup = {.in = v};
    size_t room = payload.len + 256;
    uint8_t *scratch = malloc(room);
    if (scratch == NULL) {
        return LW_ENOMEM;
    }
    lw_front front = lw_front_of(lw_bytes_of(NULL, 0));
    lw_decode_cfg cfg = {.base = base,
                         .front = &front,
                         .type_of = view_type_of,
                         .type_ctx = lookup.out,
                         .scratch = scratch,
                         .scratch_len = room};
    lw_decoder d;
    lw_decoder_init(&d, format, &cfg);
    lw_decoder_feed(&d, payload, true);
    lw_entry entry;
    lw_err err = LW_OK;
    out_array(o, "values");
    while (err == LW_OK) {
        err = lw_decoder_next(&d, &entry);
        if (err == LW_OK) {
            err = write_entry(o, v, &entry, at);
        }
    }
    out_end(o, ']');
    free(scratch);
    return err == LW_END ? LW_OK : err;
}

void answer_payload(json_out *o, const view *v, lw_path base, uint16_t format, lw_bytes payload,
                    lw_time at)
{
    const lw_format *f = lw_format_find(formats, format);
    const char *media_type = format_media_type(format);
    if (media_type != NULL) {
        out_str(o, "format", media_type);
    }
    if (f == NULL) {
        write_raw(o, format == LW_CF_NONE ? "it names no format" : "its format is not known",
                  payload);
        return;
    }
    size_t mark = o->len;
    bool comma = o->comma;
    lw_err err = write_values(o, v, f, base, payload, at);
    if (err != LW_OK) {
        o->len = mark; /* as if nothing had been written */
        o->comma = comma;
        write_raw(o, lw_err_text(err), payload);
    }
}

/* ---- Discover ------------------------------------------------------------------------------- */

static bool write_link(json_out *o, const view *v, const lw_corelink *link)
{
    uint8_t scratch[256];
    lw_bytes prefix, attrs = link->attrs;
    lw_link_attr attr;
    lw_path path;
    if (lw_link_target_split(link->target, &prefix, &path) != LW_OK) {
        return false;
    }
    out_object(o, NULL);
    out_path(o, "path", path);
    name_of(o, v, path);
    if (attrs.len > 0) {
        out_object(o, "attributes");
        while (lw_link_attr_next(&attrs, &attr)) {
            char name[64];
            lw_bytes text;
            size_t len = attr.name.len < sizeof name - 1 ? attr.name.len : sizeof name - 1;
            memcpy(name, attr.name.ptr, len);
            name[len] = '\0';
            if (!attr.has_value) {
                out_null(o, name);
            } else if (lw_link_attr_text(&attr, scratch, sizeof scratch, &text) == LW_OK) {
                out_text(o, name, text);
            }
        }
        out_end(o, '}');
    }
    out_end(o, '}');
    return true;
}

void answer_links(json_out *o, const view *v, lw_bytes payload)
{
    size_t mark = o->len;
    bool comma = o->comma;
    lw_link_reader reader;
    lw_corelink link;
    lw_err err;
    lw_link_reader_init(&reader, payload);
    out_array(o, "links");
    while ((err = lw_link_next(&reader, &link)) == LW_OK) {
        if (!write_link(o, v, &link)) {
            err = LW_EFORMAT;
            break;
        }
    }
    out_end(o, ']');
    if (err != LW_END) {
        o->len = mark;
        o->comma = comma;
        write_raw(o, "it is no link-format", payload);
    }
}

lw_bytes answer_diagnostic(lw_bytes payload)
{
    return lw_utf8_is_valid(payload) ? payload : lw_bytes_of(NULL, 0);
}
