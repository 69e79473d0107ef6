/* Does a configuration hold together (BS-40)? And what the accounts in the tree are. */
#include "client/bootstrap.h"
#include "codec/path_text.h"
#include "lw/objects.h"
#include "model/access.h"

/* ---- Accounts ---------------------------------------------------------------------------------
 */

unsigned lw_bs_count(lw_client *client, uint16_t object, uint16_t ssid)
{
    unsigned count = 0;
    lw_path at = lw_path_object(object);
    while (lw_account_next(client, ssid, &at)) {
        count++;
    }
    return count;
}

uint16_t lw_bs_account(lw_client *client)
{
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    return lw_account_next(client, 0, &at) ? lw_path_id(at, LW_LEVEL_INSTANCE) : LW_ID_MAX;
}

/* Where the link at that path leads to. */
static bool is_link(lw_tree *tree, lw_path *out_target, lw_path at)
{
    lw_value value;
    if (lw_tree_get(tree, at, &value) != LW_OK || value.type != LW_TYPE_OBJLNK) {
        return false;
    }
    *out_target = lw_path_instance(value.as.link.object, value.as.link.instance);
    return true;
}

uint16_t lw_bs_owner(lw_client *client, lw_path instance)
{
    uint16_t object = lw_path_id(instance, LW_LEVEL_OBJECT), owner = LW_ID_MAX;
    lw_path at = lw_path_object(LW_OBJ_SECURITY), target;
    if (object <= LW_OBJ_SERVER) {
        return lw_account_ssid(client, instance);
    }
    while (lw_access_is_bootstrap_only(object) &&
           lw_tree_walk(&client->tree, &at, LW_LEVEL_OBJECT, LW_LEVEL_RESOURCE_INSTANCE)) {
        if (is_link(&client->tree, &target, at) && lw_path_equal(target, instance)) {
            uint16_t ssid = lw_account_ssid(client, lw_path_cut(at, LW_LEVEL_INSTANCE));
            owner = ssid < owner ? ssid : owner;
        }
    }
    return owner;
}

/* ---- Checks -----------------------------------------------------------------------------------
 */

#define NOTHING LW_ID_MAX /* is wrong */

#define IDENTITY   (1u << LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY)
#define SERVER_KEY (1u << LW_RES_SECURITY_SERVER_PUBLIC_KEY)
#define SECRET     (1u << LW_RES_SECURITY_SECRET_KEY)

static uint32_t number_of(lw_client *client, uint16_t resource, lw_path instance)
{
    return lw_tree_number(&client->tree, lw_path_resource_of(instance, resource), 0);
}

static lw_bytes octets_of(lw_client *client, unsigned resource, lw_path security)
{
    return lw_tree_octets(&client->tree, lw_path_resource_of(security, (uint16_t)resource));
}

static uint16_t wrong_in_security(lw_client *client, lw_path security)
{
    /* BS-43, P-BS-10: what the mode does not use may be absent or empty */
    static const uint8_t needed[] = {
        [LW_SECURITY_PSK] = IDENTITY | SECRET,
        [LW_SECURITY_RPK] = IDENTITY | SERVER_KEY | SECRET,
        [LW_SECURITY_NOSEC] = 0,
        [LW_SECURITY_X509] = IDENTITY | SERVER_KEY | SECRET,
        [LW_SECURITY_EST] = SERVER_KEY, /* the rest comes by enrolment */
    };
    const lw_platform *platform = client->cfg.platform;
    uint32_t mode = number_of(client, LW_RES_SECURITY_SECURITY_MODE, security);
    lw_bytes uri = octets_of(client, LW_RES_SECURITY_SERVER_URI, security);
    if (mode > LW_SECURITY_EST ||
        platform->link_check(platform->ctx, uri, (uint8_t)mode) != LW_OK) {
        return LW_RES_SECURITY_SERVER_URI;
    }
    for (unsigned id = LW_RES_SECURITY_PUBLIC_KEY_OR_IDENTITY; id <= LW_RES_SECURITY_SECRET_KEY;
         id++) {
        if ((needed[mode] >> id & 1u) != 0 && octets_of(client, id, security).len == 0) {
            return (uint16_t)id;
        }
    }
    return NOTHING;
}

/* Every Short Server ID stands in one Security instance, and but for the Bootstrap-Server's in one
 * Server instance. */
static bool is_paired(lw_client *client, lw_path instance)
{
    uint16_t ssid = lw_account_ssid(client, instance);
    return ssid != LW_ID_MAX && lw_bs_count(client, LW_OBJ_SECURITY, ssid) == 1 &&
           (ssid == 0 || lw_bs_count(client, LW_OBJ_SERVER, ssid) == 1);
}

/* The resource that is wrong in an instance of /0, /1 or /2. */
static uint16_t wrong_in(lw_client *client, lw_path instance)
{
    switch (lw_path_id(instance, LW_LEVEL_OBJECT)) {
    case LW_OBJ_SECURITY:
        return is_paired(client, instance) ? wrong_in_security(client, instance)
                                           : LW_RES_SECURITY_SHORT_SERVER_ID;
    case LW_OBJ_SERVER:
        if (!is_paired(client, instance)) {
            return LW_RES_SERVER_SHORT_SERVER_ID;
        }
        bool has_default = client->cfg.version >= LW_VERSION_1_2;
        return has_default || number_of(client, LW_RES_SERVER_LIFETIME, instance) != 0
                   ? NOTHING
                   : LW_RES_SERVER_LIFETIME;
    default:
        return lw_tree_object(&client->tree, lw_access_target(&client->tree, instance)) != NULL
                   ? NOTHING
                   : LW_RES_ACCESS_CONTROL_OBJECT_ID;
    }
}

/* The object of which there are too few or too many instances: a server at least (BS-05), as many
 * as there is room for, and several only with Access Control. */
static lw_path wrong_count(lw_client *client)
{
    lw_path server = lw_path_object(LW_OBJ_SERVER), rule = lw_path_object(LW_OBJ_ACCESS_CONTROL);
    unsigned count = lw_tree_count(&client->tree, server);
    if (count == 0 || count > client->cfg.servers_max) {
        return server;
    }
    return count > 1 && lw_tree_object(&client->tree, rule) == NULL ? rule : lw_path_root();
}

/* True when all is well at that path. */
static bool complain(lw_client *client, lw_path wrong)
{
    if (!lw_path_reaches(wrong, LW_LEVEL_OBJECT)) {
        return true;
    }
    uint8_t text[LW_PATH_TEXT_MAX + 16];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_write_str(&w, "inconsistent: ");
    lw_write_path(&w, wrong);
    lw_write_u8(&w, '\0');
    lw_client_log(client, LW_LOG_WARN, "bootstrap", (const char *)text);
    return false;
}

static lw_path wrong_at(lw_client *client, lw_path at)
{
    lw_tree *tree = &client->tree;
    lw_path target;
    if (lw_path_depth(at) == LW_LEVEL_INSTANCE) {
        uint16_t resource = wrong_in(client, at);
        return resource != NOTHING ? lw_path_resource_of(at, resource) : lw_path_root();
    }
    return is_link(tree, &target, at) && !lw_tree_exists(tree, target) ? at : lw_path_root();
}

lw_err lw_bs_check(lw_client *client)
{
    bool is_sound = complain(client, wrong_count(client));
    lw_path at = lw_path_root();
    while (lw_tree_walk(&client->tree, &at, LW_LEVEL_ROOT, LW_LEVEL_RESOURCE_INSTANCE) &&
           lw_path_id(at, LW_LEVEL_OBJECT) <= LW_OBJ_ACCESS_CONTROL) {
        /* Harmless: a right on what this device does not have */
        bool is_account = lw_path_id(at, LW_LEVEL_OBJECT) != LW_OBJ_ACCESS_CONTROL;
        is_sound = (complain(client, wrong_at(client, at)) || !is_account) && is_sound;
    }
    return is_sound ? LW_OK : LW_ESTATE;
}
