/* Server accounts: a Security instance, and the Server instance with the same Short Server ID
 * (BS-06). They live in the tree; this keeps client->servers in step with them. */
#include "client/server.h"
#include "lw/objects.h"

#define FNV_OFFSET 2166136261u
#define FNV_PRIME  16777619u

static bool get(lw_client *client, lw_path path, lw_value *out)
{
    return lw_tree_get(&client->tree, path, out) == LW_OK;
}

static uint32_t number(lw_client *client, lw_path path, uint32_t absent)
{
    lw_value v, n;
    bool is_there = get(client, path, &v) && lw_value_convert(v, LW_TYPE_UNSIGNED, &n) == LW_OK;
    return is_there ? (uint32_t)n.as.uns : absent;
}

static bool is_bootstrap(lw_client *client, uint16_t security)
{
    lw_value v;
    lw_path path = lw_path_resource(LW_OBJ_SECURITY, security, LW_RES_SECURITY_BOOTSTRAP_SERVER);
    return get(client, path, &v) && v.as.boolean;
}

/* Of what decides where and how to connect: URI, mode, keys (BS-52). */
static uint32_t digest_of(lw_client *client, uint16_t security)
{
    static const uint8_t resources[] = {LW_RES_SECURITY_SERVER_URI, LW_RES_SECURITY_SECURITY_MODE,
                                        LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY,
                                        LW_RES_SECURITY_SERVER_PUBLIC_KEY,
                                        LW_RES_SECURITY_SECRET_KEY};
    uint32_t digest = FNV_OFFSET;
    for (size_t i = 0; i < sizeof resources; i++) {
        lw_value v = lw_value_none();
        (void)get(client, lw_path_resource(LW_OBJ_SECURITY, security, resources[i]), &v);
        uint8_t small = v.type == LW_TYPE_INTEGER ? (uint8_t)v.as.integer : 0;
        bool has_octets = v.type == LW_TYPE_STRING || v.type == LW_TYPE_OPAQUE;
        lw_bytes octets = has_octets ? v.as.bytes : lw_bytes_of(&small, 1);
        for (size_t j = 0; j < octets.len; j++) {
            digest = (digest ^ octets.ptr[j]) * FNV_PRIME;
        }
        digest = (digest ^ (uint32_t)octets.len) * FNV_PRIME;
    }
    return digest;
}

/* The Server instance with that Short Server ID, or LW_ID_MAX. */
static uint16_t find_account(lw_client *client, uint32_t ssid)
{
    lw_path scope = lw_path_object(LW_OBJ_SERVER), at = scope;
    while (lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        if (number(client, lw_path_child(at, LW_RES_SERVER_SHORT_SERVER_ID), 0) == ssid) {
            return at.id[1];
        }
    }
    return LW_ID_MAX;
}

lw_server *lw_client_server(lw_client *client, uint16_t ssid)
{
    for (unsigned i = 0; i < client->cfg.servers_max; i++) {
        lw_server *s = &client->servers[i];
        if (s->state != LW_SERVER_UNUSED && s->ssid == ssid) {
            return s;
        }
    }
    return NULL;
}

static lw_server *unused_server(lw_client *client)
{
    for (unsigned i = 0; i < client->cfg.servers_max; i++) {
        if (client->servers[i].state == LW_SERVER_UNUSED) {
            return &client->servers[i];
        }
    }
    return NULL;
}

static void forget(lw_server *server)
{
    lw_server_reset(server);
    lw_client_dispatch(server, LW_SERVER_EV_REMOVED);
    lw_server_init(server->client, server, server->link);
}

static void take(lw_server *server, uint16_t ssid, uint16_t security, uint16_t account)
{
    uint32_t digest = digest_of(server->client, security);
    bool is_new = server->state == LW_SERVER_UNUSED;
    bool moved = !is_new && server->account_digest != digest;
    server->ssid = ssid;
    server->security = security;
    server->account = account;
    server->account_digest = digest;
    if (is_new) {
        server->state = LW_SERVER_IDLE;
        server->attempt = server->sequence = 1;
    } else if (moved) {
        lw_server_register_anew(server);
    }
}

/* Does the account of this server still stand in the tree? */
static bool still_there(lw_client *client, const lw_server *server)
{
    lw_path security = lw_path_instance(LW_OBJ_SECURITY, server->security);
    if (!lw_tree_exists(&client->tree, security)) {
        return false;
    }
    if (server == lw_client_bootstrap_server(client)) {
        return is_bootstrap(client, server->security);
    }
    lw_path ssid = lw_path_child(security, LW_RES_SECURITY_SHORT_SERVER_ID);
    return !is_bootstrap(client, server->security) && number(client, ssid, 0) == server->ssid &&
           find_account(client, server->ssid) != LW_ID_MAX;
}

static void take_security(lw_client *client, uint16_t security)
{
    if (is_bootstrap(client, security)) {
        take(lw_client_bootstrap_server(client), 0, security, LW_ID_MAX);
        return;
    }
    lw_path path = lw_path_resource(LW_OBJ_SECURITY, security, LW_RES_SECURITY_SHORT_SERVER_ID);
    uint32_t ssid = number(client, path, 0);
    uint16_t account = ssid != 0 ? find_account(client, ssid) : LW_ID_MAX;
    lw_server *server = lw_client_server(client, (uint16_t)ssid);
    if (server == NULL) {
        server = unused_server(client);
    }
    if (account != LW_ID_MAX && server != NULL) {
        take(server, (uint16_t)ssid, security, account);
    }
}

void lw_client_accounts_changed(lw_client *client)
{
    for (unsigned i = 0; i <= client->cfg.servers_max; i++) {
        lw_server *s = &client->servers[i];
        if (s->state != LW_SERVER_UNUSED && !still_there(client, s)) {
            forget(s);
        }
    }
    lw_path scope = lw_path_object(LW_OBJ_SECURITY), at = scope;
    while (lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        take_security(client, at.id[1]);
    }
    lw_schedule_begin(client);
}

/* ---- Factory data -----------------------------------------------------------------------------
 */

static lw_err set(lw_client *client, lw_path instance, uint16_t resource, lw_value value)
{
    return lw_tree_set(&client->tree, lw_path_child(instance, resource), value);
}

static lw_err add_security(lw_client *client, const lw_client_account *a)
{
    lw_path at;
    lw_err err = lw_tree_add(&client->tree, LW_OBJ_SECURITY, LW_ID_MAX, &at);
    const struct {
        uint8_t resource;
        bool wanted;
        lw_value value;
    } rows[] = {
        {LW_RES_SECURITY_SERVER_URI, true, lw_value_string(a->uri)},
        {LW_RES_SECURITY_BOOTSTRAP_SERVER, true, lw_value_boolean(a->bootstrap)},
        {LW_RES_SECURITY_SECURITY_MODE, true, lw_value_integer(a->security)},
        {LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY, true, lw_value_bytes(LW_TYPE_OPAQUE, a->identity)},
        {LW_RES_SECURITY_SERVER_PUBLIC_KEY, true, lw_value_bytes(LW_TYPE_OPAQUE, a->server_key)},
        {LW_RES_SECURITY_SECRET_KEY, true, lw_value_bytes(LW_TYPE_OPAQUE, a->secret)},
        {LW_RES_SECURITY_SHORT_SERVER_ID, !a->bootstrap, lw_value_integer(a->ssid)},
        {LW_RES_SECURITY_CLIENT_HOLD_OFF_TIME, a->bootstrap, lw_value_integer(a->hold_off)},
    };
    for (size_t i = 0; err == LW_OK && i < sizeof rows / sizeof rows[0]; i++) {
        err = rows[i].wanted ? set(client, at, rows[i].resource, rows[i].value) : LW_OK;
    }
    return err;
}

static lw_err add_account(lw_client *client, const lw_client_account *a)
{
    lw_path at;
    lw_err err = lw_tree_add(&client->tree, LW_OBJ_SERVER, LW_ID_MAX, &at);
    if (err == LW_OK) {
        err = set(client, at, LW_RES_SERVER_SHORT_SERVER_ID, lw_value_integer(a->ssid));
    }
    if (err == LW_OK) {
        uint32_t lifetime = a->lifetime != 0 ? a->lifetime : 86400;
        err = set(client, at, LW_RES_SERVER_LIFETIME, lw_value_integer(lifetime));
    }
    if (err == LW_OK) {
        err = set(client, at, LW_RES_SERVER_NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE,
                  lw_value_boolean(true));
    }
    return err == LW_OK ? set(client, at, LW_RES_SERVER_BINDING, lw_value_string("U")) : err;
}

lw_err lw_client_add_server(lw_client *client, const lw_client_account *account)
{
    bool ssid_fits =
        account->bootstrap ? account->ssid == 0 : account->ssid > 0 && account->ssid < LW_ID_MAX;
    if (account->uri == NULL || !ssid_fits || client->started) {
        return client->started ? LW_ESTATE : LW_EINVAL;
    }
    lw_err err = lw_tree_begin(&client->tree);
    if (err != LW_OK) {
        return err;
    }
    err = add_security(client, account);
    if (err == LW_OK && !account->bootstrap) {
        err = add_account(client, account);
    }
    return lw_tree_end(&client->tree, err);
}
