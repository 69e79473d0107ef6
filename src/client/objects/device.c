#include "lw/acts.h"
#include "lw/core_objects.h"
#include "lw/objects.h"

static lw_path resource(uint16_t id)
{
    return lw_path_resource(LW_OBJ_DEVICE, 0, id);
}

/* ---- 3/0/11, the error codes ------------------------------------------------------------------
 * Never empty (P-OBJ-07): no error is one instance, 0, with the value 0. An error takes the place
 * of that zero, or adds an instance; the last one that goes leaves the zero again.
 */

static lw_path error_at(uint16_t instance)
{
    return lw_path_resource_instance(LW_OBJ_DEVICE, 0, LW_RES_DEVICE_ERROR_CODE, instance);
}

#define ERRORS_MAX 32u /* instance ids are the smallest that are free: never above the capacity */

/* How many there are, where `code` is, and the smallest instance id without one. */
typedef struct errors {
    unsigned count;
    uint16_t found; /* LW_ID_MAX: not there */
    uint16_t vacant;
} errors;

static errors look_for(lw_tree *tree, uint8_t code)
{
    errors e = {.found = LW_ID_MAX, .vacant = LW_ID_MAX};
    for (uint16_t i = 0; i < ERRORS_MAX; i++) {
        lw_value value;
        if (lw_tree_get(tree, error_at(i), &value) == LW_OK) {
            e.count++;
            e.found = value.as.integer == code ? i : e.found;
        } else if (e.vacant == LW_ID_MAX) {
            e.vacant = i;
        }
    }
    return e;
}

lw_err lw_device_raise_error(lw_tree *tree, uint8_t code)
{
    if (code == 0) {
        return LW_ERANGE;
    }
    if (look_for(tree, code).found != LW_ID_MAX) {
        return LW_OK;
    }
    errors none = look_for(tree, 0);
    uint16_t instance = none.found != LW_ID_MAX ? none.found : none.vacant;
    return lw_tree_put_integer(tree, code, error_at(instance));
}

lw_err lw_device_clear_error(lw_tree *tree, uint8_t code)
{
    if (code == 0) {
        return LW_ERANGE;
    }
    errors e = look_for(tree, code);
    if (e.found == LW_ID_MAX) {
        return LW_OK;
    }
    if (e.count > 1) {
        return lw_tree_unset(tree, error_at(e.found));
    }
    lw_err err = lw_tree_put_integer(tree, 0, error_at(0));
    return err == LW_OK && e.found != 0 ? lw_tree_unset(tree, error_at(e.found)) : err;
}

static lw_err reset_errors(lw_tree *tree)
{
    for (uint16_t i = 1; i < ERRORS_MAX; i++) {
        lw_tree_unset(tree, error_at(i));
    }
    return lw_tree_put_integer(tree, 0, error_at(0));
}

/* ---- Hooks ---- */

static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)instance;
    lw_tree_put_integer(tree, 0, error_at(0));
    lw_tree_put_text(tree, "U", resource(LW_RES_DEVICE_SUPPORTED_BINDING_AND_MODES));
}

static lw_path status(unsigned id)
{
    return lw_path_resource(LW_OBJ_REBOOT_STATUS, 0, (uint16_t)id);
}

static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)arguments; /* DM-64 */
    unsigned state = LW_RES_REBOOT_STATUS_REBOOT_STATE;
    lw_err err;
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_DEVICE_REBOOT:
        err = lw_act_reboot(ctx);
        break;
    case LW_RES_DEVICE_FACTORY_RESET:
        state = LW_RES_REBOOT_STATUS_RESET_FACTORY_STATE;
        err = lw_act_factory_reset(ctx);
        break;
    default:
        return reset_errors(tree);
    }
    /* 10371 Reboot Status, where there is one: under way (1), or refused (2) and behind it why */
    lw_tree_put_integer(tree, err == LW_OK ? 1 : 2, status(state));
    lw_tree_put_text(tree, err == LW_OK ? "" : "not possible now", status(state + 1));
    return err;
}

static lw_err execute_reboot(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)tree;
    (void)path;
    (void)arguments;
    return lw_act_reboot(ctx);
}

static lw_err read_time(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)tree;
    (void)path;
    int64_t seconds = lw_act_wall_clock(ctx);
    *out_value = lw_value_time(seconds);
    return seconds >= 0 ? LW_OK : LW_ENOTFOUND;
}

static lw_err write_time(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                         bool more)
{
    (void)offset;
    (void)more;
    if (value.as.integer < 0) {
        return LW_ERANGE;
    }
    lw_act_set_wall_clock(ctx, value.as.integer);
    lw_tree_changed(tree, path);
    return LW_OK;
}

static bool is_number_below(const uint8_t *digits, unsigned limit)
{
    bool are_digits = digits[0] >= '0' && digits[0] <= '9' && digits[1] >= '0' && digits[1] <= '9';
    return are_digits && (digits[0] - '0') * 10u + digits[1] - '0' < limit;
}

/* 3/0/14 of ISO 8601: Z, +hh, +hhmm, +hh:mm, or with a minus. */
static bool is_utc_offset(lw_bytes text)
{
    const uint8_t *p = text.ptr;
    size_t len = text.len;
    if (len == 1) {
        return p[0] == 'Z';
    }
    if (len != 3 && len != 5 && (len != 6 || p[3] != ':')) {
        return false;
    }
    bool has_sign = p[0] == '+' || p[0] == '-';
    return has_sign && is_number_below(p + 1, 24) &&
           is_number_below(p + len - 2, 60); /* of three, the hours again */
}

static lw_err validate(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)instance;
    lw_value offset;
    lw_err err = lw_tree_get(tree, resource(LW_RES_DEVICE_UTC_OFFSET), &offset);
    return err != LW_OK || is_utc_offset(offset.as.bytes) ? LW_OK : LW_EINVAL;
}

const lw_object_hooks lw_device_hooks = {.defaults = defaults,
                                         .read = read_time,
                                         .execute = execute,
                                         .validate = validate,
                                         .write = write_time};
const lw_object_hooks lw_device_minimal_hooks = {.defaults = defaults, .execute = execute_reboot};

LW_DECLARE_VERSION(lw_device_object_1_0, lw_device, lw_object_3_v1_0, LW_DEVICE, 1,
                   &lw_device_hooks)
LW_DECLARE_VERSION(lw_device_object_1_1, lw_device, lw_object_3_v1_1, LW_DEVICE, 1,
                   &lw_device_hooks)
LW_DECLARE_VERSION(lw_device_object_1_2, lw_device, lw_object_3_v1_2, LW_DEVICE, 1,
                   &lw_device_hooks)

LW_DECLARE_STRUCT(device_minimal, LW_DEVICE_MINIMAL)
LW_DECLARE_VERSION(lw_device_minimal_object, device_minimal, lw_object_3_v1_0_minimal,
                   LW_DEVICE_MINIMAL, 1, &lw_device_minimal_hooks)
