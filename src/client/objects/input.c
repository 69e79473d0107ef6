#include "client/objects/ipso_run.h"
#include "lw/acts.h"
#include "lw/objects.h"

static lw_path resource(lw_path instance, uint16_t id)
{
    return lw_path_resource(lw_path_id(instance, LW_LEVEL_OBJECT),
                            lw_path_id(instance, LW_LEVEL_INSTANCE), id);
}

static int64_t number(lw_tree *tree, lw_path path, int64_t absent)
{
    lw_value v;
    return lw_tree_get(tree, path, &v) == LW_OK ? v.as.integer : absent;
}

/* What 5500 would be with the level of now. */
static bool state_of(lw_tree *tree, lw_path instance, const lw_input *in)
{
    lw_value v;
    lw_err err = lw_tree_get(tree, resource(instance, LW_RES_DIGITAL_INPUT_POLARITY), &v);
    bool is_reversed = err == LW_OK && v.as.boolean;
    return in->level != is_reversed;
}

static lw_err take(lw_tree *tree, lw_path instance, lw_input *in, bool state)
{
    lw_ipso_run_account(&in->run, state, lw_act_now(lw_tree_ctx(tree)));
    in->settles_at = LW_TIME_NEVER;
    return lw_tree_set(tree, resource(instance, LW_RES_DIGITAL_INPUT_STATE),
                       lw_value_boolean(state));
}

/* 5504: bit 0 is a falling edge, bit 1 a rising one. */
static lw_err take_edge(lw_tree *tree, lw_path instance, lw_input *in)
{
    bool state = state_of(tree, instance, in);
    int64_t edges = number(tree, resource(instance, LW_RES_DIGITAL_INPUT_EDGE_SELECTION), 2);
    lw_path counter = resource(instance, LW_RES_DIGITAL_INPUT_COUNTER);
    if ((edges >> state & 1) != 0) {
        int64_t count = number(tree, counter, 0);
        lw_tree_set(tree, counter, lw_value_integer(count < INT32_MAX ? count + 1 : 0));
    }
    return take(tree, instance, in, state);
}

/* ms that a new level has to last: of presence by direction, else debounce. */
static int64_t delay_of(lw_tree *tree, lw_path instance, const lw_input *in)
{
    uint16_t id = lw_path_id(instance, LW_LEVEL_OBJECT) != LW_OBJ_PRESENCE
                      ? LW_RES_DIGITAL_INPUT_DEBOUNCE
                  : in->state ? LW_RES_BUSY_TO_CLEAR_DELAY
                              : LW_RES_CLEAR_TO_BUSY_DELAY;
    return number(tree, resource(instance, id), 0);
}

lw_err lw_input_set(lw_tree *tree, uint16_t object, uint16_t instance, bool level)
{
    lw_path path = lw_path_instance(object, instance);
    lw_input *in = lw_tree_struct(tree, path);
    if (in == NULL) {
        return LW_ENOTFOUND;
    }
    in->level = level;
    if (state_of(tree, path, in) == in->state) {
        in->settles_at = LW_TIME_NEVER; /* it bounced back */
        return LW_OK;
    }
    int64_t delay = delay_of(tree, path, in);
    if (delay == 0) {
        return take_edge(tree, path, in);
    }
    if (in->settles_at == LW_TIME_NEVER) {
        in->settles_at = lw_time_add(lw_act_now(lw_tree_ctx(tree)), delay);
    }
    return LW_OK;
}

/* ---- Hooks ---- */

static void defaults(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    lw_input *in = lw_tree_struct(tree, instance);
    in->settles_at = LW_TIME_NEVER;
    lw_tree_set(tree, resource(instance, LW_RES_DIGITAL_INPUT_COUNTER), lw_value_integer(0));
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    lw_input *in = lw_tree_struct(tree, instance);
    if (in->run.since == 0) {
        lw_ipso_run_account(&in->run, in->state, now);
    }
    if (in->settles_at <= now) {
        take_edge(tree, instance, in);
    }
    return in->settles_at;
}

/* 5505 */
static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    (void)arguments; /* DM-64 */
    return lw_tree_set(tree, resource(path, LW_RES_DIGITAL_INPUT_COUNTER), lw_value_integer(0));
}

/* The polarity may be another one: no edge, but another state. */
static lw_err validate(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    lw_input *in = lw_tree_struct(tree, instance);
    bool is_settled = in->settles_at == LW_TIME_NEVER;
    return is_settled ? take(tree, instance, in, state_of(tree, instance, in)) : LW_OK;
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    lw_input *in = lw_tree_struct(tree, path);
    *out_value = lw_ipso_run_read(&in->run, lw_path_id(path, LW_LEVEL_RESOURCE), lw_act_now(ctx));
    return LW_OK;
}

static lw_err write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more)
{
    (void)offset;
    (void)more;
    lw_input *in = lw_tree_struct(tree, path);
    lw_err err =
        lw_ipso_run_write(&in->run, lw_path_id(path, LW_LEVEL_RESOURCE), value, lw_act_now(ctx));
    lw_tree_changed(tree, path);
    return err;
}

const lw_object_hooks lw_input_hooks = {.defaults = defaults,
                                        .read = read,
                                        .execute = execute,
                                        .validate = validate,
                                        .write = write,
                                        .step = step};

LW_DECLARE_VERSION(lw_digital_input_object, lw_input, lw_object_3200_v1_0, LW_DIGITAL_INPUT,
                   LW_IPSO_INSTANCES, &lw_input_hooks)
LW_DECLARE_VERSION(lw_presence_object, lw_input, lw_object_3302_v1_0, LW_PRESENCE,
                   LW_IPSO_INSTANCES, &lw_input_hooks)
LW_DECLARE_VERSION(lw_switch_object, lw_input, lw_object_3342_v1_0, LW_SWITCH, LW_IPSO_INSTANCES,
                   &lw_input_hooks)
LW_DECLARE_VERSION(lw_push_button_object, lw_input, lw_object_3347_v1_0, LW_PUSH_BUTTON,
                   LW_IPSO_INSTANCES, &lw_input_hooks)
