/* Server accounts: a Security instance, and the Server instance with the same Short Server ID
 * (BS-06). They live in the tree; this keeps client->servers in step with them. */
#include "client/server.h"
#include "lw/objects.h"

#define FNV_OFFSET 2166136261u
#define FNV_PRIME  16777619u

static uint32_t number(lw_client *client, uint16_t object, uint16_t instance, uint16_t resource)
{
    return lw_tree_number(&client->tree, lw_path_resource(object, instance, resource), 0);
}

static bool is_bootstrap(lw_client *client, uint16_t security)
{
    return number(client, LW_OBJ_SECURITY, security, LW_RES_SECURITY_BOOTSTRAP_SERVER) != 0;
}

static uint32_t ssid_of(lw_client *client, uint16_t security)
{
    return number(client, LW_OBJ_SECURITY, security, LW_RES_SECURITY_SHORT_SERVER_ID);
}

/* Of what decides where and how to connect: URI, keys, mode (BS-52). */
static uint32_t digest_of(lw_client *client, uint16_t security)
{
    static const uint8_t resources[] = {
        LW_RES_SECURITY_SERVER_URI, LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY,
        LW_RES_SECURITY_SERVER_PUBLIC_KEY, LW_RES_SECURITY_SECRET_KEY};
    uint32_t digest = FNV_OFFSET;
    for (size_t i = 0; i < sizeof resources; i++) {
        lw_path path = lw_path_resource(LW_OBJ_SECURITY, security, resources[i]);
        lw_bytes octets = lw_tree_octets(&client->tree, path);
        for (size_t j = 0; j < octets.len; j++) {
            digest = (digest ^ octets.ptr[j]) * FNV_PRIME;
        }
        digest = (digest ^ (uint32_t)octets.len) * FNV_PRIME;
    }
    return digest ^ number(client, LW_OBJ_SECURITY, security, LW_RES_SECURITY_SECURITY_MODE);
}

/* The Server instance with that Short Server ID, or LW_ID_MAX. */
static uint16_t find_account(lw_client *client, uint32_t ssid)
{
    lw_path scope = lw_path_object(LW_OBJ_SERVER), at = scope;
    while (lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        if (number(client, LW_OBJ_SERVER, lw_path_id(at, LW_LEVEL_INSTANCE),
                   LW_RES_SERVER_SHORT_SERVER_ID) == ssid) {
            return lw_path_id(at, LW_LEVEL_INSTANCE);
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
    return !is_bootstrap(client, server->security) &&
           ssid_of(client, server->security) == server->ssid &&
           find_account(client, server->ssid) != LW_ID_MAX;
}

static void take_security(lw_client *client, uint16_t security)
{
    if (is_bootstrap(client, security)) {
        lw_server *bootstrap = lw_client_bootstrap_server(client);
        if (bootstrap != NULL) {
            take(bootstrap, 0, security, LW_ID_MAX);
        }
        return;
    }
    uint32_t ssid = ssid_of(client, security);
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
    for (unsigned i = 0; i < client->server_count; i++) {
        lw_server *s = &client->servers[i];
        if (s->state != LW_SERVER_UNUSED && !still_there(client, s)) {
            forget(s);
        }
    }
    lw_path scope = lw_path_object(LW_OBJ_SECURITY), at = scope;
    while (lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, at, &at) == LW_OK) {
        take_security(client, lw_path_id(at, LW_LEVEL_INSTANCE));
    }
    lw_schedule_begin(client);
}

/* ---- Factory data -----------------------------------------------------------------------------
 */

/* An instance that is being filled. */
typedef struct factory {
    lw_tree *tree;
    lw_path instance;
    lw_err err; /* of the first value that could not be set */
} factory;

static factory begin(lw_client *client, uint16_t object)
{
    factory f = {.tree = &client->tree};
    f.err = lw_tree_add(f.tree, object, LW_ID_MAX, &f.instance);
    return f;
}

static void put(factory *f, uint16_t resource, lw_value value)
{
    if (f->err == LW_OK) {
        f->err = lw_tree_set(f->tree, lw_path_child(f->instance, resource), value);
    }
}

static void put_number(factory *f, uint16_t resource, uint32_t number)
{
    put(f, resource, lw_value_integer(number));
}

static void put_key(factory *f, uint16_t resource, lw_bytes key)
{
    put(f, resource, lw_value_bytes(LW_TYPE_OPAQUE, key));
}

static lw_err add_security(lw_client *client, const lw_client_account *a)
{
    factory f = begin(client, LW_OBJ_SECURITY);
    put(&f, LW_RES_SECURITY_SERVER_URI, lw_value_string(a->uri));
    put(&f, LW_RES_SECURITY_BOOTSTRAP_SERVER, lw_value_boolean(a->bootstrap));
    put_number(&f, LW_RES_SECURITY_SECURITY_MODE, a->security);
    put_key(&f, LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY, a->identity);
    put_key(&f, LW_RES_SECURITY_SERVER_PUBLIC_KEY, a->server_key);
    put_key(&f, LW_RES_SECURITY_SECRET_KEY, a->secret);
    if (a->bootstrap) {
        put_number(&f, LW_RES_SECURITY_CLIENT_HOLD_OFF_TIME, a->hold_off);
    } else {
        put_number(&f, LW_RES_SECURITY_SHORT_SERVER_ID, a->ssid);
    }
    return f.err;
}

/* The rest are the defaults of the object. */
static lw_err add_account(lw_client *client, const lw_client_account *a)
{
    factory f = begin(client, LW_OBJ_SERVER);
    put_number(&f, LW_RES_SERVER_SHORT_SERVER_ID, a->ssid);
    put_number(&f, LW_RES_SERVER_LIFETIME, a->lifetime != 0 ? a->lifetime : 86400);
    return f.err;
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
