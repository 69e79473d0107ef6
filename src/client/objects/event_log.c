#include "lw/execute.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

#define STOPPED 1 /* bits of 4013 */
#define VALID   2

static void tell(lw_tree *tree, lw_path instance)
{
    lw_tree_changed(tree,
                    lw_path_resource(lw_path_id(instance, LW_LEVEL_OBJECT),
                                     lw_path_id(instance, LW_LEVEL_INSTANCE), LW_RES_LOG_STATUS));
    lw_tree_changed(tree,
                    lw_path_resource(lw_path_id(instance, LW_LEVEL_OBJECT),
                                     lw_path_id(instance, LW_LEVEL_INSTANCE), LW_RES_LOG_DATA));
}

lw_err lw_event_log_append(lw_tree *tree, uint16_t instance, lw_bytes entry)
{
    lw_path path = lw_path_instance(LW_OBJ_EVENT_LOG, instance);
    lw_event_log *log = lw_tree_struct(tree, path);
    if (log == NULL || !log->is_running) {
        return log == NULL ? LW_ENOTFOUND : LW_ESTATE;
    }
    if (entry.len > sizeof log->octets) {
        return LW_ETOOBIG;
    }
    if (entry.len == 0) {
        return LW_OK;
    }
    size_t room = sizeof log->octets - log->len;
    size_t lost = entry.len > room ? entry.len - room : 0;
    memmove(log->octets, log->octets + lost, log->len - lost);
    memcpy(log->octets + log->len - lost, entry.ptr, entry.len);
    log->len = (uint16_t)(log->len - lost + entry.len);
    tell(tree, path);
    return LW_OK;
}

/* Argument 0: LogStart empties the log unless it is '1', LogStop only if it is '1'. */
static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    lw_event_log *log = lw_tree_struct(tree, path);
    lw_exec_arg arg = {.value = LW_BYTES_LIT("0")};
    lw_err err = lw_exec_args_find(arguments, 0, &arg);
    bool is_one = lw_bytes_is(arg.value, "1");
    if ((err != LW_OK && err != LW_ENOTFOUND) || (!is_one && !lw_bytes_is(arg.value, "0"))) {
        return LW_EINVAL;
    }
    log->is_running = lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_LOG_START;
    if (log->is_running != is_one) {
        log->len = 0;
    }
    tell(tree, path);
    return LW_OK;
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)ctx;
    const lw_event_log *log = lw_tree_struct(tree, path);
    *out_value =
        lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_LOG_DATA
            ? lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(log->octets, log->len))
            : lw_value_integer((log->is_running ? 0 : STOPPED) + (log->len > 0 ? VALID : 0));
    return LW_OK;
}

static const lw_object_hooks hooks = {.read = read, .execute = execute};

LW_DECLARE_VERSION(lw_event_log_object_1_0, lw_event_log, lw_object_20_v1_0, LW_EVENT_LOG, 1,
                   &hooks)
LW_DECLARE_VERSION(lw_event_log_object_2_1, lw_event_log, lw_object_20_v2_1, LW_EVENT_LOG,
                   LW_EVENT_LOGS, &hooks)
