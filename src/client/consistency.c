/* Does a configuration hold together (BS-40)? And what the accounts in the tree are. */
#include "client/bootstrap.h"
#include "coap/uri.h"
#include "lw/objects.h"

/* ---- Accounts ---------------------------------------------------------------------------------
 */

uint32_t lw_bs_number(lw_client *client, lw_path instance, uint16_t resource, uint32_t absent)
{
    return lw_tree_number(&client->tree, lw_path_child(instance, resource), absent);
}

static bool next_instance(lw_client *client, uint16_t object, lw_path *at)
{
    lw_path scope = lw_path_object(object);
    return lw_tree_next(&client->tree, scope, LW_LEVEL_INSTANCE, *at, at) == LW_OK;
}

static bool is_bootstrap(lw_client *client, lw_path security)
{
    return lw_bs_number(client, security, LW_RES_SECURITY_BOOTSTRAP_SERVER, 0) != 0;
}

uint16_t lw_bs_account(lw_client *client, unsigned *out_count)
{
    uint16_t found = LW_ID_MAX;
    unsigned count = 0;
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    while (next_instance(client, LW_OBJ_SECURITY, &at)) {
        if (is_bootstrap(client, at)) {
            found = count == 0 ? lw_path_id(at, LW_LEVEL_INSTANCE) : found;
            count++;
        }
    }
    if (out_count != NULL) {
        *out_count = count;
    }
    return found;
}

uint16_t lw_bs_security_of(lw_client *client, uint32_t ssid)
{
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    while (next_instance(client, LW_OBJ_SECURITY, &at)) {
        if (!is_bootstrap(client, at) &&
            lw_bs_number(client, at, LW_RES_SECURITY_SHORT_SERVER_ID, 0) == ssid) {
            return lw_path_id(at, LW_LEVEL_INSTANCE);
        }
    }
    return LW_ID_MAX;
}

bool lw_bs_next_link(lw_client *client, lw_path instance, lw_path *at, lw_objlnk *out_link)
{
    lw_value value;
    while (lw_tree_walk(&client->tree, instance, LW_LEVEL_RESOURCE_INSTANCE, *at, at) == LW_OK) {
        if (lw_tree_type_of(&client->tree, *at) == LW_TYPE_OBJLNK &&
            lw_tree_get(&client->tree, *at, &value) == LW_OK) {
            *out_link = value.as.link;
            return true;
        }
    }
    return false;
}

bool lw_bs_belongs_to(lw_client *client, uint16_t security, lw_path instance)
{
    if (security == LW_ID_MAX || lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_SECURITY) {
        return security != LW_ID_MAX && lw_path_id(instance, LW_LEVEL_INSTANCE) == security;
    }
    bool is_linked_kind = lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_OSCORE ||
                          lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_COSE ||
                          lw_path_id(instance, LW_LEVEL_OBJECT) == LW_OBJ_MQTT_SERVER;
    lw_path from = lw_path_instance(LW_OBJ_SECURITY, security), at = from;
    lw_objlnk link;
    while (is_linked_kind && lw_bs_next_link(client, from, &at, &link)) {
        if (link.object == lw_path_id(instance, LW_LEVEL_OBJECT) &&
            link.instance == lw_path_id(instance, LW_LEVEL_INSTANCE)) {
            return true;
        }
    }
    return false;
}

/* ---- Checks -----------------------------------------------------------------------------------
 */

static bool says(lw_client *client, const char *why)
{
    lw_log_line(&client->log, LW_LOG_WARN, "bootstrap", lw_bytes_str(why));
    return false;
}

static size_t length_of(lw_client *client, lw_path security, uint16_t resource)
{
    lw_value value;
    lw_err err = lw_tree_get(&client->tree, lw_path_child(security, resource), &value);
    return err == LW_OK ? value.as.bytes.len : 0;
}

/* BS-43, P-BS-10: what the mode does not use may be absent or empty. */
static bool has_keys(lw_client *client, lw_path security, uint32_t mode)
{
    bool identity = length_of(client, security, LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY) > 0;
    bool server_key = length_of(client, security, LW_RES_SECURITY_SERVER_PUBLIC_KEY) > 0;
    bool secret = length_of(client, security, LW_RES_SECURITY_SECRET_KEY) > 0;
    switch (mode) {
    case LW_SECURITY_NOSEC:
        return true;
    case LW_SECURITY_PSK:
        return identity && secret;
    case LW_SECURITY_EST: /* the rest comes by enrolment */
        return server_key;
    default:
        return identity && server_key && secret;
    }
}

static bool can_connect(lw_client *client, lw_path security)
{
    lw_value text;
    lw_uri uri;
    lw_path at = lw_path_child(security, LW_RES_SECURITY_SERVER_URI);
    if (lw_tree_get(&client->tree, at, &text) != LW_OK ||
        lw_uri_parse(text.as.bytes, &uri) != LW_OK ||
        (uri.scheme != LW_URI_COAP && uri.scheme != LW_URI_COAPS)) {
        return says(client, "a URI is missing, or none of ours");
    }
    uint32_t mode = lw_bs_number(client, security, LW_RES_SECURITY_SECURITY_MODE, UINT32_MAX);
    bool is_secure = uri.scheme == LW_URI_COAPS;
    if (mode > LW_SECURITY_EST || is_secure != (mode != LW_SECURITY_NOSEC)) {
        return says(client, "the security mode is unknown, or not that of the URI");
    }
    return has_keys(client, security, mode) || says(client, "key material is missing");
}

static bool links_lead_somewhere(lw_client *client, lw_path instance)
{
    lw_path at = instance;
    lw_objlnk link;
    while (lw_bs_next_link(client, instance, &at, &link)) {
        bool is_null = link.object == LW_ID_MAX;
        lw_path target = link.instance == LW_ID_MAX ? lw_path_object(link.object)
                                                    : lw_path_instance(link.object, link.instance);
        if (!is_null && !lw_tree_exists(&client->tree, target)) {
            return says(client, "a link leads nowhere");
        }
    }
    return true;
}

/* How many instances of /1 have that Short Server ID. */
static unsigned count_servers(lw_client *client, uint32_t ssid)
{
    unsigned count = 0;
    lw_path at = lw_path_object(LW_OBJ_SERVER);
    while (next_instance(client, LW_OBJ_SERVER, &at)) {
        count += lw_bs_number(client, at, LW_RES_SERVER_SHORT_SERVER_ID, 0) == ssid;
    }
    return count;
}

static bool is_security_sound(lw_client *client, lw_path security)
{
    if (!can_connect(client, security) || !links_lead_somewhere(client, security)) {
        return false;
    }
    if (is_bootstrap(client, security)) {
        return true;
    }
    uint32_t ssid = lw_bs_number(client, security, LW_RES_SECURITY_SHORT_SERVER_ID, 0);
    if (ssid == 0 || ssid >= LW_ID_MAX) {
        return says(client, "a server account lacks its Short Server ID");
    }
    if (lw_bs_security_of(client, ssid) != lw_path_id(security, LW_LEVEL_INSTANCE)) {
        return says(client, "a Short Server ID is there twice");
    }
    return count_servers(client, ssid) == 1 ||
           says(client, "a Security instance without its one Server instance");
}

static bool is_server_sound(lw_client *client, lw_path server)
{
    uint32_t ssid = lw_bs_number(client, server, LW_RES_SERVER_SHORT_SERVER_ID, 0);
    if (lw_bs_security_of(client, ssid) == LW_ID_MAX) {
        return says(client, "a Server instance without its Security instance");
    }
    if (lw_bs_number(client, server, LW_RES_SERVER_LIFETIME, 0) == 0 &&
        client->cfg.version < LW_VERSION_1_2) {
        return says(client, "a Server instance lacks its Lifetime");
    }
    return links_lead_somewhere(client, server);
}

static bool are_counts_sound(lw_client *client)
{
    unsigned bootstrap_servers;
    (void)lw_bs_account(client, &bootstrap_servers);
    if (bootstrap_servers > 1) {
        return says(client, "more than one Bootstrap-Server");
    }
    unsigned servers = lw_tree_count(&client->tree, lw_path_object(LW_OBJ_SERVER));
    if (servers == 0) {
        return says(client, "no server account"); /* BS-05 */
    }
    if (servers > client->cfg.servers_max) {
        return says(client, "more server accounts than this device has room for");
    }
    return servers == 1 || lw_tree_object(&client->tree, LW_OBJ_ACCESS_CONTROL) != NULL ||
           says(client, "several servers, and no Access Control here");
}

/* Harmless: a right on what this device does not have. */
static void look_at_rights(lw_client *client)
{
    lw_path at = lw_path_object(LW_OBJ_ACCESS_CONTROL);
    while (next_instance(client, LW_OBJ_ACCESS_CONTROL, &at)) {
        uint32_t object = lw_bs_number(client, at, LW_RES_ACCESS_CONTROL_OBJECT_ID, 0);
        if (lw_tree_object(&client->tree, (uint16_t)object) == NULL) {
            (void)says(client, "access control for an object that is not supported");
        }
    }
}

lw_err lw_bs_check(lw_client *client)
{
    bool sound = are_counts_sound(client);
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    while (sound && next_instance(client, LW_OBJ_SECURITY, &at)) {
        sound = is_security_sound(client, at);
    }
    at = lw_path_object(LW_OBJ_SERVER);
    while (sound && next_instance(client, LW_OBJ_SERVER, &at)) {
        sound = is_server_sound(client, at);
    }
    look_at_rights(client);
    return sound ? LW_OK : LW_ESTATE;
}
