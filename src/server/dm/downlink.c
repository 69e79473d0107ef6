#include "server/dm/downlink.h"

#include "codec/link.h"
#include "proto/request.h"
#include "server/dm/ask.h"
#include "server/shared/formats.h"

/* What can say that the device is to choose the instance (FMT-31, P-DM-12). */
static const lw_format *const choosing_formats[] = {&lw_format_lwm2m_cbor, &lw_format_tlv, NULL};

/* An ask, and what the formats of its body and its answer must do. */
typedef struct translation {
    lw_ask ask;
    lw_format_choice body, answer;
} translation;

/* ---- Formats --------------------------------------------------------------------------------- */

static const lw_format *next_body(const translation *t, const lw_format *refused)
{
    const lw_format *format = refused;
    size_t len;
    do {
        format = lw_op_body_format(t->ask.op, &t->body, format);
    } while (format != NULL && lw_ask_measure(&t->ask, format, &len) == LW_ENOTSUP);
    return format;
}

/* A device of 1.0 may not know Accept, and answers in what it has. */
static const lw_format *next_answer(const translation *t, const lw_format *refused)
{
    if (t->ask.device->version == LW_VERSION_1_0 && refused == NULL) {
        return lw_op_find_answer_format(t->ask.op, &t->answer, t->answer.preferred);
    }
    return t->ask.device->version == LW_VERSION_1_0
               ? NULL
               : lw_op_answer_format(t->ask.op, &t->answer, refused);
}

/* Devices announce what is not taken for granted (REG-23): every one takes opaque values as they
 * are, and large ones, firmware above all, often in no other way. */
static bool is_announced(lw_bytes formats, uint16_t id)
{
    if (id == LW_CF_OPAQUE) {
        return true;
    }
    uint16_t number;
    while (lw_link_number_next(&formats, &number) == LW_OK) {
        if (number == id) {
            return true;
        }
    }
    return false;
}

static lw_downlink_use body_use(const translation *t)
{
    switch (lw_ask_body_uses(&t->ask)) {
    case LW_FORMAT_FETCH:
        return LW_USE_BODY_FETCH;
    case LW_FORMAT_PATCH:
        return LW_USE_BODY_PATCH;
    default:
        return t->body.single ? LW_USE_BODY_SINGLE : LW_USE_BODY_STRUCTURED;
    }
}

static lw_downlink_use answer_use(const translation *t)
{
    if (lw_op_rule_of(t->ask.op)->answer == LW_FORMAT_COMPOSITE) {
        return LW_USE_ANSWER_COMPOSITE;
    }
    return t->answer.single ? LW_USE_ANSWER_SINGLE : LW_USE_ANSWER_STRUCTURED;
}

/* What worked before, else the first of ours that the device announced (SRV-04). */
static uint16_t preferred(const translation *t, const lw_downlink_learned *learned,
                          lw_downlink_use use, const lw_format_choice *choice,
                          const lw_format *(*next)(lw_op, const lw_format_choice *,
                                                   const lw_format *))
{
    if (learned->format[use] != 0) {
        return lw_server_formats[learned->format[use] - 1]->id;
    }
    const lw_format *format = NULL;
    while (t->ask.device->formats.len > 0) {
        format = next(t->ask.op, choice, format);
        if (format == NULL) {
            break;
        }
        if (is_announced(t->ask.device->formats, format->id)) {
            return format->id;
        }
    }
    return LW_CF_NONE;
}

/* `t` holds memory, also after a failure: fini. */
static lw_err init(translation *t, const lw_downlink_device *device, const lw_downlink_ask *said,
                   const lw_downlink_learned *learned, const lw_mem *mem)
{
    const lw_ask *ask = &t->ask;
    lw_err err = lw_ask_init(&t->ask, device, said, mem);
    if (err != LW_OK) {
        return err;
    }
    lw_version since = lw_op_since(lw_op_rule_of(ask->op));
    lw_version version = device->version > since ? device->version : since; /* with force */
    bool chooses =
        ask->op == LW_OP_CREATE && ask->count > 0 && lw_path_is_chosen(ask->list[0].path);
    t->body = (lw_format_choice){.formats = chooses ? choosing_formats : lw_server_formats,
                                 .version = version,
                                 .single = ask->is_single,
                                 .type = ask->type,
                                 .preferred = LW_CF_NONE};
    t->answer =
        (lw_format_choice){.formats = lw_server_formats,
                           .version = version,
                           .single = lw_ask_is_about_one(ask),
                           .type = ask->def != NULL ? (lw_type)ask->def->type : LW_TYPE_NONE,
                           .preferred = LW_CF_NONE};
    t->body.preferred = preferred(t, learned, body_use(t), &t->body, lw_op_body_format);
    t->answer.preferred = preferred(t, learned, answer_use(t), &t->answer, lw_op_answer_format);
    return LW_OK;
}

static void fini(translation *t)
{
    lw_ask_fini(&t->ask);
}

/* Has it an answer in a format to be chosen? Else `format` speaks of the body. */
static bool asks_format(lw_op op)
{
    return (lw_op_rule_of(op)->answer & LW_FORMAT_REAL) != 0;
}

static lw_err choose_body(const translation *t, const lw_format **out)
{
    *out = NULL;
    if (!lw_ask_has_body(&t->ask)) {
        return LW_OK;
    }
    if (t->ask.said->format == LW_CF_NONE || asks_format(t->ask.op)) {
        *out = next_body(t, NULL);
    } else {
        *out = t->ask.said->force
                   ? lw_format_find(lw_server_formats, t->ask.said->format)
                   : lw_op_find_body_format(t->ask.op, &t->body, t->ask.said->format);
    }
    size_t len;
    return *out == NULL ? LW_ENOTSUP : lw_ask_measure(&t->ask, *out, &len);
}

static lw_err choose_answer(const translation *t, const lw_format **out)
{
    *out = NULL;
    if (!asks_format(t->ask.op)) {
        return LW_OK;
    }
    if (t->ask.said->format == LW_CF_NONE) {
        *out = next_answer(t, NULL);
        return LW_OK;
    }
    *out = t->ask.said->force
               ? lw_format_find(lw_server_formats, t->ask.said->format)
               : lw_op_find_answer_format(t->ask.op, &t->answer, t->ask.said->format);
    return *out != NULL ? LW_OK : LW_ENOTSUP;
}

/* ---- The attempts ---------------------------------------------------------------------------- */

/* P-DM-13: an answer to Create may leave out the instance that the request named. */
static lw_path target_of(const translation *t)
{
    if (t->ask.op != LW_OP_CREATE || t->ask.count == 0 || lw_path_is_chosen(t->ask.list[0].path) ||
        lw_path_id(t->ask.list[0].path, LW_LEVEL_INSTANCE) !=
            lw_path_id(t->ask.list[t->ask.count - 1].path, LW_LEVEL_INSTANCE)) {
        return t->ask.said->path;
    }
    return lw_path_cut(t->ask.list[0].path, LW_LEVEL_INSTANCE);
}

lw_err lw_downlink_start(const lw_downlink_device *device, const lw_downlink_ask *ask,
                         const lw_downlink_learned *learned, const lw_mem *mem,
                         lw_downlink *out_downlink)
{
    translation t;
    *out_downlink = (lw_downlink){.target = ask->path};
    lw_err err = init(&t, device, ask, learned, mem);
    if (err == LW_OK) {
        out_downlink->body_use = (uint8_t)body_use(&t);
        out_downlink->answer_use = (uint8_t)answer_use(&t);
        out_downlink->target = target_of(&t);
        err = choose_body(&t, &out_downlink->body);
    }
    if (err == LW_OK) {
        err = choose_answer(&t, &out_downlink->answer);
    }
    fini(&t);
    return err;
}

static lw_err encode_payload(const translation *t, const lw_format *format, lw_bytes *out_payload)
{
    if (t->ask.op == LW_OP_EXECUTE) {
        return lw_mem_dup(t->ask.mem, t->ask.said->arguments, out_payload);
    }
    size_t len = 0;
    lw_err err = format != NULL ? lw_ask_measure(&t->ask, format, &len) : LW_OK;
    if (err != LW_OK || len == 0) {
        return err;
    }
    uint8_t *octets = lw_mem_alloc(t->ask.mem, len);
    if (octets == NULL) {
        return LW_ENOMEM;
    }
    lw_writer w;
    lw_writer_init(&w, octets, len);
    *out_payload = lw_bytes_of(octets, len);
    return lw_ask_encode(&t->ask, format, &w); /* as it did when it was measured */
}

lw_err lw_downlink_encode(const lw_downlink *downlink, const lw_downlink_device *device,
                          const lw_downlink_ask *ask, const lw_mem *mem, lw_writer *options,
                          lw_bytes *out_payload)
{
    static const lw_downlink_learned nothing = {{0}};
    translation t;
    *out_payload = lw_bytes_of(NULL, 0);
    lw_err err = init(&t, device, ask, &nothing, mem);
    if (err == LW_OK) {
        err = encode_payload(&t, downlink->body, out_payload);
    }
    if (err == LW_OK) {
        lw_request request = lw_request_of(t.ask.op, ask->path);
        request.alternate_path = device->alternate_path;
        request.depth = ask->depth;
        if (downlink->body != NULL) {
            request.content_format = downlink->body->id;
        } else if (out_payload->len > 0) {
            request.content_format = LW_CF_TEXT; /* arguments */
        }
        if (downlink->answer != NULL) {
            request.accept = downlink->answer->id;
        }
        if (lw_ask_takes_attributes(&t.ask)) {
            request.query = ask->arguments;
        }
        lw_coap_out out;
        lw_coap_begin_options(&out, options);
        lw_request_put(&out, &request);
        err = err == LW_OK ? options->err : err;
    }
    fini(&t);
    return err;
}

bool lw_downlink_refused(lw_downlink *downlink, const lw_downlink_device *device,
                         const lw_downlink_ask *ask, const lw_downlink_learned *learned,
                         const lw_mem *mem, uint8_t code)
{
    bool is_body = code == LW_COAP_UNSUPPORTED_CONTENT_FORMAT && downlink->body != NULL;
    bool is_answer = code == LW_COAP_NOT_ACCEPTABLE && downlink->answer != NULL;
    bool is_chosen = ask->format != LW_CF_NONE && is_answer == asks_format((lw_op)ask->op);
    translation t;
    bool again = false;
    if ((!is_body && !is_answer) || is_chosen) {
        return false;
    }
    if (init(&t, device, ask, learned, mem) == LW_OK) {
        if (is_body) {
            downlink->body = next_body(&t, downlink->body);
            again = downlink->body != NULL;
        } else { /* when all were refused, once without Accept */
            downlink->answer = next_answer(&t, downlink->answer);
            again = true;
        }
        downlink->was_refused = true;
    }
    fini(&t);
    return again;
}

static uint8_t place_of(const lw_format *format)
{
    uint8_t place = 0;
    while (lw_server_formats[place] != format) {
        place++;
    }
    return (uint8_t)(place + 1);
}

void lw_downlink_learn(const lw_downlink *downlink, lw_downlink_learned *learned)
{
    if (!downlink->was_refused) {
        return; /* the default did, which another resource may have another of */
    }
    if (downlink->body != NULL) {
        learned->format[downlink->body_use] = place_of(downlink->body);
    }
    if (downlink->answer != NULL) {
        learned->format[downlink->answer_use] = place_of(downlink->answer);
    }
}
