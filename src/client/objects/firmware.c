#include "lw/firmware.h"
#include "lw/acts.h"
#include "lw/objects.h"

/* ---- The machine ------------------------------------------------------------------------------
 * The states of 5/0/3, with Downloading told apart by where the package comes from.
 */

typedef enum state { IDLE, PUSHED, PULLED, VERIFYING, DOWNLOADED, UPDATING } state;

typedef enum event {
    RESET,    /* Write 0 of nothing or NUL, Write 1 of nothing */
    PACKAGE,  /* Write 0, first block */
    BLOCK,    /* Write 0, a later block */
    URI,      /* Write 1 */
    COMPLETE, /* the last octet is there */
    VERIFIED,
    FAILED, /* with a result of its own */
    CANCEL, /* Execute 10 */
    UPDATE, /* Execute 2, automatic upgrade, or the end of a deferral */
    DEFER,  /* Execute 2, and the user does not want to now */
    INSTALLED,
    RETRIABLE /* not installed, package still good */
} event;

#define KEEP  0xFEu /* the result stays */
#define GIVEN 0xFFu /* the result comes with the event */

/* objects.md, 5 Firmware Update. What is not in the table is 4.05. */
static const struct move {
    uint8_t from, event, to, result;
} moves[] = {
    /* state    event      next        result */
    {IDLE, RESET, IDLE, 0},
    {IDLE, PACKAGE, PUSHED, 0},
    {IDLE, URI, PULLED, 0},
    {PUSHED, RESET, IDLE, 0},
    {PUSHED, PACKAGE, PUSHED, 0}, /* the server begins again */
    {PUSHED, BLOCK, PUSHED, KEEP},
    {PUSHED, COMPLETE, VERIFYING, KEEP},
    {PUSHED, FAILED, IDLE, GIVEN},
    {PUSHED, CANCEL, IDLE, 10},
    {PULLED, RESET, IDLE, 0},
    {PULLED, VERIFIED, DOWNLOADED, 0},
    {PULLED, FAILED, IDLE, GIVEN},
    {PULLED, CANCEL, IDLE, 10},
    {VERIFYING, RESET, IDLE, 0},
    {VERIFYING, VERIFIED, DOWNLOADED, 0},
    {VERIFYING, FAILED, IDLE, GIVEN},
    {VERIFYING, CANCEL, IDLE, 10},
    {DOWNLOADED, RESET, IDLE, 0},
    {DOWNLOADED, CANCEL, IDLE, 10},
    {DOWNLOADED, UPDATE, UPDATING, 0},
    {DOWNLOADED, DEFER, DOWNLOADED, 11},
    {UPDATING, INSTALLED, IDLE, 1},
    {UPDATING, RETRIABLE, DOWNLOADED, 8}, /* P-OBJ-05 */
    {UPDATING, FAILED, IDLE, GIVEN},
};

static const struct move *move_for(const lw_updater *u, event e)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from == u->kept.state && moves[i].event == e) {
            return &moves[i];
        }
    }
    return NULL;
}

static uint8_t result_of(lw_fault fault)
{
    static const uint8_t results[] = {
#define RESULT(name, firmware, software) firmware,
        LW_FAULT_LIST(RESULT)
#undef RESULT
    };
    return results[fault];
}

static lw_path resource(uint16_t id)
{
    return lw_path_resource(LW_OBJ_FIRMWARE_UPDATE, 0, id);
}

/* ---- What outlives a restart: `kept`, up to the end of the URI ---- */

#define RECORD         "fw"
#define RECORD_VERSION 2u
#define RECORD_HEAD    (offsetof(lw_updater, kept.uri) - offsetof(lw_updater, kept))

static void save(lw_updater *u)
{
    bool is_initial = u->kept.state == IDLE && u->kept.result == 0;
    bool is_deferred = u->install_at != LW_TIME_NEVER;
    lw_time left = is_deferred ? u->install_at - lw_act_now(u->package.ctx) : 0;
    u->kept.deferred = left > 0 ? (uint32_t)(left / LW_SECOND_MS) : 0;
    size_t len = is_initial ? 0 : RECORD_HEAD + u->kept.uri_len;
    lw_err err = lw_act_store(u->package.ctx, RECORD, lw_bytes_of(&u->kept, len));
    u->save_at = lw_package_save_again_at(&u->package, err);
}

static void load(lw_updater *u)
{
    size_t len;
    lw_err err = lw_act_load(u->package.ctx, RECORD, (uint8_t *)&u->kept, sizeof u->kept, &len);
    u->is_restarted = err == LW_OK && len <= sizeof u->kept && u->kept.version == RECORD_VERSION &&
                      u->kept.state <= UPDATING && len == RECORD_HEAD + u->kept.uri_len;
    if (!u->is_restarted) {
        memset(&u->kept, 0, sizeof u->kept);
        u->kept.version = RECORD_VERSION;
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
    static const uint8_t states[] = {0, 1, 1, 1, 2, 3};
    return states[s];
}

static void enter(lw_updater *u, const struct move *move, uint8_t result)
{
    bool has_moved = shown(u->kept.state) != shown(move->to);
    bool is_new = has_moved || u->kept.result != result;
    if (has_moved) {
        u->changed_at = lw_act_wall_clock(u->package.ctx);
        changed(u, LW_RES_FIRMWARE_UPDATE_LAST_STATE_CHANGE_TIME);
    }
    if (move->event != DEFER) {
        u->install_at = LW_TIME_NEVER;
    }
    if (move->to == IDLE && move->from != IDLE && move->event != INSTALLED) {
        lw_package_discard(&u->package);
    }
    u->is_restarted = false;
    u->kept.state = move->to;
    u->kept.result = result;
    if (is_new || move->event == DEFER) {
        save(u);
        changed(u, LW_RES_FIRMWARE_UPDATE_STATE);
        changed(u, LW_RES_FIRMWARE_UPDATE_UPDATE_RESULT);
    }
}

static lw_err handle(lw_updater *u, event e, uint8_t given)
{
    const struct move *move = move_for(u, e);
    if (move == NULL) {
        return LW_EMETHOD;
    }
    enter(u, move,
          move->result == KEEP    ? u->kept.result
          : move->result == GIVEN ? given
                                  : move->result);
    return LW_OK;
}

/* ---- Installing ---- */

void lw_updater_installed(lw_updater *u, lw_err verdict)
{
    bool is_bad = verdict == LW_EFORMAT || verdict == LW_EDENIED;
    if (verdict == LW_OK) {
        handle(u, INSTALLED, 0);
    } else {
        handle(u, is_bad ? FAILED : RETRIABLE, result_of(LW_FAULT_INTEGRITY));
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
    if (move_for(u, UPDATE) == NULL) {
        return LW_EMETHOD;
    }
    lw_err err =
        lw_act_when_answered(u->package.ctx, install, resource(LW_RES_FIRMWARE_UPDATE_UPDATE));
    return err == LW_OK ? handle(u, UPDATE, 0) : err;
}

static uint32_t setting(lw_updater *u, uint16_t id)
{
    return lw_tree_number(u->tree, resource(id), 0);
}

/* Execute 2: a user may put it off for 5/0/13 seconds. */
static lw_err update_or_defer(lw_updater *u)
{
    uint32_t period = setting(u, LW_RES_FIRMWARE_UPDATE_MAXIMUM_DEFER_PERIOD);
    bool wants = u->port->may_install == NULL || u->port->may_install(u->package.port_ctx);
    if (period == 0 || wants || move_for(u, DEFER) == NULL) {
        return update(u);
    }
    if (u->install_at == LW_TIME_NEVER) {
        u->install_at = lw_time_add(lw_act_now(u->package.ctx), (lw_time)period * LW_SECOND_MS);
    }
    return handle(u, DEFER, 0);
}

lw_err lw_updater_accept(lw_updater *u)
{
    return u->install_at != LW_TIME_NEVER ? update(u) : LW_ESTATE;
}

/* ---- Packages ---- */

static lw_err fail(lw_updater *u, lw_fault fault)
{
    return handle(u, FAILED, result_of(fault));
}

static void on_package(lw_package *package, lw_fault fault)
{
    lw_updater *u = (void *)((char *)package - offsetof(lw_updater, package));
    if (fault != LW_FAULT_NONE) {
        fail(u, fault);
        return;
    }
    lw_err err = handle(u, VERIFIED, 0);
    if (err == LW_OK && setting(u, LW_RES_FIRMWARE_UPDATE_AUTOMATIC_UPGRADE_AT_DOWNLOAD) != 0) {
        u->install_at = lw_act_now(u->package.ctx); /* by the next step */
    }
}

void lw_updater_verified(lw_updater *u, lw_err verdict)
{
    lw_package_verdict(&u->package, verdict);
}

static lw_err write_package(lw_updater *u, lw_bytes octets, size_t offset, bool more)
{
    bool is_reset = lw_package_is_reset(octets, offset, more);
    event e = is_reset ? RESET : offset == 0 ? PACKAGE : BLOCK;
    lw_err err = handle(u, e, 0);
    if (err == LW_OK && offset == 0) {
        set_uri(u, lw_bytes_of(NULL, 0));
    }
    if (err != LW_OK || is_reset) {
        return err;
    }
    lw_fault fault = lw_package_push(&u->package, offset, octets);
    if (fault != LW_FAULT_NONE) {
        fail(u, fault);
        return lw_fault_answer(fault, more);
    }
    if (more) {
        return LW_OK;
    }
    err = handle(u, COMPLETE, 0);
    lw_package_complete(&u->package);
    return err;
}

static lw_err pull(lw_updater *u)
{
    lw_fault fault = lw_package_pull(&u->package, lw_bytes_of(u->kept.uri, u->kept.uri_len));
    return fault == LW_FAULT_NONE ? LW_OK : fail(u, fault);
}

static lw_err write_uri(lw_updater *u, lw_bytes uri)
{
    event e = uri.len == 0 ? RESET : URI;
    if (move_for(u, e) == NULL) {
        return LW_EMETHOD;
    }
    set_uri(u, uri);
    lw_err err = handle(u, e, 0);
    return e == URI ? pull(u) : err;
}

/* ---- Time ---- */

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    (void)instance;
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_TIME_NEVER;
    }
    if (u->is_restarted && u->kept.state == PULLED) {
        pull(u);
    } else if (u->is_restarted && u->kept.state == DOWNLOADED && u->kept.result == 11) {
        u->install_at = lw_time_add(now, u->kept.deferred * LW_SECOND_MS);
    }
    u->is_restarted = false;
    if (u->save_at <= now) {
        save(u);
    }
    if (u->install_at <= now && update(u) != LW_OK) {
        return lw_time_add(now, LW_SECOND_MS); /* another act waits for its answer */
    }
    return u->install_at < u->save_at ? u->install_at : u->save_at;
}

/* ---- Hooks ---- */

static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)instance;
    lw_tree_set(tree, resource(LW_RES_FIRMWARE_UPDATE_SEVERITY), lw_value_integer(1));
}

static lw_err write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more)
{
    (void)ctx;
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_EMETHOD;
    }
    if (lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_FIRMWARE_UPDATE_PACKAGE) {
        return write_package(u, value.as.bytes, offset, more);
    }
    bool is_whole = offset == 0 && !more && value.as.bytes.len <= sizeof u->kept.uri;
    return is_whole ? write_uri(u, value.as.bytes) : LW_ETOOBIG;
}

/* The server stopped in the middle of a package. */
static void lost(void *ctx, lw_tree *tree, lw_path path)
{
    (void)ctx;
    (void)path;
    lw_updater *u = updater_of(tree);
    if (u != NULL && u->kept.state == PUSHED) {
        fail(u, LW_FAULT_CONNECTION);
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
    return lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_FIRMWARE_UPDATE_UPDATE
               ? update_or_defer(u)
               : handle(u, CANCEL, 0);
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)ctx;
    lw_updater *u = updater_of(tree);
    if (u == NULL) {
        return LW_ENOTFOUND;
    }
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_FIRMWARE_UPDATE_PACKAGE_URI:
        *out_value = lw_value_bytes(LW_TYPE_STRING, lw_bytes_of(u->kept.uri, u->kept.uri_len));
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_STATE:
        *out_value = lw_value_integer(shown(u->kept.state));
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_UPDATE_RESULT:
        *out_value = lw_value_integer(u->kept.result);
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_FIRMWARE_UPDATE_PROTOCOL_SUPPORT:
        *out_value = lw_value_integer(
            lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE)); /* instance i is protocol i */
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_FIRMWARE_UPDATE_DELIVERY_METHOD:
        *out_value = lw_value_integer(u->port->package.fetch != NULL ? 2 : 1);
        return LW_OK;
    case LW_RES_FIRMWARE_UPDATE_LAST_STATE_CHANGE_TIME:
        *out_value = lw_value_time(u->changed_at);
        return u->changed_at >= 0 ? LW_OK : LW_ENOTFOUND;
    default:
        return LW_ENOTFOUND;
    }
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

/* What a restart interrupted is over, or goes on: a pull and a deferral with the first step. */
static void resume(lw_updater *u)
{
    if (u->kept.state == PUSHED || u->kept.state == VERIFYING) {
        fail(u, LW_FAULT_CONNECTION);
    }
    if (u->kept.state == UPDATING) {
        lw_err verdict = u->port->confirm(u->package.port_ctx);
        if (verdict == LW_AGAIN) {
            install(u->package.ctx, u->tree, resource(LW_RES_FIRMWARE_UPDATE_UPDATE));
        } else {
            lw_updater_installed(u, verdict);
        }
    }
}

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
                      .save_at = LW_TIME_NEVER,
                      .changed_at = -1,
                      .package = {.port = &port->package,
                                  .port_ctx = port_ctx,
                                  .ctx = lw_tree_ctx(tree),
                                  .on_end = on_package}};
    ((lw_firmware *)lw_tree_struct(tree, instance))->updater = u;
    load(u);
    resume(u);
    return LW_OK;
}
