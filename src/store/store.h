/* The stores behind include/lw/ports.h.
 *
 * Who opens one owns it, sets on_commit before the first put, and gives it back with ops->close.
 */
#ifndef LW_STORE_STORE_H
#define LW_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/ports.h"

/* Octets of changes that may wait for their commit: then put says LW_ENOMEM. */
#define LW_STORE_WAITING_MAX (64u * 1024 * 1024)

/* ---- In memory --------------------------------------------------------------------------------
 * Everything ends with it. A change is durable at once: on_commit is called by put itself, after
 * out_ticket was set. NULL: out of memory. */
lw_store *lw_store_memory_new(void);

/* For tests: from now on changes wait, until lw_store_memory_commit lets one commit happen with the
 * result that is given. LW_EIO refuses the urgent ones and keeps the lazy ones; further urgent ones
 * are refused by put until a commit succeeds. */
void lw_store_memory_hold(lw_store *store);
void lw_store_memory_commit(lw_store *store, lw_err result);

#endif
