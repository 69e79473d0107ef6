/* What a Bootstrap-Server may ask for while a session runs: Bootstrap-Discover, -Read, -Write,
 * -Delete and -Finish, with the codes of table 15.1. */
#include "client/bootstrap.h"
#include "client/feature.h"
#include "lw/objects.h"
#include "model/access.h"
#include "proto/bootstrap.h"

/* ---- Discover ---------------------------------------------------------------------------------
 */

/* BS-21: an object is listed when it has to say its version, or has nothing else to show. */
static void put(lw_client *client, lw_path path, lw_link_out *out)
{
    lw_tree *tree = &client->tree;
    lw_bs_item item = {.path = path};
    if (!lw_path_reaches(path, LW_LEVEL_OBJECT)) {
        return;
    }
    if (lw_path_depth(path) == LW_LEVEL_OBJECT) {
        item.has_version = lw_object_names_version(lw_tree_object(tree, path),
                                                   (lw_version)client->cfg.version, &item.version);
        if (!item.has_version && lw_tree_count(tree, path) > 0) {
            return;
        }
    } else {
        uint16_t owner = lw_bs_owner(client, path);
        item.ssid = owner != LW_ID_MAX ? owner : 0; /* BS-22 */
    }
    if (lw_path_id(path, LW_LEVEL_OBJECT) == LW_OBJ_SECURITY && item.ssid != 0 &&
        client->cfg.version > LW_VERSION_1_0) {
        item.uri = lw_tree_octets(tree, lw_path_resource_of(path, LW_RES_SECURITY_SERVER_URI));
    }
    lw_bs_discover_put(out, &item);
}

static lw_err discover(const lw_call *call)
{
    lw_client *client = call->client;
    lw_path path = call->request.path, at = path;
    lw_link_out out;
    lw_coap_put_uint(&call->reply->options, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    lw_bs_discover_begin(&out, &call->reply->payload, (lw_version)client->cfg.version);
    do {
        put(client, at, &out);
    } while (lw_tree_walk(&client->tree, &at, lw_path_depth(path), LW_LEVEL_INSTANCE));
    return call->reply->payload.err;
}

/* ---- Write ------------------------------------------------------------------------------------
 */

/* BS-26, BS-27: missing instances are made. Clearing twice does no harm: nothing is set yet. */
static lw_err make_ready(lw_apply *a, lw_path path)
{
    lw_tree *tree = &a->client->tree;
    lw_path instance = lw_path_cut(path, LW_LEVEL_INSTANCE), made;
    if (!lw_path_reaches(path, LW_LEVEL_INSTANCE)) {
        return LW_OK; /* an object without instances */
    }
    bool is_whole = !lw_path_reaches(a->decoder.cfg.base, LW_LEVEL_RESOURCE);
    lw_err err = lw_tree_add(tree, lw_path_id(path, LW_LEVEL_OBJECT),
                             lw_path_id(path, LW_LEVEL_INSTANCE), &made);
    if (err == LW_EEXISTS) {
        err = is_whole ? lw_tree_start_with(tree, instance, LW_TREE_CLEAR) : LW_OK;
    }
    return err;
}

static lw_err prepare(lw_apply *a, const lw_entry *e)
{
    return make_ready(a, e->path);
}

/* P-BS-11: keys come as text in published SenML; a Bootstrap-Server means their octets. */
static lw_type type_of(void *tree, lw_path path)
{
    lw_type type = lw_tree_type_of(tree, path);
    return type == LW_TYPE_OPAQUE ? LW_TYPE_NONE : type;
}

/* Links lead to what is not there yet (BS-40). */
static lw_err take_octets(const lw_apply *a, const lw_place *at, lw_value *value)
{
    if (a->decoder.cfg.type_of == type_of && value->type == LW_TYPE_STRING &&
        at->def->type == LW_TYPE_OPAQUE) {
        value->type = LW_TYPE_OPAQUE;
    }
    return LW_OK;
}

/* An instance is as it is written; whether it makes sense is seen at the end (BS-40). */
lw_err lw_bs_apply(lw_apply *apply)
{
    static const lw_apply_rules rules = {
        .bootstrap = true, .lenient = true, .prepare = prepare, .check = take_octets};
    lw_decode_cfg *cfg = &apply->decoder.cfg;
    uint16_t format = apply->decoder.format->id;
    bool is_senml = format == LW_CF_SENML_CBOR || format == LW_CF_SENML_JSON;
    apply->rules = &rules;
    cfg->type_of = is_senml ? type_of : lw_tree_type_of;
    apply->replace = true;
    lw_err err = make_ready(apply, cfg->base);
    return err == LW_OK ? lw_apply_payload(apply) : err;
}

static lw_err write(const lw_call *call)
{
    lw_apply apply;
    lw_apply_init(&apply, call, NULL);
    lw_err err = lw_bs_apply(&apply);
    bool is_two = lw_bs_count(call->client, LW_OBJ_SECURITY, 0) > 1;
    return err == LW_OK && is_two ? LW_EINVAL : err; /* rule 8 */
}

/* ---- Delete -----------------------------------------------------------------------------------
 */

/* BS-33: its own the device would make again at once. The account stands before what belongs to it,
 * and tells what that is: it goes last. */
lw_err lw_bs_remove(lw_client *client, bool purge, lw_path scope)
{
    lw_tree *tree = &client->tree;
    lw_path account = lw_path_instance(LW_OBJ_SECURITY, lw_bs_account(client));
    lw_path all = lw_path_cut(scope, LW_LEVEL_OBJECT), at = all;
    lw_err err = LW_OK;
    while (err == LW_OK && lw_tree_next(tree, &at, lw_path_depth(all), LW_LEVEL_INSTANCE)) {
        if (lw_path_contains(scope, at) && !lw_path_equal(at, account) &&
            (lw_bs_owner(client, at) == 0) == purge &&
            lw_object_is_configured(lw_tree_object(tree, at))) {
            err = lw_remove_instance(tree, at);
        }
    }
    return err == LW_OK && purge ? lw_tree_remove(tree, account) : err;
}

static lw_err delete (const lw_call *call)
{
    lw_client *client = call->client;
    lw_path path = call->request.path;
    if (call->target.asked > LW_LEVEL_ROOT && call->target.object == NULL) {
        return LW_EINVAL;
    }
    bool is_kept =
        lw_bs_owner(client, path) == 0 || lw_path_equal(path, lw_path_instance(LW_OBJ_DEVICE, 0));
    return is_kept ? LW_EINVAL : lw_bs_remove(client, false, path); /* BS-32 */
}

/* ---- All of them ------------------------------------------------------------------------------
 */

static lw_err in_transaction(const lw_call *call, lw_err (*change)(const lw_call *call))
{
    lw_tree *tree = &call->client->tree;
    lw_err err = lw_tree_begin(tree);
    return err == LW_OK ? lw_tree_end(tree, change(call)) : err;
}

lw_err lw_bs_command(lw_bootstrap *bs, const lw_call *call)
{
    bool is_there = call->target.depth == call->target.asked;
    switch (call->request.op) {
    case LW_OP_BS_DISCOVER:
        return is_there ? discover(call) : LW_ENOTFOUND; /* BS-23 */
    case LW_OP_BS_READ:
        return is_there ? lw_serve_read(call) : LW_ENOTFOUND;
    case LW_OP_BS_WRITE:
        return in_transaction(call, write);
    case LW_OP_BS_DELETE:
        return in_transaction(call, delete);
    default: /* BS-35, BS-36, CLI-04: whatever refuses it, the session goes on */
        return lw_bs_conclude(bs) == LW_OK ? LW_OK : LW_ENOTSUP;
    }
}
