#include "codec/json_record.h"

/* ---- Reading ----------------------------------------------------------------------------------
 */

lw_err lw_json_read_opaque(lw_bytes text, lw_writer *scratch, lw_value *out_value)
{
    size_t room = lw_writer_room(scratch);
    uint8_t *out = room > 0 ? scratch->buf + scratch->pos : NULL;
    size_t len;
    lw_err err = lw_base64_decode(text, out, room, &len);
    if (err == LW_OK) {
        scratch->pos += len;
        *out_value = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(out, len));
    }
    return err;
}

static lw_err read_member(lw_json *j, lw_senml_label label, lw_writer *scratch, lw_senml_record *r)
{
    lw_json_token t;
    lw_err err = lw_json_next(j, &t);
    if (err != LW_OK) {
        return err;
    }
    lw_value value = lw_value_none();
    if (lw_senml_is_ignored(label)) {
        err = lw_json_skip(j, &t);
    } else {
        err = lw_json_value(&t, scratch, &value);
    }
    if (err == LW_OK && label == LW_SENML_VD && value.type == LW_TYPE_STRING) {
        err = lw_json_read_opaque(value.as.bytes, scratch, &value);
    }
    return err == LW_OK ? lw_senml_put(r, label, &value) : err;
}

lw_err lw_json_read_record(lw_json *j, const lw_json_dialect *dialect, lw_writer *scratch,
                           lw_senml_record *r)
{
    for (;;) {
        lw_json_token t;
        lw_bytes name;
        lw_err err = lw_json_next(j, &t);
        if (err != LW_OK || t.kind == LW_JSON_OBJECT_END) {
            return err;
        }
        err = lw_json_text(&t, scratch, &name);
        if (err == LW_OK) {
            err = read_member(j, dialect->label_of(name), scratch, r);
        }
        if (err != LW_OK) {
            return err;
        }
    }
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_value(lw_writer *w, const lw_json_dialect *dialect, const lw_value *value,
                        bool *first)
{
    char link[LW_OBJLNK_TEXT_MAX];
    switch (value->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        lw_json_write_name(w, dialect->string, first);
        lw_json_write_string(w, value->as.bytes);
        break;
    case LW_TYPE_BOOLEAN:
        lw_json_write_name(w, dialect->boolean, first);
        lw_write_str(w, value->as.boolean ? "true" : "false");
        break;
    case LW_TYPE_OPAQUE:
        lw_json_write_name(w, dialect->opaque, first);
        lw_write_u8(w, '"');
        lw_base64_encode(dialect->base64, value->as.bytes, w);
        lw_write_u8(w, '"');
        break;
    case LW_TYPE_OBJLNK:
        lw_json_write_name(w, dialect->link, first);
        lw_json_write_string(w, lw_bytes_of(link, lw_objlnk_format(value->as.link, link)));
        break;
    case LW_TYPE_NONE:
        lw_json_write_name(w, "v", first);
        lw_write_str(w, "null");
        break;
    default:
        lw_json_write_name(w, "v", first);
        lw_json_write_number(w, *value);
    }
}

void lw_json_write_record(lw_writer *w, const lw_json_dialect *dialect,
                          const lw_value *const members[LW_SENML_MEMBERS], bool *first)
{
    if (members[LW_SENML_NAME] != NULL) {
        lw_json_write_name(w, "n", first);
        lw_json_write_string(w, members[LW_SENML_NAME]->as.bytes);
    }
    if (members[LW_SENML_VALUE] != NULL) {
        write_value(w, dialect, members[LW_SENML_VALUE], first);
    }
    if (members[LW_SENML_TIME] != NULL) {
        lw_json_write_name(w, "t", first);
        lw_json_write_number(w, *members[LW_SENML_TIME]);
    }
}
