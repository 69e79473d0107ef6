/* Server accounts: a Security instance, and the Server instance with the same Short Server ID
 * (BS-06). They live in the tree; this keeps client->servers in step with them. */
#include "client/feature.h"
#include "client/server.h"
#include "lw/objects.h"
#include "model/access.h"

bool lw_object_is_configured(const lw_object *object)
{
    uint16_t id = object->def->id;
    return id == LW_OBJ_SERVER || id == LW_OBJ_ACCESS_CONTROL || lw_access_is_bootstrap_only(id) ||
           (object->hooks != NULL && object->hooks->create != NULL);
}

uint16_t lw_account_ssid(lw_client *client, lw_path instance)
{
    lw_tree *tree = &client->tree;
    bool is_security = lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_SECURITY;
    if (is_security &&
        lw_tree_number(tree, lw_path_resource_of(instance, LW_RES_SECURITY_BOOTSTRAP_SERVER), 0) !=
            0) {
        return 0;
    }
    uint16_t resource =
        is_security ? LW_RES_SECURITY_SHORT_SERVER_ID : LW_RES_SERVER_SHORT_SERVER_ID;
    uint32_t ssid = lw_tree_number(tree, lw_path_resource_of(instance, resource), 0);
    return ssid != 0 ? (uint16_t)ssid : LW_ID_MAX;
}

bool lw_account_next(lw_client *client, uint16_t ssid, lw_path *at)
{
    while (lw_tree_next_instance(&client->tree, at)) {
        if (lw_account_ssid(client, *at) == ssid) {
            return true;
        }
    }
    return false;
}

/* Whose account a Security instance is: the Short Server ID, with the Server instance. 0: it is
 * gone, or that of no server to register with. */
static uint16_t read_account(lw_client *client, uint16_t *out_account, lw_path security)
{
    uint16_t ssid = lw_account_ssid(client, security);
    lw_path at = lw_path_object(LW_OBJ_SERVER);
    bool is_account = ssid < LW_ID_MAX && lw_account_next(client, ssid, &at);
    *out_account = lw_path_id(at, LW_LEVEL_INSTANCE);
    return is_account ? ssid : 0;
}

/* The place of a server; 0: one that is not used. */
static lw_server *place_of(lw_client *client, uint16_t ssid)
{
    LW_EACH_SERVER (client, s) {
        if (s->ssid == ssid) {
            return s;
        }
    }
    return NULL;
}

lw_server *lw_client_server(lw_client *client, uint16_t ssid)
{
    return ssid != 0 ? place_of(client, ssid) : NULL;
}

static void forget(lw_server *server)
{
    lw_server_reset(server);
    lw_client_dispatch(server, LW_SERVER_EV_REMOVED);
    lw_server_init(server->client, server, server->link);
}

/* The server's own place, else an unused one, if there is one. */
static void take_security(lw_client *client, lw_path security)
{
    uint16_t account;
    uint16_t ssid = read_account(client, &account, security);
    lw_server *own = place_of(client, ssid);
    lw_server *server = own != NULL ? own : place_of(client, 0);
    if (server == NULL || ssid == 0) {
        return;
    }
    server->account = account;
    if (server != own) {
        server->ssid = ssid;
        server->security = lw_path_id(security, LW_LEVEL_INSTANCE);
    }
}

void lw_client_accounts_changed(lw_client *client)
{
    client->accounts_dirty = false;
    LW_EACH_SERVER (client, s) {
        uint16_t account;
        lw_path security = lw_path_instance(LW_OBJ_SECURITY, s->security);
        if (s->ssid != 0 && read_account(client, &account, security) != s->ssid) {
            forget(s);
        }
        if (s->moved) {
            s->moved = false;
            lw_server_register_anew(s);
        }
    }
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    while (lw_tree_next_instance(&client->tree, &at)) {
        take_security(client, at);
    }
    lw_schedule_begin(client);
}

/* ---- Factory data -----------------------------------------------------------------------------
 */

#define A_DAY 86400

/* A member of lw_client_account and the resource it becomes. */
typedef struct said {
    uint8_t object, resource;
    uint8_t type; /* lw_type: of texts a C string, of numbers 32 bits */
    uint8_t at;   /* in the structure */
} said;

#define SAID(object, resource, type, member)                           \
    {                                                                  \
        LW_OBJ_##object, LW_RES_##object##_##resource, LW_TYPE_##type, \
            offsetof(lw_client_account, member)                        \
    }

static const said all_said[] = {
    SAID(SECURITY, SERVER_URI, STRING, uri),
    SAID(SECURITY, BOOTSTRAP_SERVER, BOOLEAN, bootstrap),
    SAID(SECURITY, SECURITY_MODE, INTEGER, security),
    SAID(SECURITY, PUBLIC_KEY_OR_IDENTITY, OPAQUE, identity),
    SAID(SECURITY, SERVER_PUBLIC_KEY, OPAQUE, server_key),
    SAID(SECURITY, SECRET_KEY, OPAQUE, secret),
    SAID(SECURITY, SHORT_SERVER_ID, INTEGER, ssid),
    SAID(SECURITY, CLIENT_HOLD_OFF_TIME, INTEGER, hold_off),
    SAID(SERVER, SHORT_SERVER_ID, INTEGER, ssid),
    SAID(SERVER, LIFETIME, INTEGER, lifetime),
};

/* What is zero or empty is not put: so is every value of a new instance. */
static lw_err put(lw_tree *tree, const said *s, const void *at, lw_path path)
{
    lw_value value = {.type = s->type};
    switch (value.type) {
    case LW_TYPE_STRING:
        value.as.bytes = lw_bytes_str(*(const char *const *)at);
        break;
    case LW_TYPE_OPAQUE:
        value.as.bytes = *(const lw_bytes *)at;
        if (value.as.bytes.len == 0) {
            return LW_OK;
        }
        break;
    case LW_TYPE_BOOLEAN:
        value.as.boolean = *(const bool *)at;
        break;
    default:
        value.as.integer = *(const uint32_t *)at;
        if (value.as.integer == 0) {
            return LW_OK;
        }
        break;
    }
    return lw_tree_put(tree, &value, path);
}

/* A new instance with what is said of it; the rest are the defaults of the object. */
static lw_err add_instance(lw_client *client, uint16_t object, const lw_client_account *account)
{
    lw_path instance;
    lw_err err = lw_tree_add(&client->tree, object, LW_ID_MAX, &instance);
    const said *end = all_said + sizeof all_said / sizeof all_said[0];
    for (const said *s = all_said; err == LW_OK && s < end; s++) {
        if (s->object == object) {
            err = put(&client->tree, s, (const uint8_t *)account + s->at,
                      lw_path_resource_of(instance, s->resource));
        }
    }
    return err;
}

/* Is there a place for one more? The Bootstrap-Server's number is 0. */
static lw_err find_room(lw_client *client, uint16_t ssid)
{
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    if (lw_account_next(client, ssid, &at)) {
        return LW_EEXISTS;
    }
    if (ssid == 0) {
        return lw_client_part(client, LW_PART_BOOTSTRAP) != NULL ? LW_OK : LW_ENOTSUP;
    }
    unsigned servers = lw_tree_count(&client->tree, lw_path_object(LW_OBJ_SERVER));
    return servers < client->cfg.servers_max ? LW_OK : LW_ENOMEM;
}

lw_err lw_client_add_server(lw_client *client, const lw_client_account *account)
{
    bool ssid_fits =
        account->bootstrap ? account->ssid == 0 : account->ssid > 0 && account->ssid < LW_ID_MAX;
    if (account->uri == NULL || !ssid_fits || client->started) {
        return client->started ? LW_ESTATE : LW_EINVAL;
    }
    lw_client_account complete = *account;
    complete.lifetime = account->lifetime != 0 ? account->lifetime : A_DAY;
    lw_err err = find_room(client, (uint16_t)account->ssid);
    if (err == LW_OK) {
        err = lw_tree_begin(&client->tree);
    }
    if (err != LW_OK) {
        return err;
    }
    err = add_instance(client, LW_OBJ_SECURITY, &complete);
    if (err == LW_OK && !account->bootstrap) {
        err = add_instance(client, LW_OBJ_SERVER, &complete);
    }
    return lw_tree_end(&client->tree, err);
}
