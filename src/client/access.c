/* Access Control (ACL): model/access.h says what the rules mean; this keeps /2 in step with what
 * comes and goes.
 *
 *   account appears    one became several: what the one could do without asking it now owns; what
 *                      has no rule even so is the device's: owner 65535, all may read (ACL-12)
 *   account goes       its entries go, its instances get an heir or go too (BS-53)
 *   server creates     it owns the instance (ACL-10)
 *   instance goes      its rule goes
 *
 * With one account /2 is neither asked nor filled (ACL-02).
 */
#include "model/access.h"
#include "client/feature.h"
#include "client/serve.h"
#include "lw/objects.h"

static unsigned rights(const lw_server *server, lw_path path)
{
    return lw_access_rights(&server->client->tree, server->ssid,
                            lw_path_cut(path, LW_LEVEL_INSTANCE));
}

/* ---- Rules come and go ------------------------------------------------------------------------
 */

static lw_err add_rule(lw_tree *tree, uint16_t owner, lw_path target)
{
    lw_path at;
    lw_err err = lw_tree_add(tree, LW_OBJ_ACCESS_CONTROL, LW_ID_MAX, &at);
    if (err == LW_OK) {
        err = lw_tree_put_integer(tree, lw_path_id(target, LW_LEVEL_OBJECT),
                                  lw_path_resource_of(at, LW_RES_ACCESS_CONTROL_OBJECT_ID));
    }
    if (err == LW_OK) {
        err =
            lw_tree_put_integer(tree, lw_path_id(target, LW_LEVEL_INSTANCE),
                                lw_path_resource_of(at, LW_RES_ACCESS_CONTROL_OBJECT_INSTANCE_ID));
    }
    if (err == LW_OK) {
        err = lw_tree_put_integer(
            tree, owner, lw_path_resource_of(at, LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER));
    }
    if (err == LW_OK && owner == LW_ID_MAX) { /* ACL-12 */
        lw_path acl = lw_path_resource_of(at, LW_RES_ACCESS_CONTROL_ACL);
        err = lw_tree_put_integer(tree, LW_RIGHT_R, lw_path_instance_of(acl, 0));
    }
    return err;
}

/* For several servers. */
static lw_err add_missing_rule(lw_client *client, uint16_t owner, lw_path target)
{
    lw_tree *tree = &client->tree;
    bool is_alone = lw_tree_count(tree, lw_path_object(LW_OBJ_SERVER)) < 2;
    bool is_there = lw_access_rule(tree, target) != LW_ID_MAX;
    return is_alone || is_there ? LW_OK : add_rule(tree, owner, target);
}

static lw_err created(const lw_server *server, lw_path instance)
{
    return add_missing_rule(server->client, server->ssid, instance);
}

/* Instances that servers can make can also go with them; the others are the device's. */
static lw_err remove_target(lw_tree *tree, lw_path target)
{
    lw_place at;
    if (lw_tree_find(tree, target, &at) < LW_LEVEL_INSTANCE || at.object->hooks == NULL ||
        at.object->hooks->create == NULL) {
        return LW_OK;
    }
    lw_err err = lw_remove_instance(tree, target);
    return err == LW_OK ? LW_OK : lw_tree_remove(tree, target); /* it is told, not asked */
}

/* BS-53, for one rule. */
static lw_err leave_rule(lw_tree *tree, uint16_t leaving, lw_path rule)
{
    lw_path target = lw_access_target(tree, rule);
    lw_path owner = lw_path_resource_of(rule, LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER);
    lw_path acl = lw_path_resource_of(rule, LW_RES_ACCESS_CONTROL_ACL);
    bool is_owner = lw_tree_number(tree, owner, 0) == leaving;
    lw_err err = lw_tree_unset(tree, lw_path_instance_of(acl, leaving));
    bool was_named = is_owner || err == LW_OK;
    if (err != LW_OK && err != LW_ENOTFOUND) {
        return err;
    }
    if (!was_named || lw_path_depth(target) == LW_LEVEL_OBJECT) {
        return LW_OK;
    }
    uint16_t heir = lw_access_heir(tree, rule);
    if (heir == 0) {
        err = remove_target(tree, target);
        return err == LW_OK ? lw_tree_remove(tree, rule) : err;
    }
    return is_owner ? lw_tree_put_integer(tree, heir, owner) : LW_OK;
}

static lw_err leave(lw_client *client, uint16_t ssid)
{
    lw_err err = LW_OK;
    lw_path at = lw_path_object(LW_OBJ_ACCESS_CONTROL);
    while (err == LW_OK && lw_tree_next_instance(&client->tree, &at)) {
        err = leave_rule(&client->tree, ssid, at);
    }
    return err;
}

/* Who owns an instance that has no rule: a server its own account; the server that was alone until
 * now what it could do with; else nobody. */
static lw_err complete(lw_client *client, uint16_t alone)
{
    lw_err err = LW_OK;
    lw_path at = lw_path_root();
    while (err == LW_OK && lw_tree_next(&client->tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        uint16_t object = lw_path_id(at, LW_LEVEL_OBJECT);
        if (object != LW_OBJ_ACCESS_CONTROL && !lw_access_is_bootstrap_only(object)) {
            bool is_account = object == LW_OBJ_SERVER;
            err = add_missing_rule(client, is_account ? lw_account_ssid(client, at) : alone, at);
        }
    }
    return err;
}

/* Servers still have the places that they had before the accounts changed: who has one without an
 * account leaves, and who has the only one was alone. */
static lw_err follow(lw_client *client)
{
    uint16_t alone = LW_ID_MAX;
    bool any = false;
    lw_err err = LW_OK;
    LW_EACH_SERVER (client, s) {
        lw_path account = lw_path_object(LW_OBJ_SERVER);
        if (s->ssid == 0 || err != LW_OK) {
            continue;
        }
        bool stays = lw_account_next(client, s->ssid, &account);
        err = stays ? LW_OK : leave(client, s->ssid);
        alone = stays && !any ? s->ssid : LW_ID_MAX;
        any = true;
    }
    return err == LW_OK ? complete(client, alone) : err;
}

/* Brings /2 in step with /1 and with what is there. What it changes is told, and brings nothing
 * more to change. */
static lw_err keep_in_step(lw_client *client)
{
    lw_err err = lw_tree_begin(&client->tree);
    err = err == LW_OK ? lw_tree_end(&client->tree, follow(client)) : err;
    if (err != LW_OK) {
        lw_client_complain(client, "access", "rights do not follow a change", err);
    }
    return err;
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    (void)state;
    return moment == LW_MOMENT_ACCOUNTS ? keep_in_step(client) : LW_OK;
}

static void on_change(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    lw_tree *tree = &client->tree;
    uint16_t object = lw_path_id(path, LW_LEVEL_OBJECT);
    bool is_relevant =
        change != LW_TREE_VALUE ? object != LW_OBJ_ACCESS_CONTROL : object == LW_OBJ_SERVER;
    (void)state;
    if (!client->started || !is_relevant || lw_tree_is_holding(tree)) {
        return;
    }
    if (change == LW_TREE_REMOVED && !lw_tree_exists(tree, path)) {
        uint16_t rule = lw_access_rule(tree, path); /* goes with what it stands for */
        lw_err err = lw_tree_remove(tree, lw_path_instance(LW_OBJ_ACCESS_CONTROL, rule));
        (void)err; /* there was none */
    }
    (void)keep_in_step(client); /* there is nobody to refuse it to */
}

/* ---- The feature ------------------------------------------------------------------------------
 */

static lw_err init(lw_client *client, void *state)
{
    (void)state;
    return lw_tree_object(&client->tree, lw_path_object(LW_OBJ_ACCESS_CONTROL)) != NULL ? LW_OK
                                                                                        : LW_EINVAL;
}

const lw_client_feature lw_feature_access = {
    .init = init,
    .on_moment = on_moment,
    .on_change = on_change,
    .part = LW_PART_ACCESS,
    .as.access = {.rights = rights, .created = created},
};
