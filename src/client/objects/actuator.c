#include "client/objects/ipso_run.h"
#include "lw/acts.h"
#include "lw/objects.h"

static bool is_set(lw_tree *tree, lw_path path)
{
    lw_value v;
    return lw_tree_get(tree, path, &v) == LW_OK && v.as.boolean;
}

/* ---- Outputs: nothing but values ---- */

LW_DECLARE_STRUCT(digital_output, LW_DIGITAL_OUTPUT)
LW_DECLARE_VERSION(lw_digital_output_object, digital_output, lw_object_3201_v1_0, LW_DIGITAL_OUTPUT,
                   LW_IPSO_INSTANCES, NULL)

LW_DECLARE_STRUCT(analog_output, LW_ANALOG_OUTPUT)
LW_DECLARE_VERSION(lw_analog_output_object, analog_output, lw_object_3203_v1_0, LW_ANALOG_OUTPUT,
                   LW_IPSO_INSTANCES, NULL)

bool lw_output_level(lw_tree *tree, uint16_t instance)
{
    lw_path state = lw_path_resource(LW_OBJ_DIGITAL_OUTPUT, instance, LW_RES_DIGITAL_OUTPUT_STATE);
    lw_path polarity =
        lw_path_resource(LW_OBJ_DIGITAL_OUTPUT, instance, LW_RES_DIGITAL_OUTPUT_POLARITY);
    return is_set(tree, state) != is_set(tree, polarity);
}

/* ---- Actuators: seconds on ---- */

bool lw_actuator_is_on(lw_tree *tree, uint16_t object, uint16_t instance)
{
    return is_set(tree, lw_path_resource(object, instance, LW_RES_ON_OFF));
}

uint8_t lw_actuator_power(lw_tree *tree, uint16_t object, uint16_t instance)
{
    lw_value v;
    if (!lw_actuator_is_on(tree, object, instance)) {
        return 0;
    }
    lw_err err = lw_tree_get(tree, lw_path_resource(object, instance, LW_RES_DIMMER), &v);
    return err == LW_OK ? (uint8_t)v.as.integer : 100;
}

/* The server, or lw_actuator_set, may have changed 5850. */
static lw_err account(void *ctx, lw_tree *tree, lw_path instance)
{
    lw_actuator *a = lw_tree_struct(tree, instance);
    lw_ipso_run_account(&a->run, a->on, lw_act_now(ctx));
    return LW_OK;
}

lw_err lw_actuator_set(lw_tree *tree, uint16_t object, uint16_t instance, bool on)
{
    lw_err err =
        lw_tree_set(tree, lw_path_resource(object, instance, LW_RES_ON_OFF), lw_value_boolean(on));
    return err == LW_OK ? account(lw_tree_ctx(tree), tree, lw_path_instance(object, instance))
                        : err;
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    lw_actuator *a = lw_tree_struct(tree, instance);
    if (a->run.since == 0) {
        lw_ipso_run_account(&a->run, a->on, now);
    }
    return LW_TIME_NEVER;
}

static lw_err read(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    lw_actuator *a = lw_tree_struct(tree, path);
    *out_value = lw_ipso_run_read(&a->run, lw_path_id(path, LW_LEVEL_RESOURCE), lw_act_now(ctx));
    return LW_OK;
}

static lw_err write(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more)
{
    (void)offset;
    (void)more;
    lw_actuator *a = lw_tree_struct(tree, path);
    lw_err err =
        lw_ipso_run_write(&a->run, lw_path_id(path, LW_LEVEL_RESOURCE), value, lw_act_now(ctx));
    lw_tree_changed(tree, path);
    return err;
}

const lw_object_hooks lw_actuator_hooks = {
    .read = read, .validate = account, .write = write, .step = step};

LW_DECLARE_VERSION(lw_actuation_object, lw_actuator, lw_object_3306_v1_0, LW_ACTUATOR,
                   LW_IPSO_INSTANCES, &lw_actuator_hooks)
LW_DECLARE_VERSION(lw_light_object, lw_actuator, lw_object_3311_v1_0, LW_LIGHT, LW_IPSO_INSTANCES,
                   &lw_actuator_hooks)
LW_DECLARE_VERSION(lw_power_control_object, lw_actuator, lw_object_3312_v1_0, LW_ACTUATOR,
                   LW_IPSO_INSTANCES, &lw_actuator_hooks)
