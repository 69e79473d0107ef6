#include "model/access.h"

#include "lw/objects.h"
#include "model/tree.h"

#define ON_INSTANCE (LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D)
#define NO_ENTRY    (1u << 16) /* none of the rights */

bool lw_access_is_bootstrap_only(uint16_t object)
{
    const uint32_t only = 1u << 0 | 1u << 21 | 1u << 23 | 1u << 24;
    return object < 32 && (only >> object & 1u) != 0;
}

static uint32_t number_of(lw_tree *tree, uint16_t resource, lw_path rule)
{
    return lw_tree_number(tree, lw_path_resource_of(rule, resource), 0);
}

uint64_t lw_access_target_key(lw_tree *tree, lw_path rule)
{
    uint32_t object = number_of(tree, LW_RES_ACCESS_CONTROL_OBJECT_ID, rule);
    uint32_t instance = number_of(tree, LW_RES_ACCESS_CONTROL_OBJECT_INSTANCE_ID, rule);
    return lw_path_instance((uint16_t)object, (uint16_t)instance).key;
}

uint16_t lw_access_rule(lw_tree *tree, lw_path target)
{
    lw_path rule = lw_path_object(LW_OBJ_ACCESS_CONTROL);
    while (lw_tree_next_instance(tree, &rule)) {
        if (lw_path_equal(target, lw_access_target(tree, rule))) {
            return lw_path_id(rule, LW_LEVEL_INSTANCE);
        }
    }
    return LW_ID_MAX;
}

static bool is_owner(lw_tree *tree, uint16_t ssid, lw_path rule)
{
    return number_of(tree, LW_RES_ACCESS_CONTROL_ACCESS_CONTROL_OWNER, rule) == ssid;
}

/* What the rule says of a server; 0: of those that it does not name. */
static uint32_t entry_of(lw_tree *tree, uint16_t ssid, lw_path rule)
{
    lw_path acl = lw_path_resource_of(rule, LW_RES_ACCESS_CONTROL_ACL);
    return lw_tree_number(tree, lw_path_instance_of(acl, ssid), NO_ENTRY);
}

/* ACL-05: the own entry, else all for the owner, else the default entry, else nothing. */
static uint32_t rights_by_rule(lw_tree *tree, uint16_t ssid, lw_path rule)
{
    uint32_t rights = entry_of(tree, ssid, rule);
    if (rights == NO_ENTRY) {
        rights = is_owner(tree, ssid, rule) ? ON_INSTANCE : entry_of(tree, 0, rule);
    }
    return rights;
}

/* ACL-11 */
static uint32_t rights_on_rule(lw_tree *tree, uint16_t ssid, lw_path rule)
{
    if (is_owner(tree, ssid, rule)) {
        return LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_D;
    }
    return entry_of(tree, ssid, rule) != NO_ENTRY ? LW_RIGHT_R : 0;
}

unsigned lw_access_rights(lw_tree *tree, uint16_t ssid, lw_path target)
{
    uint16_t object = lw_path_id(target, LW_LEVEL_OBJECT);
    unsigned there_are = lw_path_depth(target) == LW_LEVEL_INSTANCE ? ON_INSTANCE
                         : object != LW_OBJ_ACCESS_CONTROL          ? LW_RIGHT_C
                                                                    : 0;
    if (lw_tree_count(tree, lw_path_object(LW_OBJ_SERVER)) < 2) {
        return there_are;
    }
    if (object == LW_OBJ_ACCESS_CONTROL) {
        return there_are & rights_on_rule(tree, ssid, target);
    }
    uint16_t rule = lw_access_rule(tree, target);
    uint32_t rights = object == LW_OBJ_DEVICE ? LW_RIGHT_R : 0;
    if (rule != LW_ID_MAX) {
        rights = rights_by_rule(tree, ssid, lw_path_instance(LW_OBJ_ACCESS_CONTROL, rule));
    }
    if (object == LW_OBJ_SERVER) {
        bool is_own = number_of(tree, LW_RES_SERVER_SHORT_SERVER_ID, target) == ssid;
        rights = is_own ? rights | LW_RIGHT_R | LW_RIGHT_E : rights & ~LW_RIGHT_W;
    }
    return rights & there_are;
}

uint16_t lw_access_heir(lw_tree *tree, lw_path rule)
{
    uint32_t best = 0; /* its rank, and what ssid leaves of 65535 */
    lw_path at = lw_path_object(LW_OBJ_SERVER);
    while (lw_tree_next_instance(tree, &at)) {
        uint16_t ssid = (uint16_t)number_of(tree, LW_RES_SERVER_SHORT_SERVER_ID, at);
        uint32_t rights = rights_by_rule(tree, ssid, rule) & ON_INSTANCE;
        uint32_t rank = 1 + (rights / LW_RIGHT_W & 1u) + (rights / LW_RIGHT_D & 1u);
        uint32_t claim = rank << 16 | (uint16_t)~ssid;
        best = rights != 0 && claim > best ? claim : best;
    }
    return best != 0 ? (uint16_t)~best : 0;
}
