/* Object 9, Software Management, ready to be named in lw_client_cfg.objects: one instance for each
 * piece of software that can be exchanged.
 *
 *   static lw_software_unit player;
 *   lw_software_start(&player, lw_client_tree(client), 0, &my_port, my_ctx);  after lw_client_init
 *
 *     Initial -> Download started -> Downloaded -> Delivered -> Installed
 *
 * Write 2 pushes a package, Write 3 pulls one, Execute 4 installs, 6 removes (with 1 as argument:
 * makes room for an update), 10 and 11 turn it on and off. Instances belong to the device.
 */
#ifndef LW_SOFTWARE_H
#define LW_SOFTWARE_H

#include "lw/declare.h"
#include "lw/package.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LW_SOFTWARE_UNITS
#define LW_SOFTWARE_UNITS 2
#endif
#ifndef LW_SOFTWARE_TEXT_MAX
#define LW_SOFTWARE_TEXT_MAX 32 /* octets of PkgName and PkgVersion */
#endif

typedef struct lw_software_unit lw_software_unit;

typedef struct lw_software_port {
    lw_package_port package;
    /* Installs what `finish` accepted, after the answer to Execute was delivered. LW_AGAIN:
     * lw_software_installed tells how it ended. */
    lw_err (*install)(void *ctx);
    /* What was delivered or installed. for_update: it stays until another package is there. */
    lw_err (*uninstall)(void *ctx, bool for_update);
    lw_err (*activate)(void *ctx, bool on);
} lw_software_port;

#define LW_SOFTWARE(T, ONE, MANY, CALL)                  \
    ONE(T, STRING, pkg_name, 0, LW_SOFTWARE_TEXT_MAX)    \
    ONE(T, STRING, pkg_version, 1, LW_SOFTWARE_TEXT_MAX) \
    CALL(T, COMPUTED, package, 2)                        \
    CALL(T, COMPUTED, uri, 3)                            \
    CALL(T, EXECUTE, install, 4)                         \
    CALL(T, EXECUTE, uninstall, 6)                       \
    CALL(T, COMPUTED, state, 7)                          \
    CALL(T, COMPUTED, result, 9)                         \
    CALL(T, EXECUTE, activate, 10)                       \
    CALL(T, EXECUTE, deactivate, 11)                     \
    CALL(T, COMPUTED, active, 12)

typedef struct lw_software {
    LW_MEMBERS(lw_software, LW_SOFTWARE)
    lw_software_unit *unit;
} lw_software;

LW_SETTER uint16_t lw_software_id(void)
{
    return 9;
}
LW_DECLARE_SETTERS(lw_software, LW_SOFTWARE)

extern const lw_object_hooks lw_software_hooks;
extern const lw_object lw_software_object;

/* The application's memory. All of it belongs to the functions below. */
struct lw_software_unit {
    const lw_software_port *port;
    lw_package package;
    lw_tree *tree;
    uint16_t instance;
    uint8_t state;
    uint8_t result;
    bool is_active;
};

/* Makes the instance and takes up what was going on before a restart: a download is over, what was
 * delivered or installed stays. `port` is borrowed for good. */
LW_MUST_CHECK lw_err lw_software_start(lw_software_unit *unit, lw_tree *tree, uint16_t instance,
                                       const lw_software_port *port, void *port_ctx);

/* The verdict that `finish` left open: LW_OK, or what is wrong. */
void lw_software_verified(lw_software_unit *unit, lw_err verdict);

/* The end of an installation that `install` left open. */
void lw_software_installed(lw_software_unit *unit, lw_err verdict);

#ifdef __cplusplus
}
#endif
#endif
