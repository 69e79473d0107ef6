#include "lw/firmware.h"
#include "lw/acts.h"
#include "lw/objects.h"

/* ---- The machine ------------------------------------------------------------------------------
 * The states of 5/0/3, but for a second Downloading that takes no blocks: the package comes from
 * elsewhere, or is all there.
 */

typedef enum state { IDLE, PUSHED, DOWNLOADED, UPDATING, CLOSED } state;

#define IN(state) (1u << (state))
#define LOADING   (IN(PUSHED) | IN(CLOSED))

typedef enum event {
    RESET,    /* Write 0 or 1 of nothing or NUL */
    PACKAGE,  /* Write 0, first block */
    BLOCK,    /* Write 0, a later block */
    URI,      /* Write 1 */
    COMPLETE, /* the last octet is there */
    VERIFIED,
    FAILED, /* with a result of its own */
    LOST,   /* blocks that do not come any more */
    CANCEL, /* Execute 10 */
    UPDATE, /* Execute 2, automatic upgrade, or the end of a deferral */
    DEFER,  /* Execute 2, and the user does not want to now */
    INSTALLED,
    RETRIABLE /* not installed, package still good */
} event;

#define DEFERRED 11

/* objects.md, 5 Firmware Update. What happens in another state is 4.05. */
static const struct move {
    uint8_t from; /* IN of these */
    uint8_t to, result;
} moves[] = {
    /*              in                                   next        result */
    [RESET] = {LOADING | IN(IDLE) | IN(DOWNLOADED), IDLE, 0},
    [PACKAGE] = {IN(IDLE) | IN(PUSHED), PUSHED, 0}, /* or begins again */
    [BLOCK] = {IN(PUSHED), PUSHED, 0},
    [URI] = {IN(IDLE), CLOSED, 0},
    [COMPLETE] = {IN(PUSHED), CLOSED, 0},
    [VERIFIED] = {IN(CLOSED), DOWNLOADED, 0},
    [FAILED] = {LOADING | IN(UPDATING), IDLE, 0}, /* why it failed */
    [LOST] = {IN(PUSHED), IDLE, LW_FAULT_CONNECTION},
    [CANCEL] = {LOADING | IN(DOWNLOADED), IDLE, 10},
    [UPDATE] = {IN(DOWNLOADED), UPDATING, 0},
    [DEFER] = {IN(DOWNLOADED), DOWNLOADED, DEFERRED},
    [INSTALLED] = {IN(UPDATING), IDLE, 1},
    [RETRIABLE] = {IN(UPDATING), DOWNLOADED, 8}, /* P-OBJ-05 */
};

static bool may(const lw_updater *u, event e)
{
    return (moves[e].from & IN(u->kept.state)) != 0;
}

static lw_path resource(uint16_t id)
{
    return lw_path_resource(LW_OBJ_FIRMWARE_UPDATE, 0, id);
}

/* ---- What outlives a restart: `kept`, up to the end of the URI ---- */

#define RECORD      "fw.3" /* a name for each layout */
#define RECORD_HEAD (offsetof(lw_updater, kept.uri) - offsetof(lw_updater, kept))

static void save(lw_updater *u)
{
    bool is_initial = u->kept.state == IDLE && u->kept.result == 0;
    size_t len = is_initial ? 0 : RECORD_HEAD + u->kept.uri_len;
    lw_package_store(&u->package, RECORD, lw_bytes_of(&u->kept, len));
}

static void load(lw_updater *u)
{
    size_t len;
    lw_err err = lw_act_load(u->package.ctx, RECORD, (uint8_t *)&u->kept, sizeof u->kept, &len);
    u->is_restarted =
        err == LW_OK && u->kept.state <= CLOSED && len == RECORD_HEAD + u->kept.uri_len;
    if (!u->is_restarted) {
        memset(&u->kept, 0, sizeof u->kept);
    }
}

/* ---- Moving ---- */

static void changed(lw_updater *u, uint16_t id)
{
    lw_tree_changed(u->tree, resource(id));
}

static void set_uri(lw_updater *u, lw_bytes uri)
{
    u->kept.uri_len = (uint8_t)uri.len;
    if (uri.len > 0) {
        memcpy(u->kept.uri, uri.ptr, uri.len);
    }
    changed(u, LW_RES_FIRMWARE_UPDATE_PACKAGE_URI);
}

/* The state as 5/0/3 shows it. */
static uint8_t shown(uint8_t s)
{
    return s == CLOSED ? PUSHED : s;
}

static lw_err enter(lw_updater *u, event e, uint8_t result)
{
    uint8_t from = u->kept.state;
    uint8_t to = moves[e].to;
    if (!may(u, e)) {
        return LW_EMETHOD;
    }
    if (shown(from) != shown(to)) {
        u->changed_at = lw_act_wall_clock(u->package.ctx);
        changed(u, LW_RES_FIRMWARE_UPDATE_LAST_STATE_CHANGE_TIME);
    }
    u->install_at = LW_TIME_NEVER;
    if (to == IDLE && from != IDLE && e != INSTALLED) {
        lw_package_discard(&u->package);
    }
    u->kept.state = to;
    u->kept.result = result;
    save(u);
    changed(u, LW_RES_FIRMWARE_UPDATE_STATE);
    changed(u, LW_RES_FIRMWARE_UPDATE_UPDATE_RESULT);
    return LW_OK;
}

static lw_err handle(lw_updater *u, event e)
{
    return enter(u, e, moves[e].result);
}

/* ---- Installing ---- */

void lw_updater_installed(lw_updater *u, lw_err verdict)
{
    if (verdict == LW_EFORMAT || verdict == LW_EDENIED) {
        enter(u, FAILED, LW_FAULT_INTEGRITY);
    } else {
        handle(u, verdict == LW_OK ? INSTALLED : RETRIABLE);
    }
}

static lw_updater *updater_of(lw_tree *tree)
{
    lw_firmware *firmware = lw_tree_struct(tree, lw_path_instance(LW_OBJ_FIRMWARE_UPDATE, 0));
    return firmware != NULL ? firmware->updater : NULL;
}

static void install(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    (void)path;
    lw_updater *u = updater_of(tree);
    lw_err verdict = u->port->install(u->package.port_ctx);
    if (verdict != LW_AGAIN) {
        lw_updater_installed(u, verdict);
    }
}

/* Updating is shown at once; the installation follows the answer (DM-63, CLI-74). */
static lw_err update(lw_updater *u)
{
    if (!may(u, UPDATE)) {
        return LW_EMETHOD;
    }
    lw_err err =
        lw_act_when_answered(u->package.ctx, install, resource(LW_RES_FIRMWARE_UPDATE_UPDATE));
    return err == LW_OK ? handle(u, UPDATE) : err;
}

static uint32_t setting(lw_updater *u, uint16_t id)
{
    return lw_tree_number(u->tree, resource(id), 0);
}

static lw_time end_of_deferral(const lw_updater *u, lw_time now)
{
    return now + (lw_time)u->kept.deferred * LW_SECOND_MS;
}

/* Execute 2: a user may put it off for 5/0/13 seconds. */
static lw_err update_or_defer(lw_updater *u)
{
    uint32_t period = setting(u, LW_RES_FIRMWARE_UPDATE_MAXIMUM_DEFER_PERIOD);
    bool wants = u->port->may_install == NULL || u->port->may_install(u->package.port_ctx);
    if (period == 0 || wants || !may(u, DEFER)) {
        return update(u);
    }
    lw_time install_at = u->install_at;
    if (install_at == LW_TIME_NEVER) {
        u->kept.deferred = period;
        install_at = end_of_deferral(u, lw_act_now(u->package.ctx));
    }
    lw_err err = handle(u, DEFER);
    u->install_at = install_at;
    return err;
}

lw_err lw_updater_accept(lw_updater *u)
{
    return u->install_at != LW_TIME_NEVER ? update(u) : LW_ESTATE;
}

/* ---- Packages ---- */

static void on_package(lw_package *package, lw_fault fault)
{
    lw_updater *u = (void *)((char *)package - offsetof(lw_updater, package));
    if (fault != LW_FAULT_NONE) {
        enter(u, FAILED, (uint8_t)fault);
        return;
    }
    lw_err err = handle(u, VERIFIED);
    if (err == LW_OK && setting(u, LW_RES_FIRMWARE_UPDATE_AUTOMATIC_UPGRADE_AT_DOWNLOAD) != 0) {
        u->install_at = 0; /* by the next step */
    }
}

void lw_updater_verified(lw_updater *u, lw_err verdict)
{
    lw_package_verdict(&u->package, verdict);
}

static void pull(lw_updater *u)
{
    lw_package_pull(&u->package, lw_bytes_of(u->kept.uri, u->kept.uri_len));
}

/* ---- Time ---- */

/* What a restart interrupted is over, or goes on. */
static void resume(lw_updater *u, lw_time now)
{
    lw_err verdict;
    switch (u->kept.state) {
    case PUSHED:
        handle(u, LOST);
        break;
    case CLOSED:
        if (u->kept.uri_len > 0) {
            pull(u);
        } else {
            enter(u, FAILED, LW_FAULT_CONNECTION);
        }
        break;
    case DOWNLOADED:
        if (u->kept.result == DEFERRED) {
            u->install_at = end_of_deferral(u, now);
        }
        break;
    case UPDATING:
        verdict = u->port->confirm(u->package.port_ctx);
        if (verdict == LW_AGAIN) {
            install(u->package.ctx, u->tree, lw_path_root());
        } else {
            lw_updater_installed(u, verdict);
        }
        break;
    default:
        break;
    }
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    (void)instance;
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_TIME_NEVER;
    }
    if (u->is_restarted) {
        u->is_restarted = false;
        resume(u, now);
    }
    if (u->package.save_at <= now) {
        save(u);
    }
    if (u->install_at <= now && update(u) != LW_OK) {
        return now + LW_SECOND_MS; /* another act waits for its answer */
    }
    return u->install_at < u->package.save_at ? u->install_at : u->package.save_at;
}

/* ---- Hooks ---- */

static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)instance;
    lw_tree_put_integer(tree, 1, resource(LW_RES_FIRMWARE_UPDATE_SEVERITY));
}

static lw_err write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more)
{
    (void)ctx;
    lw_updater *u = updater_of(tree);
    bool is_package = lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_FIRMWARE_UPDATE_PACKAGE;
    lw_bytes octets = value.as.bytes;
    event e = lw_package_is_reset(octets, offset, more) ? RESET
              : !is_package                             ? URI
              : offset == 0                             ? PACKAGE
                                                        : BLOCK;
    if (u == NULL || !may(u, e)) {
        return LW_EMETHOD;
    }
    if (!is_package && (more || octets.len > sizeof u->kept.uri)) {
        return LW_ETOOBIG;
    }
    if (e != BLOCK) {
        set_uri(u, e == URI ? octets : lw_bytes_of(NULL, 0));
        handle(u, e);
    }
    if (e == URI) {
        pull(u);
    }
    if (e == URI || e == RESET) {
        return LW_OK;
    }
    lw_err err = lw_package_push(&u->package, offset, octets, more);
    if (!more && handle(u, COMPLETE) == LW_OK) {
        lw_package_complete(&u->package);
    }
    return err;
}

/* The server stopped in the middle of a package. */
static void lost(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    (void)path;
    lw_updater *u = updater_of(tree);
    if (u != NULL) {
        handle(u, LOST);
    }
}

static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    (void)arguments; /* DM-64 */
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_EMETHOD;
    }
    return lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_FIRMWARE_UPDATE_UPDATE ? update_or_defer(u)
                                                                                : handle(u, CANCEL);
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)ctx;
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_ENOTFOUND;
    }
    int64_t number;
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_FIRMWARE_UPDATE_PACKAGE_URI:
        *out_value = lw_value_bytes(LW_TYPE_STRING, lw_bytes_of(u->kept.uri, u->kept.uri_len));
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_STATE:
        number = shown(u->kept.state);
        break;
    case LW_RES_FIRMWARE_UPDATE_UPDATE_RESULT:
        number = u->kept.result;
        break;
    case LW_RES_FIRMWARE_UPDATE_FIRMWARE_UPDATE_PROTOCOL_SUPPORT:
        number = lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE); /* instance i is protocol i */
        break;
    case LW_RES_FIRMWARE_UPDATE_FIRMWARE_UPDATE_DELIVERY_METHOD:
        number = u->port->package.fetch != NULL ? 2 : 1;
        break;
    case LW_RES_FIRMWARE_UPDATE_LAST_STATE_CHANGE_TIME:
        number = u->changed_at;
        break;
    default:
        return LW_ENOTFOUND;
    }
    *out_value = lw_value_integer(number);
    return number >= 0 ? LW_OK : LW_ENOTFOUND;
}

/* 5/0/8 has an instance for each protocol the fetcher knows. */
static uint16_t next(void *ctx, lw_tree *tree, lw_path path, uint32_t from)
{
    (void)ctx;
    (void)path;
    lw_updater *u = updater_of(tree);
    const lw_fetch *fetch = u != NULL ? u->port->package.fetch : NULL;
    for (uint32_t i = from; fetch != NULL && i < 8; i++) {
        if ((fetch->protocols >> i & 1u) != 0) {
            return (uint16_t)i;
        }
    }
    return LW_ID_MAX;
}

const lw_object_hooks lw_firmware_hooks = {.defaults = defaults,
                                           .read = read,
                                           .next = next,
                                           .execute = execute,
                                           .write = write,
                                           .lost = lost,
                                           .step = step};

LW_DECLARE_VERSION(lw_firmware_object_1_0, lw_firmware, lw_object_5_v1_0, LW_FIRMWARE_1_0, 1,
                   &lw_firmware_hooks)
LW_DECLARE_VERSION(lw_firmware_object_1_1, lw_firmware, lw_object_5_v1_1, LW_FIRMWARE_1_1, 1,
                   &lw_firmware_hooks)
LW_DECLARE_VERSION(lw_firmware_object_1_2, lw_firmware, lw_object_5_v1_2, LW_FIRMWARE_1_2, 1,
                   &lw_firmware_hooks)

/* ---- Start ---- */

lw_err lw_updater_start(lw_updater *u, lw_tree *tree, const lw_firmware_port *port, void *port_ctx)
{
    lw_path instance;
    lw_err err = lw_tree_add(tree, LW_OBJ_FIRMWARE_UPDATE, 0, &instance);
    if (err != LW_OK) {
        return err;
    }
    *u = (lw_updater){.port = port,
                      .tree = tree,
                      .install_at = LW_TIME_NEVER,
                      .changed_at = -1,
                      .package = {.port = &port->package,
                                  .port_ctx = port_ctx,
                                  .ctx = lw_tree_ctx(tree),
                                  .on_end = on_package,
                                  .save_at = LW_TIME_NEVER}};
    ((lw_firmware *)lw_tree_struct(tree, instance))->updater = u;
    load(u);
    return LW_OK;
}
