#include "app/lapwing-device/values.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "codec/date.h"
#include "lw/objects.h"
#include "model/tree.h"

/* ---- Text to value ----------------------------------------------------------------------------
 */

static lw_err parse_number(lw_type type, lw_bytes text, lw_value *out)
{
    lw_value number;
    lw_err err = lw_num_parse_value(text, &number);
    return err == LW_OK ? lw_value_convert(&number, type, out) : err;
}

static lw_err parse_boolean(lw_bytes text, lw_value *out)
{
    bool is_true = lw_bytes_is(text, "true") || lw_bytes_is(text, "1");
    *out = lw_value_boolean(is_true);
    return is_true || lw_bytes_is(text, "false") || lw_bytes_is(text, "0") ? LW_OK : LW_EFORMAT;
}

static lw_err parse_time(lw_bytes text, lw_value *out)
{
    int64_t seconds;
    lw_err err = lw_num_parse_int64(text, &seconds);
    if (err != LW_OK) {
        err = lw_date_parse(text, &seconds);
    }
    *out = lw_value_time(seconds);
    return err;
}

static lw_err parse_hex(char *text, lw_value *out)
{
    size_t len = strlen(text);
    for (size_t i = 0; i + 1 < len; i += 2) {
        int high = lw_num_hex_digit((uint8_t)text[i]);
        int low = lw_num_hex_digit((uint8_t)text[i + 1]);
        if (high < 0 || low < 0) {
            return LW_EFORMAT;
        }
        text[i / 2] = (char)(high << 4 | low);
    }
    *out = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(text, len / 2));
    return len % 2 == 0 ? LW_OK : LW_EFORMAT;
}

static lw_err parse_link(lw_bytes text, lw_value *out)
{
    lw_objlnk link = {0};
    lw_err err = lw_objlnk_parse(text, &link);
    *out = lw_value_objlnk(link.object, link.instance);
    return err;
}

lw_err value_parse(lw_type type, char *text, lw_value *out_value)
{
    lw_bytes octets = lw_bytes_str(text);
    switch (type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_FLOAT:
        return parse_number(type, octets, out_value);
    case LW_TYPE_BOOLEAN:
        return parse_boolean(octets, out_value);
    case LW_TYPE_TIME:
        return parse_time(octets, out_value);
    case LW_TYPE_OPAQUE:
        return parse_hex(text, out_value);
    case LW_TYPE_OBJLNK:
        return parse_link(octets, out_value);
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        *out_value = lw_value_bytes(type, octets);
        return LW_OK;
    default:
        return LW_EMETHOD;
    }
}

/* ---- Value to text ----------------------------------------------------------------------------
 */

#define DOTS "..."

static void print_hex(lw_bytes octets, char *out)
{
    size_t fits = (VALUE_TEXT_MAX - sizeof DOTS) / 2;
    size_t shown = octets.len < fits ? octets.len : fits;
    for (size_t i = 0; i < shown; i++) {
        snprintf(out + 2 * i, 3, "%02x", octets.ptr[i]);
    }
    strcpy(out + 2 * shown, shown < octets.len ? DOTS : "");
}

/* A server may have written it: nothing in it commands a terminal. */
static void print_text(lw_bytes octets, char *out)
{
    size_t fits = VALUE_TEXT_MAX - sizeof DOTS;
    size_t shown = octets.len < fits ? octets.len : fits;
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = octets.ptr[i];
        out[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    strcpy(out + shown, shown < octets.len ? DOTS : "");
}

static void print_time(int64_t seconds, char *out)
{
    time_t t = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&t, &utc) != NULL) {
        strftime(out, VALUE_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
    } else {
        snprintf(out, VALUE_TEXT_MAX, "%lld", (long long)seconds);
    }
}

void value_print(lw_value v, char out[VALUE_TEXT_MAX])
{
    size_t len;
    switch ((lw_type)v.type) {
    case LW_TYPE_INTEGER:
        snprintf(out, VALUE_TEXT_MAX, "%lld", (long long)v.as.integer);
        break;
    case LW_TYPE_UNSIGNED:
        snprintf(out, VALUE_TEXT_MAX, "%llu", (unsigned long long)v.as.uns);
        break;
    case LW_TYPE_FLOAT:
        len = lw_num_format_double(v.as.number, v.single, LW_NUM_SHORT, out);
        strcpy(out + len, len == 0 ? "nan" : "");
        break;
    case LW_TYPE_BOOLEAN:
        strcpy(out, v.as.boolean ? "true" : "false");
        break;
    case LW_TYPE_TIME:
        print_time(v.as.integer, out);
        break;
    case LW_TYPE_OBJLNK:
        len = lw_objlnk_format(v.as.link, out);
        out[len] = '\0';
        break;
    case LW_TYPE_OPAQUE:
        print_hex(v.as.bytes, out);
        break;
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        print_text(v.as.bytes, out);
        break;
    default:
        out[0] = '\0';
    }
}

/* ---- The tree ---------------------------------------------------------------------------------
 */

static lw_err ensure_instance(lw_tree *tree, lw_path path)
{
    lw_path added;
    if (lw_tree_exists(tree, lw_path_cut(path, LW_LEVEL_INSTANCE))) {
        return LW_OK;
    }
    return lw_tree_add(tree, lw_path_id(path, LW_LEVEL_OBJECT), lw_path_id(path, LW_LEVEL_INSTANCE),
                       &added);
}

lw_err value_assign(lw_tree *tree, lw_path path, char *text)
{
    lw_value value;
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    const lw_object *object = lw_tree_object(tree, path);
    if (def == NULL) {
        return lw_path_depth(path) < LW_LEVEL_RESOURCE ? LW_EDEPTH : LW_ENOTFOUND;
    }
    bool is_multiple = (def->flags & LW_DEF_MULTIPLE) != 0;
    if (lw_path_depth(path) != (is_multiple ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE)) {
        return LW_EDEPTH;
    }
    lw_err err = value_parse((lw_type)def->type, text, &value);
    if (err == LW_OK) {
        err = ensure_instance(tree, path);
    }
    if (err != LW_OK) {
        return err;
    }
    const lw_field *field = lw_object_field(object, lw_path_id(path, LW_LEVEL_RESOURCE));
    if (field->type != LW_TYPE_COMPUTED) {
        return lw_tree_set(tree, path, value);
    }
    if (object->hooks == NULL || object->hooks->write == NULL || (def->ops & LW_OP_W) == 0) {
        return LW_EMETHOD;
    }
    return object->hooks->write(lw_tree_ctx(tree), tree, path, value, 0, false);
}

lw_err value_assign_line(lw_tree *tree, char *line)
{
    lw_path path;
    size_t at = strcspn(line, " \t=");
    lw_err err = lw_path_parse(lw_bytes_of(line, at), &path);
    if (err != LW_OK) {
        return err;
    }
    char *text = line + at + strspn(line + at, " \t");
    if (*text == '=') {
        text += 1 + strspn(text + 1, " \t");
    }
    return value_assign(tree, path, text);
}

const char *value_name(lw_tree *tree, lw_path path)
{
    const lw_object *object = lw_tree_object(tree, path);
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    for (size_t i = 0; object != NULL && i < LW_OBJECTS_ALL_COUNT; i++) {
        const lw_object_text *text = lw_objects_all_text[i];
        if (text->def->id != object->def->id || text->def->major != object->def->major ||
            text->def->minor != object->def->minor) {
            continue;
        }
        const lw_resource_def *all = text->def->resources; /* the object may have a part of them */
        return def != NULL ? text->resources[lw_object_def_resource(text->def, def->id) - all].name
                           : text->name;
    }
    return "";
}
