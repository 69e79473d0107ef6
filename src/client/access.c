/* Access Control (ACL): model/access.h says what the rules mean; this shows it the instances of /1
 * and /2, and keeps /2 in step with what comes and goes.
 *
 *   account appears    one became several: what the one could do without asking it now owns; what
 *                      has no rule even so is the device's: owner 65535, all may read (ACL-12)
 *   account goes       its entries go, its instances get an heir or go too (BS-53)
 *   server creates     it owns the instance (ACL-10)
 *   instance goes      its rule goes
 *
 * With one account /2 is neither asked nor filled (ACL-02). A right costs a walk over /2, of which
 * one rule at a time is looked at: no copy of the object is kept.
 */
#include "model/access.h"
#include "client/feature.h"
#include "lw/objects.h"

typedef struct room {
    lw_client *client;
    bool is_working; /* changes are ours */
    uint8_t known_count;
    uint16_t *known;             /* Short Server IDs at the last look */
    lw_access_account *accounts; /* those of now */
    lw_access_entry *entries;    /* of the rule that is looked at: the default one and accounts' */
} room;

/* ---- The view ---------------------------------------------------------------------------------
 */

static bool number_at(const room *r, lw_path path, uint16_t *out)
{
    lw_value value, number;
    bool is_there = lw_tree_get(&r->client->tree, path, &value) == LW_OK &&
                    lw_value_convert(&value, LW_TYPE_UNSIGNED, &number) == LW_OK;
    *out = is_there ? (uint16_t)number.as.uns : 0;
    return is_there;
}

static lw_access look_at_accounts(const room *r)
{
    lw_access view = {.accounts = r->accounts};
    lw_path at = lw_path_object(LW_OBJ_SERVER);
    while (view.account_count < r->client->cfg.servers_max &&
           lw_tree_next_instance(&r->client->tree, &at)) {
        lw_access_account *account = &r->accounts[view.account_count];
        account->instance = lw_path_id(at, LW_LEVEL_INSTANCE);
        view.account_count +=
            number_at(r, lw_path_child(at, LW_RES_SERVER_SHORT_SERVER_ID), &account->ssid) ? 1 : 0;
    }
    return view;
}

static void look_at_entry(const room *r, lw_path acl, uint16_t ssid, lw_access_rule *rule)
{
    uint16_t rights;
    if (number_at(r, lw_path_child(acl, ssid), &rights)) {
        r->entries[rule->entry_count++] = (lw_access_entry){ssid, (uint8_t)(rights & 31u)};
    }
}

static void look_at_rule(const room *r, const lw_access *view, lw_path at, lw_access_rule *rule)
{
    lw_path acl = lw_path_child(at, LW_RES_ACCESS_CONTROL_ACL);
    *rule = (lw_access_rule){.id = lw_path_id(at, LW_LEVEL_INSTANCE), .entries = r->entries};
    number_at(r, lw_path_child(at, LW_RES_ACCESS_CONTROL_OBJECT_ID), &rule->object);
    number_at(r, lw_path_child(at, LW_RES_ACCESS_CONTROL_OBJECT_INSTANCE_ID), &rule->instance);
    number_at(r, lw_path_child(at, LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER), &rule->owner);
    look_at_entry(r, acl, 0, rule);
    for (size_t i = 0; i < view->account_count; i++) {
        look_at_entry(r, acl, view->accounts[i].ssid, rule);
    }
}

/* The rule for an instance; LW_ID_MAX: the object. */
static bool find_rule(const room *r, uint16_t object, uint16_t instance, lw_path *out)
{
    *out = lw_path_object(LW_OBJ_ACCESS_CONTROL);
    while (lw_tree_next_instance(&r->client->tree, out)) {
        uint16_t of_object, of_instance;
        number_at(r, lw_path_child(*out, LW_RES_ACCESS_CONTROL_OBJECT_ID), &of_object);
        number_at(r, lw_path_child(*out, LW_RES_ACCESS_CONTROL_OBJECT_INSTANCE_ID), &of_instance);
        if (of_object == object && of_instance == instance) {
            return true;
        }
    }
    return false;
}

static unsigned rights(void *state, const lw_server *server, uint16_t object, uint16_t instance)
{
    const room *r = state;
    lw_access view = look_at_accounts(r);
    lw_access_rule rule;
    lw_path at = lw_path_instance(LW_OBJ_ACCESS_CONTROL, instance);
    bool is_rule = object == LW_OBJ_ACCESS_CONTROL && lw_tree_exists(&r->client->tree, at);
    if (view.account_count > 1 && (is_rule || find_rule(r, object, instance, &at))) {
        look_at_rule(r, &view, at, &rule);
        view.rules = &rule;
        view.rule_count = 1;
    }
    if (instance == LW_ID_MAX) {
        return lw_access_may_create(&view, server->ssid, object) ? LW_RIGHT_C : 0;
    }
    return lw_access_rights(&view, server->ssid, object, instance);
}

/* ---- Rules come and go ------------------------------------------------------------------------
 */

static lw_err add_rule(const room *r, lw_path target, uint16_t owner, bool all_may_read)
{
    const struct {
        uint16_t resource, value;
    } rows[] = {{LW_RES_ACCESS_CONTROL_OBJECT_ID, lw_path_id(target, LW_LEVEL_OBJECT)},
                {LW_RES_ACCESS_CONTROL_OBJECT_INSTANCE_ID, lw_path_id(target, LW_LEVEL_INSTANCE)},
                {LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER, owner}};
    lw_tree *tree = &r->client->tree;
    lw_path at;
    lw_err err = lw_tree_add(tree, LW_OBJ_ACCESS_CONTROL, LW_ID_MAX, &at);
    for (size_t i = 0; err == LW_OK && i < sizeof rows / sizeof rows[0]; i++) {
        err =
            lw_tree_set(tree, lw_path_child(at, rows[i].resource), lw_value_integer(rows[i].value));
    }
    if (err == LW_OK && all_may_read) {
        lw_path acl = lw_path_child(at, LW_RES_ACCESS_CONTROL_ACL);
        err = lw_tree_set(tree, lw_path_child(acl, 0), lw_value_integer(LW_RIGHT_R));
    }
    return err;
}

static lw_err created(void *state, lw_server *server, lw_path instance)
{
    const room *r = state;
    lw_path at;
    if (look_at_accounts(r).account_count < 2 ||
        find_rule(r, lw_path_id(instance, LW_LEVEL_OBJECT), lw_path_id(instance, LW_LEVEL_INSTANCE),
                  &at)) {
        return LW_OK;
    }
    return add_rule(r, instance, server->ssid, false);
}

/* Instances that servers can make can also go with them; the others are the device's. */
static lw_err remove_target(const room *r, lw_path target)
{
    lw_tree *tree = &r->client->tree;
    const lw_object *object = lw_tree_object(tree, target);
    if (object == NULL || object->hooks == NULL || object->hooks->create == NULL ||
        !lw_tree_exists(tree, target)) {
        return LW_OK;
    }
    if (object->hooks->remove != NULL) {
        (void)object->hooks->remove(tree->hooks_ctx, tree, target); /* it is told, not asked */
    }
    return lw_tree_remove(tree, target);
}

/* BS-53, for one rule. */
static lw_err leave_rule(const room *r, const lw_access *view, lw_path at, uint16_t leaving)
{
    lw_tree *tree = &r->client->tree;
    lw_path entry = lw_path_child(lw_path_child(at, LW_RES_ACCESS_CONTROL_ACL), leaving);
    bool had_entry = lw_tree_exists(tree, entry);
    lw_err err = had_entry ? lw_tree_unset(tree, entry) : LW_OK;
    lw_access_rule rule;
    look_at_rule(r, view, at, &rule);
    bool is_owner = rule.owner == leaving;
    if (err != LW_OK || (!is_owner && !had_entry) || rule.instance == LW_ID_MAX) {
        return err;
    }
    uint16_t heir = lw_access_heir(view, &rule, leaving);
    if (heir == 0) {
        err = remove_target(r, lw_path_instance(rule.object, rule.instance));
        return err == LW_OK ? lw_tree_remove(tree, at) : err;
    }
    lw_path owner = lw_path_child(at, LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER);
    return is_owner ? lw_tree_set(tree, owner, lw_value_integer(heir)) : LW_OK;
}

static bool has_account(const lw_access *view, uint16_t ssid)
{
    for (size_t i = 0; i < view->account_count; i++) {
        if (view->accounts[i].ssid == ssid) {
            return true;
        }
    }
    return false;
}

static lw_err leave(const room *r, const lw_access *view)
{
    lw_err err = LW_OK;
    for (unsigned i = 0; i < r->known_count; i++) {
        lw_path at = lw_path_object(LW_OBJ_ACCESS_CONTROL);
        bool is_gone = !has_account(view, r->known[i]);
        while (is_gone && err == LW_OK && lw_tree_next_instance(&r->client->tree, &at)) {
            err = leave_rule(r, view, at, r->known[i]);
        }
    }
    return err;
}

/* Who owns an instance that has no rule: a server its own account; the server that was alone until
 * now what it could do with; else nobody. */
static uint16_t owner_of(const room *r, const lw_access *view, lw_path instance)
{
    for (size_t i = 0;
         lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_SERVER && i < view->account_count; i++) {
        if (view->accounts[i].instance == lw_path_id(instance, LW_LEVEL_INSTANCE)) {
            return view->accounts[i].ssid;
        }
    }
    bool was_alone = r->known_count == 1 && has_account(view, r->known[0]);
    return was_alone ? r->known[0] : LW_ID_MAX;
}

static lw_err complete(const room *r, const lw_access *view)
{
    lw_err err = LW_OK;
    lw_path at = lw_path_root(), rule;
    while (err == LW_OK && view->account_count > 1 &&
           lw_tree_next(&r->client->tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        bool needs_rule = lw_path_id(at, LW_LEVEL_OBJECT) != LW_OBJ_ACCESS_CONTROL &&
                          !lw_access_is_bootstrap_only(lw_path_id(at, LW_LEVEL_OBJECT));
        if (needs_rule && !find_rule(r, lw_path_id(at, LW_LEVEL_OBJECT),
                                     lw_path_id(at, LW_LEVEL_INSTANCE), &rule)) {
            uint16_t owner = owner_of(r, view, at);
            err = add_rule(r, at, owner, owner == LW_ID_MAX);
        }
    }
    return err;
}

static lw_err in_transaction(room *r, const lw_access *view)
{
    lw_tree *tree = &r->client->tree;
    lw_err err = lw_tree_begin(tree);
    if (err != LW_OK) {
        return err;
    }
    err = leave(r, view);
    return lw_tree_end(tree, err == LW_OK ? complete(r, view) : err);
}

/* Brings /2 in step with /1 and with what is there. */
static lw_err accounts(room *r)
{
    lw_access view = look_at_accounts(r);
    r->is_working = true;
    lw_err err = in_transaction(r, &view);
    r->is_working = false;
    if (err == LW_OK) {
        r->known_count = (uint8_t)view.account_count;
        for (size_t i = 0; i < view.account_count; i++) {
            r->known[i] = view.accounts[i].ssid;
        }
    }
    return err;
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    (void)client;
    return moment == LW_MOMENT_ACCOUNTS ? accounts(state) : LW_OK;
}

static lw_err forget(room *r, lw_path instance)
{
    lw_path rule;
    lw_err err = LW_OK;
    while (err == LW_OK && !lw_tree_exists(&r->client->tree, instance) &&
           find_rule(r, lw_path_id(instance, LW_LEVEL_OBJECT),
                     lw_path_id(instance, LW_LEVEL_INSTANCE), &rule)) {
        err = lw_tree_remove(&r->client->tree, rule);
    }
    return err;
}

static void on_change(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    room *r = state;
    bool is_ssid = lw_path_id(path, LW_LEVEL_OBJECT) == LW_OBJ_SERVER &&
                   lw_path_depth(path) == LW_LEVEL_RESOURCE &&
                   lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_SERVER_SHORT_SERVER_ID;
    bool is_ours = client->started && !r->is_working &&
                   lw_path_id(path, LW_LEVEL_OBJECT) != LW_OBJ_ACCESS_CONTROL &&
                   !lw_tree_is_holding(&client->tree);
    if (!is_ours || (change == LW_TREE_VALUE && !is_ssid)) {
        return;
    }
    lw_err err = change == LW_TREE_REMOVED ? forget(r, path) : LW_OK;
    err = err == LW_OK ? accounts(state) : err;
    if (err != LW_OK) {
        lw_client_complain(client, "access", "rights do not follow a change", err);
    }
}

/* ---- The feature ------------------------------------------------------------------------------
 */

static size_t size(const lw_client_cfg *cfg)
{
    return sizeof(room) + cfg->servers_max * (sizeof(lw_access_account) + sizeof(uint16_t)) +
           (cfg->servers_max + 1u) * sizeof(lw_access_entry);
}

static lw_err init(lw_client *client, void *state)
{
    room *r = state;
    r->client = client;
    r->accounts = (lw_access_account *)(void *)(r + 1);
    r->entries = (lw_access_entry *)(void *)(r->accounts + client->cfg.servers_max);
    r->known = (uint16_t *)(void *)(r->entries + client->cfg.servers_max + 1);
    return lw_tree_object(&client->tree, lw_path_object(LW_OBJ_ACCESS_CONTROL)) != NULL ? LW_OK
                                                                                        : LW_EINVAL;
}

const lw_client_feature lw_feature_access = {
    .name = "access",
    .size = size,
    .init = init,
    .on_moment = on_moment,
    .on_change = on_change,
    .part = LW_PART_ACCESS,
    .as.access = {.rights = rights, .created = created},
};
