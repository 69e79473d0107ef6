/* Object 5, Firmware Update, ready to be named in lw_client_cfg.objects: the whole machine, with
 * push, pull, deferral, automatic upgrade, and a state that survives the restart it causes.
 *
 *   static lw_updater updater;
 *   lw_updater_start(&updater, lw_client_tree(client), &my_port, my_ctx);   after lw_client_init
 *
 *     Idle -> Downloading -> Downloaded -> Updating -> Idle
 *
 * Write 0 pushes a package (in blocks: lw_feature_blockwise), Write 1 pulls one, Execute 2 installs
 * it; an empty URI, a package of one NUL octet or Execute 10 goes back to Idle. What goes wrong
 * with a package is told in 5/0/5, never as a failure of the Write that brought its last octet
 * (P-OBJ-01).
 */
#ifndef LW_FIRMWARE_H
#define LW_FIRMWARE_H

#include "lw/declare.h"
#include "lw/package.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LW_FIRMWARE_TEXT_MAX
#define LW_FIRMWARE_TEXT_MAX 32 /* octets of PkgName and PkgVersion */
#endif
#define LW_FIRMWARE_URI_MAX 255

typedef struct lw_updater lw_updater;

typedef struct lw_firmware_port {
    lw_package_port package;
    /* Installs what `finish` accepted, after the answer to Execute was delivered. LW_AGAIN: under
     * way; lw_updater_installed, or after a restart `confirm`, tells how it ended. LW_OK: done
     * without a restart. LW_EFORMAT, LW_EDENIED: the package is bad. Any other failure: it is not
     * installed, but may be tried again. */
    lw_err (*install)(void *ctx);
    /* After a restart while updating. LW_OK: the new firmware runs. LW_AGAIN: it was not installed
     * yet, install. Failures as of `install`. */
    lw_err (*confirm)(void *ctx);
    /* Optional: false defers the update as long as 5/0/13 allows (lw_updater_accept ends it). */
    bool (*may_install)(void *ctx);
} lw_firmware_port;

/* ---- The object ---- */

#define LW_FIRMWARE_1_0(T, ONE, MANY, CALL)              \
    CALL(T, COMPUTED, package, 0)                        \
    CALL(T, COMPUTED, uri, 1)                            \
    CALL(T, EXECUTE, update, 2)                          \
    CALL(T, COMPUTED, state, 3)                          \
    CALL(T, COMPUTED, result, 5)                         \
    ONE(T, STRING, pkg_name, 6, LW_FIRMWARE_TEXT_MAX)    \
    ONE(T, STRING, pkg_version, 7, LW_FIRMWARE_TEXT_MAX) \
    CALL(T, COMPUTED, protocols, 8)                      \
    CALL(T, COMPUTED, delivery, 9)

#define LW_FIRMWARE_1_1(T, ONE, MANY, CALL) \
    LW_FIRMWARE_1_0(T, ONE, MANY, CALL)     \
    CALL(T, EXECUTE, cancel, 10)            \
    ONE(T, UINT8, severity, 11, 0)          \
    CALL(T, COMPUTED, changed, 12)          \
    ONE(T, UINT32, max_defer, 13, 0)

#define LW_FIRMWARE_1_2(T, ONE, MANY, CALL) \
    LW_FIRMWARE_1_1(T, ONE, MANY, CALL)     \
    ONE(T, BOOLEAN, auto_upgrade, 14, 0)

typedef struct lw_firmware {
    LW_MEMBERS(lw_firmware, LW_FIRMWARE_1_2)
    lw_updater *updater;
} lw_firmware;

LW_SETTER uint16_t lw_firmware_id(void)
{
    return 5;
}
LW_DECLARE_SETTERS(lw_firmware, LW_FIRMWARE_1_2)

extern const lw_object_hooks lw_firmware_hooks;
extern const lw_object lw_firmware_object_1_0; /* enablers 1.0 and 1.1 */
extern const lw_object lw_firmware_object_1_1; /* enabler 1.2 */
extern const lw_object lw_firmware_object_1_2;

/* ---- The machine ---- */

/* The application's memory. All of it belongs to the functions below. */
struct lw_updater {
    const lw_firmware_port *port;
    lw_package package;
    lw_tree *tree;
    lw_time install_at; /* end of the deferral; LW_TIME_NEVER: none */
    int64_t changed_at; /* s since 1970, negative: unknown */
    bool is_restarted;  /* `kept` is of before, until the first step */
    struct {            /* outlives a restart */
        uint8_t state;
        uint8_t result;
        uint8_t uri_len;
        uint32_t deferred; /* s that the update was put off for */
        uint8_t uri[LW_FIRMWARE_URI_MAX];
    } kept;
};

/* Makes /5/0; what was going on before a restart is taken up by the first step. `port` is borrowed
 * for good. */
LW_MUST_CHECK lw_err lw_updater_start(lw_updater *updater, lw_tree *tree,
                                      const lw_firmware_port *port, void *port_ctx);

/* The verdict that `finish` left open: LW_OK, or what is wrong. */
void lw_updater_verified(lw_updater *updater, lw_err verdict);

/* The end of an installation that `install` left open; failures as there. */
void lw_updater_installed(lw_updater *updater, lw_err verdict);

/* Whoever deferred the update agrees now. LW_ESTATE when nothing was deferred. */
lw_err lw_updater_accept(lw_updater *updater);

#ifdef __cplusplus
}
#endif
#endif
