/* LwM2M JSON (11543) of 1.0: formats.md section 6.
 *
 *   {"bn":"/3/0/","bt":1367491215,"e":[{"n":"0","sv":"…"},{"n":"6/0","v":1,"t":-5}]}
 *
 * The members come in any order, so the base name may stand behind the elements: the payload is
 * read once to find the three and to see that it is JSON to its end, then element by element.
 */
#include "codec/front.h"
#include "codec/json_record.h"

typedef struct state {
    lw_json json; /* between two elements */
    lw_value base_time;
    bool has_base; /* bn is given */
    bool started;
    bool bare; /* an array without the object around it: elements have bn and bt of their own */
    uint8_t base_len;
    char base[LW_SENML_NAME_MAX];
} state;

_Static_assert(sizeof(state) <= LW_DECODER_STATE, "the decoder's state is too small");

/* All members that there are; others could be values of a type not known. */
static lw_senml_label label_of(lw_bytes name)
{
    static const struct {
        char name[3];
        int8_t label;
    } known[] = {
        {"n", LW_SENML_N}, {"v", LW_SENML_V},    {"sv", LW_SENML_VS}, {"bv", LW_SENML_VB},
        {"t", LW_SENML_T}, {"ov", LW_SENML_VLO}, {"bn", LW_SENML_BN}, {"bt", LW_SENML_BT},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (lw_bytes_is(name, known[i].name)) {
            return (lw_senml_label)known[i].label;
        }
    }
    return LW_SENML_CRITICAL;
}

static const lw_json_dialect dialect = {
    .label_of = label_of,
    .string = "sv",
    .boolean = "bv",
    .opaque = "sv",
    .link = "ov",
    .base64 = LW_BASE64,
};

/* ---- Reading ----------------------------------------------------------------------------------
 */

static lw_err take_base(state *s, const lw_senml_record *r)
{
    if (lw_senml_has(r, LW_SENML_BASE_TIME)) {
        s->base_time = r->members[LW_SENML_BASE_TIME];
    }
    if (!lw_senml_has(r, LW_SENML_BASE_NAME)) {
        return LW_OK;
    }
    lw_bytes base = r->members[LW_SENML_BASE_NAME].as.bytes;
    if (base.len > sizeof s->base) {
        return LW_ETOOBIG;
    }
    s->has_base = true;
    s->base_len = (uint8_t)base.len;
    if (base.len > 0) {
        memcpy(s->base, base.ptr, base.len);
    }
    return LW_OK;
}

/* A member of the object around the elements. */
static lw_err read_outer_member(lw_json *j, const lw_json_token *name, lw_writer *scratch,
                                lw_senml_record *base, state *s)
{
    lw_bytes text;
    lw_json_token t;
    lw_err err = lw_json_text(name, scratch, &text);
    if (err == LW_OK) {
        err = lw_json_next(j, &t);
    }
    if (err != LW_OK) {
        return err;
    }
    if (lw_bytes_is(text, "e")) {
        if (t.kind != LW_JSON_ARRAY || s->started) {
            return LW_EFORMAT;
        }
        s->started = true;
        s->json = *j;
    }
    lw_senml_label label = label_of(text);
    if (label != LW_SENML_BN && label != LW_SENML_BT) {
        return lw_json_skip(j, &t);
    }
    lw_value value;
    err = lw_json_value(&t, scratch, &value);
    return err == LW_OK ? lw_senml_put(base, label, &value) : err;
}

/* Finds the elements, and the base in front of or behind them. */
static lw_err read_outer(lw_json *j, lw_writer *scratch, state *s)
{
    lw_json_token t;
    lw_senml_record base = {0};
    lw_err err = lw_json_next(j, &t);
    if (err != LW_OK) {
        return err;
    }
    if (t.kind == LW_JSON_ARRAY) {
        s->started = true;
        s->bare = true;
        s->json = *j;
        err = lw_json_skip(j, &t);
    } else if (t.kind == LW_JSON_OBJECT) {
        for (err = lw_json_next(j, &t); err == LW_OK && t.kind == LW_JSON_NAME;
             err = lw_json_next(j, &t)) {
            err = read_outer_member(j, &t, scratch, &base, s);
            if (err != LW_OK) {
                return err;
            }
        }
    } else {
        return LW_EFORMAT;
    }
    if (err == LW_OK) {
        err = lw_json_next(j, &t);
    }
    if (err == LW_END && s->started) {
        return take_base(s, &base);
    }
    return err == LW_OK || err == LW_END ? LW_EFORMAT : err;
}

/* Base name and name together are absolute when they start with a slash; without a base name, names
 * are relative to the request path, with or without a leading slash. */
static lw_err resolve_name(const state *s, lw_path request, lw_bytes n, lw_path *out_path)
{
    char text[1 + 2 * LW_SENML_NAME_MAX];
    if (n.len > LW_SENML_NAME_MAX) {
        return LW_ETOOBIG;
    }
    text[0] = '/';
    size_t len = 1;
    memcpy(text + len, s->base, s->base_len);
    len += s->base_len;
    if (n.len > 0) {
        memcpy(text + len, n.ptr, n.len);
        len += n.len;
    }
    size_t slash = len > 1 && text[1] == '/' ? 1 : 0; /* it has its own */
    lw_path path;
    lw_err err = lw_path_parse(lw_bytes_of(text + slash, len - slash), &path);
    if (err != LW_OK) {
        return err;
    }
    bool absolute = s->has_base && slash == 1;
    *out_path = absolute ? lw_path_root() : request;
    for (unsigned level = LW_LEVEL_OBJECT; err == LW_OK && level <= lw_path_depth(path); level++) {
        err = lw_path_append(out_path, lw_path_id(path, level));
    }
    return err;
}

static lw_err settle_element(lw_decoder *d, state *s, const lw_senml_record *r, lw_writer *scratch,
                             lw_entry *out_entry)
{
    bool has_base = lw_senml_has(r, LW_SENML_BASE_NAME) || lw_senml_has(r, LW_SENML_BASE_TIME);
    const lw_value *value = &r->members[LW_SENML_VALUE];
    bool has_value = value->type != LW_TYPE_NONE;
    if ((has_base && !s->bare) || !has_value) {
        return LW_EFORMAT;
    }
    lw_err err = take_base(s, r);
    if (err == LW_OK) {
        err = resolve_name(s, d->cfg.base, r->members[LW_SENML_NAME].as.bytes, &out_entry->path);
    }
    if (err != LW_OK) {
        return err;
    }
    out_entry->base_time = s->base_time;
    out_entry->time = r->members[LW_SENML_TIME];
    out_entry->value = *value;
    /* An opaque value is a string like others: only its type tells. */
    bool opaque = lw_decoder_type_of(d, &out_entry->path) == LW_TYPE_OPAQUE;
    if (opaque && value->type == LW_TYPE_STRING) {
        return lw_json_read_opaque(value->as.bytes, scratch, &out_entry->value);
    }
    return lw_decoder_check_number(d, out_entry);
}

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    state *s = (state *)(void *)d->state.octets;
    if (!d->last) {
        return LW_AGAIN;
    }
    lw_writer scratch;
    lw_writer_init(&scratch, d->cfg.scratch, d->cfg.scratch_len);
    if (!s->started) {
        lw_json j;
        lw_json_init(&j, d->in, true);
        lw_err err = read_outer(&j, &scratch, s);
        if (err != LW_OK) {
            return err;
        }
        lw_writer_init(&scratch, d->cfg.scratch, d->cfg.scratch_len);
    }
    lw_json_token t;
    lw_err err = lw_json_next(&s->json, &t);
    if (err == LW_OK && t.kind == LW_JSON_ARRAY_END) {
        d->pos = d->in.len;
        return LW_END;
    }
    if (err != LW_OK || t.kind != LW_JSON_OBJECT) {
        return LW_EFORMAT; /* an element is an object; all else was found right before */
    }
    lw_senml_record record = {0};
    err = lw_json_read_record(&s->json, &dialect, &scratch, &record);
    d->pos = s->json.pos;
    return err == LW_OK ? settle_element(d, s, &record, &scratch, out_entry) : err;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

/* Names relative to a base that is always given, "/" at least: what a reader without base must take
 * them to be relative to, not all agree on. */
static void write_outer(lw_writer *w, const lw_senml_plan *plan,
                        const lw_value *const members[LW_SENML_MEMBERS])
{
    bool first = true;
    lw_bytes base = plan->base_name.as.bytes;
    if (base.len == 0) {
        base = plan->count == 1 ? plan->name.as.bytes : lw_bytes_str("/");
    }
    lw_write_u8(w, '{');
    lw_json_write_name(w, "bn", &first);
    lw_json_write_string(w, base);
    if (members[LW_SENML_BASE_TIME] != NULL) {
        lw_json_write_name(w, "bt", &first);
        lw_json_write_number(w, *members[LW_SENML_BASE_TIME]);
    }
    lw_json_write_name(w, "e", &first);
}

static void write_element(lw_writer *w, lw_senml_plan *plan,
                          const lw_value *members[LW_SENML_MEMBERS])
{
    bool first = true;
    lw_bytes *name = &plan->name.as.bytes;
    if (plan->base_name.as.bytes.len == 0) {
        *name = lw_bytes_from(*name, 1);
        if (plan->count == 1) {
            members[LW_SENML_NAME] = NULL; /* the whole name is the base */
        }
    }
    lw_json_write_record(w, &dialect, members, &first);
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    lw_encode_cfg plain = {.base = cfg->base};
    lw_front front;
    if (cfg->front != NULL) { /* names have no alternate path in 1.0 */
        front = *cfg->front;
        front.alternate_path = lw_bytes_of(NULL, 0);
        plain.front = &front;
    }
    lw_senml_plan plan;
    lw_err err = lw_senml_plan_init(&plan, source, &plain, LW_SENML_VALUES);
    if (err == LW_OK && plan.count == 0) {
        lw_write_str(w, "{\"e\":[]}");
        return LW_OK;
    }
    const char *before = "[{";
    while (err == LW_OK) {
        const lw_value *members[LW_SENML_MEMBERS];
        err = lw_senml_plan_next(&plan, members);
        if (err == LW_OK) {
            if (plan.index == 1) {
                write_outer(w, &plan, members);
            }
            lw_write_str(w, before);
            write_element(w, &plan, members);
            before = "},{";
        }
    }
    lw_write_str(w, "}]}");
    return err == LW_END ? LW_OK : err;
}

const lw_format lw_format_json = {
    .id = LW_CF_JSON,
    .uses = LW_FORMAT_STRUCTURED,
    .since = 10,
    .encode = encode,
    .decode_next = decode_next,
};
