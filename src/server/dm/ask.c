#include "server/dm/ask.h"

#include <string.h>

#include "codec/front.h"
#include "lw/execute.h"
#include "model/attr.h"
#include "proto/request.h"

/* ---- The objects of the device -------------------------------------------------------------- */

static const lw_resource_def *find_resource(const lw_downlink_device *device, lw_path path)
{
    const lw_object_def *def = NULL;
    (void)device->object(device->ctx, lw_path_id(path, LW_LEVEL_OBJECT), &def);
    return def != NULL && lw_path_depth(path) >= LW_LEVEL_RESOURCE
               ? lw_object_def_resource(def, lw_path_id(path, LW_LEVEL_RESOURCE))
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

uint8_t lw_ask_body_uses(const lw_ask *a)
{
    return lw_op_rule_of(a->op)->body & LW_FORMAT_REAL;
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
static lw_err decode(lw_ask *a)
{
    bool is_list = a->list != NULL;
    lw_decode_cfg cfg = {.base = a->said->path,
                         .use = lw_ask_body_uses(a) & (LW_FORMAT_FETCH | LW_FORMAT_PATCH),
                         .type_of = type_of,
                         .type_ctx = (void *)(uintptr_t)a->device};
    lw_decoder d;
    lw_decoder_init(&d, cfg.use != 0 ? &lw_format_etch_cbor : &lw_format_senml_cbor, &cfg);
    lw_decoder_feed(&d, a->said->body, true);
    size_t count = 0;
    lw_entry e;
    lw_err err = lw_decoder_next(&d, &e);
    for (; err == LW_OK; err = lw_decoder_next(&d, &e)) {
        if (lw_entry_has_time(&e)) {
            return LW_EINVAL;
        }
        if (count == LW_DOWNLINK_ENTRIES_MAX) {
            return LW_ETOOBIG;
        }
        if (is_list) {
            a->list[count] = e;
        }
        count++;
    }
    a->count = count;
    return err == LW_END ? LW_OK : err;
}

static lw_err read_body(lw_ask *a)
{
    if (lw_ask_body_uses(a) == 0) {
        return a->said->body.len == 0 ? LW_OK : LW_EINVAL;
    }
    if (a->said->body.len == 0) {
        return a->op == LW_OP_CREATE ? LW_OK : LW_EINVAL; /* DM-77 */
    }
    lw_err err = decode(a);
    if (err != LW_OK || a->count == 0) {
        return err;
    }
    a->list = lw_mem_alloc(a->mem, a->count * sizeof *a->list);
    if (a->list == NULL) {
        return LW_ENOMEM;
    }
    err = decode(a);
    sort(a->list, a->count);
    return err;
}

/* Nothing stands there twice, everything below the target; the ids of a Create are all given or
 * all left to the device. */
static lw_err check_paths(const lw_ask *a)
{
    const lw_entry *first = a->list;
    for (size_t i = 0; i < a->count; i++) {
        const lw_entry *e = &a->list[i];
        bool repeated = i > 0 && lw_path_equal(e->path, e[-1].path);
        if ((repeated && e->kind != LW_ENTRY_PATH) || !lw_path_contains(a->said->path, e->path)) {
            return LW_EINVAL;
        }
        if (a->op == LW_OP_CREATE && lw_path_is_chosen(e->path) != lw_path_is_chosen(first->path)) {
            return LW_EINVAL;
        }
        if (!a->said->force && lw_request_is_forbidden(&e->path)) {
            return LW_EDENIED;
        }
    }
    return LW_OK;
}

/* One value, at the target itself. Of a resource nobody knows the body tells (VER-15). */
static bool is_single_body(const lw_ask *a)
{
    if (lw_path_depth(a->said->path) < LW_LEVEL_RESOURCE || a->op == LW_OP_WRITE_PARTIAL) {
        return false;
    }
    if (a->def != NULL && lw_path_depth(a->said->path) == LW_LEVEL_RESOURCE) {
        return !is_multiple(a->def);
    }
    return a->count == 1 && lw_path_equal(a->list[0].path, a->said->path);
}

static lw_err check_body(lw_ask *a)
{
    if (lw_ask_body_uses(a) == 0) {
        return LW_OK;
    }
    a->is_single = is_single_body(a);
    if (a->count > 0) {
        a->type = a->is_single ? (lw_type)a->list[0].value.type : LW_TYPE_NONE;
        bool at_target = lw_path_equal(a->list[0].path, a->said->path);
        bool fits = a->is_single ? a->count == 1 && at_target : !at_target;
        return fits || lw_ask_body_uses(a) == LW_FORMAT_FETCH ? check_paths(a) : LW_EINVAL;
    }
    if (a->op == LW_OP_WRITE && !a->is_single &&
        lw_path_depth(a->said->path) <= LW_LEVEL_RESOURCE) { /* nothing is left of what there is */
        a->empty = (lw_entry){.kind = LW_ENTRY_EMPTY, .path = a->said->path};
        return LW_OK;
    }
    return a->op == LW_OP_CREATE ? LW_OK : LW_EINVAL;
}

bool lw_ask_has_body(const lw_ask *a)
{
    return a->count > 0 || (a->op == LW_OP_WRITE && a->said->body.len > 0);
}

lw_err lw_ask_encode(const lw_ask *a, const lw_format *format, lw_writer *w)
{
    lw_entries entries = {a->count > 0 ? a->list : &a->empty, a->count > 0 ? a->count : 1};
    lw_source source = lw_entries_source(&entries);
    lw_front front = lw_front_of(a->device->alternate_path);
    bool is_named = a->device->version == LW_VERSION_1_2; /* VER-32, VER-34 */
    lw_encode_cfg cfg = {.base = a->said->path, .front = is_named ? &front : NULL};
    return lw_encode(format, &source, &cfg, w);
}

lw_err lw_ask_measure(const lw_ask *a, const lw_format *format, size_t *out_len)
{
    lw_writer w;
    lw_writer_init_window(&w, NULL, 0, 0);
    lw_err err = lw_ask_encode(a, format, &w);
    *out_len = w.pos;
    return err;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static bool is_post_to_resource(const lw_ask *a)
{
    return lw_op_rule_of(a->op)->method == LW_COAP_POST &&
           lw_path_depth(a->said->path) == LW_LEVEL_RESOURCE;
}

/* SRV-05, SRV-07 */
static lw_err check_plausible(const lw_ask *a)
{
    lw_path path = a->said->path;
    const lw_object_def *def;
    if (lw_request_is_forbidden(&path)) {
        return LW_EDENIED;
    }
    if ((lw_op_rule_of(a->op)->levels & 1u << lw_path_depth(path)) == 0 ||
        lw_path_is_chosen(path)) { /* VER-20 */
        return LW_EINVAL;
    }
    if (!lw_op_has_level(a->op, lw_path_depth(path), a->device->version) ||
        (a->op == LW_OP_WRITE_PARTIAL && lw_path_depth(path) == LW_LEVEL_RESOURCE &&
         a->device->version < LW_VERSION_1_1)) { /* DM-30 */
        return LW_ENOTSUP;
    }
    if (lw_path_depth(path) > 0 &&
        !a->device->object(a->device->ctx, lw_path_id(path, LW_LEVEL_OBJECT), &def)) {
        return LW_ENOTFOUND;
    }
    /* DM-65: the device goes by the definition, and would do the other thing. */
    if (a->def != NULL && is_post_to_resource(a) && lw_op_of_resource_post(a->def) != a->op) {
        return LW_EINVAL;
    }
    bool is_single = a->def != NULL && !is_multiple(a->def);
    return is_single && lw_path_depth(path) == LW_LEVEL_RESOURCE_INSTANCE ? LW_EINVAL
                                                                          : LW_OK; /* DM-12 */
}

bool lw_ask_takes_attributes(const lw_ask *a)
{
    return a->op == LW_OP_WRITE_ATTRIBUTES || a->op >= LW_OP_OBSERVE;
}

/* As the grammar of gt, lt and st has it: plain decimal, which goes to the device as it was
 * written, so that no digit of a large number is lost (ATT-14). */
static bool is_plain(lw_bytes item)
{
    (void)lw_bytes_cut(&item, '=');
    return item.len == 0 ||
           (memchr(item.ptr, 'e', item.len) == NULL && memchr(item.ptr, 'E', item.len) == NULL);
}

static lw_err read_attributes(lw_bytes text, lw_attrs_change *change)
{
    while (text.len > 0) {
        lw_bytes item = lw_bytes_cut(&text, '&');
        lw_err err = is_plain(item) ? lw_attrs_take_query(change, item) : LW_EFORMAT;
        if (err != LW_OK) {
            return err == LW_ENOTFOUND ? LW_EINVAL : err;
        }
    }
    return LW_OK;
}

static lw_err check_attributes(const lw_ask *a)
{
    lw_attrs_change change = {.level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
    bool is_write = a->op == LW_OP_WRITE_ATTRIBUTES;
    if (!a->said->force) {
        if (a->def != NULL && (a->def->ops & LW_OP_R) == 0) {
            return LW_EINVAL;
        }
        change.level = (uint8_t)lw_path_depth(a->said->path);
        change.def = a->def;
        change.version = (uint8_t)a->device->version;
    }
    lw_err err = read_attributes(a->said->arguments, &change);
    if (err != LW_OK || a->said->force) {
        return err;
    }
    if (!is_write && change.named != 0 &&
        !lw_version_has(a->device->version, LW_FEATURE_OBSERVE_ATTRIBUTES)) {
        return LW_ENOTSUP;
    }
    if (is_write && change.named == 0) {
        return LW_EINVAL; /* would be a Write of nothing */
    }
    return lw_attrs_check(&change);
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

static lw_err check_ask(const lw_ask *a)
{
    if (!a->said->force) {
        lw_err err = check_plausible(a);
        if (err != LW_OK) {
            return err;
        }
    }
    if (lw_ask_takes_attributes(a)) {
        return check_attributes(a);
    }
    if (a->op == LW_OP_EXECUTE) {
        return check_arguments(a->said->arguments);
    }
    if (a->op == LW_OP_DISCOVER && a->said->depth != LW_DEPTH_DEFAULT) { /* DM-21 */
        if (a->said->depth > 3) {
            return LW_EINVAL;
        }
        if (!a->said->force && !lw_version_has(a->device->version, LW_FEATURE_DISCOVER_DEPTH)) {
            return LW_ENOTSUP;
        }
    }
    return a->said->arguments.len == 0 ? LW_OK : LW_EINVAL;
}

/* ---- Begin and end -------------------------------------------------------------------------- */

bool lw_ask_is_about_one(const lw_ask *a)
{
    if (lw_path_depth(a->said->path) == LW_LEVEL_RESOURCE) {
        return a->def == NULL ||
               !is_multiple(a->def); /* of one that nobody knows it is not known */
    }
    return lw_path_depth(a->said->path) == LW_LEVEL_RESOURCE_INSTANCE;
}

lw_err lw_ask_init(lw_ask *a, const lw_downlink_device *device, const lw_downlink_ask *said,
                   const lw_mem *mem)
{
    *a = (lw_ask){.device = device, .said = said, .mem = mem, .op = (lw_op)said->op};
    if (a->op < LW_OP_READ || a->op > LW_OP_CANCEL_COMPOSITE) {
        return LW_EINVAL;
    }
    a->def = find_resource(device, said->path);
    lw_err err = check_ask(a);
    if (err == LW_OK) {
        err = read_body(a);
    }
    return err == LW_OK ? check_body(a) : err;
}

void lw_ask_fini(lw_ask *a)
{
    lw_mem_release(a->mem, a->list);
}
