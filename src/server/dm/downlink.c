#include "server/dm/downlink.h"

#include "codec/link.h"
#include "lw/execute.h"
#include "model/attr.h"
#include "proto/request.h"
#include "server/shared/formats.h"

/* What can say that the device is to choose the instance (FMT-31, P-DM-12). */
static const lw_format *const choosing_formats[] = {&lw_format_lwm2m_cbor, &lw_format_tlv, NULL};

/* An ask with what was found out about it. */
typedef struct translation {
    const lw_downlink_device *device;
    const lw_downlink_ask *ask;
    const lw_mem *mem;
    lw_op op;
    const lw_resource_def *def; /* of the target; NULL: not known, or no resource */
    lw_entry *list;             /* the body, in tree order; strings point into the ask's */
    size_t count;
    lw_entry empty;          /* in place of a list without entries */
    lw_format_choice body;   /* what the values are */
    lw_format_choice answer; /* what the target is */
} translation;

/* ---- The objects of the device -------------------------------------------------------------- */

static const lw_resource_def *find_resource(const lw_downlink_device *device, lw_path path)
{
    const lw_object_def *def = NULL;
    (void)device->object(device->ctx, path.id[0], &def);
    return def != NULL && path.depth >= LW_LEVEL_RESOURCE ? lw_object_def_resource(def, path.id[2])
                                                          : NULL;
}

static lw_type type_of(void *ctx, lw_path path)
{
    const lw_resource_def *def = find_resource(ctx, path);
    return def != NULL ? (lw_type)def->type : LW_TYPE_NONE;
}

static bool is_multiple(const lw_resource_def *def)
{
    return (def->flags & LW_DEF_MULTIPLE) != 0;
}

/* ---- The body -------------------------------------------------------------------------------- */

static uint8_t body_uses(lw_op op)
{
    return lw_op_rule_of(op)->body & LW_FORMAT_REAL;
}

/* In tree order, as encoders want them (Shell's sort: no memory, no worst case that hurts). */
static void sort(lw_entry *list, size_t count)
{
    size_t gap = 1;
    while (gap < count / 3) {
        gap = 3 * gap + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < count; i++) {
            lw_entry e = list[i];
            size_t to = i;
            for (; to >= gap && lw_path_compare(list[to - gap].path, e.path) > 0; to -= gap) {
                list[to] = list[to - gap];
            }
            list[to] = e;
        }
    }
}

/* Runs over the body: counts the entries, and keeps them where there is a list already. */
static lw_err decode(translation *t)
{
    bool is_list = t->list != NULL;
    lw_decode_cfg cfg = {.base = t->ask->path,
                         .use = body_uses(t->op) & (LW_FORMAT_FETCH | LW_FORMAT_PATCH),
                         .type_of = type_of,
                         .type_ctx = (void *)(uintptr_t)t->device};
    lw_decoder d;
    lw_decoder_init(&d, cfg.use != 0 ? &lw_format_etch_cbor : &lw_format_senml_cbor, &cfg);
    lw_decoder_feed(&d, t->ask->body, true);
    size_t count = 0;
    lw_entry e;
    lw_err err = lw_decoder_next(&d, &e);
    for (; err == LW_OK; err = lw_decoder_next(&d, &e)) {
        if (e.prefix.len != 0 || e.has_time) {
            return LW_EINVAL;
        }
        if (count == LW_DOWNLINK_ENTRIES_MAX) {
            return LW_ETOOBIG;
        }
        if (is_list) {
            t->list[count] = e;
        }
        count++;
    }
    t->count = count;
    return err == LW_END ? LW_OK : err;
}

static lw_err read_body(translation *t)
{
    if (body_uses(t->op) == 0) {
        return t->ask->body.len == 0 ? LW_OK : LW_EINVAL;
    }
    if (t->ask->body.len == 0) {
        return t->op == LW_OP_CREATE ? LW_OK : LW_EINVAL; /* DM-77 */
    }
    lw_err err = decode(t);
    if (err != LW_OK || t->count == 0) {
        return err;
    }
    t->list = lw_mem_alloc(t->mem, t->count * sizeof *t->list);
    if (t->list == NULL) {
        return LW_ENOMEM;
    }
    err = decode(t);
    sort(t->list, t->count);
    return err;
}

/* Nothing stands there twice, everything below the target; the ids of a Create are all given or
 * all left to the device. */
static lw_err check_paths(const translation *t)
{
    const lw_entry *first = t->list;
    for (size_t i = 0; i < t->count; i++) {
        const lw_entry *e = &t->list[i];
        bool repeated = i > 0 && lw_path_equal(e->path, e[-1].path);
        if ((repeated && e->kind != LW_ENTRY_PATH) || !lw_path_contains(t->ask->path, e->path)) {
            return LW_EINVAL;
        }
        if (t->op == LW_OP_CREATE &&
            (e->path.id[1] == LW_ID_MAX) != (first->path.id[1] == LW_ID_MAX)) {
            return LW_EINVAL;
        }
        if (!t->ask->force && lw_request_is_forbidden(&e->path)) {
            return LW_EDENIED;
        }
    }
    return LW_OK;
}

/* One value, at the target itself. Of a resource nobody knows the body tells (VER-15). */
static bool is_single_body(const translation *t)
{
    if (t->ask->path.depth < LW_LEVEL_RESOURCE || t->op == LW_OP_WRITE_PARTIAL) {
        return false;
    }
    if (t->def != NULL && t->ask->path.depth == LW_LEVEL_RESOURCE) {
        return !is_multiple(t->def);
    }
    return t->count == 1 && lw_path_equal(t->list[0].path, t->ask->path);
}

static lw_err check_body(translation *t)
{
    if (body_uses(t->op) == 0) {
        return LW_OK;
    }
    t->body.single = is_single_body(t);
    if (t->count > 0) {
        t->body.type = t->body.single ? (lw_type)t->list[0].value.type : LW_TYPE_NONE;
        bool at_target = lw_path_equal(t->list[0].path, t->ask->path);
        bool fits = t->body.single ? t->count == 1 && at_target : !at_target;
        return fits || body_uses(t->op) == LW_FORMAT_FETCH ? check_paths(t) : LW_EINVAL;
    }
    if (t->op == LW_OP_WRITE && !t->body.single &&
        t->ask->path.depth <= LW_LEVEL_RESOURCE) { /* nothing is left of what there is */
        t->empty = (lw_entry){.kind = LW_ENTRY_EMPTY, .path = t->ask->path};
        return LW_OK;
    }
    return t->op == LW_OP_CREATE ? LW_OK : LW_EINVAL;
}

static bool has_body(const translation *t)
{
    return t->count > 0 || (t->op == LW_OP_WRITE && t->ask->body.len > 0);
}

static lw_err encode_body(const translation *t, const lw_format *format, lw_writer *w)
{
    lw_entries entries = {t->count > 0 ? t->list : &t->empty, t->count > 0 ? t->count : 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = t->ask->path};
    if (t->device->version == LW_VERSION_1_2) { /* VER-32, VER-34 */
        cfg.alternate_path = t->device->alternate_path;
    }
    return lw_encode(format, &source, &cfg, w);
}

static lw_err measure_body(const translation *t, const lw_format *format, size_t *out_len)
{
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    lw_err err = encode_body(t, format, &w);
    *out_len = w.pos;
    return err;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static bool is_known_op(lw_op op)
{
    return op >= LW_OP_READ && op <= LW_OP_CANCEL_COMPOSITE;
}

static bool is_post_to_resource(const translation *t)
{
    return lw_op_rule_of(t->op)->method == LW_COAP_POST && t->ask->path.depth == LW_LEVEL_RESOURCE;
}

/* SRV-05, SRV-07 */
static lw_err check_plausible(const translation *t)
{
    lw_path path = t->ask->path;
    const lw_object_def *def;
    if (lw_request_is_forbidden(&path)) {
        return LW_EDENIED;
    }
    if ((lw_op_rule_of(t->op)->levels & 1u << path.depth) == 0) {
        return LW_EINVAL;
    }
    if (!lw_op_has_level(t->op, path.depth, t->device->version) ||
        (t->op == LW_OP_WRITE_PARTIAL && path.depth == LW_LEVEL_RESOURCE &&
         t->device->version < LW_VERSION_1_1)) { /* DM-30 */
        return LW_ENOTSUP;
    }
    if (path.depth > 0 && !t->device->object(t->device->ctx, path.id[0], &def)) {
        return LW_ENOTFOUND;
    }
    /* DM-65: the device goes by the definition, and would do the other thing. */
    if (t->def != NULL && is_post_to_resource(t) && lw_op_of_resource_post(t->def) != t->op) {
        return LW_EINVAL;
    }
    bool is_single = t->def != NULL && !is_multiple(t->def);
    return is_single && path.depth == LW_LEVEL_RESOURCE_INSTANCE ? LW_EINVAL : LW_OK; /* DM-12 */
}

static bool takes_attributes(lw_op op)
{
    return op == LW_OP_WRITE_ATTRIBUTES || op >= LW_OP_OBSERVE;
}

static lw_err read_attributes(lw_bytes text, lw_attrs_change *out_change)
{
    *out_change = (lw_attrs_change){.unset = 0};
    while (text.len > 0) {
        lw_err err =
            lw_attrs_take_query(out_change, lw_bytes_cut(&text, '&'), &lw_attr_decimal_text);
        if (err != LW_OK) {
            return err == LW_ENOTFOUND ? LW_EINVAL : err;
        }
    }
    return LW_OK;
}

static lw_err check_attributes(const translation *t)
{
    lw_attrs_change change;
    lw_attrs none = {.has = 0};
    lw_err err = read_attributes(t->ask->arguments, &change);
    if (err != LW_OK || t->ask->force) {
        return err;
    }
    uint16_t mask = lw_attrs_change_mask(&change);
    if (t->op != LW_OP_WRITE_ATTRIBUTES) {
        if (mask != 0 && !lw_version_has(t->device->version, LW_FEATURE_OBSERVE_ATTRIBUTES)) {
            return LW_ENOTSUP;
        }
    } else if (mask == 0) {
        return LW_EINVAL; /* would be a Write of nothing */
    }
    if (t->ask->path.depth == LW_LEVEL_ROOT) { /* OBS-23 */
        err = (mask & ~LW_ATTRS_COMPOSITE) == 0 ? LW_OK : LW_EINVAL;
    } else {
        lw_attrs_at at = {(lw_level)t->ask->path.depth, t->def, t->device->version};
        err = lw_attrs_check_target(mask, &at);
        err = err == LW_EMETHOD ? LW_EINVAL : err;
    }
    return err == LW_OK ? lw_attrs_apply(&none, &change, &lw_attr_decimal_text) : err;
}

/* Of Execute (DM-61). */
static lw_err check_arguments(lw_bytes text)
{
    lw_exec_args args = lw_exec_args_of(text);
    lw_exec_arg arg;
    lw_err err;
    do {
        err = lw_exec_args_next(&args, &arg);
    } while (err == LW_OK);
    return err == LW_END ? LW_OK : LW_EINVAL;
}

static lw_err check_ask(const translation *t)
{
    if (!t->ask->force) {
        lw_err err = check_plausible(t);
        if (err != LW_OK) {
            return err;
        }
    }
    if (takes_attributes(t->op)) {
        return check_attributes(t);
    }
    if (t->op == LW_OP_EXECUTE) {
        return check_arguments(t->ask->arguments);
    }
    if (t->op == LW_OP_DISCOVER && t->ask->depth != LW_DEPTH_DEFAULT) { /* DM-21 */
        if (t->ask->depth > 3) {
            return LW_EINVAL;
        }
        if (!t->ask->force && !lw_version_has(t->device->version, LW_FEATURE_DISCOVER_DEPTH)) {
            return LW_ENOTSUP;
        }
    }
    return t->ask->arguments.len == 0 ? LW_OK : LW_EINVAL;
}

/* ---- Formats --------------------------------------------------------------------------------- */

static const lw_format *next_body(const translation *t, const lw_format *refused)
{
    const lw_format *format = refused;
    size_t len;
    do {
        format = lw_op_body_format(t->op, &t->body, format);
    } while (format != NULL && measure_body(t, format, &len) == LW_ENOTSUP);
    return format;
}

/* A device of 1.0 may not know Accept, and answers in what it has. */
static const lw_format *next_answer(const translation *t, const lw_format *refused)
{
    if (t->device->version == LW_VERSION_1_0 && refused == NULL) {
        return lw_op_find_answer_format(t->op, &t->answer, t->answer.preferred);
    }
    return t->device->version == LW_VERSION_1_0 ? NULL
                                                : lw_op_answer_format(t->op, &t->answer, refused);
}

static bool is_announced(lw_bytes formats, uint16_t id)
{
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
    switch (body_uses(t->op)) {
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
    if (lw_op_rule_of(t->op)->answer == LW_FORMAT_COMPOSITE) {
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
    while (t->device->formats.len > 0) {
        format = next(t->op, choice, format);
        if (format == NULL) {
            break;
        }
        if (is_announced(t->device->formats, format->id)) {
            return format->id;
        }
    }
    return LW_CF_NONE;
}

/* Takes the ask apart. `t` holds memory, also after a failure: fini. */
static lw_err init(translation *t, const lw_downlink_device *device, const lw_downlink_ask *ask,
                   const lw_downlink_learned *learned, const lw_mem *mem)
{
    *t = (translation){.device = device, .ask = ask, .mem = mem, .op = (lw_op)ask->op};
    if (!is_known_op(t->op)) {
        return LW_EINVAL;
    }
    t->def = find_resource(device, ask->path);
    lw_err err = check_ask(t);
    if (err == LW_OK) {
        err = read_body(t);
    }
    if (err == LW_OK) {
        err = check_body(t);
    }
    if (err != LW_OK) {
        return err;
    }
    lw_version since = (lw_version)lw_op_rule_of(t->op)->since;
    lw_version version = device->version > since ? device->version : since; /* with force */
    bool chooses = t->op == LW_OP_CREATE && t->count > 0 && t->list[0].path.id[1] == LW_ID_MAX;
    t->body.formats = chooses ? choosing_formats : lw_server_formats;
    t->body.version = version;
    t->body.preferred = LW_CF_NONE;
    t->body.preferred = preferred(t, learned, body_use(t), &t->body, lw_op_body_format);
    t->answer = (lw_format_choice){
        .formats = lw_server_formats,
        .version = version,
        .single = ask->path.depth == LW_LEVEL_RESOURCE_INSTANCE ||
                  (ask->path.depth == LW_LEVEL_RESOURCE &&
                   (t->def == NULL || !is_multiple(t->def))), /* who knows */
        .type = t->def != NULL ? (lw_type)t->def->type : LW_TYPE_NONE,
        .preferred = LW_CF_NONE,
    };
    t->answer.preferred = preferred(t, learned, answer_use(t), &t->answer, lw_op_answer_format);
    return LW_OK;
}

static void fini(translation *t)
{
    lw_mem_release(t->mem, t->list);
}

/* Has it an answer in a format to be chosen? Else `format` speaks of the body. */
static bool asks_format(lw_op op)
{
    return (lw_op_rule_of(op)->answer & LW_FORMAT_REAL) != 0;
}

static lw_err choose_body(const translation *t, const lw_format **out)
{
    *out = NULL;
    if (!has_body(t)) {
        return LW_OK;
    }
    if (t->ask->format == LW_CF_NONE || asks_format(t->op)) {
        *out = next_body(t, NULL);
    } else {
        *out = t->ask->force ? lw_format_find(lw_server_formats, t->ask->format)
                             : lw_op_find_body_format(t->op, &t->body, t->ask->format);
    }
    size_t len;
    return *out == NULL ? LW_ENOTSUP : measure_body(t, *out, &len);
}

static lw_err choose_answer(const translation *t, const lw_format **out)
{
    *out = NULL;
    if (!asks_format(t->op)) {
        return LW_OK;
    }
    if (t->ask->format == LW_CF_NONE) {
        *out = next_answer(t, NULL);
        return LW_OK;
    }
    *out = t->ask->force ? lw_format_find(lw_server_formats, t->ask->format)
                         : lw_op_find_answer_format(t->op, &t->answer, t->ask->format);
    return *out != NULL ? LW_OK : LW_ENOTSUP;
}

/* ---- The attempts ---------------------------------------------------------------------------- */

/* P-DM-13: an answer to Create may leave out the instance that the request named. */
static lw_path target_of(const translation *t)
{
    if (t->op != LW_OP_CREATE || t->count == 0 || t->list[0].path.id[1] == LW_ID_MAX ||
        t->list[0].path.id[1] != t->list[t->count - 1].path.id[1]) {
        return t->ask->path;
    }
    return lw_path_cut(t->list[0].path, LW_LEVEL_INSTANCE);
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
    if (t->op == LW_OP_EXECUTE) {
        return lw_mem_dup(t->mem, t->ask->arguments, out_payload);
    }
    size_t len = 0;
    lw_err err = format != NULL ? measure_body(t, format, &len) : LW_OK;
    if (err != LW_OK || len == 0) {
        return err;
    }
    uint8_t *octets = lw_mem_alloc(t->mem, len);
    if (octets == NULL) {
        return LW_ENOMEM;
    }
    lw_writer w;
    lw_writer_init(&w, octets, len);
    *out_payload = lw_bytes_of(octets, len);
    return encode_body(t, format, &w); /* as it did when it was measured */
}

lw_err lw_downlink_encode(const lw_downlink *downlink, const lw_downlink_device *device,
                          const lw_downlink_ask *ask, const lw_mem *mem, lw_writer *options,
                          lw_bytes *out_payload)
{
    static const lw_downlink_learned nothing = {{0}};
    translation t;
    lw_attrs_change change;
    *out_payload = lw_bytes_of(NULL, 0);
    lw_err err = init(&t, device, ask, &nothing, mem);
    if (err == LW_OK) {
        err = encode_payload(&t, downlink->body, out_payload);
    }
    if (err == LW_OK) {
        lw_request request = lw_request_of(t.op, ask->path);
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
        if (takes_attributes(t.op)) {
            err = read_attributes(ask->arguments, &change);
            request.attrs = &change;
            request.decimal = &lw_attr_decimal_text;
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
