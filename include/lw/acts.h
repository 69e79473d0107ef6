/* What the hooks of an object may ask of the engine they run in.
 *
 * The ready-made objects call these; an application that declares a Server, Device or other object
 * of its own calls them the same way. `ctx` is the first argument of every hook. Nothing of it
 * happens inside the call: an Execute is answered first (DM-63).
 */
#ifndef LW_ACTS_H
#define LW_ACTS_H

#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/declare.h"
#include "lw/err.h"
#include "lw/path.h"
#include "lw/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Registration: executes of /1; `server` is the instance of /1 --------------------------- */

/* De-registers, stays silent for 1/x/5 seconds as they are now, registers again (CLI-61). */
LW_MUST_CHECK lw_err lw_act_disable(void *ctx, uint16_t server);

/* Updates, or registers when the registration is stale. `binding`: a letter to reconnect over
 * first, known to be in 1/x/7 and 3/0/16 (REG-64); 0 stays on the transport in use. */
LW_MUST_CHECK lw_err lw_act_update(void *ctx, uint16_t server, char binding);

/* Client-initiated bootstrap. LW_EMETHOD without a Bootstrap-Server account. */
LW_MUST_CHECK lw_err lw_act_bootstrap(void *ctx);

/* ---- Device -----------------------------------------------------------------------------------
 */

/* LW_CLIENT_REBOOT to the application, when the answer was delivered (CLI-70). */
LW_MUST_CHECK lw_err lw_act_reboot(void *ctx);

/* Back to factory data, when the answer was delivered (CLI-71). LW_EMETHOD when there is no factory
 * account to come back with (P-OBJ-13). */
LW_MUST_CHECK lw_err lw_act_factory_reset(void *ctx);

/* Calls act(ctx, tree, path) once: when the answer to the request that is being served was
 * delivered, or with the next step outside of a request. LW_ENOMEM when too many wait. */
typedef void (*lw_act)(void *ctx, lw_tree *tree, lw_path path);
LW_MUST_CHECK lw_err lw_act_when_answered(void *ctx, lw_act act, lw_path path);

/* ---- Time and storage -------------------------------------------------------------------------
 */

/* Monotonic, of the call that is being served. */
lw_time lw_act_now(void *ctx);

/* Seconds since 1970-01-01T00:00:00Z; negative when unknown. */
int64_t lw_act_wall_clock(void *ctx);

/* The wall clock goes on from here (3/0/13). */
void lw_act_set_wall_clock(void *ctx, int64_t seconds);

/* lw_platform.store and .load; LW_ENOTSUP when the platform keeps nothing. */
lw_err lw_act_store(void *ctx, const char *name, lw_bytes record);
LW_MUST_CHECK lw_err lw_act_load(void *ctx, const char *name, uint8_t *out, size_t cap,
                                 size_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
