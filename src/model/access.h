/* Access rights (ACL-01..16), as pure functions over a view of /1 and /2.
 *
 * The client enforces them. Whoever owns the Server and Access Control objects shows them as a
 * lw_access; nothing is kept here. Not asked at all: in a bootstrap, which has all rights (ACL-16),
 * and for the objects of a gateway's devices (ACL-14). What a resource offers (R, W, E) is checked
 * after the rights and answers 4.05 instead of 4.01 (ACL-06).
 */
#ifndef LW_MODEL_ACCESS_H
#define LW_MODEL_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/path.h"

/* The bits of 2/x/2 (ACL-04). */
#define LW_RIGHT_R 1u  /* Read, Observe, Write-Attributes, their composites, Send, Notify */
#define LW_RIGHT_W 2u  /* Write, Write-Composite */
#define LW_RIGHT_E 4u  /* Execute */
#define LW_RIGHT_D 8u  /* Delete */
#define LW_RIGHT_C 16u /* Create: in entries of an object only */

typedef struct lw_access_entry {
    uint16_t ssid;  /* the resource instance id of 2/x/2; 0: for servers without own entry */
    uint8_t rights; /* LW_RIGHT_… */
} lw_access_entry;

/* One instance of /2. */
typedef struct lw_access_rule {
    uint16_t id;       /* its instance id */
    uint16_t object;   /* 2/x/0 */
    uint16_t instance; /* 2/x/1; LW_ID_MAX: the object, for Create (ACL-03) */
    uint16_t owner;    /* 2/x/3; LW_ID_MAX: managed by bootstrap alone */
    size_t entry_count;
    const lw_access_entry *entries; /* 2/x/2 */
} lw_access_rule;

/* One server account. */
typedef struct lw_access_account {
    uint16_t ssid;     /* 1/x/0 */
    uint16_t instance; /* of /1 */
} lw_access_account;

typedef struct lw_access {
    const lw_access_account *accounts;
    size_t account_count;
    const lw_access_rule *rules;
    size_t rule_count;
} lw_access;

/* /0, /21, /23 and /24: 4.01 for every server at every level (DM-02). */
bool lw_access_is_bootstrap_only(uint16_t object);

/* The rule for an instance, or for the object with LW_ID_MAX; NULL when there is none. */
const lw_access_rule *lw_access_find(const lw_access *access, uint16_t object, uint16_t instance);

/* R, W, E, D of a server on an instance. With one account it has all of them (ACL-02); with
 * several, what the rule says (ACL-05), none without a rule (ACL-09). On top of that: R on /3
 * without a rule, R and E always on the server's own /1 instance, W never on another's (ACL-13). A
 * /2 instance is read by its owner and the servers it names, and changed by its owner alone
 * (ACL-11). */
unsigned lw_access_rights(const lw_access *access, uint16_t ssid, uint16_t object,
                          uint16_t instance);

/* May the server create instances of the object (ACL-07)? */
bool lw_access_may_create(const lw_access *access, uint16_t ssid, uint16_t object);

/* When the account of `leaving` goes (BS-53): the server that takes over what `rule` stands for,
 * the one with the most of W and D, the lowest ssid among equals (P-ACL-07). 0 when no other server
 * has any right: then the instance goes together with the rule. Ownership moves only where
 * `leaving` is the owner. For rules on instances; on an object's rule just remove the entry. */
uint16_t lw_access_heir(const lw_access *access, const lw_access_rule *rule, uint16_t leaving);

#endif
