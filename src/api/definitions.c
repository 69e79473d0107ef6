/* Definitions of objects: which there are, what they say, and DDF files that are uploaded.
 *
 * A document of the store holds one definition: its key is "ID/MAJOR.MINOR", its text the whole
 * file it came in.
 */
#include "api/definitions.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/answer.h"
#include "api/call.h"
#include "api/gen/routes.h"
#include "base/num.h"

#define KEY_MAX 16u /* "65534/255.255" */

static size_t write_key(char out[KEY_MAX], const lw_object_def *def)
{
    return (size_t)snprintf(out, KEY_MAX, "%u/%u.%u", def->id, def->major, def->minor);
}

/* ---- As JSON -------------------------------------------------------------------------------- */

static void write_head(json_out *o, const models_entry *entry)
{
    const lw_object_def *def = entry->text->def;
    char version[LW_OBJECT_VERSION_TEXT_MAX];
    lw_object_version v = {def->major, def->minor};
    out_uint(o, "id", def->id);
    out_text(o, "version", lw_bytes_of(version, lw_object_version_format(v, version)));
    out_str(o, "name", entry->text->name);
    out_str(o, "urn", entry->text->urn);
    out_str(o, "source", entry->file != NULL ? "uploaded" : "built-in");
    out_bool(o, "multiple", (def->flags & LW_DEF_MULTIPLE) != 0);
    out_bool(o, "mandatory", (def->flags & LW_DEF_MANDATORY) != 0);
}

static void write_resource(json_out *o, const lw_resource_def *def, const lw_resource_text *text)
{
    char operations[4] = "";
    size_t len = 0;
    if ((def->ops & LW_OP_R) != 0) {
        operations[len++] = 'R';
    }
    if ((def->ops & LW_OP_W) != 0) {
        operations[len++] = 'W';
    }
    if ((def->ops & LW_OP_E) != 0) {
        operations[len++] = 'E';
    }
    out_object(o, NULL);
    out_uint(o, "id", def->id);
    out_str(o, "name", text->name);
    out_str(o, "operations", operations);
    if (def->type != LW_TYPE_NONE) {
        out_str(o, "type", type_word(def->type));
    }
    out_bool(o, "multiple", (def->flags & LW_DEF_MULTIPLE) != 0);
    out_bool(o, "mandatory", (def->flags & LW_DEF_MANDATORY) != 0);
    if (text->unit[0] != '\0') {
        out_str(o, "unit", text->unit);
    }
    if (text->range[0] != '\0') {
        out_str(o, "range", text->range);
    }
    out_str(o, "description", text->description);
    out_end(o, '}');
}

void api_serve_list_models(api_call *call)
{
    models_set *set = models_hold(&call->api->models);
    json_out o = {.text = NULL};
    out_object(&o, NULL);
    out_array(&o, "items");
    for (size_t i = 0; i < set->count; i++) {
        out_object(&o, NULL);
        write_head(&o, &set->entries[i]);
        out_end(&o, '}');
    }
    out_end(&o, ']');
    out_end(&o, '}');
    models_drop(set);
    call_answer(call, 200, &o);
}

/* The definition that the path names; false: it was answered that there is none. */
static bool read_name(api_call *call, uint16_t *out_id, lw_object_version *out_version)
{
    *out_id = (uint16_t)call_number(call, "object", 0);
    if (lw_object_version_parse(call_text(call, "version"), out_version) != LW_OK) {
        call_problem(call, API_MALFORMED, "a version is two numbers up to 255, such as 1.1");
        return false;
    }
    return true;
}

void api_serve_get_model(api_call *call)
{
    uint16_t id;
    lw_object_version version;
    if (!read_name(call, &id, &version)) {
        return;
    }
    models_set *set = models_hold(&call->api->models);
    const models_entry *entry = models_find(set, id, version.major, version.minor);
    if (entry == NULL) {
        call_problem(call, API_NOT_FOUND, "there is no such definition");
    } else {
        const lw_object_def *def = entry->text->def;
        json_out o = {.text = NULL};
        out_object(&o, NULL);
        write_head(&o, entry);
        out_str(&o, "description", entry->text->description);
        out_array(&o, "resources");
        for (size_t i = 0; i < def->resource_count; i++) {
            write_resource(&o, &def->resources[i], &entry->text->resources[i]);
        }
        out_end(&o, ']');
        out_end(&o, '}');
        call_answer(call, 200, &o);
    }
    models_drop(set);
}

/* ---- Uploading ------------------------------------------------------------------------------ */

static void write_faults(json_out *o, const char *name, const lw_ddf *ddf, lw_ddf_severity least)
{
    out_array(o, name);
    for (size_t i = 0; i < ddf->message_count; i++) {
        const lw_ddf_message *m = &ddf->messages[i];
        if (m->severity < least) {
            continue;
        }
        out_object(o, NULL);
        out_str(o, "detail", m->text);
        if (m->line > 0) {
            out_uint(o, "line", m->line);
            out_uint(o, "column", m->column);
        }
        out_end(o, '}');
    }
    out_end(o, ']');
}

static lw_err keep(lw_store *store, const lw_ddf *ddf, lw_bytes xml)
{
    lw_err err = LW_OK;
    for (size_t i = 0; err == LW_OK && i < ddf->object_count; i++) {
        char key[KEY_MAX];
        size_t len = write_key(key, ddf->objects[i].def);
        err = store_put(store, LW_ROW_MODEL, lw_bytes_of(key, len), xml);
    }
    return err;
}

void api_serve_upload_model(api_call *call)
{
    lw_ddf *ddf = NULL;
    json_out o = {.text = NULL};
    lw_err err = lw_ddf_new(NULL, "upload", call->http->body, &ddf);
    if (err == LW_EFORMAT) {
        write_faults(&o, "errors", ddf, LW_DDF_WARNING);
        call_problem_with(call, API_INVALID, "the file is no definition of an object", &o);
        lw_ddf_free(ddf);
        out_fini(&o);
        return;
    }
    if (err != LW_OK) {
        lw_ddf_free(ddf);
        call_failed(call, err);
        return;
    }
    out_object(&o, NULL);
    out_array(&o, "items");
    for (size_t i = 0; i < ddf->object_count; i++) {
        static models_file uploaded; /* only that there is one is looked at */
        out_object(&o, NULL);
        write_head(&o, &(models_entry){&ddf->objects[i], &uploaded});
        out_end(&o, '}');
    }
    out_end(&o, ']');
    write_faults(&o, "warnings", ddf, LW_DDF_WARNING);
    out_end(&o, '}');
    err = keep(call->api->cfg.store, ddf, call->http->body);
    if (err != LW_OK) {
        lw_ddf_free(ddf);
    } else {
        err = models_add(&call->api->models, ddf, 0, ddf->object_count);
    }
    if (err != LW_OK) {
        out_fini(&o);
        call_failed(call, err);
        return;
    }
    api_publish_models(call->api);
    call_answer(call, 201, &o);
}

void api_serve_delete_model(api_call *call)
{
    uint16_t id;
    lw_object_version version;
    char key[KEY_MAX];
    if (!read_name(call, &id, &version)) {
        return;
    }
    lw_err err = models_remove(&call->api->models, id, version.major, version.minor);
    if (err == LW_OK) {
        lw_object_def def = {.id = id, .major = version.major, .minor = version.minor};
        size_t len = write_key(key, &def);
        api_publish_models(call->api);
        err = store_remove(call->api->cfg.store, LW_ROW_MODEL, lw_bytes_of(key, len));
    }
    if (err == LW_ENOTFOUND) {
        call_problem(call, API_NOT_FOUND, "there is no such definition");
    } else if (err == LW_EDENIED) {
        call_problem(call, API_NOT_POSSIBLE, "this definition came with the server");
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}

/* ---- At start ------------------------------------------------------------------------------- */

typedef struct loading {
    models *models;
    lw_err err;
} loading;

/* A definition that a newer parser refuses is left out; it stays in the store. */
static bool load_next(void *ctx, const lw_row *row)
{
    loading *l = ctx;
    const lw_row_document *d = &row->as.document;
    lw_ddf *ddf = NULL;
    lw_err err = lw_ddf_new(NULL, "stored", d->text, &ddf);
    if (err == LW_ENOMEM) {
        l->err = err;
        return false;
    }
    for (size_t i = 0; err == LW_OK && i < ddf->object_count; i++) {
        char key[KEY_MAX];
        size_t len = write_key(key, ddf->objects[i].def);
        if (lw_bytes_equal(lw_bytes_of(key, len), d->key)) {
            l->err = models_add(l->models, ddf, i, 1);
            return l->err == LW_OK;
        }
    }
    lw_ddf_free(ddf);
    return true;
}

lw_err definitions_load(models *m, lw_store *store)
{
    loading l = {m, LW_OK};
    lw_err err = store->ops->each(store, LW_ROW_MODEL, load_next, &l);
    return err != LW_OK ? err : l.err;
}
