/* SenML JSON (110) and its FETCH and iPATCH bodies (320): formats.md sections 7 and 9. */
#include "codec/json_record.h"

static const lw_json_dialect dialect = {
    .label_of = lw_senml_label_of,
    .string = "vs",
    .boolean = "vb",
    .opaque = "vd",
    .link = "vlo",
    .base64 = LW_BASE64_URL,
};

typedef struct state {
    lw_senml senml;
    lw_json json;
    bool any; /* a record was read */
} state;

_Static_assert(sizeof(state) <= LW_DECODER_STATE, "the decoder's state is too small");

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* Goes to the next record of the pack; LW_END behind the pack. */
static lw_err open_record(lw_json *j)
{
    lw_json_token t;
    lw_err err = lw_json_next(j, &t);
    if (err == LW_OK && t.kind == LW_JSON_ARRAY && j->depth == 1) {
        err = lw_json_next(j, &t);
    }
    if (err == LW_OK && t.kind == LW_JSON_ARRAY_END) {
        return lw_json_next(j, &t);
    }
    if (err != LW_OK) {
        return err;
    }
    return t.kind == LW_JSON_OBJECT && j->depth == 2 ? LW_OK : LW_EFORMAT;
}

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    state *s = (state *)(void *)d->state.octets;
    lw_err err;
    do {
        lw_json json = s->json;
        json.in = d->in;
        json.pos = d->pos;
        json.last = d->last;
        lw_senml_record record = {0};
        lw_writer scratch;
        lw_writer_init(&scratch, d->cfg.scratch, d->cfg.scratch_len);
        err = open_record(&json);
        if (err == LW_OK) {
            err = lw_json_read_record(&json, &dialect, &scratch, &record);
        } else if (err == LW_END && !s->any && d->cfg.use == LW_FORMAT_FETCH) {
            return LW_EFORMAT; /* RFC 8790 section 3.1.1: at least one */
        }
        if (err != LW_OK && err != LW_END) {
            return err;
        }
        s->json = json;
        d->pos = json.pos;
        if (err == LW_OK) {
            s->any = true;
            err = lw_senml_resolve(&s->senml, d, &record, out_entry);
        }
    } while (err == LW_AGAIN); /* a record of base values only */
    return err == LW_OK ? lw_decoder_check_number(d, out_entry) : err;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_record(lw_writer *w, const lw_value *const members[LW_SENML_MEMBERS])
{
    bool first = true;
    if (members[LW_SENML_BASE_NAME] != NULL) {
        lw_json_write_name(w, "bn", &first);
        lw_json_write_string(w, members[LW_SENML_BASE_NAME]->as.bytes);
    }
    if (members[LW_SENML_BASE_TIME] != NULL) {
        lw_json_write_name(w, "bt", &first);
        lw_json_write_number(w, *members[LW_SENML_BASE_TIME]);
    }
    lw_json_write_record(w, &dialect, members, &first);
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w,
                     unsigned kinds)
{
    lw_senml_plan plan;
    lw_err err = lw_senml_plan_init(&plan, source, cfg, kinds);
    const char *before = "[{";
    while (err == LW_OK) {
        const lw_value *members[LW_SENML_MEMBERS];
        err = lw_senml_plan_next(&plan, members);
        if (err == LW_OK) {
            lw_write_str(w, before);
            write_record(w, members);
            before = "},{";
        }
    }
    lw_write_str(w, plan.count > 0 ? "}]" : "[]");
    return err == LW_END ? LW_OK : err;
}

#define SENML_USES                                                                    \
    (LW_FORMAT_STRUCTURED | LW_FORMAT_COMPOSITE | LW_FORMAT_FETCH | LW_FORMAT_PATCH | \
     LW_FORMAT_SEND)
#define ETCH_USES (LW_FORMAT_FETCH | LW_FORMAT_PATCH)

static lw_err encode_senml(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    return encode(source, cfg, w,
                  LW_SENML_VALUES | LW_SENML_PATHS); /* a null is for 320 (RFC 8790 section 3.2) */
}

static lw_err encode_etch(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    return encode(source, cfg, w, LW_SENML_VALUES | LW_SENML_PATHS | LW_SENML_REMOVALS);
}

const lw_format lw_format_senml_json = {
    .id = LW_CF_SENML_JSON,
    .uses = SENML_USES,
    .since = 11,
    .encode = encode_senml,
    .decode_next = decode_next,
};

const lw_format lw_format_etch_json = {
    .id = LW_CF_ETCH_JSON,
    .uses = ETCH_USES,
    .since = 12,
    .encode = encode_etch,
    .decode_next = decode_next,
};
