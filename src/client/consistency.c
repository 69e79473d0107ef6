/* Does a configuration hold together (BS-40)? And what the accounts in the tree are. */
#include "client/bootstrap.h"
#include "coap/uri.h"
#include "lw/objects.h"
#include "model/access.h"

/* ---- Accounts ---------------------------------------------------------------------------------
 */

uint32_t lw_bs_number(lw_client *client, lw_path instance, uint16_t resource)
{
    return lw_tree_number(&client->tree, lw_path_child(instance, resource), 0);
}

unsigned lw_bs_count(lw_client *client, uint16_t object, uint16_t ssid)
{
    unsigned count = 0;
    lw_path at = lw_path_object(object);
    while (lw_account_next(client, ssid, &at)) {
        count++;
    }
    return count;
}

lw_path lw_bs_account(lw_client *client)
{
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    return lw_account_next(client, 0, &at) ? at : lw_path_root();
}

/* The next link among the values below `scope`, behind *at. */
static bool next_link(lw_client *client, lw_path scope, lw_path *at, lw_objlnk *out_link)
{
    lw_value value;
    while (lw_tree_walk(&client->tree, at, lw_path_depth(scope), LW_LEVEL_RESOURCE_INSTANCE)) {
        if (lw_tree_get(&client->tree, *at, &value) == LW_OK && value.type == LW_TYPE_OBJLNK) {
            *out_link = value.as.link;
            return true;
        }
    }
    return false;
}

static lw_path target_of(lw_objlnk link)
{
    return link.instance == LW_ID_MAX ? lw_path_object(link.object)
                                      : lw_path_instance(link.object, link.instance);
}

bool lw_bs_next_part(lw_client *client, lw_path security, lw_path *at, lw_path *out_part)
{
    if (lw_path_depth(*at) == LW_LEVEL_ROOT) {
        *at = *out_part = security;
        return lw_path_depth(security) != LW_LEVEL_ROOT;
    }
    lw_objlnk link;
    while (next_link(client, security, at, &link)) {
        *out_part = target_of(link);
        if (link.object != LW_OBJ_SECURITY && lw_access_is_bootstrap_only(link.object) &&
            lw_path_depth(*out_part) == LW_LEVEL_INSTANCE &&
            lw_tree_exists(&client->tree, *out_part)) {
            return true;
        }
    }
    return false;
}

bool lw_bs_belongs_to(lw_client *client, lw_path security, lw_path instance)
{
    lw_path at = lw_path_root(), part;
    while (lw_bs_next_part(client, security, &at, &part)) {
        if (lw_path_equal(part, instance)) {
            return true;
        }
    }
    return false;
}

/* ---- Checks -----------------------------------------------------------------------------------
 */

static bool says(lw_client *client, const char *why)
{
    lw_client_log(client, LW_LOG_WARN, "bootstrap", why);
    return false;
}

/* BS-43, P-BS-10: what the mode does not use may be absent or empty. */
static bool has_keys(lw_client *client, lw_path security, uint32_t mode)
{
    static const uint8_t all[] = {LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY,
                                  LW_RES_SECURITY_SERVER_PUBLIC_KEY, LW_RES_SECURITY_SECRET_KEY};
    static const uint8_t needed[] = {
        /* a bit of `all` each, by mode */
        [LW_SECURITY_PSK] = 1u | 4u, [LW_SECURITY_RPK] = 1u | 2u | 4u,
        [LW_SECURITY_NOSEC] = 0,     [LW_SECURITY_X509] = 1u | 2u | 4u,
        [LW_SECURITY_EST] = 2u, /* the rest comes by enrolment */
    };
    for (unsigned i = 0; i < sizeof all; i++) {
        if ((needed[mode] >> i & 1u) != 0 &&
            lw_tree_octets(&client->tree, lw_path_child(security, all[i])).len == 0) {
            return false;
        }
    }
    return true;
}

static bool can_connect(lw_client *client, lw_path security)
{
    lw_uri uri;
    lw_path at = lw_path_child(security, LW_RES_SECURITY_SERVER_URI);
    if (lw_uri_parse(lw_tree_octets(&client->tree, at), &uri) != LW_OK ||
        (uri.scheme != LW_URI_COAP && uri.scheme != LW_URI_COAPS)) {
        return says(client, "a URI is missing, or none of ours");
    }
    uint32_t mode = lw_bs_number(client, security, LW_RES_SECURITY_SECURITY_MODE);
    bool is_secure = uri.scheme == LW_URI_COAPS;
    if (mode > LW_SECURITY_EST || is_secure != (mode != LW_SECURITY_NOSEC)) {
        return says(client, "the security mode does not go with the URI");
    }
    return has_keys(client, security, mode) || says(client, "key material is missing");
}

static bool is_security_sound(lw_client *client, lw_path security)
{
    uint16_t ssid = lw_account_ssid(client, security);
    if (!can_connect(client, security)) {
        return false;
    }
    if (ssid == LW_ID_MAX) {
        return says(client, "an account without Short Server ID");
    }
    if (lw_bs_count(client, LW_OBJ_SECURITY, ssid) > 1) {
        return says(client, "a server has two accounts");
    }
    return ssid == 0 || lw_bs_count(client, LW_OBJ_SERVER, ssid) == 1 ||
           says(client, "an account without its one Server instance");
}

static bool is_server_sound(lw_client *client, lw_path server)
{
    if (lw_bs_count(client, LW_OBJ_SECURITY, lw_account_ssid(client, server)) == 0) {
        return says(client, "a Server instance without an account");
    }
    return lw_bs_number(client, server, LW_RES_SERVER_LIFETIME) != 0 ||
           client->cfg.version >= LW_VERSION_1_2 ||
           says(client, "a Server instance without Lifetime");
}

/* Harmless: a right on what this device does not have. */
static bool look_at_right(lw_client *client, lw_path right)
{
    uint32_t object = lw_bs_number(client, right, LW_RES_ACCESS_CONTROL_OBJECT_ID);
    return lw_tree_object(&client->tree, lw_path_object((uint16_t)object)) != NULL ||
           !says(client, "a right on an object that is not here");
}

static bool are_sound(lw_client *client, uint16_t object, bool (*is_sound)(lw_client *, lw_path))
{
    lw_path at = lw_path_object(object);
    bool sound = true;
    while (sound && lw_tree_next_instance(&client->tree, &at)) {
        sound = is_sound(client, at);
    }
    return sound;
}

/* Those of the accounts. */
static bool links_lead_somewhere(lw_client *client, uint16_t object)
{
    lw_path at = lw_path_object(object);
    lw_objlnk link;
    while (next_link(client, lw_path_object(object), &at, &link)) {
        bool is_null = link.object == LW_ID_MAX;
        if (!is_null && !lw_tree_exists(&client->tree, target_of(link))) {
            return says(client, "a link leads nowhere");
        }
    }
    return true;
}

static bool are_counts_sound(lw_client *client)
{
    unsigned servers = lw_tree_count(&client->tree, lw_path_object(LW_OBJ_SERVER));
    if (servers == 0) {
        return says(client, "no server account"); /* BS-05 */
    }
    if (servers > client->cfg.servers_max) {
        return says(client, "too many server accounts");
    }
    return servers == 1 ||
           lw_tree_object(&client->tree, lw_path_object(LW_OBJ_ACCESS_CONTROL)) != NULL ||
           says(client, "several servers without Access Control");
}

lw_err lw_bs_check(lw_client *client)
{
    bool sound = are_counts_sound(client) &&
                 are_sound(client, LW_OBJ_SECURITY, is_security_sound) &&
                 are_sound(client, LW_OBJ_SERVER, is_server_sound) &&
                 links_lead_somewhere(client, LW_OBJ_SECURITY) &&
                 links_lead_somewhere(client, LW_OBJ_SERVER);
    (void)are_sound(client, LW_OBJ_ACCESS_CONTROL, look_at_right);
    return sound ? LW_OK : LW_ESTATE;
}
