#include "lw/acts.h"
#include "lw/core_objects.h"
#include "lw/execute.h"
#include "lw/objects.h"

static bool has_letter(lw_bytes letters, uint8_t letter)
{
    return letters.len > 0 && memchr(letters.ptr, letter, letters.len) != NULL;
}

/* What the device says in 3/0/16; U is always possible. */
static bool is_supported(lw_tree *tree, uint8_t letter)
{
    lw_path bindings =
        lw_path_resource(LW_OBJ_DEVICE, 0, LW_RES_DEVICE_SUPPORTED_BINDING_AND_MODES);
    return letter == 'U' || has_letter(lw_tree_octets(tree, bindings), letter);
}

static lw_path field(lw_path instance, uint16_t resource)
{
    return lw_path_resource(LW_OBJ_SERVER, lw_path_id(instance, LW_LEVEL_INSTANCE), resource);
}

/* 1/x/7: letters that are known, none twice, at least one that the device can use. */
static lw_err check_binding(lw_tree *tree, lw_path instance, const char *known)
{
    lw_bytes binding = lw_tree_octets(tree, field(instance, LW_RES_SERVER_BINDING));
    lw_err err = LW_EINVAL;
    for (size_t i = 0; i < binding.len; i++) {
        uint8_t letter = binding.ptr[i];
        if (memchr(known, letter, strlen(known)) == NULL ||
            memchr(binding.ptr, letter, i) != NULL) {
            return LW_EINVAL;
        }
        if (letter != 'Q' && is_supported(tree, letter)) {
            err = LW_OK;
        }
    }
    return err;
}

/* REG-60: U, UQ, S, SQ, US, UQS. */
static lw_err validate_1_0(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    lw_bytes binding = lw_tree_octets(tree, field(instance, LW_RES_SERVER_BINDING));
    bool starts_well = binding.len > 0 && binding.ptr[0] != 'Q';
    bool ends_well = !lw_bytes_is(binding, "SU") && !lw_bytes_is(binding, "USQ") &&
                     !lw_bytes_is(binding, "SUQ") && !lw_bytes_is(binding, "SQU");
    return starts_well && ends_well ? check_binding(tree, instance, "USQ") : LW_EINVAL;
}

static lw_err validate_minimal(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    return check_binding(tree, instance, "UMHTSNQ");
}

static lw_err validate_1_1(void *ctx, lw_tree *tree, lw_path instance)
{
    lw_bytes preferred = lw_tree_octets(tree, field(instance, LW_RES_SERVER_PREFERRED_TRANSPORT));
    if (preferred.len > 0 && !has_letter(lw_bytes_str("UMHTSN"), preferred.ptr[0])) {
        return LW_EINVAL; /* one letter; one that cannot be used is no mistake (REG-63) */
    }
    return validate_minimal(ctx, tree, instance);
}

/* 1/x/8 in 1.0 and without arguments in later versions. */
static lw_err execute_1_0(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)tree;
    (void)arguments; /* DM-64 */
    return lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_SERVER_DISABLE
               ? lw_act_disable(ctx, lw_path_id(path, LW_LEVEL_INSTANCE))
               : lw_act_update(ctx, lw_path_id(path, LW_LEVEL_INSTANCE), 0);
}

/* REG-64: 0='T' reconnects over a binding that the server asked for in 1/x/7 and that we have. */
static lw_err update_over(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    lw_exec_arg arg;
    lw_err err = lw_exec_args_find(arguments, 0, &arg);
    if (err == LW_ENOTFOUND) {
        return lw_act_update(ctx, lw_path_id(path, LW_LEVEL_INSTANCE), 0);
    }
    lw_bytes asked = lw_tree_octets(tree, field(path, LW_RES_SERVER_BINDING));
    if (err != LW_OK || arg.value.len != 1 || arg.value.ptr[0] == 'Q' ||
        !has_letter(asked, arg.value.ptr[0]) || !is_supported(tree, arg.value.ptr[0])) {
        return LW_EINVAL;
    }
    return lw_act_update(ctx, lw_path_id(path, LW_LEVEL_INSTANCE), (char)arg.value.ptr[0]);
}

static lw_err execute_1_1(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    switch (lw_path_id(path, LW_LEVEL_RESOURCE)) {
    case LW_RES_SERVER_REGISTRATION_UPDATE_TRIGGER:
        return update_over(ctx, tree, path, arguments);
    case LW_RES_SERVER_BOOTSTRAP_REQUEST_TRIGGER:
        return lw_act_bootstrap(ctx);
    default:
        return execute_1_0(ctx, tree, path, arguments);
    }
}

/* 1/x/6 is true, and the binding U, unless somebody says otherwise. */
static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    lw_value yes = lw_value_boolean(true);
    (void)ctx;
    lw_tree_put(tree, &yes,
                field(instance, LW_RES_SERVER_NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE));
    lw_tree_put_text(tree, "U", field(instance, LW_RES_SERVER_BINDING));
}

const lw_object_hooks lw_server_hooks_1_0 = {
    .defaults = defaults, .execute = execute_1_0, .validate = validate_1_0};
const lw_object_hooks lw_server_hooks_1_1 = {
    .defaults = defaults, .execute = execute_1_1, .validate = validate_1_1};
const lw_object_hooks lw_server_minimal_hooks = {
    .defaults = defaults, .execute = execute_1_0, .validate = validate_minimal};

#define OBJECT(version, LIST, hooks)                                                               \
    LW_DECLARE_STRUCT(server_##version, LIST)                                                      \
    LW_DECLARE_VERSION(lw_server_object_##version, server_##version, lw_object_1_v##version, LIST, \
                       LW_SERVERS_MAX, hooks)

OBJECT(1_0, LW_SERVER_1_0, &lw_server_hooks_1_0)
OBJECT(1_1, LW_SERVER_1_1, &lw_server_hooks_1_1)
OBJECT(1_2, LW_SERVER_1_2, &lw_server_hooks_1_1)

LW_DECLARE_STRUCT(server_minimal, LW_SERVER_1_0)
LW_DECLARE_VERSION(lw_server_minimal_object, server_minimal, lw_object_1_v1_1_minimal,
                   LW_SERVER_1_0, 1, &lw_server_minimal_hooks)
