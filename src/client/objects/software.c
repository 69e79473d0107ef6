#include "lw/software.h"

#include "lw/acts.h"
#include "lw/execute.h"
#include "lw/objects.h"

/* ---- The machine ------------------------------------------------------------------------------
 * The states of 9/x/7, with the first of a download told apart by where the package comes from.
 */

typedef enum state { INITIAL, PUSHED, PULLED, VERIFYING, DELIVERED, INSTALLING, INSTALLED } state;

typedef enum event {
    PACKAGE, /* Write 2, first block */
    BLOCK,   /* Write 2, a later block */
    URI,     /* Write 3 */
    COMPLETE,
    VERIFIED,
    FAILED, /* with a result of its own */
    INSTALL,
    SUCCESS,
    FAILURE,
    UNINSTALL,
    PREPARE, /* Execute 6 with 1: for an update */
    UNPREPARED,
    ACTIVATE
} event;

#define IN(state) (1u << (state))
#define LOADING   (IN(PUSHED) | IN(PULLED) | IN(VERIFYING))
#define KEEP      0xFFu /* the result stays */

/* objects.md, 9 Software Management. What happens in another state is 4.05. */
static const struct move {
    uint8_t from; /* IN of these */
    uint8_t to, result;
} moves[] = {
    /*               in                                         next        result */
    [PACKAGE] = {IN(INITIAL) | IN(PUSHED), PUSHED, 1}, /* or begins again */
    [BLOCK] = {IN(PUSHED), PUSHED, KEEP},
    [URI] = {IN(INITIAL), PULLED, 1},
    [COMPLETE] = {IN(PUSHED), VERIFYING, KEEP},
    [VERIFIED] = {IN(PULLED) | IN(VERIFYING), DELIVERED, 3},
    [FAILED] = {LOADING, INITIAL, 0}, /* why it failed */
    [INSTALL] = {IN(DELIVERED), INSTALLING, KEEP},
    [SUCCESS] = {IN(INSTALLING), INSTALLED, 2},
    [FAILURE] = {IN(INSTALLING), DELIVERED, 58},
    [UNINSTALL] = {LOADING | IN(DELIVERED) | IN(INSTALLED), INITIAL, 0},
    [PREPARE] = {IN(INSTALLED), INITIAL, 0},
    [UNPREPARED] = {IN(INSTALLED), INSTALLED, 59},
    [ACTIVATE] = {IN(INSTALLED), INSTALLED, KEEP},
};

static bool may(const lw_software_unit *u, event e)
{
    return (moves[e].from & IN(u->state)) != 0;
}

static bool is_loading(const lw_software_unit *u)
{
    return (LOADING & IN(u->state)) != 0;
}

/* 9/x/9 counts from 50 what 5/0/5 counts from 2, but for what is wrong with a URI. */
static uint8_t result_of(lw_fault fault)
{
    return fault >= LW_FAULT_URI ? 56 : (uint8_t)(fault - LW_FAULT_NO_SPACE + 50);
}

/* ---- What outlives a restart: version, state, result, activation ---- */

#define RECORD_VERSION 1u
#define RECORD_LEN     4u

/* "sw." and the instance. */
static void name_of(const lw_software_unit *u, char name[9])
{
    static const char digits[] = "0123456789";
    unsigned rest = u->instance;
    memcpy(name, "sw.00000", 9);
    for (unsigned i = 7; rest > 0; i--, rest /= 10) {
        name[i] = digits[rest % 10];
    }
}

static void save(lw_software_unit *u)
{
    uint8_t record[RECORD_LEN] = {RECORD_VERSION, u->state, u->result, u->is_active};
    char name[9];
    name_of(u, name);
    bool is_initial = u->state == INITIAL && u->result == 0;
    lw_package_store(&u->package, name, lw_bytes_of(record, is_initial ? 0 : sizeof record));
}

static void load(lw_software_unit *u)
{
    uint8_t record[RECORD_LEN];
    size_t len;
    char name[9];
    name_of(u, name);
    if (lw_act_load(u->package.ctx, name, record, sizeof record, &len) == LW_OK &&
        len == sizeof record && record[0] == RECORD_VERSION && record[1] <= INSTALLED) {
        u->state = record[1];
        u->result = record[2];
        u->is_active = record[3] != 0;
    }
}

/* ---- Moving ---- */

static void tell(lw_software_unit *u, uint16_t id)
{
    lw_tree_changed(u->tree, lw_path_resource(LW_OBJ_SOFTWARE_MANAGEMENT, u->instance, id));
}

/* The state as 9/x/7 shows it. */
static uint8_t shown(uint8_t s)
{
    static const uint8_t states[] = {0, 1, 1, 2, 3, 3, 4};
    return states[s];
}

static lw_err enter(lw_software_unit *u, event e, uint8_t result)
{
    uint8_t to = moves[e].to;
    if (!may(u, e)) {
        return LW_EMETHOD;
    }
    if (to == INITIAL && is_loading(u)) {
        lw_package_discard(&u->package);
    }
    bool is_new = u->state != to || u->result != result;
    u->state = to;
    u->result = result;
    if (is_new) {
        save(u);
        tell(u, LW_RES_SOFTWARE_MANAGEMENT_UPDATE_STATE);
        tell(u, LW_RES_SOFTWARE_MANAGEMENT_UPDATE_RESULT);
    }
    return LW_OK;
}

static lw_err handle(lw_software_unit *u, event e)
{
    return enter(u, e, moves[e].result == KEEP ? u->result : moves[e].result);
}

/* ---- Packages ---- */

static void on_package(lw_package *package, lw_fault fault)
{
    lw_software_unit *u = (void *)((char *)package - offsetof(lw_software_unit, package));
    if (fault == LW_FAULT_NONE) {
        handle(u, VERIFIED);
    } else {
        enter(u, FAILED, result_of(fault));
    }
}

void lw_software_verified(lw_software_unit *u, lw_err verdict)
{
    lw_package_verdict(&u->package, verdict);
}

static lw_err write_package(lw_software_unit *u, lw_bytes octets, size_t offset, bool more)
{
    lw_err err = handle(u, offset == 0 ? PACKAGE : BLOCK);
    if (err == LW_OK) {
        err = lw_package_push(&u->package, offset, octets, more);
    }
    if (!more && handle(u, COMPLETE) == LW_OK) {
        lw_package_complete(&u->package);
    }
    return err;
}

static lw_err write_uri(lw_software_unit *u, lw_bytes uri)
{
    lw_err err = handle(u, URI);
    if (err == LW_OK) {
        lw_package_pull(&u->package, uri);
    }
    return err;
}

/* ---- Executes ---- */

static lw_software_unit *unit_of(lw_tree *tree, lw_path path)
{
    lw_software *software = lw_tree_struct(tree, path);
    return software != NULL ? software->unit : NULL;
}

static void set_active(lw_software_unit *u, bool on)
{
    if (u->is_active != on) {
        u->is_active = on;
        save(u);
        tell(u, LW_RES_SOFTWARE_MANAGEMENT_ACTIVATION_STATE);
    }
}

void lw_software_installed(lw_software_unit *u, lw_err verdict)
{
    handle(u, verdict == LW_OK ? SUCCESS : FAILURE);
}

static void install_now(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    lw_software_unit *u = unit_of(tree, path);
    lw_err verdict = u->port->install(u->package.port_ctx);
    if (verdict != LW_AGAIN) {
        lw_software_installed(u, verdict);
    }
}

static lw_err install(lw_software_unit *u, lw_path path)
{
    if (!may(u, INSTALL)) {
        return LW_EMETHOD;
    }
    lw_err err = lw_act_when_answered(u->package.ctx, install_now, path);
    return err == LW_OK ? handle(u, INSTALL) : err;
}

/* Argument 0 or none removes; 1 keeps what runs until a new package is there. */
static lw_err uninstall(lw_software_unit *u, lw_bytes arguments)
{
    lw_exec_args args = lw_exec_args_of(arguments);
    lw_exec_arg arg = {.digit = 0};
    lw_err err = lw_exec_args_next(&args, &arg);
    if ((err != LW_OK && err != LW_END) || arg.digit > 1 || args.rest.len > 0) {
        return LW_EINVAL;
    }
    event e = arg.digit == 1 ? PREPARE : UNINSTALL;
    if (!may(u, e)) {
        return LW_EMETHOD;
    }
    err = !is_loading(u) ? u->port->uninstall(u->package.port_ctx, e == PREPARE) : LW_OK;
    if (err != LW_OK) {
        return e == PREPARE ? handle(u, UNPREPARED) : err;
    }
    set_active(u, false);
    return handle(u, e);
}

static lw_err activate(lw_software_unit *u, bool on)
{
    lw_err err = handle(u, ACTIVATE);
    if (err == LW_OK && u->is_active != on) {
        err = u->port->activate(u->package.port_ctx, on);
    }
    if (err == LW_OK) {
        set_active(u, on);
    }
    return err;
}

/* ---- Hooks ---- */

static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    lw_software_unit *u = unit_of(tree, path);
    if (u == NULL) {
        return LW_EMETHOD;
    }
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_SOFTWARE_MANAGEMENT_INSTALL:
        return install(u, path);
    case LW_RES_SOFTWARE_MANAGEMENT_UNINSTALL:
        return uninstall(u, arguments);
    default:
        return activate(u,
                        lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_SOFTWARE_MANAGEMENT_ACTIVATE);
    }
}

static lw_err write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more)
{
    (void)ctx;
    lw_software_unit *u = unit_of(tree, path);
    if (u == NULL) {
        return LW_EMETHOD;
    }
    if (lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_SOFTWARE_MANAGEMENT_PACKAGE) {
        return write_package(u, value.as.bytes, offset, more);
    }
    return offset == 0 && !more ? write_uri(u, value.as.bytes) : LW_ETOOBIG;
}

/* The server stopped in the middle of a package. */
static void lost(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    lw_software_unit *u = unit_of(tree, path);
    if (u != NULL && u->state == PUSHED) {
        on_package(&u->package, LW_FAULT_CONNECTION);
    }
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)ctx;
    const lw_software_unit *u = unit_of(tree, path);
    if (u == NULL) {
        return LW_ENOTFOUND;
    }
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_SOFTWARE_MANAGEMENT_UPDATE_STATE:
        *out_value = lw_value_integer(shown(u->state));
        return LW_OK;
    case LW_RES_SOFTWARE_MANAGEMENT_UPDATE_RESULT:
        *out_value = lw_value_integer(u->result);
        return LW_OK;
    case LW_RES_SOFTWARE_MANAGEMENT_ACTIVATION_STATE:
        *out_value = lw_value_boolean(u->is_active);
        return LW_OK;
    default:
        return LW_ENOTFOUND;
    }
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    lw_software_unit *u = unit_of(tree, instance);
    if (u != NULL && u->package.save_at <= now) {
        save(u);
    }
    return u != NULL ? u->package.save_at : LW_TIME_NEVER;
}

const lw_object_hooks lw_software_hooks = {
    .read = read, .execute = execute, .write = write, .lost = lost, .step = step};

LW_DECLARE_VERSION(lw_software_object, lw_software, lw_object_9_v1_0, LW_SOFTWARE,
                   LW_SOFTWARE_UNITS, &lw_software_hooks)

/* ---- Start ---- */

lw_err lw_software_start(lw_software_unit *u, lw_tree *tree, uint16_t instance,
                         const lw_software_port *port, void *port_ctx)
{
    lw_path path;
    lw_err err = lw_tree_add(tree, LW_OBJ_SOFTWARE_MANAGEMENT, instance, &path);
    if (err != LW_OK) {
        return err;
    }
    *u = (lw_software_unit){.port = port,
                            .tree = tree,
                            .instance = instance,
                            .package = {.port = &port->package,
                                        .port_ctx = port_ctx,
                                        .ctx = lw_tree_ctx(tree),
                                        .on_end = on_package,
                                        .save_at = LW_TIME_NEVER}};
    ((lw_software *)lw_tree_struct(tree, path))->unit = u;
    load(u);
    if (is_loading(u)) {
        on_package(&u->package, LW_FAULT_CONNECTION);
    } else if (u->state == INSTALLING) {
        install_now(u->package.ctx, tree, path);
    }
    return LW_OK;
}
