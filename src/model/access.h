/* Access rights (ACL-01..16), as /1 and /2 of a tree give them.
 *
 * The client enforces them. A right costs a walk over /2; nothing is kept. Not asked at all: in a
 * bootstrap, which has all rights (ACL-16), and for the objects of a gateway's devices (ACL-14).
 * What a resource offers (R, W, E) is checked after the rights and answers 4.05 instead of 4.01
 * (ACL-06).
 */
#ifndef LW_MODEL_ACCESS_H
#define LW_MODEL_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/declare.h"
#include "lw/path.h"

/* The bits of 2/x/2 (ACL-04). */
#define LW_RIGHT_R 1u  /* Read, Observe, Write-Attributes, their composites, Send, Notify */
#define LW_RIGHT_W 2u  /* Write, Write-Composite */
#define LW_RIGHT_E 4u  /* Execute */
#define LW_RIGHT_D 8u  /* Delete */
#define LW_RIGHT_C 16u /* Create: in entries of an object only */

/* /0, /21, /23 and /24: 4.01 for every server at every level (DM-02). */
bool lw_access_is_bootstrap_only(uint16_t object);

/* What a rule, an instance of /2, stands for: an instance, or an object (ACL-03). */
uint64_t lw_access_target_key(lw_tree *tree, lw_path rule);
LW_PATH_INLINE lw_path lw_access_target(lw_tree *tree, lw_path rule)
{
    lw_path target = {lw_access_target_key(tree, rule)};
    return target;
}

/* The rule, instance of /2, that stands for it; LW_ID_MAX: there is none. */
uint16_t lw_access_rule(lw_tree *tree, lw_path target);

/* What a server may do with an instance: with one account everything (ACL-02); with several, what
 * the rule says (ACL-05), nothing without a rule (ACL-09). On top of that: R on /3 without a rule,
 * R and E always on the server's own /1 instance, W never on another's (ACL-13). A /2 instance is
 * read by its owner and the servers it names, and changed by its owner alone (ACL-11). With an
 * object: C or nothing (ACL-07). */
unsigned lw_access_rights(lw_tree *tree, uint16_t ssid, lw_path target);

/* Who takes over what `rule` stands for when an account has gone (BS-53): the server with the most
 * of W and D, the lowest ssid among equals (P-ACL-07). 0 when no server that is left has any right:
 * then the instance goes together with the rule. For rules on instances; on an object's rule just
 * remove the entry. */
uint16_t lw_access_heir(lw_tree *tree, lw_path rule);

#endif
