/* SenML in CBOR: packs of values (112) and fetch and patch packs (322), formats.md 8 and 9. A pack
 * is an array of maps from labels to values:
 *
 *   90                      sixteen records
 *     A3                    three members
 *       21 65 2F332F302F    bn  "/3/0/"
 *       00 61 30            n   "0"
 *       03 74 4F70656E...   vs  "Open Mobile Alliance"
 *     A2 ...
 */
#include "codec/cbor.h"
#include "codec/senml.h"

typedef struct senml_cbor {
    uint32_t left; /* records still to come */
    bool started;
    lw_senml names;
} senml_cbor;

_Static_assert(sizeof(senml_cbor) <= LW_DECODER_STATE, "the state fits into the decoder");

/* A label is a number, or the member's name as in JSON. */
static lw_senml_label read_label(lw_cbor *c)
{
    if (c->at < c->end && *c->at <= LW_SENML_VD) { /* by far the most */
        return (lw_senml_label)*c->at++;
    }
    lw_value key;
    lw_cbor_read_value(c, &key);
    if (key.type == LW_TYPE_STRING) {
        return lw_senml_label_of(key.as.bytes);
    }
    if (key.type != LW_TYPE_INTEGER) {
        lw_cbor_fail(c, LW_EFORMAT);
        return LW_SENML_OTHER;
    }
    bool known = key.as.integer >= LW_SENML_BS && key.as.integer <= LW_SENML_VD;
    return known ? (lw_senml_label)key.as.integer : LW_SENML_OTHER;
}

static void read_record(lw_cbor *c, lw_senml_record *r)
{
    uint32_t left = lw_cbor_read_count(c, LW_CBOR_MAP);
    while (lw_cbor_more(c, &left)) {
        lw_senml_label label = read_label(c);
        lw_value value = {.type = LW_TYPE_NONE};
        if (lw_senml_is_ignored(label)) {
            lw_cbor_skip(c);
        } else {
            lw_cbor_read_value(c, &value);
        }
        lw_cbor_fail(c, lw_senml_put(r, label, &value));
    }
}

/* The next record into the entry. LW_AGAIN also when it had none, see lw_senml_resolve: d->pos has
 * then moved on. */
static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    senml_cbor *s = (senml_cbor *)(void *)d->state.octets;
    lw_cbor c;
    lw_cbor_init(&c, d);
    uint32_t left = s->started ? s->left : lw_cbor_read_count(&c, LW_CBOR_ARRAY);
    lw_senml_record r = {.has = 0};
    bool is_record = lw_cbor_more(&c, &left);
    if (is_record) {
        read_record(&c, &r);
    }
    if (c.err != LW_OK) {
        return (lw_err)c.err;
    }
    s->started = true;
    s->left = left;
    d->pos = (size_t)(c.at - d->in.ptr);
    return is_record ? lw_senml_resolve(&s->names, d, &r, out_entry) : lw_decoder_finish(d);
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_record(lw_writer *w, const lw_value *const members[LW_SENML_MEMBERS])
{
    static const int8_t labels[] = {LW_SENML_BN, LW_SENML_BT, LW_SENML_N, LW_SENML_V, LW_SENML_T};
    static const lw_bytes vlo = LW_BYTES_LIT("vlo");
    unsigned count = 0;
    for (unsigned i = 0; i < LW_SENML_MEMBERS; i++) {
        count += members[i] != NULL;
    }
    lw_cbor_write_head(w, LW_CBOR_MAP, count);
    for (unsigned i = 0; i < LW_SENML_MEMBERS; i++) {
        const lw_value *member = members[i];
        if (member == NULL) {
            continue;
        }
        int label = i == LW_SENML_VALUE ? (int)lw_senml_label_of_type(member->type) : labels[i];
        if (label == LW_SENML_VLO) {
            lw_cbor_write_text(w, vlo);
        } else {
            lw_cbor_write_int(w, label);
        }
        lw_cbor_write_value(w, member);
    }
}

static lw_err encode_kinds(const lw_source *source, const lw_encode_cfg *cfg, unsigned kinds,
                           lw_writer *w)
{
    lw_senml_plan plan;
    const lw_value *members[LW_SENML_MEMBERS];
    lw_err err = lw_senml_plan_init(&plan, source, cfg, kinds);
    if (err != LW_OK) {
        return err;
    }
    lw_cbor_write_head(w, LW_CBOR_ARRAY, plan.count);
    while ((err = lw_senml_plan_next(&plan, members)) == LW_OK) {
        write_record(w, members);
    }
    return err == LW_END ? LW_OK : err;
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    return encode_kinds(source, cfg, LW_SENML_VALUES | LW_SENML_PATHS,
                        w); /* FETCH bodies of 1.1 are 112 */
}

static lw_err encode_etch(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    return encode_kinds(source, cfg, LW_SENML_VALUES | LW_SENML_PATHS | LW_SENML_REMOVALS, w);
}

const lw_format lw_format_senml_cbor = {
    .id = LW_CF_SENML_CBOR,
    .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED | LW_FORMAT_COMPOSITE | LW_FORMAT_FETCH |
            LW_FORMAT_PATCH | LW_FORMAT_SEND,
    .since = 11,
    .encode = encode,
    .decode_next = decode_next,
};

const lw_format lw_format_etch_cbor = {
    .id = LW_CF_ETCH_CBOR,
    .uses = LW_FORMAT_FETCH | LW_FORMAT_PATCH,
    .since = 12,
    .encode = encode_etch,
    .decode_next = decode_next,
};
