#include "model/access.h"

#define OBJECT_SERVER         1
#define OBJECT_ACCESS_CONTROL 2
#define OBJECT_DEVICE         3

#define ON_INSTANCE (LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_E | LW_RIGHT_D)

bool lw_access_is_bootstrap_only(uint16_t object)
{
    const uint32_t only = 1u << 0 | 1u << 21 | 1u << 23 | 1u << 24;
    return object < 32 && (only >> object & 1u) != 0;
}

/* ACL-02 */
static bool is_enabled(const lw_access *access)
{
    return access->account_count > 1;
}

const lw_access_rule *lw_access_find(const lw_access *access, uint16_t object, uint16_t instance)
{
    for (size_t i = 0; i < access->rule_count; i++) {
        const lw_access_rule *rule = &access->rules[i];
        if (rule->object == object && rule->instance == instance) {
            return rule;
        }
    }
    return NULL;
}

static const lw_access_rule *find_by_id(const lw_access *access, uint16_t id)
{
    for (size_t i = 0; i < access->rule_count; i++) {
        if (access->rules[i].id == id) {
            return &access->rules[i];
        }
    }
    return NULL;
}

static const lw_access_entry *find_entry(const lw_access_rule *rule, uint16_t ssid)
{
    for (size_t i = 0; i < rule->entry_count; i++) {
        if (rule->entries[i].ssid == ssid) {
            return &rule->entries[i];
        }
    }
    return NULL;
}

/* ACL-05: the own entry, else all for the owner, else the default entry, else nothing. */
static unsigned rights_by_rule(const lw_access_rule *rule, uint16_t ssid)
{
    const lw_access_entry *entry = find_entry(rule, ssid);
    if (entry == NULL && rule->owner == ssid) {
        return ON_INSTANCE;
    }
    if (entry == NULL) {
        entry = find_entry(rule, 0);
    }
    return entry == NULL ? 0 : entry->rights;
}

/* ACL-11 */
static unsigned rights_on_rule(const lw_access_rule *rule, uint16_t ssid)
{
    if (rule == NULL) {
        return 0;
    }
    if (rule->owner == ssid) {
        return LW_RIGHT_R | LW_RIGHT_W | LW_RIGHT_D;
    }
    return find_entry(rule, ssid) != NULL ? LW_RIGHT_R : 0;
}

/* Is this the /1 instance of that server? */
static bool is_own_account(const lw_access *access, uint16_t ssid, uint16_t instance)
{
    for (size_t i = 0; i < access->account_count; i++) {
        if (access->accounts[i].instance == instance) {
            return access->accounts[i].ssid == ssid;
        }
    }
    return false;
}

unsigned lw_access_rights(const lw_access *access, uint16_t ssid, uint16_t object,
                          uint16_t instance)
{
    if (lw_access_is_bootstrap_only(object)) {
        return 0;
    }
    if (!is_enabled(access)) {
        return ON_INSTANCE;
    }
    if (object == OBJECT_ACCESS_CONTROL) {
        return rights_on_rule(find_by_id(access, instance), ssid);
    }
    const lw_access_rule *rule = lw_access_find(access, object, instance);
    unsigned rights = object == OBJECT_DEVICE ? LW_RIGHT_R : 0;
    if (rule != NULL) {
        rights = rights_by_rule(rule, ssid) & ON_INSTANCE;
    }
    if (object == OBJECT_SERVER) {
        bool own = is_own_account(access, ssid, instance);
        rights = own ? rights | LW_RIGHT_R | LW_RIGHT_E : rights & ~LW_RIGHT_W;
    }
    return rights;
}

bool lw_access_may_create(const lw_access *access, uint16_t ssid, uint16_t object)
{
    if (lw_access_is_bootstrap_only(object) || object == OBJECT_ACCESS_CONTROL) {
        return false;
    }
    if (!is_enabled(access)) {
        return true;
    }
    const lw_access_rule *rule = lw_access_find(access, object, LW_ID_MAX);
    return rule != NULL && (rights_by_rule(rule, ssid) & LW_RIGHT_C) != 0;
}

uint16_t lw_access_heir(const lw_access *access, const lw_access_rule *rule, uint16_t leaving)
{
    uint16_t heir = 0;
    unsigned most = 0;
    for (size_t i = 0; i < access->account_count; i++) {
        uint16_t ssid = access->accounts[i].ssid;
        unsigned rights = rights_by_rule(rule, ssid) & ON_INSTANCE;
        if (ssid == leaving || rights == 0) {
            continue;
        }
        unsigned sum = (rights & LW_RIGHT_W ? 1u : 0u) + (rights & LW_RIGHT_D ? 1u : 0u);
        if (heir == 0 || sum > most || (sum == most && ssid < heir)) {
            heir = ssid;
            most = sum;
        }
    }
    return heir;
}
